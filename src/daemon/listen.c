/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel tells by itself, uevents and its log, as inputs of the manager. */
#include "daemon/listen.h"

#include <errno.h>
#include <stdlib.h>

#include <systemd/sd-daemon.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "sys/kmsg.h"
#include "sys/log.h"
#include "sys/message-ids.h"
#include "sys/uevent.h"

/* Events taken from the queue before the loop looks at anything else. */
#define UEVENTS_AT_ONCE 256

/* And lines of the kernel's log that are about the image. */
#define LINES_AT_ONCE 16

/* What comes sooner than that after the last events is part of a flood. */
#define FLOOD_USEC (10 * USEC_PER_MSEC)

/* FileDescriptorName= in kdumpd-uevent.socket. */
#define UEVENT_SOCKET_NAME "uevent"

struct Listener {
        sd_event *event;
        Manager *manager;

        int uevent_fd;
        UeventSource source; /* of the uevents */
        sd_event_source *uevent_source;
        uint64_t uevents_usec; /* when some were read last */

        int kmsg_fd;
        uint64_t kmsg_seqnum; /* of the last line that was read */
        sd_event_source *kmsg_source;
};

static int on_uevent(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Listener *l = userdata;
        bool drained = false, is_flood;
        uint64_t now;

        for (unsigned i = 0; i < UEVENTS_AT_ONCE; i++) {
                Input input = { .type = INPUT_UEVENT };
                Uevent event;
                int r;

                r = uevent_receive(fd, &event);
                if (r == 0) {
                        drained = true;
                        break;
                }
                if (r == -ENOBUFS) {
                        log_struct(LOG_WARNING, MESSAGE_OVERFLOW, NULL, 0,
                                   "Uevents came faster than they could be read, looking again");
                        input.type = INPUT_OVERFLOW;
                } else if (r < 0) {
                        log_debug("Cannot read a uevent, ignoring: %s", strerrordesc_np(-r));
                        continue;
                } else {
                        input.uevent.subsystem = event.subsystem;
                        input.uevent.action = event.action;
                        input.uevent.seqnum = event.seqnum;
                        input.uevent.synthetic = event.synthetic;
                        input.uevent.ignored = event.ignored;
                }
                manager_input(l->manager, &input);
        }
        /* Events are counted before anything is decided. But a flood of them takes turns with the
         * rest: the watchdog, callers and the end of a load do not wait until it is over. It is one
         * also if each is read at once, and the next is there before the loop has looked. */
        now = monotonic_usec();
        is_flood = !drained || now - l->uevents_usec < FLOOD_USEC;
        l->uevents_usec = now;
        (void)sd_event_source_set_priority(source, is_flood ? SD_EVENT_PRIORITY_NORMAL
                                                            : SD_EVENT_PRIORITY_IMPORTANT);
        return 0;
}

static int on_kmsg(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Listener *l = userdata;
        char text[KMSG_TEXT_MAX];

        for (unsigned i = 0; i < LINES_AT_ONCE; i++) {
                Input input = { .type = INPUT_KERNEL_LOG };
                int r;

                r = kmsg_receive(fd, &l->kmsg_seqnum, text);
                if (r == 0)
                        break;
                if (r == -EPIPE) {
                        /* What was overwritten unread may have been such a line. */
                        input.log_was_lost = true;
                } else if (r < 0) {
                        log_warning(
                                "Cannot read the kernel's log any more, going on without it: %s",
                                strerrordesc_np(-r));
                        l->kmsg_source = sd_event_source_disable_unref(l->kmsg_source);
                        break;
                } else
                        /* The journal has the line already, and the decision says what it meant. */
                        log_debug("The kernel says: %s", text);
                manager_input(l->manager, &input);
        }
        return 0;
}

/* Returns the socket that kdumpd-uevent.socket has passed, with a large buffer and from the network
 * namespace of the machine, or -ENOENT. */
static int take_passed_socket(void) {
        char **names = NULL;
        int n, fd = -ENOENT;

        n = sd_listen_fds_with_names(true, &names);
        for (int i = 0; i < n; i++) {
                if (fd < 0 && streq(names[i], UEVENT_SOCKET_NAME))
                        fd = SD_LISTEN_FDS_START + i;
                free(names[i]);
        }
        free(names);
        return fd;
}

static int listen_to_uevents(Listener *l) {
        int r;

        l->uevent_fd = take_passed_socket();
        if (l->uevent_fd >= 0)
                r = uevent_adopt(l->uevent_fd, l->source);
        else
                r = l->uevent_fd = uevent_open(l->source);
        if (r >= 0)
                r = sd_event_add_io(l->event, &l->uevent_source, l->uevent_fd, EPOLLIN, on_uevent,
                                    l);
        if (r < 0) {
                log_error("Cannot listen to uevents: %s",
                          r == -EAFNOSUPPORT ? "the sandbox lets kdumpd make no socket for them, "
                                               "and kdumpd-uevent.socket has passed none"
                                             : strerrordesc_np(-r));
                return r;
        }
        (void)sd_event_source_set_priority(l->uevent_source, SD_EVENT_PRIORITY_IMPORTANT);
        (void)sd_event_source_set_description(l->uevent_source, "uevents");
        return 0;
}

static void listen_to_kernel_log(Listener *l, int root_fd) {
        int r;

        l->kmsg_fd = kmsg_open(root_fd);
        r = l->kmsg_fd;
        if (r >= 0)
                r = sd_event_add_io(l->event, &l->kmsg_source, l->kmsg_fd, EPOLLIN, on_kmsg, l);
        if (r < 0)
                log_warning(
                        "Cannot read /dev/kmsg, so updates of the image that the kernel gives up "
                        "go unnoticed: %s",
                        strerrordesc_np(-r));
}

int listener_set_source(Listener *l, UeventSource source) {
        int r = source == l->source ? 0 : uevent_set_source(l->uevent_fd, source);

        if (r >= 0)
                l->source = source;
        return r;
}

bool listener_catch_up(Listener *l, uint64_t since, bool *ret_is_whole) {
        char text[KMSG_TEXT_MAX];
        int r;

        *ret_is_whole = false;
        if (l->kmsg_fd < 0)
                return false;
        r = kmsg_catch_up(l->kmsg_fd, since, &l->kmsg_seqnum, ret_is_whole, text);
        if (r > 0)
                log_debug("The kernel said before: %s", text);
        return r > 0 && since != 0;
}

uint64_t listener_log_seqnum(const Listener *l) {
        return l->kmsg_seqnum;
}

Listener *listener_free(Listener *l) {
        if (!l)
                return NULL;
        sd_event_source_disable_unref(l->uevent_source);
        sd_event_source_disable_unref(l->kmsg_source);
        closep(&l->uevent_fd);
        closep(&l->kmsg_fd);
        sd_event_unref(l->event);
        free(l);
        return NULL;
}

int listener_new(sd_event *event, Manager *manager, int root_fd, UeventSource source,
                 Listener **ret) {
        _cleanup_(listener_freep) Listener *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->event = sd_event_ref(event);
        l->manager = manager;
        l->uevent_fd = l->kmsg_fd = -EBADF;
        l->source = source;
        r = listen_to_uevents(l);
        if (r < 0)
                return r;
        listen_to_kernel_log(l, root_fd);
        *ret = TAKE_PTR(l);
        return 0;
}
