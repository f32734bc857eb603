/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real kdumpd from start to end, on a fake machine and without privileges. */
#include "test.h"

#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/time-util.h"
#include "core/paths.h"
#include "daemon/configuration.h"
#include "daemon/last-boot.h"
#include "fake-machine.h"

#define RECORD "/run/kdumpd-daemon/image.json"
#define CONFIG KDUMPD_SYSCONFDIR "/kdumpd/kdumpd.conf"

START_TEST(arms) {
        _cleanup_free_ char *text = NULL;
        FakeMachine m;

        machine_init_fake(&m);
        tree_dir(&m.tree, "/var/lib/kdumpd/");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert(machine_is_loaded(&m));
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);
        ck_assert(exists_below(m.tree.fd, RECORD));
        ck_assert_str_eq(m.status, "armed: 6.1.0-test, 256 MiB reserved, reloaded after hotplug; "
                                   "0 events, 0 reloads");
        AWAIT_MACHINE(&m, exists_below(m.tree.fd, LAST_BOOT_PATH));
        machine_stop(&m);
        ck_assert_uint_eq(m.n_ready, 1);
        ck_assert_int_eq(read_file_below(m.tree.fd, LAST_BOOT_PATH, 4096, &text, NULL), 0);
        ck_assert_ptr_nonnull(strstr(text, "\"Running\":false"));
        /* The end of the daemon is not that of the image. */
        ck_assert(machine_is_loaded(&m));
        ck_assert(exists_below(m.tree.fd, RECORD));
        ck_assert_uint_eq(machine_calls(&m, "unload"), 0);
        machine_done_fake(&m);
}
END_TEST

/* However it ends, the next one knows its image again. */
START_TEST(adopts) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_int_eq(kill(m.pid, SIGKILL), 0);
        ck_assert_int_eq(machine_wait(&m), -SIGKILL);
        ck_assert(machine_is_loaded(&m));

        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_uint_ge(machine_calls(&m, "plan"), 1);
        ck_assert_msg(startswith(m.status, "armed: 6.1.0-test, "), "%s", m.status);
        /* Once more after the build, which cannot be started here. */
        AWAIT_MACHINE(&m, machine_calls(&m, "plan") == 2);
        machine_stop(&m);
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);

        /* What is plugged while nobody is there is not missed. */
        tree_dir(&m.tree, "/sys/devices/system/memory/memory9");
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 2);
        AWAIT_MACHINE(&m, strstr(m.status, " 1 reloads"));
        machine_stop(&m);

        /* A record of another boot is none. */
        tree_text(&m.tree, "/proc/sys/kernel/random/boot_id",
                  "11234567-89ab-cdef-0123-456789abcdef\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 3);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        machine_stop(&m);

        /* Nor is one that cannot be read. */
        tree_text(&m.tree, RECORD, "{");
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 4);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert(machine_logged(&m, "Cannot read " RECORD));
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* A load is never torn apart: it is waited for, and its image is on record. */
START_TEST(stop_waits_for_a_load) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        machine_hold(&m, true);
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 1);
        ck_assert_uint_eq(m.n_ready, 0);
        ck_assert_int_eq(kill(m.pid, SIGTERM), 0);
        AWAIT_MACHINE(&m, m.n_stopping == 1);
        /* Alive, and not stuck. */
        m.n_watchdog = 0;
        AWAIT_MACHINE(&m, m.n_watchdog >= 2);
        ck_assert_int_eq(kill(m.pid, SIGTERM), 0);
        m.n_watchdog = 0;
        AWAIT_MACHINE(&m, m.n_watchdog >= 2);
        ck_assert_int_eq(waitpid(m.pid, NULL, WNOHANG), 0);
        machine_hold(&m, false);
        ck_assert_int_eq(machine_wait(&m), 0);
        ck_assert(machine_is_loaded(&m));
        ck_assert(exists_below(m.tree.fd, RECORD));

        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* Killed in the middle of a load, it leaves no record that could be taken for the new image's. */
START_TEST(killed_during_a_load) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_int_eq(kill(m.pid, SIGKILL), 0);
        ck_assert_int_eq(machine_wait(&m), -SIGKILL);
        tree_dir(&m.tree, "/sys/devices/system/memory/memory9");
        machine_hold(&m, true);
        machine_start(&m);
        /* The loader outlives it, and must not drop an image when the next one has begun. */
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 2 && !machine_is_loaded(&m));
        ck_assert_int_eq(kill(m.pid, SIGKILL), 0);
        ck_assert_int_eq(machine_wait(&m), -SIGKILL);
        machine_hold(&m, false);
        AWAIT_MACHINE(&m, machine_is_loaded(&m));
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_uint_eq(machine_calls(&m, "load"), 3);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

