/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus object: its properties, how it describes itself, the changes that it tells, and what a
 * dbus-daemon may do to it. */
#include "fake-bus.h"

#include <sys/socket.h>
#include <sys/un.h>

/* --- properties ------------------------------------------------------------------------------- */

static void check_properties(FakeBus *s) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *name, *contents;
        char text[512];
        size_t n = 0;

        for (size_t i = 0; i < _STATUS_INDEX_MAX; i++)
                get_property(s, status_property(i)->name, status_property(i)->signature, text,
                             sizeof(text));
        reply = call(s, BUS_PATH, PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "s", &name), 0);
                ck_assert_int_gt(sd_bus_message_peek_type(reply, NULL, &contents), 0);
                ck_assert_uint_lt(n, _STATUS_INDEX_MAX);
                ck_assert_str_eq(name, status_property(n)->name);
                ck_assert_str_eq(contents, status_property(n)->signature);
                n++;
                ck_assert_int_gt(sd_bus_message_skip(reply, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_uint_eq(n, _STATUS_INDEX_MAX);
}

START_TEST(properties) {
        FakeBus s;

        fake_bus_pair(&s);
        check_properties(&s);
        ck_get(&s, "State", "s", "loading");
        ck_get(&s, "Version", "s", PACKAGE_VERSION);
        fake_world_arm(&s.world);
        (void)manager_status(&s.world.manager);
        check_properties(&s);
        ck_get(&s, "State", "s", "armed");
        ck_get(&s, "Armed", "b", "1");
        ck_get(&s, "Foreign", "b", "0");
        ck_get(&s, "ReservationBytes", "t", "268435456");
        ck_get(&s, "KernelFile", "s", "/boot/vmlinuz");
        ck_get(&s, "CpuHotplug", "s", "userspace");
        ck_get(&s, "SettleUSec", "t", "500000");
        ck_get(&s, "MaxDelayUSec", "t", "10000000");
        ck_get(&s, "LastLoadDurationUSec", "t", "21000");
        fake_bus_pair_done(&s);
}
END_TEST

/* One for each line; a name of a file that is not UTF-8 breaks nothing. */
START_TEST(problems) {
        FakeBus s;
        Configuration *c;

        fake_bus_pair(&s);
        c = &s.world.manager.configuration;
        ck_get(&s, "ConfigurationProblems", "as", "");
        configuration_add_problem(c, "/etc/a.conf", 3, "ignoring Keep=: it takes a number");
        configuration_add_problem(c, "/etc/\xff.conf", 0, "ignoring the file");
        c->changed = true;
        (void)manager_status(&s.world.manager);
        check_properties(&s);
        ck_get(&s, "ConfigurationProblems", "as",
               "/etc/a.conf:3: ignoring Keep=: it takes a number\n"
               "/etc/?.conf: ignoring the file\n");
        ck_get(&s, "ConfigurationChanged", "b", "1");
        /* No more than there is room for. */
        for (unsigned i = 0; i < 100; i++)
                configuration_add_problem(c, "/etc/b.conf", i, "x");
        ck_assert_uint_eq(c->n_problems, CONFIGURATION_PROBLEMS_MAX);
        ck_assert_ptr_null(c->problems[CONFIGURATION_PROBLEMS_MAX]);
        fake_bus_pair_done(&s);
}
END_TEST

START_TEST(read_only) {
        FakeBus s;

        fake_bus_pair(&s);
        for (size_t i = 0; i < _STATUS_INDEX_MAX; i++) {
                _cleanup_message_ sd_bus_message *reply = NULL;

                reply = call(&s, BUS_PATH, PROPERTIES_INTERFACE, "Set", "ssv", BUS_INTERFACE,
                             status_property(i)->name, "s", "x");
                ck_assert_int_gt(
                        sd_bus_message_is_method_error(reply, SD_BUS_ERROR_PROPERTY_READ_ONLY), 0);
        }
        fake_bus_pair_done(&s);
}
END_TEST

/* --- introspection ---------------------------------------------------------------------------- */

START_TEST(introspection) {
        static const char *const privileged[] = { "Load", "Unload", "Reload" };
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *xml;
        FakeBus s;

        fake_bus_pair(&s);
        reply = call(&s, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "");
        ck_assert_int_gt(sd_bus_message_read(reply, "s", &xml), 0);
        for (size_t i = 0; i < _STATUS_INDEX_MAX; i++) {
                char tag[128];

                strscpyf(tag, sizeof(tag), "<property name=\"%s\" type=\"%s\" access=\"read\">",
                         status_property(i)->name, status_property(i)->signature);
                ck_assert_msg(strstr(xml, tag) != NULL, "%s", tag);
        }
        /* Every property is constant or tells its changes. */
        ck_assert_ptr_null(strstr(strstr(xml, BUS_INTERFACE), "\"false\""));
        for (size_t i = 0; i < ELEMENTSOF(privileged); i++) {
                char tag[128];
                const char *method, *annotation;

                strscpyf(tag, sizeof(tag), "<method name=\"%s\">", privileged[i]);
                method = strstr(xml, tag);
                ck_assert_ptr_nonnull(method);
                annotation = strstr(method, "systemd1.Privileged\" value=\"true\"");
                ck_assert(annotation && annotation < strstr(method, "</method>"));
        }
        fake_bus_pair_done(&s);
}
END_TEST

static bool asked_by_somebody(sd_bus_message *message) {
        return false;
}

/* GetAll as it comes, with all that is in it. */
static bool all_has(FakeBus *s, const char *text) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        bool found = false;
        const char *name, *type, *value;

        reply = call(s, BUS_PATH, PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE);
        ck_assert(!sd_bus_message_is_method_error(reply, NULL));
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "s", &name), 0);
                ck_assert_int_gt(sd_bus_message_peek_type(reply, NULL, &type), 0);
                ck_assert_int_gt(sd_bus_message_enter_container(reply, 'v', type), 0);
                if (streq(type, "s")) {
                        ck_assert_int_gt(sd_bus_message_read(reply, "s", &value), 0);
                        found |= strstr(value, text) != NULL;
                } else
                        ck_assert_int_gt(sd_bus_message_skip(reply, type), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        return found;
}

