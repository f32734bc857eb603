/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/uevent through the shipped monitor, with events that umockdev makes up, and the recordings of
 * real kernels through the monitor, the manager and the guard. */
#include "test.h"

#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <umockdev.h>
#include <unistd.h>

/* Ours evaluate their arguments once. */
#undef MIN
#undef MAX
#include "base/file-util.h"
#include "daemon/listen.h"
#include "fake-machine.h"
#include "fake-world.h"
#include "sys/udev-device.h"
#include "sys/uevent.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define PATIENCE_MSEC 20000

/* Waits for the next event. */
static Uevent receive(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        Uevent event;
        int r;

        for (;;) {
                r = uevent_receive(fd, &event);
                ck_assert_int_ge(r, 0);
                if (r > 0)
                        return event;
                ck_assert_int_eq(poll(&p, 1, PATIENCE_MSEC), 1);
        }
}

static void add_device(UMockdevTestbed *bed, const char *path, const char *subsystem,
                       const char *properties) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_gt(
                asprintf(&text, "P: %s\nE: SUBSYSTEM=%s\n%s\n", path, subsystem, properties), 0);
        ck_assert(umockdev_testbed_add_from_string(bed, text, NULL));
}

static void emit(UMockdevTestbed *bed, const char *path, const char *action) {
        char syspath[512];

        strscpyf(syspath, sizeof(syspath), "/sys%s", path);
        umockdev_testbed_uevent(bed, syspath, action);
}

#define CPU2   "/devices/system/cpu/cpu2"
#define BLOCK9 "/devices/system/memory/memory9"

static void check_actions(UeventSource source) {
        static const struct {
                const char *path, *action;
                Subsystem subsystem;
                HotplugAction expected;
        } events[] = {
                { CPU2, "add", SUBSYSTEM_CPU, HOTPLUG_ADD },
                { CPU2, "online", SUBSYSTEM_CPU, HOTPLUG_ONLINE },
                { CPU2, "offline", SUBSYSTEM_CPU, HOTPLUG_OFFLINE },
                { CPU2, "remove", SUBSYSTEM_CPU, HOTPLUG_REMOVE },
                { BLOCK9, "add", SUBSYSTEM_MEMORY, HOTPLUG_ADD },
                { BLOCK9, "online", SUBSYSTEM_MEMORY, HOTPLUG_ONLINE },
                { BLOCK9, "offline", SUBSYSTEM_MEMORY, HOTPLUG_OFFLINE },
                { BLOCK9, "remove", SUBSYSTEM_MEMORY, HOTPLUG_REMOVE },
                /* Passed on, as what they are not. */
                { CPU2, "bind", SUBSYSTEM_CPU, _HOTPLUG_ACTION_MAX },
                { CPU2, "unbind", SUBSYSTEM_CPU, _HOTPLUG_ACTION_MAX },
                { BLOCK9, "change", SUBSYSTEM_MEMORY, _HOTPLUG_ACTION_MAX },
                { BLOCK9, "move", SUBSYSTEM_MEMORY, _HOTPLUG_ACTION_MAX },
        };
        UMockdevTestbed *bed = umockdev_testbed_new();
        int fd;
        uint64_t seqnum = 0;
        Uevent event;

        add_device(bed, CPU2, "cpu", "");
        add_device(bed, BLOCK9, "memory", "");
        add_device(bed, "/devices/system/container/ACPI0004:00", "container", "");
        fd = uevent_open(source);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                /* Others in between are not seen. */
                emit(bed, "/devices/system/container/ACPI0004:00", "online");
                emit(bed, events[i].path, events[i].action);
                event = receive(fd);
                ck_assert_int_eq(event.subsystem, events[i].subsystem);
                ck_assert_int_eq(event.action, events[i].expected);
                ck_assert(!event.synthetic && !event.ignored);
                ck_assert_uint_gt(event.seqnum, seqnum);
                seqnum = event.seqnum;
        }
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        (void)close(fd);
        g_object_unref(bed);
}

START_TEST(actions_of_udev) {
        check_actions(UEVENT_SOURCE_UDEV);
}
END_TEST

