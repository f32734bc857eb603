/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scripts of bytes, for what nobody thought of: random ones in the tests, found ones in fuzzing. */
#include <limits.h>

#include "fake-system.h"

typedef enum Op {
        OP_ADD_MEMORY,
        OP_REMOVE_MEMORY,
        OP_ADD_CPU,
        OP_REMOVE_CPU,
        OP_ONLINE,
        OP_BURST,
        OP_WAIT_SHORT,
        OP_WAIT,
        OP_WAIT_MORE,
        OP_WAIT_LONG,
        OP_OVERFLOW,
        OP_LOSE,
        OP_LOOK_AGAIN,
        OP_RECONFIGURE,
        OP_LOG_LINE,
        OP_FOREIGN_LOAD,
        OP_FOREIGN_UNLOAD,
        OP_OBSTACLE,
        OP_FATE,
        OP_FATE_FOR_EVER,
        OP_REQUEST,
        OP_STOP,
        OP_KILL,
        OP_KILL_LATER,
        OP_START,
        OP_WATCH,
        OP_ZERO_SAMPLES,
        OP_READER,
        OP_UPDATE_FAILS,
        OP_CLOCK_BACK,
        OP_TORN_LOOK,
        OP_NO_HOTPLUG,
        OP_NONSENSE,
        OP_DELAYS,
        OP_GLANCE,
        _OP_MAX,
} Op;

static void burst(FakeSystem *s, unsigned arg) {
        HotplugAction action = arg & 1 ? HOTPLUG_REMOVE : HOTPLUG_ADD;

        for (unsigned i = 0; i < arg / 4; i++) {
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, action, 8 + i % 40);
                if (arg & 2)
                        fake_system_run(s, 20 * USEC_PER_MSEC);
        }
}

/* Inputs that the guard did not ask for, or not now. */
static void nonsense(FakeSystem *s, unsigned arg) {
        static const Job jobs[] = { JOB_NONE, JOB_PLAN, JOB_LOAD, JOB_UNLOAD, JOB_NONE };
        size_t i = arg % ELEMENTSOF(jobs);

        if (jobs[i] == JOB_NONE)
                fake_system_input(s, i == 0 ? INPUT_TIMER : INPUT_START);
        else if (jobs[i] != s->job)
                fake_system_ended(s, jobs[i]);
}

static void reconfigure(FakeSystem *s, unsigned arg) {
        if (arg & 64) {
                fake_system_input(s, INPUT_REFRESH);
                return;
        }
        if (arg & 1)
                fake_system_touch_files(s);
        if (arg & 32)
                fake_system_touch_sources(s);
        if (arg & 2)
                s->settings.foreign = arg & 4 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        if (arg & 8)
                s->settings.unload_on_stop = arg & 16;
        if (s->running)
                guard_set_settings(&s->guard, &s->settings, s->architecture);
        fake_system_input(s, arg & 128 ? INPUT_MOUNTED : INPUT_RECONFIGURED);
}

/* What happens to the machine and to its kernel. */
static bool play_world(FakeSystem *s, Op op, unsigned arg) {
        switch (op) {
        case OP_ADD_MEMORY:
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, arg % 16);
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, arg % 16);
                break;
        case OP_REMOVE_MEMORY:
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, HOTPLUG_OFFLINE, arg % 16);
                fake_system_hotplug(s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, arg % 16);
                break;
        case OP_ADD_CPU:
                fake_system_hotplug(s, SUBSYSTEM_CPU, HOTPLUG_ADD, arg % 8);
                break;
        case OP_REMOVE_CPU:
                fake_system_hotplug(s, SUBSYSTEM_CPU, HOTPLUG_REMOVE, arg % 8);
                break;
        case OP_ONLINE:
                fake_system_hotplug(s, SUBSYSTEM_CPU, HOTPLUG_ONLINE, arg % 8);
                break;
        case OP_BURST:
                burst(s, arg);
                break;
        case OP_NO_HOTPLUG:
                fake_system_uevent(s, arg & 1, arg / 4 % _HOTPLUG_ACTION_MAX, arg & 2, !(arg & 2));
                break;
        case OP_WAIT_SHORT:
                fake_system_run(s, arg * USEC_PER_MSEC / 4);
                break;
        case OP_WAIT:
                fake_system_run(s, arg * 5 * USEC_PER_MSEC);
                break;
        case OP_WAIT_MORE:
                fake_system_run(s, arg * 50 * USEC_PER_MSEC);
                break;
        case OP_WAIT_LONG:
                fake_system_run(s, arg * USEC_PER_SEC);
                break;
        case OP_TORN_LOOK:
                s->torn_bit = 48 + arg % 16;
                break;
        case OP_UPDATE_FAILS:
                s->update_fails = arg & 1;
                break;
        case OP_FOREIGN_LOAD:
                fake_system_foreign_load(s, arg & 1, arg / 2 * 10 * USEC_PER_MSEC);
                break;
        case OP_FOREIGN_UNLOAD:
                if (arg & 1)
                        fake_system_foreign_unload(s);
                else
                        fake_system_foreign_other(s);
                break;
        default:
                return false;
        }
        return true;
}

