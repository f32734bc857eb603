/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/decision: the policy over every observation there can be, and the history. */
#include "test.h"

#include <stdio.h>

#include "base/time-util.h"
#include "daemon/decision.h"

/* What the policy must say, put differently than the code puts it. */
static Verdict expected_verdict(const Observation *o) {
        bool all_one = true, concerned = false;

        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                bool event = o->subsystems & SUBSYSTEM_BIT(s);
                bool unseen = o->look_again && (o->moved & SUBSYSTEM_BIT(s));

                if (!event && !unseen)
                        continue;
                concerned = true;
                /* Nothing came or went, and what happened changes nothing. */
                if (event && (o->idle & SUBSYSTEM_BIT(s)) && !(o->moved & SUBSYSTEM_BIT(s)))
                        continue;
                all_one = all_one && o->answers[s] == HOTPLUG_KERNEL_UPDATES;
        }
        if (o->met_load || o->kernel_log || o->stale || !all_one)
                return VERDICT_RELOAD;
        if (concerned && o->away && o->moved)
                return VERDICT_RELOAD;
        return concerned ? VERDICT_SKIP : VERDICT_KEEP;
}

/* Whether a reason is true of an observation, and may therefore stand in the journal. */
static bool reason_holds(const Observation *o, Reason reason) {
        static const Reason of_answer[_HOTPLUG_ANSWER_MAX] = {
                [HOTPLUG_NOT_ASKED] = REASON_ATTRIBUTE_UNREADABLE,
                [HOTPLUG_KERNEL_UPDATES] = REASON_KERNEL_UPDATES,
                [HOTPLUG_NOT_UPDATED] = REASON_NOT_UPDATED,
                [HOTPLUG_ABSENT] = REASON_ATTRIBUTE_ABSENT,
                [HOTPLUG_UNREADABLE] = REASON_ATTRIBUTE_UNREADABLE,
                [HOTPLUG_GARBAGE] = REASON_ATTRIBUTE_GARBAGE,
                [HOTPLUG_NO_SUBSYSTEM] = REASON_ATTRIBUTE_ABSENT,
        };
        unsigned concerned = o->subsystems;

        if (o->look_again)
                concerned |= o->moved;
        switch (reason) {
        case REASON_KERNEL_LOG:
                return o->kernel_log && !o->log_lost;
        case REASON_LOG_LOST:
                return o->kernel_log && o->log_lost;
        case REASON_MET_LOAD:
                return o->met_load;
        case REASON_CHANGED_DURING_LOAD:
                return o->met_load && o->moved != 0;
        case REASON_STALE:
                return o->stale;
        case REASON_CHANGED_AWAY:
                return o->away && o->moved != 0;
        case REASON_UNCHANGED:
                return concerned == 0 && !o->met_load && !o->kernel_log && !o->stale;
        case REASON_IDLE:
                for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                        if (concerned & SUBSYSTEM_BIT(s) &&
                            o->answers[s] != HOTPLUG_KERNEL_UPDATES &&
                            (!(o->idle & SUBSYSTEM_BIT(s)) || o->moved & SUBSYSTEM_BIT(s)))
                                return false;
                return (concerned & o->idle & ~o->moved) != 0;
        case REASON_KERNEL_UPDATES:
        case REASON_NOT_UPDATED:
        case REASON_ATTRIBUTE_ABSENT:
        case REASON_ATTRIBUTE_UNREADABLE:
        case REASON_ATTRIBUTE_GARBAGE:
                for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                        if (concerned & SUBSYSTEM_BIT(s) && of_answer[o->answers[s]] == reason)
                                return true;
                return false;
        default:
                return false;
        }
}

#define OBSERVATIONS                                                               \
        ((SUBSYSTEMS_ALL + 1) * (SUBSYSTEMS_ALL + 1) * (SUBSYSTEMS_ALL + 1) * 64 * \
         _HOTPLUG_ANSWER_MAX * _HOTPLUG_ANSWER_MAX)

static unsigned digit(unsigned *number, unsigned base) {
        unsigned value = *number % base;

        *number /= base;
        return value;
}

START_TEST(policy) {
        unsigned n[_VERDICT_MAX] = { 0 };

        for (unsigned i = 0; i < OBSERVATIONS; i++) {
                unsigned rest = i;
                Observation o = { 0 };
                Reason reason = _REASON_MAX;
                Verdict verdict;

                o.subsystems = digit(&rest, SUBSYSTEMS_ALL + 1);
                o.moved = digit(&rest, SUBSYSTEMS_ALL + 1);
                o.idle = digit(&rest, SUBSYSTEMS_ALL + 1) & o.subsystems;
                o.met_load = digit(&rest, 2);
                o.kernel_log = digit(&rest, 2);
                o.log_lost = digit(&rest, 2);
                o.look_again = digit(&rest, 2);
                o.stale = digit(&rest, 2);
                o.away = digit(&rest, 2);
                for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                        o.answers[s] = digit(&rest, _HOTPLUG_ANSWER_MAX);
                ck_assert_uint_eq(rest, 0);
                verdict = decide(&o, &reason);
                ck_assert_msg(verdict == expected_verdict(&o), "observation %u: %s", i,
                              verdict_to_string(verdict));
                ck_assert_msg(reason_holds(&o, reason), "observation %u: %s", i,
                              reason_to_string(reason));
                ck_assert((verdict == VERDICT_SKIP) ==
                          (reason == REASON_KERNEL_UPDATES || reason == REASON_IDLE));
                ck_assert((verdict == VERDICT_KEEP) == (reason == REASON_UNCHANGED));
                n[verdict]++;
        }
        /* All three occur, and the dear one is the commonest: when in doubt, reload. */
        ck_assert_uint_gt(n[VERDICT_SKIP], 0);
        ck_assert_uint_gt(n[VERDICT_KEEP], 0);
        ck_assert_uint_gt(n[VERDICT_RELOAD], n[VERDICT_SKIP] + n[VERDICT_KEEP]);
        ck_assert_uint_eq(n[VERDICT_SKIP] + n[VERDICT_KEEP] + n[VERDICT_RELOAD], OBSERVATIONS);
}
END_TEST

