/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake kernel and the world around it, in which a guard lives on a virtual clock. */
#include "fake-system.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "daemon/status.h"

#define WATCH_USEC (30 * USEC_PER_SEC)

/* A look that finds nothing is made once more. */
#define HIDDEN_USEC (50 * USEC_PER_MSEC)

static void step(FakeSystem *s, Input *in);

/* What an event, or a line of the log, can ask for. */
#define CAUSE(reason) (UINT64_C(1) << (reason))
#define CAUSES_HOTPLUG                                                                            \
        (CAUSE(REASON_NOT_UPDATED) | CAUSE(REASON_ATTRIBUTE_ABSENT) |                             \
         CAUSE(REASON_ATTRIBUTE_UNREADABLE) | CAUSE(REASON_ATTRIBUTE_GARBAGE) | CAUSES_LOG |      \
         CAUSE(REASON_STALE) | CAUSE(REASON_CHANGED_DURING_LOAD) | CAUSE(REASON_CHANGED_UNSEEN) | \
         CAUSE(REASON_CHANGED_AWAY))
#define CAUSES_LOG (CAUSE(REASON_MET_LOAD) | CAUSE(REASON_KERNEL_LOG) | CAUSE(REASON_LOG_LOST))
#define CAUSES_ALL UINT64_MAX
_Static_assert(_REASON_MAX < 64, "a bit for each reason");

void fake_system_abort(const FakeSystem *s, const char *file, int line, const char *what) {
        const Guard *g = &s->guard;

        fprintf(stderr, "%s:%d: after %llu steps: %s\n", file, line, (unsigned long long)s->n_steps,
                what);
        fprintf(stderr, "state %s, wanted %d, job %d, look %d, failure %s (%s), batch %u events\n",
                image_state_to_string(guard_state(g)), g->wanted, (int)g->job, (int)g->look,
                failure_to_string(g->failure), g->failure_text, g->batch.events);
        if (g->decision_open)
                fprintf(stderr, "decision: %s: %s\n", verdict_to_string(g->decision.verdict),
                        g->decision.reason);
        for (size_t i = 0; i < 8 && fake_system_decision(s, i); i++)
                fprintf(stderr, "decision -%zu: %s: %s: %s %s\n", i,
                        verdict_to_string(fake_system_decision(s, i)->verdict),
                        fake_system_decision(s, i)->reason, fake_system_decision(s, i)->result,
                        fake_system_decision(s, i)->details);
        abort();
}

const Decision *fake_system_decision(const FakeSystem *s, size_t i) {
        return history_get(&s->guard.history, i);
}

void fake_system_init(FakeSystem *s, HotplugAnswer kernel) {
        *s = (FakeSystem){
                .now_usec = USEC_PER_HOUR,
                .skew_usec = USEC_PER_HOUR,
                .realtime_offset_usec = UINT64_C(1700000000) * USEC_PER_SEC,
                .rng = UINT64_C(0x9e3779b97f4a7c15),
                .kernel = kernel,
                .architecture = "x86_64",
                .sets = { 0x3, 0xf },
                .seqnum = 1000,
                .prepare_usec = 20 * USEC_PER_MSEC,
                .call_usec = 300 * USEC_PER_MSEC,
                .build_usec = 2 * USEC_PER_SEC,
                .lock_until_usec = USEC_INFINITY,
                .watching = true,
                .connected_usec = USEC_INFINITY,
                .connect_usec = 100 * USEC_PER_MSEC,
        };
        if (settings_init(&s->settings) < 0)
                abort();
        /* Most tests are about what comes after that. */
        free(s->settings.initrd);
        s->settings.initrd = strdup("/boot/initrd");
}

void fake_system_builds(FakeSystem *s) {
        free(s->settings.initrd);
        s->settings.initrd = strdup("auto");
        s->sources = 1;
}

void fake_system_done(FakeSystem *s) {
        if (s->running)
                guard_done(&s->guard);
        image_record_done(&s->disk);
        settings_done(&s->settings);
}

static void moment(FakeSystem *s, Moment *ret) {
        s->rng ^= s->rng << 13;
        s->rng ^= s->rng >> 7;
        s->rng ^= s->rng << 17;
        *ret = (Moment){
                .monotonic_usec = s->now_usec + s->skew_usec,
                .realtime_usec = s->now_usec + s->realtime_offset_usec,
                .random = (uint32_t)s->rng,
        };
}

/* --- the kernel ------------------------------------------------------------------------------ */

static bool lock_is_taken(const FakeSystem *s) {
        return s->in_call || s->lock_until_usec != USEC_INFINITY;
}

/* Something has happened that a load for any of these reasons can be the answer to. */
static void excuse_drop(FakeSystem *s, uint64_t causes) {
        s->excused_causes |= causes | CAUSE(REASON_RETRY);
        s->untold = false;
}

/* Nothing tells the daemon what was missed, so the promise does not hold until the next load. */
static void excuse(FakeSystem *s) {
        memset(s->excused, 0xff, sizeof(s->excused));
}

static void send(FakeSystem *s, FakeEvent e, uint64_t delay_usec) {
        uint64_t due = s->now_usec + delay_usec;
        size_t i;

        FAKE_SYSTEM_CHECK(s, s->n_events < FAKE_SYSTEM_EVENTS_MAX);
        if (!s->running && e.type == FAKE_SYSTEM_LOG_LINE)
                excuse(s);
        e.due_usec = due;
        e.met_load = s->launched;
        /* Nothing overtakes its own kind. */
        for (i = 0; i < s->n_events; i++)
                if ((s->events[i].type == FAKE_SYSTEM_LOG_LINE) == (e.type == FAKE_SYSTEM_LOG_LINE))
                        e.due_usec = MAX(e.due_usec, s->events[i].due_usec);
        s->events[s->n_events++] = e;
}

