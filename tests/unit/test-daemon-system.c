/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the real kdumpd asks of systemd, and what it makes of the answers. */
#include "test.h"

#include <signal.h>
#include <stdio.h>

#include "base/time-util.h"
#include "core/paths.h"
#include "daemon/alert-files.h"
#include "fake-machine.h"

#define CONFIG KDUMPD_SYSCONFDIR "/kdumpd/kdumpd.conf"
#define RECORD "/run/kdumpd-daemon/image.json"

static FakeMachine m;

static void setup(void) {
        machine_init_fake(&m);
}

static void teardown(void) {
        machine_done_fake(&m);
}

/* UnloadOnStop= is for who stops the service: at the end of the system the machine stays armed. */
static void check_stop(const char *state, bool unloads) {
        tree_text(&m.tree, CONFIG, "[Service]\nUnloadOnStop=yes\n");
        machine_start_systemd(&m, state);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        machine_stop(&m);
        ck_assert_uint_eq(machine_calls(&m, "unload"), unloads);
        ck_assert_int_eq(machine_is_loaded(&m), !unloads);
        ck_assert_int_eq(exists_below(m.tree.fd, RECORD), !unloads);
}

START_TEST(stop_of_the_service) {
        check_stop("running", true);
}
END_TEST

START_TEST(shutdown) {
        check_stop("stopping", false);
}
END_TEST

/* Nothing is lost by an image that stays. */
START_TEST(stop_without_an_answer) {
        check_stop(NULL, false);
}
END_TEST

/* The bus was stopped first, as may be at a shutdown, or it hangs. */
START_TEST(stop_without_a_bus) {
        uint64_t begin;

        tree_text(&m.tree, CONFIG, "[Service]\nUnloadOnStop=yes\n");
        machine_start_systemd(&m, "running");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        if (_i == 0)
                machine_stop_bus(&m);
        else
                ck_assert_int_eq(kill(m.bus_pid, SIGSTOP), 0);
        begin = monotonic_usec();
        machine_stop(&m);
        ck_assert_uint_lt(monotonic_usec() - begin, 8 * USEC_PER_SEC);
        ck_assert(machine_is_loaded(&m));
}
END_TEST

static void put_dump(const char *name) {
        char path[128];

        strscpyf(path, sizeof(path), "/var/crash/%s/vmcore", name);
        tree_text(&m.tree, path, "x");
}

/* Whether the programs in crash.d are to run for that dump, of a second of that time; once, as for
 * systemd. */
static bool takes_entry(const char *second) {
        char path[160];

        strscpyf(path, sizeof(path),
                 "run/kdumpd-new/kdumpd-crash@var-crash-vm\\x2d2023\\x2d11\\x2d14\\x2d22:13:%s"
                 ".service",
                 second);
        return unlinkat(m.tree.fd, path, AT_REMOVEDIR) >= 0;
}

/* Else it would be told of again. */
static bool is_noted(void) {
        _cleanup_free_ char *text = NULL;

        return read_file_below(m.tree.fd, STATE_DIRECTORY "/dumps.target", 4096, &text, NULL) >=
                       0 &&
               strstr(text, "22:13:20");
}

/* With a list of dumps that it has told of, so that the first look has news. */
static void start_with_a_dump(void) {
        machine_start_systemd(&m, "running");
        tree_text(&m.tree, STATE_DIRECTORY "/dumps.target", "/var/crash\n");
        put_dump("vm-2023-11-14-22:13:20");
        machine_start(&m);
        AWAIT_MACHINE(&m, takes_entry("20"));
        AWAIT_MACHINE(&m, is_noted());
}

/* The programs in crash.d run for each dump once, and for no other. */
START_TEST(crash_programs) {
        start_with_a_dump();
        AWAIT_MACHINE(&m, m.n_ready > 0);
        machine_stop(&m);
        put_dump("vm-2023-11-14-22:13:21");
        machine_start(&m);
        AWAIT_MACHINE(&m, takes_entry("21"));
        ck_assert(!takes_entry("20"));
        machine_stop(&m);
}
END_TEST

/* Dumps are where the configuration says, so they are looked for when it is read: there may be some
 * in another place now, and kdumpd's next look by itself is minutes away. */