START_TEST(names) {
        for (Verdict v = 0; v < _VERDICT_MAX; v++)
                ck_assert_int_eq(verdict_from_string(verdict_to_string(v)), (int)v);
        for (Reason r = 0; r < _REASON_MAX; r++) {
                const char *text = reason_to_string(r);

                /* Also says that no two are the same, and none is missing. */
                ck_assert_int_eq(reason_from_string(text), (int)r);
                ck_assert_uint_lt(strlen(text), DECISION_REASON_MAX);
                ck_assert(!endswith(text, "."));
        }
        ck_assert_str_eq(verdict_to_string(_VERDICT_MAX), "?");
}
END_TEST

START_TEST(history) {
        static History h;
        Decision d = { 0 };

        ck_assert_ptr_null(history_get(&h, 0));
        for (uint32_t n = 1; n <= 3 * HISTORY_MAX + 5; n++) {
                size_t kept = MIN((size_t)n, (size_t)HISTORY_MAX);

                d.events = n;
                history_add(&h, &d);
                for (size_t i = 0; i < kept; i++)
                        ck_assert_uint_eq(history_get(&h, i)->events, n - i);
                ck_assert_ptr_null(history_get(&h, kept));
                ck_assert_ptr_null(history_get(&h, SIZE_MAX));
        }
}
END_TEST

static const Decision *add_failure(History *h, uint32_t events, const char *result, Reason cause,
                                   const char *details) {
        Decision d = {
                .realtime_usec = events * 20 * USEC_PER_SEC,
                .events = events,
                .verdict = VERDICT_LOAD,
                .cause = cause,
                .failure = FAILURE_SYSTEM,
        };

        strscpy(d.reason, sizeof(d.reason), reason_to_string(cause));
        strscpy(d.result, sizeof(d.result), result);
        strscpy(d.details, sizeof(d.details), details);
        return history_add(h, &d);
}

/* One that lasts takes one place, whatever takes turns with it, and is told of now and then. */
START_TEST(lasting) {
        static const char *const texts[] = { "no kernel", "no initrd", "busy" };
        static History h;
        const Decision *d;
        unsigned told = 0;

        add_failure(&h, 1, "ok", REASON_START, "");
        add_failure(&h, 1, "failed", REASON_START, texts[0]);
        for (unsigned i = 0; i < 3000; i++) {
                d = add_failure(&h, i, _i ? "impossible" : "failed", REASON_RETRY, texts[i % 3]);
                ck_assert_ptr_eq(d, history_get(&h, 0));
                ck_assert_str_eq(d->details, texts[i % 3]);
                ck_assert_uint_eq(d->times, i / 3 + 1);
                told += !d->is_repeat;
        }
        ck_assert_uint_eq(h.n_total, 5);
        ck_assert_str_eq(history_get(&h, 0)->reason,
                         "trying again after a failure, 1000 times in 16 h 39 min");
        /* Of the last time. */
        ck_assert_uint_eq(history_get(&h, 0)->events, 2999);
        ck_assert_str_eq(history_get(&h, 1)->details, texts[1]);
        ck_assert_str_eq(history_get(&h, 2)->details, texts[0]);
        ck_assert_uint_eq(history_get(&h, 3)->times, 1);
        ck_assert_str_eq(history_get(&h, 4)->result, "ok");
        ck_assert_uint_eq(told, 3 * 10);

        /* What somebody asks for is told, and after a success everything is new. */
        for (unsigned i = 0; i < 3; i++)
                ck_assert(!add_failure(&h, 1, "failed", REASON_REQUEST, texts[0])->is_repeat);
        ck_assert_uint_eq(h.n_total, 6);
        add_failure(&h, 1, "ok", REASON_RETRY, "");
        d = add_failure(&h, 1, "failed", REASON_RETRY, texts[0]);
        ck_assert_uint_eq(d->times, 1);
        ck_assert_str_eq(d->reason, "trying again after a failure");
        ck_assert_uint_eq(h.n_total, 8);
}
END_TEST

/* None is a repetition of another kind, nor is a success of itself. */
START_TEST(not_lasting) {
        static History h;

        for (unsigned i = 0; i < 3; i++) {
                add_failure(&h, 1, "ok", REASON_RETRY, "");
                add_failure(&h, 1, "ok", REASON_RETRY, "");
                add_failure(&h, 1, "failed", REASON_RETRY, "");
                add_failure(&h, 1, "impossible", REASON_RETRY, "");
                add_failure(&h, 1, "failed", REASON_START, "");
        }
        ck_assert_uint_eq(h.n_total, 15);
}
END_TEST

static void add_cases(Suite *s) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, lasting, 0, 2);
        suite_add_tcase(s, each);
        ADD_TEST(s, not_lasting);
        ADD_TEST(s, policy);
        ADD_TEST(s, names);
        ADD_TEST(s, history);
}

TEST_MAIN("decision", add_cases)