/* What is in a configuration of mode 0600, and what was in the kernel's log. */
START_TEST(for_root_only) {
        static const char *const texts[] = { "irqpoll", "BUG: x" };
        FakeBus s;

        fake_bus_pair(&s);
        fake_world_arm(&s.world);
        strscpy(s.world.manager.aftermath.crash.message,
                sizeof(s.world.manager.aftermath.crash.message), "BUG: x");
        (void)manager_status(&s.world.manager);
        ck_get(&s, "CommandLine", "s", "root=/dev/vda irqpoll");
        ck_get(&s, "LastCrashMessage", "s", "BUG: x");
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                ck_assert(all_has(&s, texts[i]));

        s.bus->asked_by_root = asked_by_somebody;
        ck_get(&s, "CommandLine", "s", "");
        ck_get(&s, "LastCrashMessage", "s", "");
        ck_get(&s, "KernelFile", "s", "/boot/vmlinuz");
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                ck_assert(!all_has(&s, texts[i]));
        check_properties(&s);
        fake_bus_pair_done(&s);
}
END_TEST

/* --- changes ---------------------------------------------------------------------------------- */

static void set_text(char **field) {
        free(*field);
        *field = strdup("another text");
        ck_assert_ptr_nonnull(*field);
}

static void change_aftermath(Manager *manager, const char *name) {
        const LoadReport *r = &manager->guard.record.report;
        LastCrash *crash = &manager->aftermath.crash;
        CrashTest *test = &manager->aftermath.test;

        if (streq(name, "LastCrashUSec"))
                crash->usec = 17;
        else if (streq(name, "LastCrashDirectory"))
                strscpy(crash->directory, sizeof(crash->directory), "/var/crash/x");
        else if (streq(name, "LastCrashMessage"))
                strscpy(crash->message, sizeof(crash->message), "BUG: x");
        else if (streq(name, "LastCrashState"))
                crash->state = "copied";
        else if (streq(name, "LastCrashComplete"))
                crash->complete = true;
        else if (streq(name, "LastTestUSec")) {
                test->id[0] = '1';
                test->started_usec = 18;
        } else if (streq(name, "LastTestResult"))
                test->result = CRASH_TEST_COMPLETE;
        else if (streq(name, "LastTestSameImage")) {
                test->kernel = r->kernel;
                test->initrd = r->initrd;
                test->kernel.path = strdup(r->kernel.path);
                test->initrd.path = strdup(r->initrd.path);
        } else if (streq(name, "ConfigurationProblems"))
                configuration_add_problem(&manager->configuration, "/etc/a", 1, "x");
        else if (streq(name, "ConfigurationChanged"))
                manager->configuration.changed = true;
        else
                ck_abort_msg("nothing changes %s", name);
}