START_TEST(unloads_on_stop) {
        FakeMachine m;

        machine_init_fake(&m);
        tree_text(&m.tree, CONFIG, "[Service]\nUnloadOnStop=yes\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        machine_stop(&m);
        ck_assert(!machine_is_loaded(&m));
        ck_assert_uint_eq(machine_calls(&m, "unload"), 1);
        ck_assert(!exists_below(m.tree.fd, RECORD));
        machine_done_fake(&m);
}
END_TEST

START_TEST(reads_configuration_again) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready == 1);
        tree_text(&m.tree, CONFIG, "[Service]\nUnloadOnStop=yes\nNoSuchKey=1\n");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, m.n_ready == 2);
        ck_assert_uint_eq(m.n_reloading, 1);
        AWAIT_MACHINE(&m, machine_calls(&m, "plan") == 1);
        ck_assert(machine_logged(&m, CONFIG ":3: "));
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);
        machine_stop(&m);
        ck_assert_uint_eq(machine_calls(&m, "unload"), 1);
        machine_done_fake(&m);
}
END_TEST

static bool has_socket(const FakeMachine *m, unsigned long inode) {
        char path[64], target[64], wanted[64];
        ssize_t n = 0;

        strscpyf(wanted, sizeof(wanted), "socket:[%lu]", inode);
        for (unsigned fd = 0; fd < 64; fd++) {
                strscpyf(path, sizeof(path), "/proc/%d/fd/%u", m->pid, fd);
                n = readlink(path, target, sizeof(target) - 1);
                target[MAX(n, 0)] = '\0';
                if (streq(target, wanted))
                        return true;
        }
        return false;
}

/* The groups of its socket for uevents, 1: the kernel's own; -1 without one. */
static int uevent_groups(const FakeMachine *m) {
        unsigned long inode;
        unsigned protocol, groups;
        char line[256];
        int found = -1;
        FILE *f;

        f = fopen("/proc/net/netlink", "re");
        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof(line), f))
                if (sscanf(line, "%*s %u %*u %x %*d %*d %*d %*d %*d %lu", &protocol, &groups,
                           &inode) == 3 &&
                    protocol == NETLINK_KOBJECT_UEVENT && has_socket(m, inode))
                        found = (int)groups;
        (void)fclose(f);
        return found;
}

/* Where there is no udev, its group is none. */
START_TEST(reads_source_again) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready == 1);
        ck_assert_int_ne(uevent_groups(&m), 1);
        tree_text(&m.tree, CONFIG, "[Hotplug]\nSource=kernel\n");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, m.n_ready == 2);
        ck_assert_int_eq(uevent_groups(&m), 1);
        tree_text(&m.tree, CONFIG, "[Hotplug]\nSource=udev\n");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, m.n_ready == 3);
        ck_assert_int_ne(uevent_groups(&m), 1);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* READY means that the first load has ended, whatever else happens meanwhile. */
START_TEST(hangup_before_ready) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        machine_hold(&m, true);
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 1);
        tree_text(&m.tree, CONFIG, "[Service]\nNoSuchKey=1\n");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, machine_logged(&m, CONFIG ":2: "));
        m.n_watchdog = 0;
        AWAIT_MACHINE(&m, m.n_watchdog >= 2);
        ck_assert_uint_eq(m.n_ready, 0);
        machine_hold(&m, false);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        /* What was read then is followed as soon as the load is over. */
        AWAIT_MACHINE(&m, machine_calls(&m, "plan") == 1);
        machine_stop(&m);
        ck_assert_uint_eq(m.n_ready, 1);
        machine_done_fake(&m);
}
END_TEST