START_TEST(actions_of_the_kernel) {
        check_actions(UEVENT_SOURCE_KERNEL);
}
END_TEST

START_TEST(marks) {
        static const struct {
                const char *property;
                bool synthetic, ignored;
        } cases[] = {
                { "E: KDUMPD_IGNORE=1\n", false, true },
                { "E: KDUMPD_IGNORE=yes\n", false, true },
                { "E: KDUMPD_IGNORE=0\n", false, false },
                { "E: KDUMPD_IGNORE=\n", false, false },
                { "E: KDUMPD_IGNORE=maybe\n", false, false },
                /* "0" is what the kernel says if no UUID was written. */
                { "E: SYNTH_UUID=0\n", true, false },
                { "E: SYNTH_UUID=fe4d7c9d-b8c6-4a70-9ef1-3d8a58d18eed\n", true, false },
                { "E: SYNTH_ARG_X=1\n", false, false },
                { "E: KDUMPD_IGNORE=1\nE: SYNTH_UUID=0\n", true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UMockdevTestbed *bed = umockdev_testbed_new();
                int fd;
                Uevent event;

                add_device(bed, CPU2, "cpu", cases[i].property);
                fd = uevent_open(UEVENT_SOURCE_UDEV);
                ck_assert_int_ge(fd, 0);
                emit(bed, CPU2, "add");
                event = receive(fd);
                ck_assert_msg(event.synthetic == cases[i].synthetic, "%s", cases[i].property);
                ck_assert_msg(event.ignored == cases[i].ignored, "%s", cases[i].property);
                (void)close(fd);
                g_object_unref(bed);
        }
}
END_TEST

/* Events are queued from the moment that the monitor is there, whoever reads when. */
START_TEST(queued) {
        UMockdevTestbed *bed = umockdev_testbed_new();
        int fd;
        Uevent event;

        add_device(bed, BLOCK9, "memory", "");
        emit(bed, BLOCK9, "add");
        fd = uevent_open(UEVENT_SOURCE_UDEV);
        ck_assert_int_ge(fd, 0);
        /* As many as umockdev's sockets hold. */
        for (unsigned i = 0; i < 8; i++)
                emit(bed, BLOCK9, i % 2 ? "offline" : "online");
        for (unsigned i = 0; i < 8; i++) {
                event = receive(fd);
                ck_assert_int_eq(event.action, i % 2 ? HOTPLUG_OFFLINE : HOTPLUG_ONLINE);
        }
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        (void)close(fd);
        g_object_unref(bed);
}
END_TEST

/* --- sys/udev-device --- */

START_TEST(properties) {
        UMockdevTestbed *bed = umockdev_testbed_new();
        _cleanup_free_ char *value = NULL, *none = NULL;

        add_device(bed, "/devices/virtual/block/dm-7", "block", "E: DM_NAME=vg-lv\n");
        ck_assert_int_eq(udev_block_property("dm-7", "DM_NAME", &value), 0);
        ck_assert_str_eq(value, "vg-lv");
        ck_assert_int_eq(udev_block_property("dm-7", "DM_UUID", &none), -ENOENT);
        ck_assert_int_eq(udev_block_property("dm-8", "DM_NAME", &none), -ENOENT);
        ck_assert_ptr_null(none);
        g_object_unref(bed);
}
END_TEST

/* --- recordings ------------------------------------------------------------------------------ */

/* What was recorded on two real kernels. Both gave the same events of CPUs and memory; what else
 * came differs. */
static const struct {
        const char *name;
        unsigned received; /* of cpu and memory devices */
        unsigned counted;  /* of them, by what the table of x86_64 says */
        unsigned subsystems;
        bool idle;          /* and they change nothing in an image that is there */
        unsigned others[2]; /* events of other subsystems: on the new, on the old kernel */
} recordings[] = {
        { "cpu-offline", 1, 1, SUBSYSTEM_BIT(SUBSYSTEM_CPU), true, { 1, 1 } },
        { "cpu-online", 1, 1, SUBSYSTEM_BIT(SUBSYSTEM_CPU), true, { 1, 1 } },
        { "cpu-hotadd", 2, 1, SUBSYSTEM_BIT(SUBSYSTEM_CPU), false, { 0, 0 } },
        { "cpu-hotadd-online", 1, 1, SUBSYSTEM_BIT(SUBSYSTEM_CPU), true, { 2, 2 } },
        { "cpu-hotremove", 3, 2, SUBSYSTEM_BIT(SUBSYSTEM_CPU), false, { 2, 2 } },
        { "mem-hotadd-1G", 16, 16, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 1, 0 } },
        { "mem-hotadd-8G", 128, 128, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 1, 0 } },
        { "mem-block-offline", 1, 1, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
        { "mem-block-online", 1, 1, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
        { "mem-hotremove-1G", 16, 16, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
        { "mem-hotremove-8G", 128, 128, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
        { "vmem-grow-512M", 8, 8, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
        { "vmem-shrink-0", 8, 8, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY), false, { 0, 0 } },
};

typedef struct Recorded {
        uint64_t usec;
        char action[16], path[256], subsystem[32];
        uint64_t seqnum;
} Recorded;

/* Reads the events of one group ("KERNEL" or "UDEV") as "udevadm monitor" printed them. */
static size_t read_recording(const char *kernel, const char *name, const char *group, Recorded *ret,
                             size_t max) {
        const char *srcdir = getenv("srcdir");
        _cleanup_fclose_ FILE *f = NULL;
        _cleanup_free_ char *path = NULL, *line = NULL;
        bool ours = false;
        size_t size = 0, n = 0;

        ck_assert_int_gt(asprintf(&path, "%s/tests/data/captures/%s/%s.monitor.txt", srcdir ?: ".",
                                  kernel, name),
                         0);
        f = fopen(path, "re");
        ck_assert_msg(f != NULL, "%s", path);
        while (getline(&line, &size, f) > 0) {
                unsigned long long seconds, micros, seqnum;
                Recorded e;
                char tag[8];

                if (sscanf(line, "%7[A-Z] [%llu.%6llu] %15s %255s (%31[^)])", tag, &seconds,
                           &micros, e.action, e.path, e.subsystem) == 6 ||
                    sscanf(line, "%7[A-Z][%llu.%6llu] %15s %255s (%31[^)])", tag, &seconds, &micros,
                           e.action, e.path, e.subsystem) == 6) {
                        ours = streq(tag, group);
                        if (!ours)
                                continue;
                        e.usec = seconds * USEC_PER_SEC + micros;
                        e.seqnum = 0;
                        ck_assert_uint_lt(n, max);
                        ret[n++] = e;
                } else if (ours && sscanf(line, "SEQNUM=%llu", &seqnum) == 1)
                        ret[n - 1].seqnum = seqnum;
        }
        return n;
}

static void take(FakeWorld *w, const Uevent *event, uint64_t seqnum) {
        Input input = { .type = INPUT_UEVENT };

        input.uevent.subsystem = event->subsystem;
        input.uevent.action = event->action;
        input.uevent.synthetic = event->synthetic;
        input.uevent.ignored = event->ignored;
        /* The fake ones are numbered by who made them up. */
        input.uevent.seqnum = seqnum;
        manager_input(&w->manager, &input);
}

static void replay(const char *kernel, UeventSource source, size_t which) {
        static Recorded events[300];
        size_t n = read_recording(kernel, recordings[which].name,
                                  source == UEVENT_SOURCE_UDEV ? "UDEV" : "KERNEL", events,
                                  ELEMENTSOF(events));
        bool is_new = streq(kernel, "new"), skips = is_new || recordings[which].idle;
        UMockdevTestbed *bed = umockdev_testbed_new();
        unsigned received = 0;
        int fd;
        FakeWorld w;

        fake_world_init(&w);
        fake_world_answers(&w, is_new ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        fake_world_arm(&w);
        ck_assert_uint_gt(n, 0);
        w.kernel.uevent_seqnum = events[0].seqnum - 1;
        /* umockdev tells each device that is added: before the monitor, so that nobody hears. */
        for (size_t i = 0; i < n; i++) {
                char syspath[sizeof(events[i].path) + 4];

                strscpyf(syspath, sizeof(syspath), "/sys%s", events[i].path);
                if (access(syspath, F_OK) < 0)
                        add_device(bed, events[i].path, events[i].subsystem, "");
        }
        fd = uevent_open(source);
        ck_assert_int_ge(fd, 0);
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        fake_world_pass(&w, sub_saturated(events[i].usec, events[i - 1].usec));
                w.kernel.uevent_seqnum = MAX(w.kernel.uevent_seqnum, events[i].seqnum);
                emit(bed, events[i].path, events[i].action);
                if (subsystem_from_string(events[i].subsystem) < 0)
                        continue;
                Uevent event = receive(fd);

                ck_assert_str_eq(subsystem_to_string(event.subsystem), events[i].subsystem);
                ck_assert_int_eq(event.action < _HOTPLUG_ACTION_MAX ? (int)event.action : -EINVAL,
                                 hotplug_action_from_string(events[i].action));
                take(&w, &event, events[i].seqnum);
                received++;
        }
        ck_assert_uint_eq(received, recordings[which].received);
        ck_assert_uint_eq(n - received, recordings[which].others[!is_new]);
        /* Not one load in the middle of it; one decision at its end. */
        ck_assert(!w.running);
        ck_assert_uint_eq(w.n_decisions, 1);
        fake_world_pass(&w, w.settings.settle_usec);
        ck_assert_int_eq(w.running, !skips);
        if (w.running)
                fake_world_job_ends(&w, FAILURE_NONE);
        fake_world_pass(&w, 60 * USEC_PER_SEC);

        const Status *status = manager_status(&w.manager);

        ck_assert_uint_eq(status->events_received, recordings[which].received);
        ck_assert_uint_eq(status->batches, 1);
        ck_assert_uint_eq(status->batches_skipped, skips);
        ck_assert_uint_eq(status->reloads, !skips);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], skips ? 1 : 2);
        ck_assert_uint_eq(w.n_decisions, 2);
        ck_assert_uint_eq(w.decision.events, recordings[which].counted);
        ck_assert_uint_eq(w.decision.subsystems, recordings[which].subsystems);
        ck_assert_int_eq(w.decision.verdict, skips ? VERDICT_SKIP : VERDICT_RELOAD);
        ck_assert_int_eq(w.decision.cause, is_new  ? REASON_KERNEL_UPDATES
                                           : skips ? REASON_IDLE
                                                   : REASON_ATTRIBUTE_ABSENT);
        ck_assert_str_eq(status->state, "armed");
        (void)close(fd);
        g_object_unref(bed);
        fake_world_done(&w);
}

START_TEST(recordings_of_6_12) {
        for (size_t i = 0; i < ELEMENTSOF(recordings); i++) {
                replay("new", UEVENT_SOURCE_UDEV, i);
                replay("new", UEVENT_SOURCE_KERNEL, i);
        }
}
END_TEST

START_TEST(recordings_of_6_1) {
        for (size_t i = 0; i < ELEMENTSOF(recordings); i++) {
                replay("old", UEVENT_SOURCE_UDEV, i);
                replay("old", UEVENT_SOURCE_KERNEL, i);
        }
}
END_TEST

/* --- beside others in the event loop --------------------------------------------------------- */

#define FLOOD 4096u

typedef struct Loop {
        FakeWorld world;
        Ops ops;
        Tree tree;
        UMockdevTestbed *bed;
        sd_event *event;
        sd_event_source *other; /* always has something to do */
        int other_fd;
        Listener *listener;
        unsigned n_read;   /* events that were read */
        unsigned n_left;   /* that are still to come, each when the one before was read */
        unsigned n_turns;  /* of the other source */
        unsigned n_before; /* events that were read when it had the first */
} Loop;

static Loop loop;

/* After each input. */
static void on_changed(void *userdata) {
        unsigned n = (unsigned)manager_status(&loop.world.manager)->events_received;

        if (n == loop.n_read)
                return;
        loop.n_read = n;
        if (loop.n_left == 0)
                return;
        loop.n_left--;
        emit(loop.bed, BLOCK9, "online");
}

static int on_turn(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        if (loop.n_turns++ == 0)
                loop.n_before = loop.n_read;
        return 0;
}

static void loop_init(UeventSource source) {
        loop = (Loop){ .bed = umockdev_testbed_new() };
        add_device(loop.bed, BLOCK9, "memory", "");
        fake_world_init(&loop.world);
        fake_world_arm(&loop.world);
        loop.ops = *loop.world.manager.ops;
        loop.ops.changed = on_changed;
        loop.world.manager.ops = &loop.ops;
        tree_init(&loop.tree);
        ck_assert_int_ge(sd_event_new(&loop.event), 0);
        ck_assert_int_eq(
                listener_new(loop.event, &loop.world.manager, loop.tree.fd, source, &loop.listener),
                0);
        loop.other_fd = eventfd(1, EFD_CLOEXEC);
        ck_assert_int_ge(
                sd_event_add_io(loop.event, &loop.other, loop.other_fd, EPOLLIN, on_turn, NULL), 0);
}

static void loop_done(void) {
        listener_free(loop.listener);
        sd_event_source_disable_unref(loop.other);
        (void)close(loop.other_fd);
        sd_event_unref(loop.event);
        tree_done(&loop.tree);
        fake_world_done(&loop.world);
        g_object_unref(loop.bed);
}

/* One event, of which nothing else comes: how often was it the turn of others before? */
static unsigned turns_before_one(void) {
        unsigned n = loop.n_read;

        (void)usleep(20000);
        loop.n_turns = 0;
        emit(loop.bed, BLOCK9, "add");
        while (loop.n_read == n)
                ck_assert_int_ge(sd_event_run(loop.event, UINT64_MAX), 0);
        return loop.n_turns;
}

/* Events go first, so that none is missing in a decision. But of as many as come faster than they
 * can be read, nobody else is held up: not the watchdog, not the end of a load. */
START_TEST(flood) {
        loop_init(_i == 0 ? UEVENT_SOURCE_UDEV : UEVENT_SOURCE_KERNEL);
        ck_assert_uint_eq(turns_before_one(), 0);
        loop.n_turns = 0;
        loop.n_left = FLOOD;
        emit(loop.bed, BLOCK9, "add");
        while (loop.n_left > 0)
                ck_assert_int_ge(sd_event_run(loop.event, UINT64_MAX), 0);
        ck_assert_uint_gt(loop.n_turns, FLOOD / 2048);
        ck_assert_uint_lt(loop.n_before, FLOOD / 4);
        /* And when it is over, they go first again. */
        (void)turns_before_one();
        ck_assert_uint_eq(turns_before_one(), 0);
        loop_done();
}
END_TEST

/* The same if each is read at once, and the next is there when the loop looks. */
START_TEST(flood_one_by_one) {
        unsigned n = 0;

        loop_init(UEVENT_SOURCE_UDEV);
        for (; n < FLOOD && loop.n_turns == 0; n++) {
                emit(loop.bed, BLOCK9, "online");
                ck_assert_int_ge(sd_event_run(loop.event, UINT64_MAX), 0);
        }
        ck_assert_uint_lt(n, FLOOD);
        loop_done();
}
END_TEST

/* --- the real daemon ------------------------------------------------------------------------- */

static void arm(FakeMachine *m, UMockdevTestbed **ret_bed, const char *crash_hotplug) {
        *ret_bed = umockdev_testbed_new();
        add_device(*ret_bed, CPU2, "cpu", "");
        add_device(*ret_bed, BLOCK9, "memory", "");
        machine_init_fake(m);
        if (crash_hotplug) {
                tree_text(&m->tree, "/sys/devices/system/cpu/crash_hotplug", crash_hotplug);
                tree_text(&m->tree, "/sys/devices/system/memory/crash_hotplug", crash_hotplug);
        }
        machine_start_bus(m);
        machine_start(m);
        AWAIT_MACHINE(m, m->n_ready > 0 && machine_number(m, "EventsReceived") == 0);
}

static void disarm(FakeMachine *m, UMockdevTestbed *bed) {
        machine_stop(m);
        machine_done_fake(m);
        g_object_unref(bed);
}

/* In step with the daemon, as umockdev's sockets hold few events. */
static void send(FakeMachine *m, UMockdevTestbed *bed, const char *path, const char *action) {
        uint64_t n = machine_number(m, "EventsReceived");

        emit(bed, path, action);
        AWAIT_MACHINE(m, machine_number(m, "EventsReceived") == n + 1);
}

static void burst(FakeMachine *m, UMockdevTestbed *bed, const char *path) {
        static const char *const actions[] = { "add", "online", "offline", "remove" };

        for (size_t i = 0; i < 16; i++)
                send(m, bed, path, actions[i % ELEMENTSOF(actions)]);
}

START_TEST(daemon_reloads_once) {
        UMockdevTestbed *bed;
        FakeMachine m;

        arm(&m, &bed, NULL);
        burst(&m, bed, BLOCK9);
        AWAIT_MACHINE(&m, strstr(m.status, "; 16 events, 1 reloads"));
        ck_assert_uint_eq(machine_calls(&m, "load"), 2);
        ck_assert(machine_logged(&m, "16 memory events: reload, ok: crash_hotplug is absent"));
        /* Nothing follows from what does not count. */
        send(&m, bed, BLOCK9, "change");
        AWAIT_MACHINE(&m, strstr(m.status, "; 17 events, 1 reloads"));
        disarm(&m, bed);
}
END_TEST

START_TEST(daemon_skips) {
        UMockdevTestbed *bed;
        FakeMachine m;

        arm(&m, &bed, "1\n");
        burst(&m, bed, CPU2);
        AWAIT_MACHINE(&m, machine_logged(&m, "16 cpu events: skip, ok: crash_hotplug reads 1"));
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);
        AWAIT_MACHINE(&m, strstr(m.status, "kernel updates it; 16 events, 0 reloads"));
        disarm(&m, bed);
}
END_TEST