/* Changes what a property is made of, in the guard itself. */
static void change(FakeWorld *w, const char *name) {
        Guard *g = &w->manager.guard;
        const struct {
                const char *name;
                uint64_t *number;
                char **text;
        } fields[] = {
                { "Loader", NULL, &g->record.report.loader },
                { "LoaderReason", NULL, &g->record.report.loader_reason },
                { "KernelFile", NULL, &g->record.report.kernel.path },
                { "KernelRelease", NULL, &g->record.report.kernel_release },
                { "InitrdFile", NULL, &g->record.report.initrd.path },
                { "InitrdKind", NULL, &g->record.report.initrd_kind },
                { "CommandLine", NULL, &g->record.report.command_line },
                { "ReservationBytes", &g->facts.reservation_bytes, NULL },
                { "ReservationCmaBytes", &g->facts.reservation_cma_bytes, NULL },
                { "ElfcorehdrBytes", &g->facts.elfcorehdr_bytes, NULL },
                { "EventsReceived", &g->events_received, NULL },
                { "Batches", &g->batches, NULL },
                { "BatchesSkipped", &g->batches_skipped, NULL },
                { "Reloads", &g->reloads, NULL },
                { "LoadFailures", &g->load_failures, NULL },
                { "Overflows", &g->overflows, NULL },
                { "LastEventUSec", &g->last_event_usec, NULL },
                { "LastLoadUSec", &g->last_load_usec, NULL },
                { "LastLoadDurationUSec", &g->last_load_duration_usec, NULL },
                { "LastUnprotectedUSec", &g->last_unprotected_usec, NULL },
                { "TotalUnprotectedUSec", &g->total_unprotected_usec, NULL },
                { "SettleUSec", &w->settings.settle_usec, NULL },
                { "MaxDelayUSec", &w->settings.max_delay_usec, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].name, name)) {
                        if (fields[i].number)
                                *fields[i].number += UINT64_C(1) << 40;
                        else
                                set_text(fields[i].text);
                        return;
                }
        if (streq(name, "InitrdState")) {
                free(w->settings.initrd);
                w->settings.initrd = strdup("auto");
        } else if (streq(name, "InitrdMessage"))
                strscpy(g->build_text, sizeof(g->build_text), "7.0 MiB");
        else if (streq(name, "InitrdUnpackedBytes"))
                g->unpacked_bytes = 17;
        else if (streq(name, "ReservationProblem")) {
                g->ready = true;
                g->record.report.advice = strdup("512M");
        } else if (streq(name, "DumpLevel"))
                g->dump_level = 23;
        else if (streq(name, "DumpLevelReason"))
                strscpy(g->level_reason, sizeof(g->level_reason), "it knows little");
        else if (streq(name, "State"))
                g->ready = false;
        else if (streq(name, "StateReason")) {
                g->ready = true;
                g->batch.met_load = true;
        } else if (streq(name, "Armed"))
                g->facts.loaded = 0;
        else if (streq(name, "Foreign")) {
                g->facts.loaded = 1;
                g->foreign = true;
        } else if (streq(name, "LoadsWatched"))
                g->calls.watch = CALL_WATCH_SEES;
        else if (streq(name, "LoadsWatchedReason"))
                g->facts.ftrace_is_off = true;
        else if (streq(name, "Stale")) {
                /* It was, since StateReason changed. */
                g->batch.met_load = false;
        } else if (streq(name, "StaleReason"))
                g->record.removed_blocks = 2;
        else if (streq(name, "Obstacle"))
                strscpy(g->note, sizeof(g->note), "no kernel");
        else if (streq(name, "CpuHotplug"))
                g->answers[SUBSYSTEM_CPU] = HOTPLUG_KERNEL_UPDATES;
        else if (streq(name, "MemoryHotplug"))
                g->answers[SUBSYSTEM_MEMORY] = HOTPLUG_GARBAGE;
        else if (streq(name, "NextRetryUSec")) {
                g->retry_usec = 1;
                g->retry_realtime_usec = 17;
        } else
                change_aftermath(&w->manager, name);
}

