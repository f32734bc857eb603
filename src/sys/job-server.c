/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carrying out what kdumpd asks for. */
#include "sys/job-server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "sys/log.h"

typedef struct Serving {
        const JobServer *server;
        int fd;      /* -EBADF when the caller has gone */
        int signals; /* SIGTERM */
        uint32_t serial;
        pid_t pid; /* 0 if nothing runs */
        int pidfd;
        int output;
        bool is_ending;
        bool is_used; /* something was asked for, and is not closed yet */
} Serving;

int job_deadline(uint64_t usec) {
        struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
        struct itimerspec when = { .it_value = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
                                                 .tv_nsec = (long)(usec % USEC_PER_SEC) * 1000 } };
        timer_t timer;

        if (usec == UINT64_MAX)
                return 0;
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
            timer_settime(timer, 0, &when, NULL) < 0)
                return -errno;
        return 0;
}

/* --- what goes back */

static void lose_caller(Serving *s) {
        if (s->fd < 0)
                return;
        if (s->pid > 0 && !s->server->ends_with_caller)
                log_notice("The caller is gone, going on");
        closep(&s->fd);
        s->fd = -EBADF;
        s->is_ending = true;
        if (s->pid > 0 && s->server->ends_with_caller)
                (void)kill(-s->pid, SIGKILL);
}

/* Returns 0 or negative errno. fds may be NULL. */
static int send_answer(int fd, JobAnswer answer, const void *text, size_t size, const int *fds) {
        struct iovec parts[] = { { .iov_base = &answer, .iov_len = sizeof(answer) },
                                 { .iov_base = (void *)text, .iov_len = size } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = ELEMENTSOF(parts) };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(JOB_FDS_MOST * sizeof(int))];
        } control = { .space = { 0 } };
        ssize_t n;

        answer.magic = JOB_PACKET_MAGIC;
        answer.version = JOB_PACKET_VERSION;
        answer.size = (uint32_t)size;
        if (fds) {
                control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(JOB_FDS_MOST * sizeof(int)),
                                                   .cmsg_level = SOL_SOCKET,
                                                   .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.header), fds, JOB_FDS_MOST * sizeof(int));
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
        }
        do
                n = sendmsg(fd, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

static void answer(Serving *s, JobAnswer answer, const void *text, size_t size) {
        if (s->fd >= 0 && send_answer(s->fd, answer, text, size, NULL) < 0)
                lose_caller(s);
}

/* Hands on what there is of the job's output. Returns false at its end. */
static bool hand_on(Serving *s) {
        char text[JOB_PIECE_LONGEST];
        ssize_t n = read(s->output, text, sizeof(text));

        if (n < 0)
                return errno == EINTR;
        if (n > 0)
                answer(s, (JobAnswer){ .serial = s->serial }, text, (size_t)n);
        return n > 0;
}

static void close_output(Serving *s) {
        closep(&s->output);
        s->output = -EBADF;
}

static void end_job(Serving *s) {
        JobAnswer end = { .serial = s->serial, .is_end = true };
        siginfo_t si = { 0 };

        if (waitid(P_PID, (id_t)s->pid, &si, WEXITED) < 0)
                end.error = -errno;
        /* Whoever else holds the pipe is no part of the answer. */
        while (poll(&(struct pollfd){ .fd = s->output, .events = POLLIN }, 1, 0) > 0 && hand_on(s))
                ;
        end.code = si.si_code == CLD_EXITED ? CLD_EXITED : CLD_KILLED;
        end.status = si.si_status;
        close_output(s);
        closep(&s->pidfd);
        s->pidfd = -EBADF;
        s->pid = 0;
        answer(s, end, NULL, 0);
}

/* --- what comes in */

_Noreturn static void run_job(Serving *s, const JobRequest *request, const int output[2]) {
        sigset_t none;
        int r;

        /* A group of its own, so that what it starts is killed with it. */
        (void)setpgid(0, 0);
        if (s->server->ends_with_caller)
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(output[1], STDOUT_FILENO) < 0 ||
            (s->server->takes_errors && dup2(output[1], STDERR_FILENO) < 0))
                _exit(EXIT_FAILURE);
        closep(&s->fd);
        closep(&s->signals);
        (void)close(output[0]);
        (void)close(output[1]);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        r = s->server->run(s->server->userdata, request);
        (void)fflush(stdout);
        _exit(r);
}

