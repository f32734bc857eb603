/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notes that the kernel makes of kexec calls. */
#include "daemon/kexec-watch.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/paths.h"
#include "daemon/remote.h"
#include "daemon/task.h"
#include "sys/kexec-notes.h"
#include "sys/log.h"

/* More notes than the ring has room for: whoever calls faster than they are read must not keep the
 * loop from all the rest. */
#define NOTES_AT_ONCE 128

struct KexecWatch {
        sd_event *event;
        Manager *manager;
        char *path; /* of the socket */

        Remote *remote; /* while it is being asked */
        uint64_t asked_usec, wait_usec;
        bool is_final; /* no other answer is to be expected before the next boot */
        char why[CALLS_WHY_MAX];

        NoteMaps maps;
        NoteMemory memory;
        sd_event_source *ring_source;

        Task *mark; /* reads it */
        const char *mark_argv[4];
        char *mark_root; /* an option */
        char expected[KEXEC_MARK_MAX];
        uint64_t mark_usec; /* when it was asked for; 0: never */
};

/* --- marks */

static void tell_mark(KexecWatch *w, const MarkAnswer *answer) {
        manager_input(w->manager,
                      &(Input){ .type = INPUT_MARK,
                                .mark = { .expected = w->expected, .answer = answer } });
}

static void tell_no_mark(KexecWatch *w, const char *why) {
        MarkAnswer answer = { .kind = MARK_UNKNOWN };

        strscpy(answer.why, sizeof(answer.why), why);
        tell_mark(w, &answer);
}

static void on_mark(void *userdata, char *text, size_t size) {
        MarkAnswer answer;

        mark_answer_parse(text, &answer);
        if (size == 0)
                tell_no_mark(userdata, "kdumpd-notes@.service has not answered");
        else
                tell_mark(userdata, &answer);
}

static void on_mark_late(void *userdata) {
        tell_no_mark(userdata, "kdumpd-notes@.service does not answer");
}

static int new_mark_task(KexecWatch *w, const KexecWatchSetup *setup) {
        const TaskSetup task = { .service = setup->mark_service,
                                 .verb = JOB_VERB_MARK,
                                 .argv = w->mark_argv,
                                 .most = MARK_ANSWER_MAX,
                                 .patience_usec = setup->mark_patience_usec,
                                 .late = on_mark_late,
                                 .ended = on_mark,
                                 .userdata = w };

        if (asprintf(&w->mark_root, "--root=%s", setup->root) < 0) {
                w->mark_root = NULL;
                return -ENOMEM;
        }
        w->mark_argv[0] = setup->mark_program;
        w->mark_argv[1] = "--read-mark";
        w->mark_argv[2] = isempty(setup->root) ? NULL : w->mark_root;
        return task_new(w->event, &task, &w->mark);
}

void kexec_watch_mark(KexecWatch *w, uint64_t now_usec, bool is_asked) {
        const Guard *g = &w->manager->guard;
        const char *mark = guard_mark_wanted(g);
        uint64_t distance = g->calls.mark_is_due ? 0
                            : is_asked           ? KEXEC_MARK_SOON_USEC
                                                 : KEXEC_MARK_RARELY_USEC;

        if (!mark || task_is_running(w->mark) ||
            (w->mark_usec != 0 && now_usec < add_saturated(w->mark_usec, distance)))
                return;
        strscpy(w->expected, sizeof(w->expected), mark);
        w->mark_usec = now_usec;
        if (task_start(w->mark, 0) < 0)
                tell_no_mark(w, "kdumpd-notes.socket does not listen");
}

/* --- notes */

static void forget_maps(KexecWatch *w) {
        w->ring_source = sd_event_source_disable_unref(w->ring_source);
        note_memory_unmap(&w->memory);
        note_maps_close(&w->maps);
}

/* What stays the same is logged once. */
static void tell_blind(KexecWatch *w, const char *why) {
        if (streq(w->why, why))
                return;
        strscpy(w->why, sizeof(w->why), why);
        log_notice("Loads by others than kdumpd cannot be seen on this kernel: %s", why);
        manager_input(w->manager, &(Input){ .type = INPUT_CALLS_WATCHED, .watched.why = w->why });
}

void kexec_watch_read(KexecWatch *w) {
        CallRing ring;
        KexecCall call;
        int r = 0;

        if (!w->memory.array)
                return;
        ring = note_memory_ring(&w->memory);
        for (unsigned i = 0; i < NOTES_AT_ONCE; i++) {
                r = call_ring_next(&ring, &call);
                if (r <= 0)
                        break;
                manager_input(w->manager, &(Input){ .type = INPUT_CALLED, .called = call });
        }
        if (r < 0) {
                forget_maps(w);
                tell_blind(w, "what it notes makes no sense");
        }
}