START_TEST(bad_configuration) {
        FakeMachine m;

        machine_init_fake(&m);
        tree_text(&m.tree, CONFIG,
                  "[Hotplug]\nSettle=a while\nColour=blue\n[Nonsense]\nx=y\n[Service]\n"
                  "LoadTimeout=1us\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert(machine_logged(&m, CONFIG ":2: "));
        ck_assert(machine_logged(&m, CONFIG ":3: "));
        ck_assert(machine_logged(&m, CONFIG ":5: "));
        ck_assert(machine_logged(&m, CONFIG ":7: "));
        ck_assert(machine_is_loaded(&m));
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* What is in the place of the file that is no file. */
START_TEST(unreadable_configuration) {
        FakeMachine m;

        for (unsigned i = 0; i < 3; i++) {
                machine_init_fake(&m);
                if (i == 0)
                        tree_dir(&m.tree, CONFIG);
                else if (i == 1)
                        tree_link(&m.tree, CONFIG, "nowhere");
                else {
                        _cleanup_free_ char *noise = malloc(1 << 20);

                        ck_assert_ptr_nonnull(noise);
                        memset(noise, 0xfe, 1 << 20);
                        tree_bytes(&m.tree, CONFIG, noise, 1 << 20);
                }
                machine_start(&m);
                AWAIT_MACHINE(&m, m.n_ready > 0);
                ck_assert(machine_is_loaded(&m));
                machine_stop(&m);
                machine_done_fake(&m);
        }
}
END_TEST

/* A /boot that comes late is waited for; and what is mounted later makes it look again. */
START_TEST(late_mount) {
        static const char root[] = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n",
                          boot[] = "2 1 8:2 / /boot rw - ext4 /dev/sda2 rw\n";
        char text[256];
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        tree_text(&m.tree, "/etc/fstab", "/dev/sda2 /boot ext4 nofail 0 2\n");
        tree_text(&m.tree, "/proc/self/mountinfo", root);
        machine_start(&m);
        AWAIT_MACHINE(&m, machine_logged(&m, "Waiting for \"/boot\""));
        AWAIT_MACHINE(&m, m.n_watchdog >= 4);
        ck_assert_uint_eq(machine_calls(&m, "load"), 0);
        ck_assert_uint_eq(m.n_ready, 0);
        strscpyf(text, sizeof(text), "%s%s", root, boot);
        tree_text(&m.tree, "/proc/self/mountinfo", text);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert(!machine_logged(&m, "Going on without"));
        ck_assert_uint_eq(machine_calls(&m, "load"), 1);
        AWAIT_MACHINE(&m, machine_calls(&m, "plan") == 0);
        strscpyf(text, sizeof(text), "%s%s3 1 8:3 / /var/lib rw - ext4 /dev/sda3 rw\n", root, boot);
        tree_text(&m.tree, "/proc/self/mountinfo", text);
        AWAIT_MACHINE(&m, machine_calls(&m, "plan") > 0);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* One that never comes holds nothing back, and nobody. */
START_TEST(missing_mount) {
        FakeMachine m;

        for (unsigned i = 0; i < 2; i++) {
                machine_init_fake(&m);
                tree_text(&m.tree, "/etc/fstab", "/dev/sda2 /boot ext4 nofail 0 2\n");
                tree_text(&m.tree, "/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
                machine_start(&m);
                AWAIT_MACHINE(&m, machine_logged(&m, "Waiting for \"/boot\""));
                if (i == 0) {
                        AWAIT_MACHINE(&m, m.n_ready > 0);
                        ck_assert(machine_is_loaded(&m));
                }
                machine_stop(&m);
                machine_done_fake(&m);
        }
}
END_TEST

/* Started by hand, where no condition of the unit keeps it away. */
START_TEST(capture_kernel) {
        FakeMachine m;

        machine_init_fake(&m);
        tree_text(&m.tree, "/proc/vmcore", "");
        machine_start(&m);
        ck_assert_int_eq(machine_wait(&m), 1);
        ck_assert(machine_logged(&m, "capture kernel"));
        ck_assert_uint_eq(m.n_ready, 0);
        ck_assert_uint_eq(machine_calls(&m, "load"), 0);
        machine_done_fake(&m);
}
END_TEST

/* What cannot be read now is no reason to forget what was read before, and is read when it can. */
START_TEST(configuration_for_later) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        tree_link(&m.tree, CONFIG, "kdumpd.conf");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready == 1);
        ck_assert(machine_is_loaded(&m));
        ck_assert(machine_logged(&m, "Using defaults until the configuration can be read: \"" CONFIG
                                     "\" cannot be read: Too many levels"));
        /* In one step: the daemon must not look in between, and find that there is none. */
        tree_text(&m.tree, CONFIG, "[Service]\nUnloadOnStop=yes\nNoSuchKey=1\n");
        AWAIT_MACHINE(&m, machine_logged(&m, "The configuration can be read again"));
        ck_assert(machine_logged(&m, CONFIG ":3: "));
        tree_unlink(&m.tree, CONFIG);
        tree_link(&m.tree, CONFIG, "kdumpd.conf");
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, machine_logged(&m, "Keeping the configuration"));
        machine_stop(&m);
        /* As the configuration says that was in force. */
        ck_assert_uint_eq(machine_calls(&m, "unload"), 1);
        machine_done_fake(&m);
}
END_TEST

/* That it cannot be read is told in status, once, until it can. */
START_TEST(configuration_problem) {
        _cleanup_(configuration_done) Configuration c = { 0 };
        _cleanup_(settings_done) Settings settings = { 0 };
        Tree tree;

        tree_init(&tree);
        ck_assert_int_eq(configuration_read_first(&c, tree.fd, tree.path, &settings), 0);
        ck_assert_uint_eq(c.n_problems, 0);
        tree_parents(&tree, CONFIG);
        tree_link(&tree, CONFIG, "kdumpd.conf");
        for (unsigned i = 0; i < 3; i++) {
                ck_assert_int_lt(configuration_read_again(&c, tree.fd, tree.path, &settings), 0);
                c.is_due = i == 0;
                ck_assert_uint_eq(c.n_problems, 1);
                ck_assert_ptr_nonnull(strstr(c.problems[0], "Too many levels"));
        }
        tree_unlink(&tree, CONFIG);
        ck_assert_int_eq(configuration_read_again(&c, tree.fd, tree.path, &settings), 0);
        ck_assert_uint_eq(c.n_problems, 0);
        tree_done(&tree);
}
END_TEST

START_TEST(watchdog) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 80;
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0 && m.n_watchdog >= 4);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* Nobody tells of it; the next look at the watchdog's pace does. */
START_TEST(foreign_unload) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        machine_set_loaded(&m, false);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == 2);
        AWAIT_MACHINE(&m, machine_is_loaded(&m));
        AWAIT_MACHINE(&m, machine_logged(&m, "somebody else unloaded the image"));
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