void fake_system_log_line(FakeSystem *s) {
        send(s, (FakeEvent){ .type = FAKE_SYSTEM_LOG_LINE }, s->log_delay_usec);
}

void fake_system_uevent(FakeSystem *s, Subsystem subsystem, HotplugAction action, bool synthetic,
                        bool ignored) {
        FakeEvent e = {
                .type = FAKE_SYSTEM_UEVENT,
                .subsystem = subsystem,
                .action = action,
                .seqnum = ++s->seqnum,
                .synthetic = synthetic,
                .ignored = ignored,
        };

        if (s->n_overflow > 0) {
                s->n_overflow--;
                e.type = FAKE_SYSTEM_OVERFLOW;
        } else if (s->n_lose > 0 && !s->launched) {
                s->n_lose--;
                s->tampered = true;
                return;
        }
        send(s, e, s->uevent_delay_usec);
}

void fake_system_hotplug(FakeSystem *s, Subsystem subsystem, HotplugAction action,
                         unsigned number) {
        uint64_t bit = UINT64_C(1) << (number % 64);

        excuse_drop(s, CAUSES_HOTPLUG);
        if (action == HOTPLUG_ADD)
                s->sets[subsystem] |= bit;
        else if (action == HOTPLUG_REMOVE) {
                if (s->launched)
                        s->removed_in_load[subsystem] |= s->sets[subsystem] & bit;
                s->sets[subsystem] &= ~bit;
        }
        if (s->kernel == HOTPLUG_KERNEL_UPDATES) {
                if (lock_is_taken(s))
                        fake_system_log_line(s);
                else if (s->image.loaded && s->image.updates) {
                        if (s->update_fails)
                                fake_system_log_line(s);
                        else {
                                memcpy(s->image.sets, s->sets, sizeof(s->sets));
                                /* The notifier runs before the range leaves /proc/iomem. */
                                if (action == HOTPLUG_REMOVE && subsystem == SUBSYSTEM_MEMORY)
                                        s->image.sets[subsystem] |= bit;
                        }
                }
        }
        fake_system_uevent(s, subsystem, action, false, false);
}

#define FOREIGN_PID 9

/* kimage_free() runs, with the lock held. What the ring has no room for is lost. */
static void note_call(FakeSystem *s, uint64_t pid) {
        if (!s->has_watch || s->is_deaf)
                return;
        s->n_calls++;
        if (s->n_ring < FAKE_SYSTEM_RING_MAX)
                s->ring[s->n_ring++] = (KexecCall){ .count = s->n_calls,
                                                    .tgid = pid,
                                                    .nsec = (s->now_usec + s->skew_usec) * 1000 };
}

/* Nothing tells of a load if nobody counts, or has begun to. */
static void note_unseen(FakeSystem *s) {
        if (!s->has_watch || s->is_deaf || (s->running && !s->is_connected) ||
            (s->on_disk && !s->disk.calls_are_known))
                s->is_unseen = true;
}

static void finish_foreign(FakeSystem *s) {
        s->lock_until_usec = USEC_INFINITY;
        s->image = s->coming;
        note_unseen(s);
        note_call(s, FOREIGN_PID);
}

bool fake_system_foreign_load(FakeSystem *s, bool updates, uint64_t usec) {
        if (lock_is_taken(s))
                return false;
        s->tampered = true;
        excuse_drop(s, CAUSES_ALL);
        s->coming = (FakeImage){
                .loaded = true,
                .updates = updates && s->kernel == HOTPLUG_KERNEL_UPDATES,
                .sets = { s->sets[SUBSYSTEM_CPU], s->sets[SUBSYSTEM_MEMORY] },
        };
        s->image.loaded = false;
        note_unseen(s);
        note_call(s, FOREIGN_PID);
        s->lock_until_usec = s->now_usec + usec;
        if (usec == 0)
                finish_foreign(s);
        return true;
}

bool fake_system_foreign_unload(FakeSystem *s) {
        if (lock_is_taken(s))
                return false;
        s->tampered = true;
        excuse_drop(s, CAUSES_ALL);
        s->image.loaded = false;
        note_call(s, FOREIGN_PID);
        return true;
}

bool fake_system_foreign_other(FakeSystem *s) {
        if (lock_is_taken(s))
                return false;
        /* Each by a process of its own. */
        note_call(s, 100000 + s->n_calls);
        return true;
}

bool fake_system_is_covered(const FakeSystem *s) {
        if (!s->image.loaded)
                return false;
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++) {
                uint64_t missing = s->sets[i] & ~s->image.sets[i];
                uint64_t more = s->image.sets[i] & ~s->sets[i];

                if (s->guard.actions[i] == 0)
                        continue;
                if (s->image.updates || !s->image.ours)
                        more = 0;
                if ((missing | more) & ~s->excused[i])
                        return false;
        }
        return true;
}

/* The daemon reads what there is. */
static void read_ring(FakeSystem *s) {
        while (s->running && s->is_connected && s->n_ring > 0) {
                Input in = { .type = INPUT_CALLED, .called = s->ring[0] };

                s->n_ring--;
                memmove(&s->ring[0], &s->ring[1], s->n_ring * sizeof(s->ring[0]));
                step(s, &in);
        }
}

static void connect(FakeSystem *s) {
        s->is_connected = true;
        s->connected_usec = USEC_INFINITY;
        step(s, &(Input){ .type = INPUT_CALLS_WATCHED, .watched.count = s->n_calls });
        read_ring(s);
}

/* --- the job --------------------------------------------------------------------------------- */