static bool has_word(const char *words, const char *word) {
        size_t n = strlen(word);

        for (const char *p = words; (p = strstr(p, word)); p++)
                if (p > words && p[-1] == ' ' && (p[n] == ' ' || p[n] == '\0'))
                        return true;
        return false;
}

static void check_changes(FakeBus *s) {
        unsigned n;

        bus_flush_changes(s->bus);
        barrier(s);
        for (size_t i = 0; i < _STATUS_INDEX_MAX; i++) {
                const char *name = status_property(i)->name;

                if (streq(name, "Version"))
                        continue;
                n = s->client.n_changes;
                bus_flush_changes(s->bus);
                barrier(s);
                ck_assert_msg(s->client.n_changes == n, "%s: nothing had changed, yet%s were told",
                              name, s->client.changed);
                change(&s->world, name);
                bus_flush_changes(s->bus);
                barrier(s);
                ck_assert_msg(s->client.n_changes == n + 1, "%s is not told", name);
                ck_assert_msg(has_word(s->client.changed, name), "%s is not in%s", name,
                              s->client.changed);
                ck_assert(!has_word(s->client.changed, "Version"));
                /* Values are told, not just that there are new ones; but for what is root's. */
                ck_assert_str_eq(s->client.invalidated, streq(name, "CommandLine") ? " CommandLine"
                                                        : streq(name, "LastCrashMessage")
                                                                ? " LastCrashMessage"
                                                                : "");
        }
}

START_TEST(changes) {
        FakeBus s;

        fake_bus_pair(&s);
        fake_world_arm(&s.world);
        check_changes(&s);
        fake_bus_pair_done(&s);
}
END_TEST

/* Whoever was there from the beginning hears of the first change, too. */
START_TEST(first_change) {
        FakeBus s;

        fake_bus_pair(&s);
        barrier(&s);
        fake_world_arm(&s.world);
        bus_flush_changes(s.bus);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_changes, 1);
        ck_assert(has_word(s.client.changed, "State"));
        ck_assert(has_word(s.client.changed, "Armed"));
        ck_assert(!has_word(s.client.changed, "SettleUSec"));
        fake_bus_pair_done(&s);
}
END_TEST

/* --- over a dbus-daemon ---------------------------------------------------------------------- */

START_TEST(on_the_bus) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        bus_flush_changes(s.bus);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_changes, 1);
        ck_assert(has_word(s.client.changed, "State"));
        check_properties(&s);
        check_changes(&s);
        /* Whoever reads is told what is true now, without a flush in between. */
        s.n_refreshed = 0;
        s.world.manager.guard.overflows = 12345;
        ck_get(&s, "Overflows", "t", "12345");
        ck_assert_uint_eq(s.n_refreshed, 1);
        barrier(&s);
        ck_assert_uint_eq(s.n_refreshed, 1);
        reply = call(&s, "/", PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE);
        ck_assert_int_gt(sd_bus_message_is_method_error(reply, NULL), 0);
        fake_bus_daemon_done(&s);
}
END_TEST

START_TEST(bus_comes_back) {
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        for (unsigned i = 0; i < 2; i++) {
                send_call(&s, &s.client, "Reload");
                AWAIT(&s, s.world.running);
                ck_assert_uint_eq(s.bus->n_callers, 1);
                stop_daemon(&s);
                disconnect_client(&s.client);
                AWAIT(&s, s.bus->n_callers == 0);
                /* Life goes on without it. */
                fake_world_job_ends(&s.world, FAILURE_NONE);
                bus_flush_changes(s.bus);
                ck_assert_str_eq(manager_status(&s.world.manager)->state, "armed");

                start_daemon(&s);
                connect_client(&s, &s.client);
                await_name(&s);
                check_properties(&s);
                /* Nobody gets the answer that another one had asked for. */
                ck_assert_uint_eq(s.client.n_replies, 0);
                send_call(&s, &s.client, "Load");
                AWAIT(&s, s.client.n_replies == 1);
                ck_assert_uint_eq(s.client.n_errors, 0);
        }
        fake_bus_daemon_done(&s);
}
END_TEST