START_TEST(no_reservation) {
        FakeMachine m;

        machine_init_fake(&m);
        tree_text(&m.tree, "/sys/kernel/kexec_crash_size", "0\n");
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_msg(startswith(m.status, "unavailable: no memory is reserved"), "%s", m.status);
        ck_assert_uint_eq(machine_calls(&m, "load"), 0);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* The size of the reservation is behind the kernel's kexec lock: a load, an update of the image and
 * even a panic that meet the reading of it come to nothing. So it is not read at every look. */
START_TEST(leaves_the_lock_alone) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        tree_text(&m.tree, "/sys/kernel/kexec_crash_size", "1048576\n");
        m.n_watchdog = 0;
        AWAIT_MACHINE(&m, m.n_watchdog >= 4);
        ck_assert_msg(strstr(m.status, " 256 MiB reserved") != NULL, "%s", m.status);
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

START_TEST(no_job) {
        FakeMachine m;

        machine_init_fake(&m);
        m.loader = "/nonexistent/kdump-load";
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        ck_assert_msg(startswith(m.status, "failed: cannot start kdump-load: No such file"), "%s",
                      m.status);
        /* It is tried again. */
        AWAIT_MACHINE(&m, machine_logged(&m, "trying again after a failure"));
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* --- the bus --------------------------------------------------------------------------------- */

/* Reads a property over a connection of its own, or calls a method if there is no property. */
static bool ask(const FakeMachine *m, const char *property, const char *expected,
                const char *method) {
        _cleanup_free_ char *value = NULL;
        sd_bus *bus = NULL;
        int r;

        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address, 1), 0);
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = property ? sd_bus_get_property_string(bus, "org.kdumpd1", "/org/kdumpd1",
                                                          "org.kdumpd1.Manager", property, NULL,
                                                          &value)
                             : sd_bus_call_method(bus, "org.kdumpd1", "/org/kdumpd1",
                                                  "org.kdumpd1.Manager", method, NULL, NULL, NULL);
        sd_bus_flush_close_unref(bus);
        return r >= 0 && (!property || streq(value, expected));
}

static int ask_boolean(const FakeMachine *m, const char *property) {
        sd_bus *bus = NULL;
        int value = -1;

        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address, 1), 0);
        if (sd_bus_open_system(&bus) >= 0)
                (void)sd_bus_get_property_trivial(bus, "org.kdumpd1", "/org/kdumpd1",
                                                  "org.kdumpd1.Manager", property, NULL, 'b',
                                                  &value);
        sd_bus_flush_close_unref(bus);
        return value;
}

