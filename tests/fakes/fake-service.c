/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Services for tests. */
#include "fake-service.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"

_Noreturn static void serve_connections(int listener, const JobServer *server) {
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                pid_t pid;

                if (fd < 0)
                        _exit(EXIT_FAILURE);
                pid = fork();
                if (pid == 0) {
                        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                        closep(&listener);
                        _exit(job_server_run(server, fd, false));
                }
                closep(&fd);
        }
}

pid_t fake_service_start(const char *path, const JobServer *server) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        pid_t pid;

        strscpy(address.sun_path, sizeof(address.sun_path), path);
        (void)unlink(path);
        ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 4), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)setpgid(0, 0);
                /* Whoever reads the output of a test that has failed waits for the end of all. */
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve_connections(listener, server);
        }
        (void)setpgid(pid, pid);
        closep(&listener);
        return pid;
}

void fake_service_stop(pid_t pid) {
        (void)kill(-pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