static void fill_report(FakeSystem *s, LoadReport *r) {
        char mark[KEXEC_MARK_MAX];

        strscpyf(mark, sizeof(mark), "%032u", ++s->n_marks);
        *r = (LoadReport){
                .kernel = { .path = strdup("/boot/vmlinuz-6.12.107"), .size = s->job_generation },
                .initrd = { .path = strdup("/boot/initramfs-6.12.107kdump.img") },
                .kernel_release = strdup("6.12.107"),
                .command_line = strdup("root=/dev/vda1 irqpoll"),
                .mark = strdup(mark),
                .loader = strdup("kexec_file_load"),
                .reservation_bytes = 256u << 20,
                .wanted_bytes = s->wanted_bytes,
                .advice = s->wanted_bytes > 256u << 20 ? strdup("512M") : NULL,
                .prepare_usec = s->prepare_usec,
        };
}

static void fail_report(LoadReport *r, Failure failure, const char *message) {
        load_report_done(r);
        r->failure = failure;
        r->message = message ? strdup(message) : NULL;
}

static void start_job(FakeSystem *s, Job job) {
        FAKE_SYSTEM_CHECK(s, s->job == JOB_NONE);
        s->undecided_jobs++;
        s->job = job;
        s->job_fate = FATE_OK;
        s->job_generation = s->generation;
        if (s->n_fate > 0 && !(s->plans_work && job == JOB_PLAN)) {
                s->job_fate = s->fate;
                if (s->n_fate != UINT_MAX)
                        s->n_fate--;
        }
        s->job_pid++;
        s->in_call = s->killed = s->had_image = false;
        s->hangs = s->job_fate == FATE_HANGS_EARLY;
        s->call_start_usec = 0;
        s->job_usec = s->hangs ? USEC_INFINITY : s->now_usec + s->prepare_usec;
        if (job == JOB_BUILD) {
                s->n_builds++;
                FAKE_SYSTEM_CHECK(s, !s->aside);
                /* Nothing urgent waits for it. */
                FAKE_SYSTEM_CHECK(s, !s->image.loaded || !s->guard.batch.pending ||
                                             !guard_is_armed(&s->guard) || s->forced);
                if (!s->hangs)
                        s->job_usec = s->now_usec + s->build_usec;
                return;
        }
        if (job == JOB_LOAD) {
                /* Not in the middle of a burst, as far as the daemon can know of one. */
                FAKE_SYSTEM_CHECK(s,
                                  s->burst_usec == 0 ||
                                          s->now_usec >= s->burst_usec + s->settings.settle_usec ||
                                          s->now_usec + s->skew_usec >=
                                                  s->batch_usec + s->settings.max_delay_usec);
                s->burst_usec = 0;
                s->excused_at_launch = s->excused_causes;
                s->excused_causes = 0;
                s->n_loads++;
                s->launched = true;
        } else if (job == JOB_PLAN)
                s->n_plans++;
        else
                s->n_unloads++;
}

static void job_ended(FakeSystem *s, JobReport *report) {
        s->job = JOB_NONE;
        if (s->running)
                step(s, &(Input){ .type = INPUT_ENDED, .ended = report });
        job_report_done(report);
}

static void build_ended(FakeSystem *s) {
        JobReport ended = { .job = JOB_BUILD };
        BuildReport *report = &ended.build;

        if (s->killed)
                report->failed = true;
        else if (s->job_fate != FATE_OK) {
                report->failed = true;
                report->message = strdup("there is no module for the disk");
        } else {
                report->built = s->built != s->sources || s->forced;
                report->path = strdup("/var/lib/kdumpd/6.12/initramfs.img");
                report->unpacked_bytes = 7000000;
                s->built = s->sources;
                s->generation += report->built;
        }
        job_ended(s, &ended);
}

static void load_ended(FakeSystem *s, const LoadReport *report) {
        JobReport ended = { .job = s->job, .load = *report };

        read_ring(s);
        s->in_call = false;
        s->excused_causes |= s->excused_at_launch;
        s->excused_at_launch = 0;
        /* Then nobody knows which image is loaded. */
        if (s->job == JOB_LOAD && report->failure == FAILURE_CRASHED && !s->untold) {
                s->excused_causes |= CAUSE(REASON_RETRY);
                s->untold = true;
        }
        job_ended(s, &ended);
}

static void kill_job(FakeSystem *s) {
        FAKE_SYSTEM_CHECK(s, s->job != JOB_NONE && !s->killed);
        s->n_kills++;
        s->killed = true;
        if (s->unkillable) {
                s->job_usec = USEC_INFINITY;
                return;
        }
        /* The kernel finishes a system call that is under way before the signal counts. */
        if (!s->in_call || s->hangs)
                s->job_usec = s->now_usec + USEC_PER_MSEC;
}

static void job_stuck(FakeSystem *s, Job job) {
        FAKE_SYSTEM_CHECK(s, s->killed && job == s->job);
        s->n_stuck++;
        if (job != JOB_BUILD)
                return;
        s->aside = true;
        s->job = JOB_NONE;
}

void fake_system_unstick(FakeSystem *s) {
        bool was_aside = s->aside;

        s->unkillable = s->aside = false;
        if (s->job != JOB_NONE && s->killed)
                s->job_usec = s->now_usec + USEC_PER_MSEC;
        if (was_aside && s->running)
                fake_system_input(s, INPUT_UNSTUCK);
}

/* From the record, and from the machine as it is by now. */
static bool restore(FakeSystem *s) {
        if (!s->had_image || !s->disk.report.kernel.path)
                return false;
        s->image = (FakeImage){
                .loaded = true,
                .ours = true,
                .updates = s->kernel == HOTPLUG_KERNEL_UPDATES,
                .generation = (unsigned)s->disk.report.kernel.size,
                .sets = { s->sets[SUBSYSTEM_CPU], s->sets[SUBSYSTEM_MEMORY] },
        };
        memset(s->excused, 0, sizeof(s->excused));
        return true;
}