static const char *ask_problems(const FakeMachine *m) {
        static char text[4096];
        sd_bus_message *reply = NULL;
        sd_bus *bus = NULL;
        const char *line;

        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address, 1), 0);
        text[0] = '\0';
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(sd_bus_get_property(bus, "org.kdumpd1", "/org/kdumpd1",
                                             "org.kdumpd1.Manager", "ConfigurationProblems", NULL,
                                             &reply, "as"),
                         0);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "s"), 0);
        while (sd_bus_message_read(reply, "s", &line) > 0)
                strscpyf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", line);
        sd_bus_message_unref(reply);
        sd_bus_flush_close_unref(bus);
        return text;
}

/* It needs no bus to arm the machine, is there when one comes, and goes on when it goes. */
START_TEST(bus_comes_and_goes) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        for (unsigned i = 0; i < 2; i++) {
                machine_start_bus(&m);
                AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
                ck_assert(ask(&m, NULL, NULL, "Reload"));
                ck_assert_uint_eq(machine_calls(&m, "load"), 2 + i);
                machine_stop_bus(&m);
        }
        machine_stop(&m);
        machine_done_fake(&m);
}
END_TEST

/* A bus that takes the connection and says nothing, as one under load may, holds up no end. */
START_TEST(stops_before_a_silent_bus) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        uint64_t start;
        FakeMachine m;
        int fd;

        machine_init_fake(&m);
        strscpy(address.sun_path, sizeof(address.sun_path),
                startswith(m.bus_address, "unix:path="));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 5), 0);
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0);
        start = monotonic_usec();
        machine_stop(&m);
        /* sd-bus gives a bus 90 s. */
        ck_assert_uint_lt(monotonic_usec() - start, 20 * USEC_PER_SEC);
        (void)close(fd);
        machine_done_fake(&m);
}
END_TEST

START_TEST(requests) {
        FakeMachine m;

        machine_init_fake(&m);
        machine_start_bus(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        ck_assert(ask(&m, NULL, NULL, "Unload"));
        ck_assert(!machine_is_loaded(&m));
        ck_assert(ask(&m, "State", "unloaded", NULL));
        AWAIT_MACHINE(&m, startswith(m.status, "unloaded: "));
        ck_assert(ask(&m, NULL, NULL, "Load"));
        ck_assert(machine_is_loaded(&m));
        /* That somebody asks is reason enough to look. */
        machine_set_loaded(&m, false);
        (void)ask_boolean(&m, "Armed");
        AWAIT_MACHINE(&m, machine_is_loaded(&m));
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 1);
        machine_stop(&m);
        machine_stop_bus(&m);
        machine_done_fake(&m);
}
END_TEST

/* What was not understood, and what was changed and not yet read. Values are not for everyone. */
START_TEST(tells_of_configuration) {
        FakeMachine m;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        tree_text(&m.tree, CONFIG,
                  "[Image]\nCommandLineRemove=se,cret\n[Capture]\nTarget=nfs:secret\nKep=1\n");
        machine_start_bus(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        ck_assert(machine_logged(&m, "ignoring Target=nfs:secret: "));
        ck_assert_ptr_nonnull(
                strstr(ask_problems(&m), CONFIG ":5: section [Capture] has no key Kep="));
        ck_assert_ptr_nonnull(strstr(ask_problems(&m), CONFIG ":4: ignoring Target=: it takes "));
        ck_assert_ptr_nonnull(strstr(ask_problems(&m), CONFIG ":2: ignoring CommandLineRemove=: "));
        ck_assert_ptr_null(strstr(ask_problems(&m), "cret"));
        ck_assert_int_eq(ask_boolean(&m, "ConfigurationChanged"), 0);
        tree_text(&m.tree, CONFIG, "[Capture]\nKeep=7\n");
        AWAIT_MACHINE(&m, ask_boolean(&m, "ConfigurationChanged") == 1);
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, ask_boolean(&m, "ConfigurationChanged") == 0);
        ck_assert_str_eq(ask_problems(&m), "");
        tree_text(&m.tree, CONFIG ".d/a.conf", "");
        AWAIT_MACHINE(&m, ask_boolean(&m, "ConfigurationChanged") == 1);
        tree_unlink(&m.tree, CONFIG ".d/a.conf");
        AWAIT_MACHINE(&m, ask_boolean(&m, "ConfigurationChanged") == 0);
        machine_stop(&m);
        machine_stop_bus(&m);
        machine_done_fake(&m);
}
END_TEST