static int on_ring(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        kexec_watch_read(userdata);
        return 0;
}

static int take_maps(KexecWatch *w, NoteMaps *maps) {
        _cleanup_(note_maps_close) NoteMaps taken = *maps;
        int r;

        *maps = (NoteMaps)NOTE_MAPS_INIT;
        r = note_memory_map(&taken, &w->memory);
        if (r < 0)
                return r;
        /* Where it cannot be polled it is read now and then. */
        r = sd_event_add_io(w->event, &w->ring_source, taken.ring_fd, EPOLLIN, on_ring, w);
        if (r < 0 && r != -EPERM) {
                note_memory_unmap(&w->memory);
                return r;
        }
        if (r >= 0) {
                (void)sd_event_source_set_priority(w->ring_source, SD_EVENT_PRIORITY_IMPORTANT);
                (void)sd_event_source_set_description(w->ring_source, "kexec-calls");
        }
        w->maps = taken;
        taken = (NoteMaps)NOTE_MAPS_INIT;
        w->why[0] = '\0';
        manager_input(w->manager, &(Input){ .type = INPUT_CALLS_WATCHED,
                                            .watched.count = note_memory_count(&w->memory) });
        kexec_watch_read(w);
        return 0;
}

static void on_answer(void *userdata, RemoteEnd *end) {
        KexecWatch *w = userdata;
        NoteMaps maps = { .array_fd = end->fds[0], .ring_fd = end->fds[1] };
        int status = end->si.si_code == CLD_EXITED ? end->si.si_status : EXIT_FAILURE;

        w->remote = remote_free(w->remote);
        if (end->error < 0)
                tell_blind(w, "kdump-watch has not answered");
        else if (status != EXIT_SUCCESS) {
                w->is_final = status == KEXEC_NOTES_NEVER;
                utf8_mend(end->text);
                tell_blind(w, end->text);
        } else {
                end->fds[0] = end->fds[1] = -EBADF;
                if (take_maps(w, &maps) < 0)
                        tell_blind(w, "what kdump-watch has answered cannot be used");
        }
        kexec_watch_mark(w, monotonic_usec(), false);
}

static int ask(KexecWatch *w) {
        int r;

        r = remote_new(w->event, w->path, &w->remote);
        if (r >= 0)
                r = remote_start(w->remote, &(RemoteCall){ .verb = JOB_VERB_WATCH,
                                                           .most = CALLS_WHY_MAX - 1,
                                                           .ended = on_answer,
                                                           .userdata = w });
        if (r < 0)
                w->remote = remote_free(w->remote);
        return r;
}

void kexec_watch_look(KexecWatch *w, uint64_t now_usec) {
        if (w->memory.array) {
                kexec_watch_read(w);
                return;
        }
        if (!w->manager->guard.started || w->is_final ||
            now_usec < add_saturated(w->asked_usec, w->wait_usec))
                return;
        if (w->remote) {
                w->remote = remote_free(w->remote);
                tell_blind(w, "kdump-watch does not answer");
        }
        w->asked_usec = now_usec;
        w->wait_usec = MIN(2 * w->wait_usec, KEXEC_WATCH_RARELY_USEC);
        w->wait_usec = MAX(w->wait_usec, KEXEC_WATCH_SOON_USEC);
        if (ask(w) < 0)
                tell_blind(w, "kdumpd-watch.socket does not listen");
}

uint64_t kexec_watch_count(const KexecWatch *w) {
        return w->memory.array ? note_memory_count(&w->memory) : 0;
}

KexecWatch *kexec_watch_free(KexecWatch *w) {
        if (!w)
                return NULL;
        remote_free(w->remote);
        task_free(w->mark);
        forget_maps(w);
        sd_event_unref(w->event);
        free(w->mark_root);
        free(w->path);
        free(w);
        return NULL;
}

int kexec_watch_new(sd_event *event, const KexecWatchSetup *setup, KexecWatch **ret) {
        _cleanup_(kexec_watch_freep) KexecWatch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        *w = (KexecWatch){ .event = sd_event_ref(event),
                           .manager = setup->manager,
                           .maps = NOTE_MAPS_INIT };
        if (asprintf(&w->path, "%s" WATCH_SOCKET, setup->root) < 0) {
                w->path = NULL;
                return -ENOMEM;
        }
        r = new_mark_task(w, setup);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}
