/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl needs to write a reservation. */
#include "ctl/helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/command.h"
#include "sys/conffile.h"

/* kernel-install(8) makes module lists and initrds, and says nothing meanwhile. */
#define SILENCE_USEC (10 * USEC_PER_MINUTE)

#define ARGV_MOST 16u

/* Of the standard output the first bytes count, of errors the last. */
static void on_output(void *userdata, int fd, const char *data, size_t size) {
        HelperResult *result = userdata;
        size_t room, n;

        if (fd == STDOUT_FILENO) {
                n = strlen(result->output);
                room = sizeof(result->output) - 1 - n;
                size = MIN(size, room);
                memcpy(result->output + n, data, size);
                result->output[n + size] = '\0';
                return;
        }
        room = sizeof(result->said) - 1;
        if (size > room) {
                data += size - room;
                size = room;
        }
        n = strlen(result->said);
        if (n + size > room) {
                memmove(result->said, result->said + n + size - room, room - size);
                n = room - size;
        }
        memcpy(result->said + n, data, size);
        result->said[n + size] = '\0';
}

int helper_run_command(void *userdata, const char *const *argv, HelperResult *ret, Error *reterr) {
        const char *root = userdata, *full[ARGV_MOST + COMMAND_ENTER_MOST + 1];
        _cleanup_free_ char *below = NULL;
        const Command command = {
                .argv = full,
                .directory_fd = -EBADF,
                .on_output = on_output,
                .userdata = ret,
                .silence_usec = command_patience_usec("KDUMPCTL_PATIENCE", SILENCE_USEC),
                .most = COMMAND_PASSED_MOST,
        };
        size_t n;

        n = command_enter(root, argv[0], full, &below);
        if (n == 0)
                return error_set_memory(reterr);
        for (size_t i = 1; argv[i] && i < ARGV_MOST; i++)
                full[n++] = argv[i];
        full[n] = NULL;
        *ret = (HelperResult){ 0 };
        return command_run(&command, &ret->status, reterr);
}

int helper_find_needs(const Options *options, int root_fd, bool builds, Needs *ret, Error *reterr) {
        _cleanup_(settings_done) Settings settings = { 0 };
        struct utsname uts;
        Failure failure;
        Needs needs;

        if (uname(&uts) < 0)
                return error_set(reterr, -errno, "uname failed: %s", strerrordesc_np(errno));
        if (conffile_read(options->root, &settings, NULL, NULL, NULL, reterr) < 0)
                return -EINVAL;
        failure = needs_find(root_fd, &settings, uts.machine, uts.release, &needs, reterr);
        if (failure != FAILURE_NONE)
                return -EINVAL;
        if (builds && needs.initrd_is_assumed && *options->root == '\0' && geteuid() == 0 &&
            rebuild_initramfs(command_pass_to_stderr) == EXIT_SUCCESS) {
                needs_done(&needs);
                if (needs_find(root_fd, &settings, uts.machine, uts.release, &needs, reterr) !=
                    FAILURE_NONE)
                        return -EINVAL;
        }
        *ret = needs;
        return 0;
}

int helper_write_reservation(int root_fd, const ReservePlan *plan, const Helper *helper,
                             ReserveResult *ret, Error *reterr) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
        sigset_t mask, before;
        int r;

        (void)sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, &before) < 0)
                return error_set(reterr, -errno, "signals cannot be blocked: %s",
                                 strerrordesc_np(errno));
        r = reserve_write(root_fd, plan, helper, ret, reterr);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}