/* A file system that hangs, as one of a server that is gone, does not stop the loop: the watchdog
 * is fed, questions are answered, and what was in force stays until it comes back. */
START_TEST(hanging_files) {
        FakeMachine m;
        unsigned fed;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        m.files_patience_usec = 300 * USEC_PER_MSEC;
        machine_start_bus(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        tree_text(&m.tree, CONFIG, "[Hotplug]\nSettle=7s\n");
        /* Whoever opens it waits for somebody who writes. */
        ck_assert_int_eq(mkfifoat(m.tree.fd, "another", 0600), 0);
        AWAIT_MACHINE(&m, machine_logged(&m, "takes too long, so it is given up"));
        fed = m.n_watchdog;
        AWAIT_MACHINE(&m, m.n_watchdog > fed + 20);
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 1);
        ck_assert_int_eq(kill(m.pid, SIGHUP), 0);
        AWAIT_MACHINE(&m, m.n_reloading == 1);
        AWAIT_MACHINE(&m, m.n_ready == 2);
        ck_assert(machine_logged(&m, "Keeping the configuration that there is until its files"));
        ck_assert(!machine_logged(&m, "The configuration can be read again"));
        tree_unlink(&m.tree, "/another");
        AWAIT_MACHINE(&m, machine_logged(&m, "The files of kdumpd can be looked at again"));
        AWAIT_MACHINE(&m, machine_logged(&m, "The configuration can be read again"));
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 1);
        machine_stop(&m);
        machine_stop_bus(&m);
        machine_done_fake(&m);
}
END_TEST

/* The old image goes long before the new one is in, and that is no time to be called armed. */
START_TEST(armed_during_a_load) {
        FakeMachine m;
        unsigned calls;
        sd_bus *bus;

        machine_init_fake(&m);
        m.watchdog_msec = 40;
        machine_start_bus(&m);
        machine_start(&m);
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        calls = machine_calls(&m, "load");
        machine_hold(&m, true);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(sd_bus_call_method_async(bus, NULL, "org.kdumpd1", "/org/kdumpd1",
                                                  "org.kdumpd1.Manager", "Reload", NULL, NULL,
                                                  NULL),
                         0);
        ck_assert_int_ge(sd_bus_flush(bus), 0);
        AWAIT_MACHINE(&m, machine_calls(&m, "load") == calls + 1 && !machine_is_loaded(&m));
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 0);
        ck_assert(ask(&m, "State", "loading", NULL));
        machine_set_loaded(&m, true);
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 1);
        machine_hold(&m, false);
        AWAIT_MACHINE(&m, ask(&m, "State", "armed", NULL));
        ck_assert_int_eq(ask_boolean(&m, "Armed"), 1);
        ck_assert_uint_eq(machine_calls(&m, "load"), calls + 1);
        sd_bus_close_unref(bus);
        machine_stop(&m);
        machine_stop_bus(&m);
        machine_done_fake(&m);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, arms);
        ADD_TEST(s, adopts);
        ADD_TEST(s, stop_waits_for_a_load);
        ADD_TEST(s, killed_during_a_load);
        ADD_TEST(s, unloads_on_stop);
        ADD_TEST(s, reads_configuration_again);
        ADD_TEST(s, reads_source_again);
        ADD_TEST(s, hangup_before_ready);
        ADD_TEST(s, bad_configuration);
        ADD_TEST(s, unreadable_configuration);
        ADD_TEST(s, late_mount);
        ADD_TEST(s, missing_mount);
        ADD_TEST(s, capture_kernel);
        ADD_TEST(s, configuration_for_later);
        ADD_TEST(s, configuration_problem);
        ADD_TEST(s, watchdog);
        ADD_TEST(s, foreign_unload);
        ADD_TEST(s, no_reservation);
        ADD_TEST(s, leaves_the_lock_alone);
        ADD_TEST(s, no_job);
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_TEST(s, bus_comes_and_goes);
        ADD_TEST(s, stops_before_a_silent_bus);
        ADD_TEST(s, requests);
        ADD_TEST(s, tells_of_configuration);
        ADD_TEST(s, hanging_files);
        ADD_TEST(s, armed_during_a_load);
}

TEST_MAIN("daemon", add_cases)
