/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the guard share. */
#pragma once

#include <limits.h>

#include "fake-system.h"
#include "test.h"

/* All tests run forked, so each has its own. */
static FakeSystem s;

/* The daemon starts on a machine that has just booted, and a while later its image is loaded. */
static inline void boot_prepared(void) {
        fake_system_start(&s);
        fake_system_run(&s, 40 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_eq(guard_deadline(&s.guard), USEC_INFINITY);
}

/* The same on a machine on which nothing is to be built. */
static inline void boot(HotplugAnswer kernel) {
        fake_system_init(&s, kernel);
        boot_prepared();
}

static inline void finish(void) {
        fake_system_calm(&s);
        fake_system_done(&s);
}

/* Plugs a DIMM of n blocks: "add" and "online" for each. */
static inline void plug(unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 4 + i);
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, 4 + i);
                fake_system_run(&s, USEC_PER_MSEC);
        }
}

static inline void check_decision(size_t i, Verdict verdict, Reason cause, uint32_t events) {
        const Decision *d = fake_system_decision(&s, i);

        ck_assert_ptr_nonnull(d);
        ck_assert_str_eq(verdict_to_string(d->verdict), verdict_to_string(verdict));
        ck_assert_str_eq(reason_to_string(d->cause), reason_to_string(cause));
        ck_assert_uint_eq(d->events, events);
}

typedef enum Situation {
        BEFORE_START,
        FIRST_LOAD,
        ARMED,
        BATCH_PENDING,
        BATCH_OF_LOG,
        RELOADING,
        SECOND_LOOK_VERIFY,
        SECOND_LOOK_WATCH,
        SECOND_LOOK_DECIDE,
        PLANNING,
        PLAN_HANGS,
        LOAD_HANGS,
        FAILED,
        FAILED_ARMED,
        UNAVAILABLE,
        UNAVAILABLE_ARMED,
        UNLOADING,
        UNLOADED,
        FOREIGN_ADOPTED,
        _SITUATION_MAX,
} Situation;

/* Brings the machine into a situation that it is found in. */
static inline void reach(Situation situation) {
        if (situation <= FIRST_LOAD) {
                fake_system_init(&s, HOTPLUG_ABSENT);
                if (situation == FIRST_LOAD)
                        fake_system_start(&s);
                return;
        }
        boot(HOTPLUG_KERNEL_UPDATES);
        switch (situation) {
        case BATCH_PENDING:
                plug(1);
                break;
        case BATCH_OF_LOG:
                fake_system_log_line(&s);
                fake_system_run(&s, USEC_PER_MSEC);
                break;
        case LOAD_HANGS:
                s.fate = FATE_HANGS_INSIDE;
                s.n_fate = 1;
                __attribute__((fallthrough));
        case RELOADING:
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 100 * USEC_PER_MSEC);
                break;
        case SECOND_LOOK_VERIFY:
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 310 * USEC_PER_MSEC);
                s.zero_samples = 1;
                fake_system_run(&s, 10 * USEC_PER_MSEC);
                ck_assert_int_eq(s.guard.look, LOOK_VERIFY);
                break;
        case SECOND_LOOK_WATCH:
                s.zero_samples = 1;
                fake_system_input(&s, INPUT_WATCH);
                ck_assert_int_eq(s.guard.look, LOOK_WATCH);
                break;
        case SECOND_LOOK_DECIDE:
                s.zero_samples = 1;
                plug(1);
                fake_system_run(&s, 500 * USEC_PER_MSEC);
                ck_assert_int_eq(s.guard.look, LOOK_DECIDE);
                break;
        case PLAN_HANGS:
                s.fate = FATE_HANGS_EARLY;
                s.n_fate = 1;
                __attribute__((fallthrough));
        case PLANNING:
                fake_system_input(&s, INPUT_RECONFIGURED);
                ck_assert_int_eq(s.guard.job, JOB_PLAN);
                break;
        case FAILED:
        case FAILED_ARMED:
                s.fate = situation == FAILED ? FATE_BROKEN : FATE_REFUSED;
                s.n_fate = 1;
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 400 * USEC_PER_MSEC);
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
                break;
        case UNAVAILABLE:
        case UNAVAILABLE_ARMED:
                if (situation == UNAVAILABLE)
                        fake_system_foreign_unload(&s);
                s.obstacle = FAILURE_DISABLED;
                fake_system_request(&s, REQUEST_RELOAD);
                break;
        case UNLOADING:
        case UNLOADED:
                fake_system_request(&s, REQUEST_UNLOAD);
                if (situation == UNLOADED)
                        fake_system_run(&s, USEC_PER_SEC);
                break;
        case FOREIGN_ADOPTED:
                s.settings.foreign = FOREIGN_ADOPT;
                fake_system_foreign_load(&s, false, 0);
                fake_system_run(&s, 31 * USEC_PER_SEC);
                ck_assert(s.guard.foreign);
                break;
        default:
                break;
        }
}
