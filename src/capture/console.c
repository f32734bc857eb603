/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The console. */
#include "capture/console.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file-util.h"

/* Beyond those that it is to become: a first program may have been started without them. */
static int open_terminal(const char *path, int flags) {
        _cleanup_close_ int fd = -EBADF;
        int moved;

        fd = open(path, flags | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        return moved < 0 ? -errno : moved;
}

static void drop_flow_control(Console *console, int fd) {
        struct termios mode;

        if (tcgetattr(fd, &mode) < 0)
                return;
        if (!console->is_changed)
                console->before = mode;
        console->is_changed = true;
        mode.c_iflag &= ~(tcflag_t)IXON;
        mode.c_cflag &= ~(tcflag_t)CRTSCTS;
        (void)tcsetattr(fd, TCSANOW, &mode);
}

int console_open(Console *console, const char *path) {
        _cleanup_close_ int fd = -EBADF, words_fd = -EBADF;

        fd = open_terminal(path, O_RDWR);
        if (fd < 0)
                return fd;
        drop_flow_control(console, fd);
        /* By itself, as O_NONBLOCK belongs to what was opened, and not to the descriptor. */
        words_fd = open_terminal(path, O_WRONLY | O_NONBLOCK);
        if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
            dup2(words_fd >= 0 ? words_fd : fd, STDERR_FILENO) < 0)
                return -errno;
        return 0;
}

void console_hand_over(const Console *console) {
        if (console->is_changed)
                (void)tcsetattr(STDIN_FILENO, TCSANOW, &console->before);
        (void)dup2(STDOUT_FILENO, STDERR_FILENO);
}