/* An event that falls into a load: the kernel has dropped its own update, so its word is void. */
START_TEST(daemon_event_meets_load) {
        UMockdevTestbed *bed;
        FakeMachine m;

        arm(&m, &bed, "1\n");
        tree_text(&m.tree, "/sys/devices/system/memory/crash_hotplug", "0\n");
        machine_hold(&m, true);
        emit(bed, BLOCK9, "add");
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 2);
        tree_text(&m.tree, "/sys/devices/system/memory/crash_hotplug", "1\n");
        send(&m, bed, CPU2, "add");
        machine_hold(&m, false);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 3);
        AWAIT_MACHINE(&m, strstr(m.status, "; 2 events, 2 reloads"));
        ck_assert(machine_logged(&m, "1 cpu event: reload, ok: events met a load"));
        disarm(&m, bed);
}
END_TEST

static void add_cases(Suite *s) {
        TCase *floods = tcase_create("flood");

        ADD_TEST(s, actions_of_udev);
        ADD_TEST(s, actions_of_the_kernel);
        ADD_TEST(s, marks);
        ADD_TEST(s, queued);
        ADD_TEST(s, properties);
        ADD_TEST(s, recordings_of_6_12);
        ADD_TEST(s, recordings_of_6_1);
        tcase_add_loop_test(floods, flood, 0, 2);
        tcase_add_test(floods, flood_one_by_one);
        suite_add_tcase(s, floods);
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_TEST(s, daemon_reloads_once);
        ADD_TEST(s, daemon_skips);
        ADD_TEST(s, daemon_event_meets_load);
}

static int run_suite(void) {
        Suite *suite = suite_create("uevent");
        SRunner *runner;

        add_cases(suite);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        srunner_free(runner);
        return EXIT_SUCCESS;
}

/* umockdev works by a library that is loaded before all others, which its wrapper sees to. */
int main(int argc, char *argv[]) {
        char *const wrapped[] = { (char *)"umockdev-wrapper", argv[0], NULL };

        if (SANITIZED) {
                printf("1..0 # SKIP umockdev and the address sanitizer do not go together\n");
                return EXIT_SUCCESS;
        }
        if (strstr(strempty(getenv("LD_PRELOAD")), "libumockdev-preload"))
                return run_suite();
        (void)execvp(wrapped[0], wrapped);
        printf("1..0 # SKIP umockdev-wrapper cannot be run\n");
        return EXIT_SUCCESS;
}