/* Ends a job, and lets the kernel finish what it was asked for. */
static void finish_job(FakeSystem *s, LoadReport *ret) {
        Fate fate = s->job_fate;
        bool done = !s->killed || (s->in_call && !s->hangs);

        fill_report(s, ret);
        ret->pid = s->job_pid;
        if (s->job == JOB_LOAD && s->in_call)
                note_call(s, s->job_pid + s->pid_shift);
        ret->call_start_usec = s->call_start_usec ? s->call_start_usec + s->skew_usec : 0;
        ret->call_end_usec = s->call_start_usec ? s->now_usec + s->skew_usec : 0;
        ret->had_image = s->had_image;
        if (s->job == JOB_LOAD && s->in_call && done && fate == FATE_RESTORED) {
                ret->was_restored = restore(s);
                note_call(s, s->job_pid + s->pid_shift);
                note_call(s, s->job_pid + s->pid_shift);
                s->is_unseen &= !ret->was_restored;
        } else if (s->job == JOB_LOAD && s->in_call && done && fate != FATE_BROKEN &&
                   fate != FATE_VANISHES) {
                s->image = s->snapshot;
                s->is_unseen = false;
                memset(s->excused, 0, sizeof(s->excused));
        }
        if (s->job == JOB_UNLOAD && done && (fate == FATE_OK || fate == FATE_CRASHED_LATE)) {
                s->image.loaded = false;
                s->call_start_usec = s->now_usec;
                ret->call_start_usec = ret->call_end_usec = s->now_usec + s->skew_usec;
                note_call(s, s->job_pid + s->pid_shift);
        }
        if (s->killed || fate == FATE_CRASHED_EARLY || fate == FATE_CRASHED_LATE)
                fail_report(ret, FAILURE_CRASHED, NULL);
        else if (fate == FATE_NOT_STARTED)
                fail_report(ret, FAILURE_SYSTEM, "cannot start kdump-load");
        else if (fate == FATE_LOCKDOWN)
                fail_report(ret, FAILURE_LOCKDOWN, "the kernel is locked down");
        else if (fate == FATE_REFUSED || (fate != FATE_OK && s->job == JOB_UNLOAD))
                fail_report(ret, FAILURE_BUSY, "the kexec lock stayed taken");
        else if ((fate == FATE_BROKEN || fate == FATE_RESTORED) && s->job == JOB_LOAD) {
                ret->failure = FAILURE_BAD_KERNEL;
                ret->message = strdup("the kernel did not like it");
        }
}

/* No good image is dropped twice for the same cause: one that is ours, of the files that are loaded
 * now, and has all CPUs and memory, only if something has happened since the last time that asks
 * for it. That time passes, that a load was refused or that somebody looks, does not. */
static void check_drop(FakeSystem *s) {
        uint64_t cause = CAUSE(s->guard.decision.cause);

        if (!s->image.loaded || !s->image.ours || s->image.generation != s->job_generation)
                return;
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (s->guard.actions[i] != 0 && (s->sets[i] & ~s->image.sets[i]))
                        return;
        FAKE_SYSTEM_CHECK(s, s->excused_at_launch & cause);
        s->excused_at_launch &= ~cause;
        s->n_good_dropped++;
}

static void begin_call(FakeSystem *s) {
        /* Whoever holds the lock is waited for. */
        if (s->lock_until_usec != USEC_INFINITY) {
                s->job_usec = s->lock_until_usec + 1;
                return;
        }
        s->in_call = true;
        s->hangs = s->job_fate == FATE_HANGS_INSIDE;
        s->call_start_usec = s->now_usec;
        check_drop(s);
        s->had_image = s->image.loaded;
        s->n_dropped += s->had_image;
        s->image.loaded = false;
        note_call(s, s->job_pid + s->pid_shift);
        s->snapshot = (FakeImage){
                .loaded = true,
                .ours = true,
                .updates = s->kernel == HOTPLUG_KERNEL_UPDATES,
                .generation = s->job_generation,
                .sets = { s->sets[SUBSYSTEM_CPU], s->sets[SUBSYSTEM_MEMORY] },
        };
        s->job_usec = s->hangs ? USEC_INFINITY : s->now_usec + s->call_usec;
        if (s->reader)
                fake_system_log_line(s);
}

static void job_goes_on(FakeSystem *s) {
        LoadReport report;

        if (s->job == JOB_BUILD) {
                build_ended(s);
                return;
        }
        if (s->job == JOB_LOAD && !s->in_call && !s->killed && s->job_fate != FATE_NOT_STARTED &&
            s->job_fate != FATE_REFUSED && s->job_fate != FATE_LOCKDOWN &&
            s->job_fate != FATE_CRASHED_EARLY) {
                begin_call(s);
                return;
        }
        finish_job(s, &report);
        load_ended(s, &report);
}

/* --- the daemon ------------------------------------------------------------------------------ */