static int start_job(Serving *s, const JobRequest *request) {
        int output[2], r = 0;
        pid_t pid;

        if (pipe2(output, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                run_job(s, request, output);
        if (pid < 0)
                r = -errno;
        closep(&output[1]);
        if (r >= 0) {
                (void)setpgid(pid, pid);
                s->pidfd = pidfd_open(pid, 0);
                if (s->pidfd < 0)
                        r = -errno;
        }
        if (r < 0) {
                closep(&output[0]);
                if (pid > 0) {
                        (void)kill(-pid, SIGKILL);
                        (void)waitpid(pid, NULL, 0);
                }
                return r;
        }
        s->output = output[0];
        s->pid = pid;
        s->is_used = true;
        s->serial = request->serial;
        return 0;
}

static int check_request(const Serving *s, const JobRequest *request) {
        if (request->magic != JOB_PACKET_MAGIC || request->version != JOB_PACKET_VERSION)
                return -EPROTO;
        if (request->verb >= _JOB_VERB_MAX || !(s->server->verbs & 1u << request->verb) ||
            (request->flags & ~JOB_FLAG_URGENT) != 0)
                return -EOPNOTSUPP;
        return s->pid > 0 ? -EBUSY : 0;
}

static void take_request(Serving *s) {
        JobRequest request;
        ssize_t n = recv(s->fd, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);
        int r;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        /* A packet of another size is nothing that can be answered. */
        if (n != sizeof(request)) {
                if (n > 0)
                        log_warning("Ending the connection: %zd bytes came that are no request", n);
                lose_caller(s);
                return;
        }
        if (request.magic == JOB_PACKET_MAGIC && request.version == JOB_PACKET_VERSION &&
            request.verb == JOB_VERB_CANCEL) {
                if (s->pid > 0 && request.serial == s->serial)
                        (void)kill(-s->pid, SIGKILL);
                return;
        }
        r = check_request(s, &request);
        if (r >= 0)
                r = start_job(s, &request);
        if (r < 0)
                answer(s, (JobAnswer){ .serial = request.serial, .is_end = true, .error = r }, NULL,
                       0);
}

/* SIGTERM: a job that outlives its caller outlives a stop of the service, too, for as long as
 * systemd lets it. */
static void on_signal(Serving *s) {
        struct signalfd_siginfo si;

        if (read(s->signals, &si, sizeof(si)) != sizeof(si))
                return;
        s->is_ending = true;
        if (s->pid > 0 && s->server->ends_with_caller)
                (void)kill(-s->pid, SIGKILL);
}

static int serve(Serving *s) {
        while (!s->is_ending || s->pid > 0) {
                struct pollfd fds[] = {
                        { .fd = s->signals, .events = POLLIN },
                        { .fd = s->is_ending ? -1 : s->fd, .events = POLLIN },
                        { .fd = s->output, .events = POLLIN },
                        { .fd = s->pidfd, .events = POLLIN },
                };

                if (poll(fds, ELEMENTSOF(fds), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        log_error("poll failed: %s", strerrordesc_np(errno));
                        return EXIT_FAILURE;
                }
                if (fds[0].revents != 0)
                        on_signal(s);
                if (fds[1].revents != 0)
                        take_request(s);
                else if (fds[2].revents != 0 && !hand_on(s))
                        close_output(s);
                else if (fds[3].revents != 0 && fds[2].revents == 0)
                        end_job(s);
                if (s->is_ending && s->is_used && s->server->closed)
                        s->server->closed(s->server->userdata);
                s->is_used &= !s->is_ending;
        }
        return EXIT_SUCCESS;
}

/* --- who asks */

/* Root, or whom systemd has made the socket for. */
static int check_peer(int fd) {
        struct sockaddr_un address = { 0 };
        socklen_t size = sizeof(address);
        struct ucred peer;
        socklen_t peer_size = sizeof(peer);
        struct stat st;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) < 0)
                return -errno;
        if (peer.uid == 0)
                return 0;
        if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                return -errno;
        if (address.sun_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path) ||
            address.sun_path[0] != '/')
                return -EPERM;
        if (lstat(address.sun_path, &st) < 0)
                return -errno;
        return peer.uid == st.st_uid ? 0 : -EPERM;
}

int job_server_run(const JobServer *server, int fd, bool peer_is_checked) {
        Serving s = { .server = server, .fd = fd, .pidfd = -EBADF, .output = -EBADF };
        sigset_t mask;
        int r;

        r = peer_is_checked ? 0 : check_peer(fd);
        if (r < 0) {
                log_error("Whoever has connected may not: %s", strerrordesc_np(-r));
                closep(&s.fd);
                return EXIT_FAILURE;
        }
        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return EXIT_FAILURE;
        s.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (s.signals < 0) {
                log_error("signalfd failed: %s", strerrordesc_np(errno));
                return EXIT_FAILURE;
        }
        r = serve(&s);
        closep(&s.signals);
        closep(&s.fd);
        return r;
}

static bool connection_was_passed(const char *name) {
        log_set_identifier(name);
        log_set_unit("kdumpd.service");
        if (sd_listen_fds(true) == 1 &&
            sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 0, NULL, 0) > 0)
                return true;
        log_error("--serve is for the socket unit, which passes a connection");
        return false;
}

int job_server_main(const JobServer *server) {
        return connection_was_passed(server->name)
                       ? job_server_run(server, SD_LISTEN_FDS_START, false)
                       : EXIT_FAILURE;
}

/* --- descriptors */

static int hand_out(int fd, JobVerb verb,
                    int (*run)(int fds[static JOB_FDS_MOST], const char **ret_text)) {
        int fds[JOB_FDS_MOST] = { -EBADF, -EBADF };
        JobAnswer end = { .is_end = true, .code = CLD_EXITED };
        const char *text = "";
        JobRequest request;
        ssize_t n;

        do
                n = recv(fd, &request, sizeof(request), MSG_TRUNC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        if (n != sizeof(request) || request.magic != JOB_PACKET_MAGIC ||
            request.version != JOB_PACKET_VERSION)
                return -EPROTO;
        end.serial = request.serial;
        if (request.verb == verb)
                end.status = run(fds, &text);
        else
                end.error = -EOPNOTSUPP;
        return send_answer(fd, end, text, strlen(text),
                           end.error == 0 && end.status == 0 ? fds : NULL);
}

int job_server_hand_out(const char *name, JobVerb verb,
                        int (*run)(int fds[static JOB_FDS_MOST], const char **ret_text)) {
        int r;

        if (!connection_was_passed(name))
                return EXIT_FAILURE;
        r = check_peer(SD_LISTEN_FDS_START);
        if (r >= 0)
                r = hand_out(SD_LISTEN_FDS_START, verb, run);
        if (r < 0)
                log_error("Whoever has connected cannot be answered: %s", strerrordesc_np(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