/* What happens to the daemon, and to what it relies on. */
static void play_daemon(FakeSystem *s, Op op, unsigned arg) {
        switch (op) {
        case OP_OVERFLOW:
                s->n_overflow = arg % 8;
                break;
        case OP_LOSE:
                s->n_lose = arg % 8;
                break;
        case OP_LOOK_AGAIN:
                fake_system_input(s, INPUT_LOOK_AGAIN);
                break;
        case OP_RECONFIGURE:
                reconfigure(s, arg);
                break;
        case OP_LOG_LINE:
                fake_system_log_line(s);
                break;
        case OP_OBSTACLE:
                s->obstacle = arg & 1 ? FAILURE_DISABLED : FAILURE_NONE;
                break;
        case OP_FATE:
        case OP_FATE_FOR_EVER:
                s->fate = arg % _FATE_MAX;
                s->n_fate = op == OP_FATE ? arg / 64 + 1 : UINT_MAX;
                break;
        case OP_REQUEST:
                fake_system_request(s, arg % _REQUEST_MAX);
                break;
        case OP_STOP:
                if (arg & 1)
                        fake_system_shutdown(s);
                else
                        fake_system_input(s, INPUT_STOP);
                break;
        case OP_GLANCE:
                fake_system_glance(s);
                break;
        case OP_KILL:
                fake_system_kill(s);
                if (arg & 3)
                        fake_system_start(s);
                break;
        case OP_KILL_LATER:
                s->die_at = s->n_actions + arg % 16 + 1;
                break;
        case OP_START:
                fake_system_start(s);
                break;
        case OP_WATCH:
                fake_system_input(s, INPUT_WATCH);
                break;
        case OP_ZERO_SAMPLES:
                s->zero_samples = arg % 4;
                break;
        case OP_READER:
                s->reader = arg & 1;
                s->is_deaf = arg & 8;
                if (arg & 2)
                        s->unkillable = true;
                else if (arg & 4)
                        fake_system_unstick(s);
                break;
        case OP_CLOCK_BACK:
                s->skew_usec = sub_saturated(s->skew_usec, arg * 10 * USEC_PER_MSEC);
                break;
        case OP_NONSENSE:
                nonsense(s, arg);
                break;
        case OP_DELAYS:
                s->uevent_delay_usec = (arg & 15) * 50 * USEC_PER_MSEC;
                s->log_delay_usec = (arg >> 4) * 50 * USEC_PER_MSEC;
                break;
        default:
                break;
        }
}

static void choose_world(FakeSystem *s, const uint8_t choice[static 2]) {
        static const HotplugAnswer kernels[] = {
                HOTPLUG_KERNEL_UPDATES, HOTPLUG_ABSENT,     HOTPLUG_KERNEL_UPDATES,
                HOTPLUG_NOT_UPDATED,    HOTPLUG_UNREADABLE, HOTPLUG_GARBAGE,
        };
        static const char *const architectures[] = { "x86_64", "x86_64", "aarch64", "s390x" };
        static const uint64_t settles[] = { 500 * USEC_PER_MSEC, 500 * USEC_PER_MSEC, 0,
                                            5 * USEC_PER_SEC };

        fake_system_init(s, kernels[choice[0] % ELEMENTSOF(kernels)]);
        s->architecture = architectures[choice[0] / 8 % ELEMENTSOF(architectures)];
        s->settings.foreign = choice[1] & 1 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        s->settings.unload_on_stop = choice[1] & 2;
        if (choice[0] & 128)
                fake_system_builds(s);
        s->has_watch = choice[0] % 5 != 0;
        s->connect_usec = choice[0] % 7 * 100 * USEC_PER_MSEC;
        s->settings.settle_usec = settles[choice[0] / 32 % ELEMENTSOF(settles)];
        s->uevent_delay_usec = (choice[1] >> 2 & 3) * 100 * USEC_PER_MSEC;
        s->rng ^= choice[1];
        if (choice[1] & 16)
                fake_system_foreign_load(s, choice[1] & 32, 0);
        if (choice[1] & 64)
                s->obstacle = FAILURE_NO_RESERVATION;
        if (!(choice[1] & 128))
                fake_system_start(s);
}

uint64_t fake_system_play(const uint8_t *script, size_t size, size_t *ret_longest) {
        static FakeSystem s;
        uint64_t n_steps;
        unsigned away = 0;

        if (size < 2)
                return 0;
        choose_world(&s, script);
        for (size_t i = 2; i + 1 < size; i += 2) {
                Op op = script[i] % _OP_MAX;

                if (s.n_events > FAKE_SYSTEM_EVENTS_MAX / 2)
                        fake_system_run(&s, USEC_PER_MINUTE);
                if (!play_world(&s, op, script[i + 1]))
                        play_daemon(&s, op, script[i + 1]);
                /* Without it nothing happens: it is not away for long. */
                if (!s.running && ++away > 3)
                        fake_system_start(&s);
                if (s.running)
                        away = 0;
        }
        fake_system_calm(&s);
        if (ret_longest)
                *ret_longest = MAX(*ret_longest, s.longest);
        n_steps = s.n_steps;
        fake_system_done(&s);
        return n_steps;
}