static void look(FakeSystem *s, const Action *a) {
        static const char text[] = "there is no reservation";
        Facts facts = {
                .loaded = s->image.loaded,
                .reservation_bytes = 256u << 20,
                .obstacle = s->obstacle,
                .uevent_seqnum = s->seqnum,
                .calls = s->is_connected ? s->n_calls : 0,
                .kexec_is_busy = !s->image.loaded && lock_is_taken(s),
                .ftrace_is_off = s->is_deaf && !s->deaf_in_secret,
        };
        Input in = { .type = INPUT_FACTS, .facts = &facts };
        uint64_t torn = s->torn_bit;

        /* Never twice in a row: what hides the image takes a millisecond. */
        if (s->zero_samples > 0 && s->now_usec > s->hidden_usec + 100 * USEC_PER_MSEC) {
                s->hidden_usec = s->now_usec;
                s->zero_samples--;
                facts.loaded = 0;
        }
        if (s->obstacle != FAILURE_NONE)
                memcpy(facts.obstacle_text, text, sizeof(text));
        s->torn_bit = 0;
        if (torn)
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, (unsigned)torn);
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++) {
                s->seen[i] = HOTPLUG_NOT_ASKED;
                if (!(a->look.attributes & SUBSYSTEM_BIT(i)))
                        continue;
                FAKE_SYSTEM_CHECK(s, s->job != JOB_LOAD);
                s->n_attribute_reads++;
                s->seen[i] = s->kernel;
                if (s->kernel == HOTPLUG_KERNEL_UPDATES) {
                        if (lock_is_taken(s))
                                fake_system_log_line(s);
                        if (lock_is_taken(s) || !s->image.loaded || !s->image.updates)
                                s->seen[i] = HOTPLUG_NOT_UPDATED;
                }
        }
        memcpy(facts.answers, s->seen, sizeof(facts.answers));
        if (a->look.fingerprint) {
                s->n_fingerprints++;
                facts.has_fingerprint = true;
                for (unsigned n = 0; n < 64; n++) {
                        if (s->sets[SUBSYSTEM_CPU] >> n & 1)
                                number_set_add(&facts.fingerprint.cpus, n);
                        if (s->sets[SUBSYSTEM_MEMORY] >> n & 1)
                                number_set_add(&facts.fingerprint.blocks, n);
                }
                if (!s->launched)
                        memset(s->removed_in_load, 0, sizeof(s->removed_in_load));
        }
        step(s, &in);
}

static char *copy(const char *text) {
        return text ? strdup(text) : NULL;
}

static void save_record(FakeSystem *s) {
        const ImageRecord *record = &s->guard.record;

        image_record_done(&s->disk);
        s->disk = *record;
        s->disk.report.message = copy(record->report.message);
        s->disk.report.kernel.path = copy(record->report.kernel.path);
        s->disk.report.initrd.path = copy(record->report.initrd.path);
        s->disk.report.kernel_release = copy(record->report.kernel_release);
        s->disk.report.command_line = copy(record->report.command_line);
        s->disk.report.mark = copy(record->report.mark);
        s->disk.report.loader = copy(record->report.loader);
        s->disk.report.loader_reason = copy(record->report.loader_reason);
        s->disk.report.advice = copy(record->report.advice);
        s->disk.report.first_loader = copy(record->report.first_loader);
        s->on_disk = true;
}

static void check_decision(FakeSystem *s, const Decision *d) {
        FAKE_SYSTEM_CHECK(s, d && d->reason[0]);
        FAKE_SYSTEM_CHECK(s, streq(d->result, "ok") || streq(d->result, "failed") ||
                                     streq(d->result, "impossible"));
        s->n_verdicts[d->verdict]++;
        /* What somebody else's image had missed by then, nobody can know. */
        if (d->verdict == VERDICT_ADOPT && d->cause == REASON_FOREIGN_IMAGE)
                for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                        s->excused[i] |= s->sets[i] ^ s->image.sets[i];
        if (d->verdict != VERDICT_SKIP)
                return;
        FAKE_SYSTEM_CHECK(s, d->subsystems != 0);
        if (d->cause == REASON_IDLE) {
                FAKE_SYSTEM_CHECK(s, s->tampered || s->n_events > 0 ||
                                             s->guard.record.must_reload ||
                                             fake_system_is_covered(s));
                return;
        }
        FAKE_SYSTEM_CHECK(s, d->cause == REASON_KERNEL_UPDATES);
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (d->subsystems & SUBSYSTEM_BIT(i))
                        FAKE_SYSTEM_CHECK(s, s->seen[i] == HOTPLUG_KERNEL_UPDATES);
}

static void answer(FakeSystem *s, const Action *a) {
        FAKE_SYSTEM_CHECK(s, a->answer.requests != 0);
        for (Request r = 0; r < _REQUEST_MAX; r++) {
                if (!(a->answer.requests & REQUEST_BIT(r)))
                        continue;
                FAKE_SYSTEM_CHECK(s, s->callers[r] > 0);
                s->n_answers += s->callers[r];
                s->callers[r] = 0;
                s->answered[r] = a->answer.failure;
                FAKE_SYSTEM_CHECK(s, a->answer.failure == FAILURE_NONE || !isempty(a->answer.text));
        }
}

static void end_process(FakeSystem *s) {
        s->running = s->aside = s->is_connected = false;
        s->connected_usec = USEC_INFINITY;
        memset(s->callers, 0, sizeof(s->callers));
        for (size_t i = 0; i < s->n_events; i++)
                if (s->events[i].type == FAKE_SYSTEM_LOG_LINE)
                        excuse(s);
                else if (s->events[i].met_load)
                        for (Subsystem j = 0; j < _SUBSYSTEM_MAX; j++)
                                s->excused[j] |= s->removed_in_load[j];
        s->n_events = 0;
        if (s->job == JOB_NONE) {
                s->launched = false;
                return;
        }
        s->killed = true;
        if (s->job == JOB_BUILD) {
                s->job = JOB_NONE;
                s->launched = false;
                return;
        }
        if (s->job_usec != USEC_INFINITY && s->in_call)
                s->now_usec = MAX(s->now_usec, s->job_usec);
        LoadReport report;
        finish_job(s, &report);
        load_report_done(&report);
        s->job = JOB_NONE;
        s->in_call = s->launched = false;
}

