/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine: what it knows of an image that lists memory which is gone. */
#include "test-machine.h"

#include "core/status.h"

static void tell(HotplugAction action, uint64_t seqnum) {
        Input in = { .type = INPUT_UEVENT,
                     .uevent = {
                             .subsystem = SUBSYSTEM_MEMORY, .action = action, .seqnum = seqnum } };

        sim_feed(&s, &in);
}

static bool is_stale(const char *words) {
        Status status;

        status_fill(&status, &s.machine, NULL);
        ck_assert_int_eq(status.stale, status.stale_reason[0] != '\0');
        if (status.stale)
                ck_assert_msg(strstr(status.stale_reason, words), "%s", status.stale_reason);
        return status.stale;
}

/* The order of a DIMM's removal: its blocks go offline, at which the kernel rebuilds the header,
 * and then away, of which nothing tells it. */
static void remove_two_blocks(void) {
        tell(HOTPLUG_OFFLINE, 0);
        tell(HOTPLUG_OFFLINE, 0);
        tell(HOTPLUG_REMOVE, 0);
        tell(HOTPLUG_REMOVE, 0);
        sim_run(&s, USEC_PER_SEC);
}

START_TEST(removal_is_told) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert(!is_stale(""));
        remove_two_blocks();
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert(is_stale("2 memory blocks"));
        ck_assert_uint_eq(s.machine.record.removed_blocks, 2);

        /* The next rebuild mends it. */
        tell(HOTPLUG_ONLINE, 0);
        sim_run(&s, USEC_PER_SEC);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(removal_is_mended_on_request) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.reload_when_stale = true;
        remove_two_blocks();
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_int_eq(sim_decision(&s, 0)->cause, REASON_STALE);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(others_reload_anyway) {
        boot(HOTPLUG_ABSENT);
        tell(HOTPLUG_REMOVE, 0);
        ck_assert(is_stale("about to be reloaded"));
        sim_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(overflow_may_hide_one) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.reload_when_stale = _i;
        sim_input(&s, INPUT_OVERFLOW);
        sim_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1 + _i);
        ck_assert_int_eq(is_stale("lost"), !_i);
        finish();
}
END_TEST

START_TEST(old_news) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.machine.before_seqnum = 10;
        tell(HOTPLUG_REMOVE, 10);
        ck_assert_uint_eq(s.machine.record.removed_blocks, 0);
        tell(HOTPLUG_REMOVE, 11);
        ck_assert_uint_eq(s.machine.record.removed_blocks, 1);
        s.machine.before_seqnum = 0;
        sim_run(&s, USEC_PER_SEC);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, overflow_may_hide_one, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, removal_is_told);
        ADD_TEST(suite, removal_is_mended_on_request);
        ADD_TEST(suite, others_reload_anyway);
        ADD_TEST(suite, old_news);
}

TEST_MAIN("machine-stale", add_cases)
