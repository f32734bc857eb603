/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/refresh: when the initramfs is looked at anew, on a clock of its own. */
#include "test.h"

#include "daemon/refresh.h"

#define WATCH_USEC (5 * USEC_PER_SEC)

typedef struct FakeWorld {
        Refresh refresh;
        uint64_t now_usec;
        bool failed;
} FakeWorld;

static void fake_world_init(FakeWorld *w) {
        *w = (FakeWorld){ .now_usec = 1000 * USEC_PER_SEC };
        refresh_init(&w->refresh, REFRESH_SOON_USEC, w->now_usec);
}

/* Lets the watch go on until it is time for a look. That is to come after so many seconds. */
static void expect(FakeWorld *w, unsigned seconds) {
        uint64_t start = w->now_usec;

        do
                w->now_usec += WATCH_USEC;
        while (!refresh_is_due(&w->refresh, w->failed, w->now_usec) &&
               w->now_usec < start + USEC_PER_HOUR);
        ck_assert_uint_eq((w->now_usec - start) / USEC_PER_SEC, seconds);
        refresh_next(&w->refresh, w->failed, w->now_usec);
}

START_TEST(rarely) {
        FakeWorld w;

        fake_world_init(&w);
        for (unsigned i = 0; i < 3; i++)
                expect(&w, 600);
}
END_TEST

/* Soon at first, as something may have been late; then as rarely as ever. */
START_TEST(failures) {
        FakeWorld w;

        fake_world_init(&w);
        w.failed = true;
        expect(&w, 20);
        expect(&w, 40);
        expect(&w, 80);
        expect(&w, 160);
        expect(&w, 320);
        expect(&w, 600);
        w.failed = false;
        expect(&w, 600);
        w.failed = true;
        expect(&w, 20);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, rarely);
        ADD_TEST(s, failures);
}

TEST_MAIN("refresh", add_cases)