void fake_system_kill(FakeSystem *s) {
        if (!s->running)
                return;
        end_process(s);
        guard_done(&s->guard);
}

static void carry_out(FakeSystem *s, const Action *a) {
        LoadReport report;

        switch (a->type) {
        case ACTION_LOOK:
                look(s, a);
                break;
        case ACTION_START:
                s->forced = a->start.force;
                start_job(s, a->start.job);
                if (s->job_fate != FATE_NOT_STARTED)
                        break;
                if (s->job == JOB_BUILD)
                        build_ended(s);
                else {
                        finish_job(s, &report);
                        load_ended(s, &report);
                }
                break;
        case ACTION_BUILT:
                s->n_told_builds++;
                FAKE_SYSTEM_CHECK(s, s->guard.build_state == BUILD_BUILT ||
                                             s->guard.build_state == BUILD_FAILED);
                break;
        case ACTION_KILL:
                kill_job(s);
                break;
        case ACTION_STUCK:
                job_stuck(s, a->stuck);
                break;
        case ACTION_SAVE_RECORD:
                save_record(s);
                break;
        case ACTION_DROP_RECORD:
                image_record_done(&s->disk);
                s->on_disk = false;
                break;
        case ACTION_DECIDED:
                check_decision(s, a->decision);
                break;
        case ACTION_SHORT:
                s->n_short++;
                FAKE_SYSTEM_CHECK(s, s->guard.record.report.advice);
                break;
        case ACTION_ANSWER:
                answer(s, a);
                break;
        case ACTION_READY:
                s->n_ready++;
                FAKE_SYSTEM_CHECK(s, s->n_ready == 1);
                break;
        case ACTION_EXIT:
                s->n_exits++;
                FAKE_SYSTEM_CHECK(s, s->job == JOB_NONE || s->guard.job_stuck);
                end_process(s);
                break;
        }
}

/* What the next process would find must lead it to the right conclusion. */
static void check_record(FakeSystem *s) {
        const Guard *g = &s->guard;

        if (s->launched) {
                FAKE_SYSTEM_CHECK(s, s->on_disk && s->disk.must_reload);
                return;
        }
        FAKE_SYSTEM_CHECK(s, s->on_disk == g->have_record);
        if (!s->on_disk)
                return;
        FAKE_SYSTEM_CHECK(s, s->disk.must_reload == g->record.must_reload);
        FAKE_SYSTEM_CHECK(s, fingerprint_difference(&s->disk.fingerprint, &g->record.fingerprint) ==
                                     0);
        FAKE_SYSTEM_CHECK(s, s->disk.must_reload || !(g->batch.met_load || g->batch.kernel_log));
}

/* What is told must be true, as far as the daemon can know. */
static void check_status(FakeSystem *s) {
        const Guard *g = &s->guard;
        Status status;
        char line[STATUS_TEXT_MAX];

        status_fill(&status, g, NULL);
        FAKE_SYSTEM_CHECK(s, !isempty(status_line(&status, line)) && !isempty(status.state_reason));
        if (!s->tampered && s->job != JOB_UNLOAD && !g->batch.pending && s->n_events == 0 &&
            g->look == LOOK_NOTHING &&
            streq(status.state_reason, "loaded; it covers all memory and CPUs"))
                FAKE_SYSTEM_CHECK(s, fake_system_is_covered(s));
}

/* From the first event that nobody has decided about to the decision it takes MaxDelay= at most,
 * and one job that runs meanwhile; after a failed load as much as the back-off more. */
static void check_delay(FakeSystem *s) {
        const Guard *g = &s->guard;
        uint64_t since, bound = s->settings.max_delay_usec + s->timer_lag_usec + HIDDEN_USEC;

        if (g->batch.events == 0 || !g->ready || g->stopping) {
                s->undecided_usec = 0;
                return;
        }
        if (s->undecided_usec == 0) {
                s->undecided_usec = s->now_usec;
                s->undecided_jobs_usec = 0;
                s->undecided_jobs = s->job != JOB_NONE;
                s->undecided_after_failure = false;
        }
        if (!s->is_bounded)
                return;
        s->undecided_after_failure |= g->failure != FAILURE_NONE;
        if (s->undecided_after_failure)
                bound += USEC_PER_MINUTE;
        since = s->now_usec - s->undecided_usec - s->undecided_jobs_usec;
        s->longest_undecided_usec =
                MAX(s->longest_undecided_usec, s->undecided_after_failure ? 0 : since);
        FAKE_SYSTEM_CHECK(s, since <= bound);
        FAKE_SYSTEM_CHECK(s, s->undecided_jobs <= 1u + s->undecided_after_failure);
}

/* What must hold whenever the guard is at rest. */
static void check_rest(FakeSystem *s) {
        const Guard *g = &s->guard;
        uint64_t deadline = guard_deadline(g), now = s->now_usec + s->skew_usec;

        check_status(s);
        check_delay(s);
        FAKE_SYSTEM_CHECK(s, g->job == s->job);
        FAKE_SYSTEM_CHECK(s, g->job != JOB_NONE || g->look == LOOK_NOTHING ||
                                     g->second_look_usec != USEC_INFINITY || g->stopping);
        if (!g->started)
                return;
        check_record(s);
        FAKE_SYSTEM_CHECK(s,
                          g->decision_open == (g->job == JOB_LOAD || g->job == JOB_UNLOAD ||
                                               g->look == LOOK_VERIFY || g->look == LOOK_UNLOADED));
        for (Request r = 0; r < _REQUEST_MAX; r++)
                FAKE_SYSTEM_CHECK(s, (s->callers[r] > 0) ==
                                             (((g->waiting | g->queued) & REQUEST_BIT(r)) != 0));
        if (g->stopping || !g->wanted || g->job != JOB_NONE)
                return;
        /* There is always a way on. */
        if (!guard_is_armed(g) || (g->have_record && g->record.must_reload) || g->waiting)
                FAKE_SYSTEM_CHECK(s,
                                  deadline != USEC_INFINITY || failure_is_unavailable(g->failure));
        if (deadline != USEC_INFINITY && s->skew_usec >= USEC_PER_HOUR)
                FAKE_SYSTEM_CHECK(
                        s, deadline <= now + MAX(g->settings->max_delay_usec, 61 * USEC_PER_SEC));
}