START_TEST(looks_for_dumps_on_a_reload) {
        start_with_a_dump();
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert(!exists_below(m.tree.fd, "/run/kdumpd-recover"));
        put_dump("vm-2023-11-14-22:13:21");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, takes_entry("21"));
        /* On a device they are somebody else's to fetch. */
        tree_text(&m.tree, CONFIG, "[Capture]\nTarget=raw:/dev/vdb\n");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, exists_below(m.tree.fd, "/run/kdumpd-recover/wanted"));
        machine_stop(&m);
}
END_TEST

/* The first build fails where something that is late is missing: volumes are read anew, and it is
 * tried again long before the ten minutes after which kdumpd looks in any case. */
START_TEST(early_rebuild) {
        char text[160];

        m.watchdog_msec = 40;
        m.refresh_usec = 50 * USEC_PER_MSEC;
        strscpyf(text, sizeof(text),
                 "#!/bin/sh\n[ \"$*\" = --note-tables ] || set build\necho $1 >>%s/calls\nexit 1\n",
                 m.tree.path);
        tree_dir(&m.tree, "/sys/module/dm_mod/");
        tree_text(&m.tree, "/builder", text);
        ck_assert_int_eq(fchmodat(m.tree.fd, "builder", 0755, 0), 0);
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "--note-tables") >= 1);
        AWAIT_MACHINE(&m, machine_calls(&m, "build") >= 3);
        machine_stop(&m);
}
END_TEST

/* A build after a reload is by the volumes of now: the configuration is read after they were noted,
 * and systemd waits for that. */
START_TEST(reload_awaits_tables) {
        char text[256];

        strscpyf(text, sizeof(text),
                 "#!/bin/sh\n[ \"$*\" = --note-tables ] || exit 1\n"
                 "while [ ! -e %s/go ]; do sleep 0.02; done\n",
                 m.tree.path);
        tree_text(&m.tree, "/builder", text);
        ck_assert_int_eq(fchmodat(m.tree.fd, "builder", 0755, 0), 0);
        tree_dir(&m.tree, "/sys/module/dm_mod/");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready == 1);
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, m.n_reloading == 1);
        for (unsigned i = 0; i < 20; i++)
                machine_listen(&m);
        ck_assert_uint_eq(m.n_ready, 1);
        tree_text(&m.tree, "/go", "");
        AWAIT_MACHINE(&m, m.n_ready == 2);
        machine_stop(&m);
}
END_TEST

static bool alert_says(const char *beginning) {
        _cleanup_free_ char *text = NULL;

        return read_file_below(m.tree.fd, ALERT_PATH, 4096, &text, NULL) >= 0 &&
               startswith(text, beginning);
}

/* AlertAfter=: what kdumpd-alert.path waits for is there once the machine was unprotected for so
 * long, and once more when it is protected again; also by another kdumpd than the first. */
START_TEST(alerts) {
        tree_text(&m.tree, CONFIG, "[Service]\nAlertAfter=1s\n");
        tree_text(&m.tree, "/sys/kernel/kexec_crash_size", "0\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, exists_below(m.tree.fd, ALERT_PATH));
        ck_assert(alert_says("unprotected\nunavailable\nno memory is reserved"));
        tree_unlink(&m.tree, ALERT_PATH);
        machine_stop(&m);
        ck_assert(!exists_below(m.tree.fd, ALERT_PATH));

        tree_text(&m.tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, exists_below(m.tree.fd, ALERT_PATH));
        ck_assert(alert_says("protected\narmed\n"));
        ck_assert(!exists_below(m.tree.fd, ALERT_TOLD_PATH));
        machine_stop(&m);
}
END_TEST

static void add_cases(Suite *s) {
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_FIXTURE_TEST(s, stop_of_the_service);
        ADD_FIXTURE_TEST(s, shutdown);
        ADD_FIXTURE_TEST(s, stop_without_an_answer);
        ADD_FIXTURE_LOOP_TEST(s, stop_without_a_bus, 2);
        ADD_FIXTURE_TEST(s, crash_programs);
        ADD_FIXTURE_TEST(s, looks_for_dumps_on_a_reload);
        ADD_FIXTURE_TEST(s, alerts);
        ADD_FIXTURE_TEST(s, early_rebuild);
        ADD_FIXTURE_TEST(s, reload_awaits_tables);
}

TEST_MAIN("daemon-system", add_cases)
