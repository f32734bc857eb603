/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the state machine share. */
#pragma once

#include <limits.h>

#include "machine-sim.h"
#include "test.h"

/* All tests run forked, so each has its own. */
static Sim s;

/* A daemon that has loaded its image, a while ago. */
static inline void boot(HotplugAnswer kernel) {
        sim_init(&s, kernel);
        sim_start(&s);
        sim_run(&s, 40 * USEC_PER_SEC);
        ck_assert_int_eq(machine_state(&s.machine), MACHINE_ARMED);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_eq(machine_deadline(&s.machine), USEC_INFINITY);
}

static inline void finish(void) {
        sim_calm(&s);
        sim_done(&s);
}

/* Plugs a DIMM of n blocks: "add" and "online" for each. */
static inline void plug(unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                sim_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 4 + i);
                sim_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, 4 + i);
                sim_run(&s, USEC_PER_MSEC);
        }
}

static inline void check_decision(size_t i, Verdict verdict, Reason cause, uint32_t events) {
        const Decision *d = sim_decision(&s, i);

        ck_assert_ptr_nonnull(d);
        ck_assert_str_eq(verdict_to_string(d->verdict), verdict_to_string(verdict));
        ck_assert_str_eq(reason_to_string(d->cause), reason_to_string(cause));
        ck_assert_uint_eq(d->events, events);
}