static void step(FakeSystem *s, Input *in) {
        uint64_t excuses = s->excuses;
        Actions actions;
        Moment now;

        s->excuses = 0;
        s->n_steps++;
        if (s->guard.batch.pending)
                s->batch_usec = s->guard.batch.first_usec;
        moment(s, &now);
        if (guard_timer_is_first(&s->guard, in, &now)) {
                step(s, &(Input){ .type = INPUT_TIMER });
                if (!s->running)
                        return;
        }
        if (excuses != 0)
                excuse_drop(s, excuses);
        guard_step(&s->guard, in, &now, &actions);
        FAKE_SYSTEM_CHECK(s, actions.n < ACTIONS_MAX && s->guard.actions_lost == 0);
        s->longest = MAX(s->longest, actions.n);
        if (s->guard.job != JOB_LOAD && s->guard.look != LOOK_VERIFY)
                s->launched = false;
        for (size_t i = 0; i < actions.n; i++) {
                const Action *a = &actions.items[i];

                /* These may bring the next step before they return. */
                if (a->type == ACTION_LOOK || a->type == ACTION_START || a->type == ACTION_EXIT)
                        FAKE_SYSTEM_CHECK(s, i == actions.n - 1);
                carry_out(s, a);
                if (!s->running) {
                        if (a->type == ACTION_EXIT)
                                guard_done(&s->guard);
                        return;
                }
                if (++s->n_actions == s->die_at) {
                        fake_system_kill(s);
                        return;
                }
        }
        check_rest(s);
}

void fake_system_start(FakeSystem *s) {
        Input in = { .type = INPUT_START, .log_is_whole = s->log_is_whole };

        if (s->running)
                return;
        s->running = true;
        excuse_drop(s, CAUSES_ALL);
        s->n_ready = 0;
        s->burst_usec = 0;
        s->next_watch_usec = s->now_usec + WATCH_USEC;
        guard_init(&s->guard, &s->settings, s->architecture);
        if (s->on_disk) {
                ImageRecord record = s->disk;

                /* The daemon reads a copy; the file stays. */
                s->disk = (ImageRecord){ 0 };
                s->guard.record = record;
                save_record(s);
                s->guard.record = (ImageRecord){ 0 };
                in.record = &record;
                step(s, &in);
                image_record_done(&record);
        } else
                step(s, &in);
        if (s->running && s->has_watch)
                s->connected_usec = s->now_usec + s->connect_usec;
}

void fake_system_ended(FakeSystem *s, Job job) {
        JobReport report = { .job = job };

        if (s->running)
                step(s, &(Input){ .type = INPUT_ENDED, .ended = &report });
}

void fake_system_input(FakeSystem *s, InputType type) {
        Input in = { .type = type };

        if (type == INPUT_RECONFIGURED || type == INPUT_MOUNTED)
                s->excuses = CAUSE(REASON_CONFIGURATION) | CAUSE(REASON_MOUNTED);
        else if (type == INPUT_OVERFLOW || type == INPUT_LOOK_AGAIN)
                s->excuses = CAUSES_HOTPLUG;
        if (s->running)
                step(s, &in);
}

void fake_system_feed(FakeSystem *s, const Input *in) {
        Input copy = *in;

        excuse_drop(s, CAUSES_ALL);
        if (s->running)
                step(s, &copy);
}

void fake_system_shutdown(FakeSystem *s) {
        Input in = { .type = INPUT_STOP, .going_down = true };

        if (s->running)
                step(s, &in);
}

void fake_system_glance(FakeSystem *s) {
        Input in = { .type = INPUT_GLANCE, .loaded = s->image.loaded };

        if (s->running)
                step(s, &in);
}

void fake_system_request(FakeSystem *s, Request request) {
        Input in = { .type = INPUT_REQUEST, .request = request };

        if (!s->running)
                return;
        s->callers[request]++;
        excuse_drop(s, CAUSE(REASON_REQUEST));
        step(s, &in);
}

void fake_system_touch_sources(FakeSystem *s) {
        s->sources++;
}

void fake_system_touch_files(FakeSystem *s) {
        s->generation++;
}

static void deliver(FakeSystem *s, size_t i) {
        FakeEvent e = s->events[i];
        Input in = { .type = INPUT_KERNEL_LOG };

        s->n_events--;
        memmove(&s->events[i], &s->events[i + 1], (s->n_events - i) * sizeof(e));
        if (!s->running)
                return;
        if (e.type != FAKE_SYSTEM_UEVENT)
                s->excuses = e.type == FAKE_SYSTEM_OVERFLOW ? CAUSES_HOTPLUG : CAUSES_LOG;
        else if (!e.synthetic && !e.ignored)
                s->excuses = CAUSES_HOTPLUG;
        if (e.type == FAKE_SYSTEM_OVERFLOW)
                in.type = INPUT_OVERFLOW;
        else if (e.type == FAKE_SYSTEM_UEVENT) {
                in.type = INPUT_UEVENT;
                in.uevent.subsystem = e.subsystem;
                in.uevent.action = e.action;
                in.uevent.seqnum = e.seqnum;
                in.uevent.synthetic = e.synthetic;
                in.uevent.ignored = e.ignored;
        }
        step(s, &in);
        if (s->guard.batch.events == 0)
                s->burst_usec = 0;
        else if (s->burst_usec == 0)
                s->burst_usec = s->now_usec;
}

