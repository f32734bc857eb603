/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service that works for kdumpd. */
#include "daemon/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* Whoever writes without end does not get the whole loop. */
#define PACKETS_AT_ONCE 32

struct Remote {
        sd_event *event;
        const char *path;
        int fd; /* -EBADF if not connected */
        sd_event_source *source;
        uint32_t serial;

        bool is_running;
        RemoteCall call;
        RemoteEnd end;
};

static void close_fds(RemoteEnd *end) {
        for (size_t i = 0; i < ELEMENTSOF(end->fds); i++) {
                closep(&end->fds[i]);
                end->fds[i] = -EBADF;
        }
}

static void disconnect(Remote *remote) {
        remote->source = sd_event_source_disable_unref(remote->source);
        closep(&remote->fd);
        remote->fd = -EBADF;
}

bool remote_serves(const char *root, const char *path) {
        return isempty(root) && (geteuid() != 0 || access(path, F_OK) >= 0);
}

int remote_new(sd_event *event, const char *path, Remote **ret) {
        Remote *remote = calloc(1, sizeof(*remote));

        if (!remote)
                return -ENOMEM;
        *remote = (Remote){ .event = sd_event_ref(event),
                            .path = path,
                            .fd = -EBADF,
                            .end.fds = { -EBADF, -EBADF } };
        *ret = remote;
        return 0;
}

Remote *remote_free(Remote *remote) {
        if (!remote)
                return NULL;
        disconnect(remote);
        close_fds(&remote->end);
        free(remote->end.text);
        sd_event_unref(remote->event);
        free(remote);
        return NULL;
}

/* --- answers */

static void tell_end(Remote *remote) {
        RemoteCall call = remote->call;
        RemoteEnd end = remote->end;

        /* Whoever hears of it may start the next one, or free all this. */
        remote->is_running = false;
        remote->end = (RemoteEnd){ .fds = { -EBADF, -EBADF } };
        end.text[end.size] = '\0';
        call.ended(call.userdata, &end);
        close_fds(&end);
        free(end.text);
}

static void lose_service(Remote *remote) {
        disconnect(remote);
        if (!remote->is_running)
                return;
        remote->end.error = -ECONNRESET;
        tell_end(remote);
}

static void take_fds(Remote *remote, struct msghdr *message) {
        size_t n = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                const int *fds = (const int *)(const void *)CMSG_DATA(c);

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                        if (n < REMOTE_FDS_MOST && remote->end.fds[n] < 0)
                                remote->end.fds[n++] = fds[i];
                        else
                                (void)close(fds[i]);
                }
        }
}

/* Returns 1 after a packet, 0 if there is none now, or negative errno. */
static int receive(Remote *remote, JobAnswer *ret, char *text) {
        union {
                struct cmsghdr align;
                char space[CMSG_SPACE(REMOTE_FDS_MOST * sizeof(int))];
        } control;
        struct iovec parts[] = { { .iov_base = ret, .iov_len = sizeof(*ret) },
                                 { .iov_base = text, .iov_len = JOB_PIECE_LONGEST } };
        struct msghdr message = { .msg_iov = parts,
                                  .msg_iovlen = ELEMENTSOF(parts),
                                  .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(remote->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
                return -ECONNRESET;
        take_fds(remote, &message);
        if ((message.msg_flags & MSG_TRUNC) || (size_t)n < sizeof(*ret) ||
            ret->magic != JOB_PACKET_MAGIC || ret->version != JOB_PACKET_VERSION ||
            ret->size != (size_t)n - sizeof(*ret))
                return -EPROTO;
        return 1;
}

static void take_answer(Remote *remote, const JobAnswer *answer, const char *text) {
        RemoteEnd *end = &remote->end;
        size_t n = MIN((size_t)answer->size, remote->call.most - end->size);

        memcpy(end->text + end->size, text, n);
        end->size += n;
        if (!answer->is_end)
                return;
        end->error = answer->error < 0 ? answer->error : 0;
        end->si.si_code = answer->code == CLD_EXITED ? CLD_EXITED : CLD_KILLED;
        end->si.si_status = answer->status;
        tell_end(remote);
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Remote *remote = userdata;
        char text[JOB_PIECE_LONGEST];
        JobAnswer answer;

        for (unsigned i = 0; i < PACKETS_AT_ONCE; i++) {
                int r = receive(remote, &answer, text);

                if (r == 0)
                        return 0;
                if (r < 0) {
                        lose_service(remote);
                        return 0;
                }
                /* What was not asked for, or by a call that is over, is dropped. */
                if (!remote->is_running || answer.serial != remote->serial)
                        continue;
                take_answer(remote, &answer, text);
                /* After an end, all this may have been freed. */
                if (answer.is_end)
                        return 0;
        }
        return 0;
}

/* --- requests */

static int connect_remote(Remote *remote) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0)
                return -errno;
        if (strlen(remote->path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strscpy(address.sun_path, sizeof(address.sun_path), remote->path);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        r = sd_event_add_io(remote->event, &remote->source, fd, EPOLLIN, on_answer, remote);
        if (r >= 0)
                remote->fd = TAKE_FD(fd);
        return r;
}

static int send_request(Remote *remote, JobVerb verb, uint32_t flags) {
        const JobRequest request = { .magic = JOB_PACKET_MAGIC,
                                     .version = JOB_PACKET_VERSION,
                                     .serial = remote->serial,
                                     .verb = verb,
                                     .flags = flags };

        return send(remote->fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno
                                                                                            : 0;
}

int remote_start(Remote *remote, const RemoteCall *call) {
        _cleanup_free_ char *text = NULL;
        bool was_connected = remote->fd >= 0;
        int r = 0;

        if (remote->is_running)
                return -EBUSY;
        text = malloc(call->most + 1);
        if (!text)
                return -ENOMEM;
        if (!was_connected)
                r = connect_remote(remote);
        remote->serial++;
        if (r >= 0)
                r = send_request(remote, call->verb, call->flags);
        /* It has ended since the last job, and nobody has noticed yet. */
        if (was_connected && (r == -EPIPE || r == -ECONNRESET)) {
                disconnect(remote);
                r = connect_remote(remote);
                if (r >= 0)
                        r = send_request(remote, call->verb, call->flags);
        }
        if (r < 0) {
                disconnect(remote);
                return r;
        }
        remote->call = *call;
        remote->end.text = TAKE_PTR(text);
        remote->is_running = true;
        return 0;
}

void remote_kill(Remote *remote) {
        if (remote->is_running)
                (void)send_request(remote, JOB_VERB_CANCEL, 0);
}

void remote_tell_other(Remote *remote, void (*ended)(void *userdata, RemoteEnd *end),
                       void *userdata) {
        remote->call.ended = ended;
        remote->call.userdata = userdata;
}
