/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/refresh: when the initramfs is looked at anew, on a clock of its own. */
#include "test.h"

#include "daemon/refresh.h"

#define WATCH_USEC (5 * USEC_PER_SEC)

typedef struct FakeWorld {
        Refresh refresh;
        uint64_t now_usec;
        bool failed, note_is_old;
} FakeWorld;

static void fake_world_init(FakeWorld *w) {
        *w = (FakeWorld){ .now_usec = 1000 * USEC_PER_SEC };
        refresh_init(&w->refresh, REFRESH_SOON_USEC, w->now_usec);
}

/* Lets the watch go on until there is something to do. That is to come after so many seconds. */
static void expect(FakeWorld *w, unsigned seconds, unsigned work) {
        uint64_t start = w->now_usec;

        do
                w->now_usec += WATCH_USEC;
        while (!refresh_is_due(&w->refresh, w->failed, w->now_usec) &&
               w->now_usec < start + USEC_PER_HOUR);
        ck_assert_uint_eq((w->now_usec - start) / USEC_PER_SEC, seconds);
        ck_assert_uint_eq(refresh_next(&w->refresh, w->failed, w->note_is_old, w->now_usec), work);
}

START_TEST(rarely) {
        FakeWorld w;

        fake_world_init(&w);
        for (unsigned i = 0; i < 3; i++)
                expect(&w, 600, REFRESH_LOOK);
}
END_TEST

/* The look waits for a new note, once: one that stays old must not put it off for ever. */
START_TEST(old_note) {
        FakeWorld w;

        fake_world_init(&w);
        w.note_is_old = true;
        expect(&w, 600, REFRESH_READ_TABLES);
        expect(&w, 20, REFRESH_LOOK);
        expect(&w, 600, REFRESH_READ_TABLES);
        w.note_is_old = false;
        expect(&w, 20, REFRESH_LOOK);
        expect(&w, 600, REFRESH_LOOK);
}
END_TEST

/* Soon at first, with the volumes that may have been late; then as rarely as ever, without. */
START_TEST(failures) {
        FakeWorld w;

        fake_world_init(&w);
        w.failed = true;
        expect(&w, 20, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 40, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 80, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 160, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 320, REFRESH_LOOK);
        expect(&w, 600, REFRESH_LOOK);
        w.failed = false;
        expect(&w, 600, REFRESH_LOOK);
        w.failed = true;
        expect(&w, 20, REFRESH_LOOK | REFRESH_READ_TABLES);
}
END_TEST

START_TEST(failures_with_an_old_note) {
        FakeWorld w;

        fake_world_init(&w);
        w.failed = w.note_is_old = true;
        expect(&w, 20, REFRESH_READ_TABLES);
        expect(&w, 40, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 80, REFRESH_READ_TABLES);
        expect(&w, 160, REFRESH_LOOK | REFRESH_READ_TABLES);
        expect(&w, 320, REFRESH_READ_TABLES);
        expect(&w, 600, REFRESH_LOOK);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, rarely);
        ADD_TEST(s, old_note);
        ADD_TEST(s, failures);
        ADD_TEST(s, failures_with_an_old_note);
}

TEST_MAIN("refresh", add_cases)