/* Lets happen what is next until end. Returns false if nothing is. */
static bool happens(FakeSystem *s, uint64_t end) {
        uint64_t timer = s->running ? guard_deadline(&s->guard) : USEC_INFINITY, next = end;
        size_t event = SIZE_MAX;
        enum { NOTHING, RING, CONNECT, JOB, LOCK, WATCH, TIMER, EVENT } what = NOTHING;

        if (timer != USEC_INFINITY)
                timer = MAX(s->now_usec, sub_saturated(timer, s->skew_usec) + s->timer_lag_usec);
        if (s->job != JOB_NONE && s->job_usec <= next) {
                next = s->job_usec;
                what = JOB;
        }
        if (s->lock_until_usec < next) {
                next = s->lock_until_usec;
                what = LOCK;
        }
        if (s->running && s->watching && s->next_watch_usec < next) {
                next = s->next_watch_usec;
                what = WATCH;
        }
        if (timer < next) {
                next = timer;
                what = TIMER;
        }
        for (size_t i = 0; i < s->n_events; i++)
                if (s->events[i].due_usec < next ||
                    (s->events[i].due_usec == next && what == NOTHING)) {
                        next = s->events[i].due_usec;
                        event = i;
                        what = EVENT;
                }
        if (s->running && s->connected_usec <= next) {
                next = MAX(s->now_usec, s->connected_usec);
                what = CONNECT;
        }
        if (s->running && s->is_connected && s->n_ring > 0) {
                next = s->now_usec;
                what = RING;
        }
        s->in_a_row = next > s->now_usec || what != TIMER ? 0 : s->in_a_row + 1;
        FAKE_SYSTEM_CHECK(s, s->in_a_row < 10);
        if (s->job != JOB_NONE && next > s->now_usec)
                s->undecided_jobs_usec += next - s->now_usec;
        s->now_usec = MAX(s->now_usec, next);
        switch (what) {
        case NOTHING:
                return false;
        case RING:
                read_ring(s);
                break;
        case CONNECT:
                connect(s);
                break;
        case JOB:
                job_goes_on(s);
                break;
        case LOCK:
                finish_foreign(s);
                break;
        case WATCH:
                s->next_watch_usec = s->now_usec + WATCH_USEC;
                fake_system_input(s, INPUT_WATCH);
                break;
        case TIMER:
                fake_system_input(s, INPUT_TIMER);
                break;
        case EVENT:
                deliver(s, event);
                break;
        }
        return true;
}

void fake_system_run(FakeSystem *s, uint64_t usec) {
        uint64_t end = s->now_usec + usec;

        while (happens(s, end))
                ;
        s->now_usec = MAX(s->now_usec, end);
}

void fake_system_calm(FakeSystem *s) {
        const Guard *g = &s->guard;
        uint64_t loads;

        s->n_fate = s->zero_samples = s->n_lose = s->n_overflow = 0;
        s->torn_bit = 0;
        fake_system_unstick(s);
        s->reader = s->update_fails = s->plans_work = false;
        s->die_at = 0;
        s->obstacle = FAILURE_NONE;
        s->watching = true;
        if (s->running && g->stopping)
                fake_system_run(s, s->settings.load_timeout_usec * 2 + USEC_PER_MINUTE);
        FAKE_SYSTEM_CHECK(s, !s->running || !g->stopping);
        fake_system_start(s);
        if (s->job == JOB_BUILD)
                fake_system_run(s, BUILD_TIMEOUT_USEC + USEC_PER_MINUTE);
        fake_system_run(s, s->settings.load_timeout_usec * 2 + 2 * USEC_PER_MINUTE);
        /* Whether lockdown has an exception cannot be seen: somebody has to say so. */
        if (g->failure == FAILURE_LOCKDOWN)
                fake_system_input(s, INPUT_RECONFIGURED);
        if (g->awaits_change)
                fake_system_touch_files(s);
        fake_system_run(s, 2 * USEC_PER_MINUTE);

        loads = s->n_loads;
        fake_system_run(s, 5 * USEC_PER_MINUTE);
        FAKE_SYSTEM_CHECK(s, s->n_loads == loads);
        FAKE_SYSTEM_CHECK(s, guard_deadline(g) == USEC_INFINITY);
        FAKE_SYSTEM_CHECK(s, g->waiting == 0 && g->queued == 0);
        FAKE_SYSTEM_CHECK(s, s->n_ready == 1);
        FAKE_SYSTEM_CHECK(s, g->failure == FAILURE_NONE);
        FAKE_SYSTEM_CHECK(s, g->have_record == s->on_disk);
        /* No image of somebody else's is taken for ours. */
        FAKE_SYSTEM_CHECK(s, s->is_unseen || !g->have_record || s->image.ours);
        FAKE_SYSTEM_CHECK(s, guard_is_armed(g) == s->image.loaded);
        if (!g->wanted) {
                FAKE_SYSTEM_CHECK(s, !g->have_record && !(s->image.loaded && s->image.ours));
                return;
        }
        FAKE_SYSTEM_CHECK(s, guard_state(g) == IMAGE_ARMED);
        FAKE_SYSTEM_CHECK(s, fake_system_is_covered(s));
        FAKE_SYSTEM_CHECK(s, !guard_builds(g) || !g->build_due || g->foreign);
        FAKE_SYSTEM_CHECK(s, g->have_record || s->settings.foreign == FOREIGN_ADOPT);
        FAKE_SYSTEM_CHECK(s, !g->have_record || !s->disk.must_reload);
}