START_TEST(before_the_bus) {
        uint64_t queued = 0;
        FakeBus s;

        fake_bus_service(&s);
        start_service(&s);
        fake_world_arm(&s.world);
        /* What nobody can hear is not kept, however long there is no bus. */
        for (unsigned i = 0; i < 1000; i++) {
                fake_world_uevent(&s.world, SUBSYSTEM_CPU, HOTPLUG_ADD);
                bus_flush_changes(s.bus);
                bus_decided(s.bus, history_get(&s.world.manager.guard.history, 0));
                ck_assert_int_ge(sd_event_run(s.event, 0), 0);
        }
        ck_assert_int_ge(sd_bus_get_n_queued_write(s.bus->bus, &queued), 0);
        ck_assert_uint_le(queued, 8);
        /* The end does not wait for it, either. */
        bus_drain(s.bus);
        start_daemon(&s);
        connect_client(&s, &s.client);
        await_name(&s);
        check_properties(&s);
        ck_get(&s, "EventsReceived", "t", "1000");
        fake_bus_daemon_done(&s);
}
END_TEST

static int listen_as_bus(FakeBus *s, int backlog, struct sockaddr_un *ret) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        tree_dir(&s->tree, "/run");
        strscpyf(ret->sun_path, sizeof(ret->sun_path), "%s/run/bus", s->tree.path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)ret, sizeof(*ret)), 0);
        ck_assert_int_eq(listen(fd, backlog), 0);
        return fd;
}

/* Leaving the event loop waits neither for a bus that is not there nor for one that is silent. */
START_TEST(exit_without_bus) {
        struct sockaddr_un address;
        int listener = -EBADF;
        FakeBus s;

        for (int hangs = 0; hangs < 2; hangs++) {
                fake_bus_service(&s);
                if (hangs)
                        listener = listen_as_bus(&s, 5, &address);
                start_service(&s);
                fake_world_arm(&s.world);
                turn(&s);
                bus_flush_changes(s.bus);
                ck_assert_int_ge(sd_event_exit(s.event, 0), 0);
                ck_assert_int_ge(sd_event_loop(s.event), 0);
                bus_drain(s.bus);
                fake_bus_daemon_done(&s);
        }
        (void)close(listener);
}
END_TEST

/* A bus whose queue of connections is full, as when all services come back to it at once. */
START_TEST(crowded_bus) {
        struct sockaddr_un address;
        int listener, others[64], r = 0;
        size_t n = 0;
        FakeBus s;

        fake_bus_service(&s);
        listener = listen_as_bus(&s, 0, &address);
        while (r == 0) {
                ck_assert_uint_lt(n, ELEMENTSOF(others));
                others[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                ck_assert_int_ge(others[n], 0);
                r = connect(others[n++], (struct sockaddr *)&address, sizeof(address));
        }
        ck_assert_int_eq(errno, EAGAIN);
        start_service(&s);
        turn(&s);
        while (n > 0)
                (void)close(others[--n]);
        (void)close(listener);
        ck_assert_int_eq(unlinkat(s.tree.fd, "run/bus", 0), 0);
        start_daemon(&s);
        connect_client(&s, &s.client);
        await_name(&s);
        check_properties(&s);
        fake_bus_daemon_done(&s);
}
END_TEST

/* Somebody else has the name: it is ours as soon as he gives it back. */
START_TEST(name_is_taken) {
        Client other = { 0 };
        FakeBus s;

        fake_bus_service(&s);
        start_daemon(&s);
        ck_assert_int_ge(sd_bus_open_system(&other.bus), 0);
        ck_assert_int_ge(sd_bus_request_name(other.bus, BUS_NAME, 0), 0);
        start_service(&s);
        connect_client(&s, &s.client);
        AWAIT(&s, sd_bus_is_ready(s.bus->bus) > 0);
        for (unsigned i = 0; i < 5; i++)
                turn(&s);
        ck_assert_int_ge(sd_bus_release_name(other.bus, BUS_NAME), 0);
        await_name(&s);
        check_properties(&s);
        disconnect_client(&other);
        fake_bus_daemon_done(&s);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, properties);
        ADD_TEST(s, problems);
        ADD_TEST(s, read_only);
        ADD_TEST(s, introspection);
        ADD_TEST(s, for_root_only);
        ADD_TEST(s, changes);
        ADD_TEST(s, first_change);
        /* Nothing that is missing here is reported as passed: the plan has fewer lines. */
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_TEST(s, on_the_bus);
        ADD_TEST(s, bus_comes_back);
        ADD_TEST(s, before_the_bus);
        ADD_TEST(s, exit_without_bus);
        ADD_TEST(s, crowded_bus);
        ADD_TEST(s, name_is_taken);
}

TEST_MAIN("bus", add_cases)
