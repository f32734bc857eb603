/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: what its event loop does. */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "core/paths.h"
#include "daemon/alert-files.h"
#include "daemon/bus-systemd.h"
#include "daemon/daemon-private.h"
#include "daemon/journal.h"
#include "daemon/last-boot.h"
#include "daemon/record.h"
#include "daemon/remote.h"
#include "sys/asked-json.h"
#include "sys/kernel-state.h"
#include "sys/log.h"

/* Where there is no watchdog to wake up for anyway; less than the 30 s within which a foreign load
 * or unload is to be noticed. */
#define WATCH_USEC (25 * USEC_PER_SEC)

/* So long is waited at the start for what fstab has mounted at boot and is not there. Not by an
 * order of units: a disk that never comes is waited for for 90 s there, and one that the network
 * has to bring would be waited for by whoever waits for us. */
#define MOUNTS_PATIENCE_USEC (10 * USEC_PER_SEC)

/* What waits for a note of tables. */
#define NOTED_FOR_REFRESH 1u
#define NOTED_FOR_RELOAD  2u

static void on_aside_ended(void *userdata) {
        Daemon *d = userdata;

        log_notice("The kdump-mkinitramfs that could not be killed has ended");
        manager_input(&d->manager, &(Input){ .type = INPUT_UNSTUCK });
}

static void on_job_ended(void *userdata, JobReport *report) {
        Daemon *d = userdata;

        /* Its calls are known from its report. */
        kexec_watch_read(d->calls);
        manager_job_ended(&d->manager, report);
        kexec_watch_mark(d->calls, monotonic_usec(), false);
}

static int on_changes(sd_event_source *source, uint64_t usec, void *userdata) {
        daemon_tell_changes(userdata);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Daemon *d = userdata;
        Input input = { .type = INPUT_TIMER };

        manager_input(&d->manager, &input);
        return 0;
}

static void look_for_dumps(Daemon *d) {
        scan_look(d->scan, monotonic_usec(), true);
}

static void on_newest_dump(void *userdata, const LastCrash *newest) {
        Daemon *d = userdata;

        d->manager.aftermath.crash = *newest;
        daemon_changed(d);
}

static void on_tested(void *userdata, CrashTest *test) {
        Daemon *d = userdata;

        crash_test_done(&d->manager.aftermath.test);
        d->manager.aftermath.test = *test;
        *test = (CrashTest){ 0 };
        daemon_changed(d);
}

static void on_asked(void *userdata, Asked *asked) {
        Daemon *d = userdata;
        Aftermath *a = &d->manager.aftermath;

        asked_done(&a->asked);
        a->asked = *asked;
        *asked = (Asked){ 0 };
        if (!a->machine.command_line && asked_machine_read(d->root_fd, &a->machine) < 0)
                log_debug("Cannot read what this boot was started with");
        daemon_changed(d);
}

/* What cannot be read now is tried again by the watch, and until then everything stays as it is. */
static void read_configuration(Daemon *d) {
        Input input = { .type = INPUT_RECONFIGURED };
        int r;

        if (configuration_read_again(&d->manager.configuration, d->root_fd,
                                     strempty(d->options.root), &d->settings) < 0) {
                daemon_changed(d);
                return;
        }
        guard_set_settings(&d->manager.guard, &d->settings, d->uts.machine);
        r = listener_set_source(d->listener, d->settings.source);
        if (r < 0)
                log_error("Cannot change the source of uevents, keeping it: %s",
                          strerrordesc_np(-r));
        manager_input(&d->manager, &input);
        look_for_dumps(d);
        if (mount_watch_set(d->mounts, &d->settings) < 0)
                log_warning("Cannot watch what is mounted: out of memory");
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Daemon *d = userdata;

        /* Before the first load has ended, READY=1 would say that it has. */
        if (d->manager.guard.ready)
                (void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
        d->reload_is_told = d->manager.guard.ready;
        tables_note(d->tables, NOTED_FOR_RELOAD);
        return 0;
}

static void on_noted(void *userdata, unsigned why) {
        Daemon *d = userdata;

        if (why & NOTED_FOR_REFRESH)
                manager_input(&d->manager, &(Input){ .type = INPUT_REFRESH });
        if (!(why & NOTED_FOR_RELOAD))
                return;
        d->manager.configuration.is_due = false; /* that it cannot be read is told each time */
        d->is_reloading = true;
        files_look(d->files);
}

/* What could be read a moment ago is read. */
static void on_seen(void *userdata, const FilesSeen *seen) {
        Daemon *d = userdata;
        bool is_reloading = d->is_reloading;

        d->is_reloading = false;
        if (seen) {
                if (configuration_compare(&d->manager.configuration, seen->configuration))
                        daemon_changed(d);
                if (is_reloading || d->manager.configuration.is_due)
                        read_configuration(d);
        } else if (is_reloading) {
                log_error("Keeping the configuration that there is until its files can be looked "
                          "at");
                d->manager.configuration.is_due = true;
        }
        if (is_reloading && d->reload_is_told)
                (void)sd_notify(false, "READY=1");
}

/* A service that looks for dumps notes it, too, as it sees that kdumpd ends. */
static void note_end(const Daemon *d) {
        if (!d->scan_service)
                last_boot_end(d->root_fd);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Daemon *d = userdata;
        Input input = { .type = INPUT_STOP };

        if (d->settings.unload_on_stop)
                input.going_down = system_is_going_down(strempty(d->options.root));
        (void)sd_notify(false, "STOPPING=1");
        manager_input(&d->manager, &input);
        note_end(d);
        return 0;
}

/* Somebody reads the properties: if an image was loaded or unloaded behind our back, notice it
 * now. */
static void glance(Daemon *d) {
        Input input = { .type = INPUT_GLANCE, .loaded = kernel_crash_loaded(d->root_fd) };

        if (input.loaded != d->manager.guard.facts.loaded)
                manager_input(&d->manager, &input);
}

static void on_refresh(void *userdata) {
        Daemon *d = userdata;

        glance(d);
        kexec_watch_mark(d->calls, monotonic_usec(), true);
        files_glance(d->files);
}

static void refresh_initramfs(Daemon *d) {
        bool failed = d->manager.guard.build_state == BUILD_FAILED;
        uint64_t now = monotonic_usec();

        if (!refresh_is_due(&d->refresh, failed, now))
                return;
        refresh_next(&d->refresh, failed, now);
        /* Volumes may have come late, or moved. */
        tables_note(d->tables, NOTED_FOR_REFRESH);
}

static int on_watch(sd_event_source *source, uint64_t usec, void *userdata) {
        Daemon *d = userdata;
        Input input = { .type = INPUT_WATCH };

        (void)sd_notify(false, "WATCHDOG=1");
        mount_watch_look(d->mounts);
        kexec_watch_look(d->calls, monotonic_usec());
        manager_input(&d->manager, &input);
        glance(d);
        kexec_watch_mark(d->calls, monotonic_usec(), false);
        files_watch(d->files, d->manager.configuration.is_due ||
                                      d->manager.guard.build_state == BUILD_FAILED);
        scan_look(d->scan, monotonic_usec(), false);
        refresh_initramfs(d);
        if (d->bus)
                bus_ask_again(d->bus);
        /* Now, and not on a wake-up of its own. */
        daemon_tell_changes(d);
        (void)sd_event_source_set_enabled(d->changes_source, SD_EVENT_OFF);
        (void)sd_event_source_set_time(source, monotonic_usec() + d->watch_usec);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
}

static int add_timers(Daemon *d) {
        uint64_t watchdog = 0;
        int r;

        r = sd_event_add_time(d->event, &d->timer_source, CLOCK_MONOTONIC, 0, 1 * USEC_PER_MSEC,
                              on_timer, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->timer_source, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time(d->event, &d->changes_source, CLOCK_MONOTONIC, 0,
                                      1 * USEC_PER_MSEC, on_changes, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->changes_source, SD_EVENT_OFF);
        /* Nobody minds a second more or less of minutes. */
        if (r >= 0)
                r = sd_event_add_time(d->event, &d->alert_source, CLOCK_MONOTONIC, 0,
                                      1 * USEC_PER_SEC, on_changes, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->alert_source, SD_EVENT_OFF);
        if (r < 0)
                return r;
        refresh_init(&d->refresh, d->options.refresh_soon_usec ?: REFRESH_SOON_USEC,
                     monotonic_usec());
        d->watch_usec = WATCH_USEC;
        if (sd_watchdog_enabled(false, &watchdog) > 0)
                d->watch_usec = MIN(d->watch_usec, watchdog / 2);
        return sd_event_add_time(d->event, &d->watch_source, CLOCK_MONOTONIC,
                                 monotonic_usec() + d->watch_usec, 0, on_watch, d);
}

static int add_signals(Daemon *d) {
        static const struct {
                int number;
                sd_event_signal_handler_t handler;
        } handlers[] = { { SIGHUP, on_reload }, { SIGTERM, on_stop }, { SIGINT, on_stop } };
        sigset_t mask;
        int r;

        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGCHLD);
        for (size_t i = 0; i < ELEMENTSOF(handlers); i++)
                (void)sigaddset(&mask, handlers[i].number);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(handlers); i++) {
                r = sd_event_add_signal(d->event, NULL, handlers[i].number, handlers[i].handler, d);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void daemon_done(Daemon *d) {
        if (d->bus)
                bus_drain(d->bus);
        bus_free(d->bus);
        job_runner_free(d->runner);
        listener_free(d->listener);
        sd_event_source_disable_unref(d->timer_source);
        sd_event_source_disable_unref(d->watch_source);
        sd_event_source_disable_unref(d->changes_source);
        sd_event_source_disable_unref(d->alert_source);
        if (d->manager_set_up)
                manager_done(&d->manager);
        scan_free(d->scan);
        note_end(d);
        closep(&d->root_fd);
        files_free(d->files);
        tables_free(d->tables);
        mount_watch_free(d->mounts);
        kexec_watch_free(d->calls);
        settings_done(&d->settings);
        sd_event_unref(d->event);
}

static int new_job_runner(Daemon *d) {
        const JobRunnerSetup setup = {
                .load = d->options.loader,
                .mkinitramfs = d->options.builder,
                .root = d->options.root,
                .load_service = remote_serves(d->options.root, LOAD_SOCKET) ? LOAD_SOCKET : NULL,
                .build_service = remote_serves(d->options.root, BUILD_SOCKET) ? BUILD_SOCKET : NULL,
                .ended = on_job_ended,
                .aside_ended = on_aside_ended,
                .userdata = d,
        };
        /* /proc/self/exe, also where the file was replaced since. */
        const ScanSetup scan_setup = {
                .service = d->scan_service,
                .program = d->options.program ?: "/proc/self/exe",
                .root = d->options.root,
                .patience_usec = SCAN_PATIENCE_USEC,
                .newest = on_newest_dump,
                .tested = on_tested,
                .asked = on_asked,
                .userdata = d,
        };
        const FilesSetup files_setup = {
                .root = strempty(d->options.root),
                .patience_usec = d->options.files_patience_usec ?: FILES_PATIENCE_USEC,
                .another = d->options.another_file,
                .seen = on_seen,
                .userdata = d,
        };
        const TablesSetup tables_setup = {
                .root_fd = d->root_fd,
                .service = remote_serves(d->options.root, NOTES_SOCKET) ? NOTES_SOCKET : NULL,
                .program = d->options.builder,
                .patience_usec = TABLES_PATIENCE_USEC,
                .noted = on_noted,
                .userdata = d,
        };
        int r;

        r = job_runner_new(d->event, &setup, &d->runner);
        if (r >= 0)
                r = scan_new(d->event, &scan_setup, &d->scan);
        if (r >= 0)
                r = tables_new(d->event, &tables_setup, &d->tables);
        return r < 0 ? r : files_new(d->event, &files_setup, &d->files);
}

static void start_guard(void *userdata) {
        Daemon *d = userdata;
        ImageRecord record = { 0 };
        Input input = { .type = INPUT_START };
        bool missed;

        if (record_read(d->root_fd, &record) > 0)
                input.record = &record;
        missed = listener_catch_up(d->listener, record.log_seqnum, &input.log_is_whole);
        manager_input(&d->manager, &input);
        image_record_done(&record);
        if (missed)
                manager_input(&d->manager, &(Input){ .type = INPUT_KERNEL_LOG });
        kexec_watch_look(d->calls, monotonic_usec());
}

/* A load that has outlived another kdumpd is over before its outcome is read. */
static void start_machine(void *userdata) {
        Daemon *d = userdata;

        job_runner_await_idle(d->runner, start_guard);
}

static void on_mounted(void *userdata, bool of_what_is_loaded) {
        Daemon *d = userdata;

        if (of_what_is_loaded)
                manager_input(&d->manager, &(Input){ .type = INPUT_MOUNTED });
        look_for_dumps(d);
}

static int watch_mounts(Daemon *d) {
        const MountWatchSetup setup = {
                .root_fd = d->root_fd,
                .fd = open_below(d->root_fd, "/proc/self/mountinfo", O_RDONLY),
                .mounted = on_mounted,
                .awaited = start_machine,
                .userdata = d,
        };
        int r;

        r = mount_watch_new(d->event, &setup, &d->mounts);
        return r < 0 ? r : mount_watch_set(d->mounts, &d->settings);
}

static int watch_calls(Daemon *d) {
        const KexecWatchSetup setup = {
                .manager = &d->manager,
                .root = strempty(d->options.root),
                .mark_service = remote_serves(d->options.root, NOTES_SOCKET) ? NOTES_SOCKET : NULL,
                .mark_program = d->options.builder,
                .mark_patience_usec = KEXEC_MARK_PATIENCE_USEC,
        };

        return kexec_watch_new(d->event, &setup, &d->calls);
}

/* The monitor is armed before anything is read, so that nothing falls between; and the machine
 * before the bus, which may be long in coming. */
static int daemon_start(Daemon *d) {
        _cleanup_(configuration_done) Configuration configuration = { 0 };
        int r;

        d->root_fd = open_root(d->options.root ?: "/");
        if (d->root_fd < 0) {
                log_error("Cannot open %s: %s", d->options.root ?: "/",
                          strerrordesc_np(-d->root_fd));
                return d->root_fd;
        }
        /* Where the condition of the unit does not hold, or nobody asked it. */
        if (kernel_is_capture(d->root_fd)) {
                log_error("Not starting: " CAPTURE_KERNEL_TEXT);
                return -EOPNOTSUPP;
        }
        if (uname(&d->uts) < 0)
                return -errno;
        r = configuration_read_first(&configuration, d->root_fd, strempty(d->options.root),
                                     &d->settings);
        if (r >= 0)
                r = sd_event_default(&d->event);
        if (r >= 0)
                r = add_signals(d);
        if (r >= 0)
                r = add_timers(d);
        if (r >= 0)
                r = new_job_runner(d);
        if (r >= 0)
                r = watch_mounts(d);
        if (r >= 0)
                r = watch_calls(d);
        if (r < 0) {
                log_error("Cannot set up the event loop: %s", strerrordesc_np(-r));
                return r;
        }
        manager_init(&d->manager, &daemon_ops, d, &d->settings, d->uts.machine);
        d->manager_set_up = true;
        d->manager.configuration = configuration;
        d->alert.told = alert_read_told(d->root_fd);
        configuration = (Configuration){ 0 };
        return listener_new(d->event, &d->manager, d->root_fd, d->settings.source, &d->listener);
}

static int daemon_run(Daemon *d) {
        int r;

        /* Early in a boot, what is mounted late would only make the first build and the first load
         * go to the wrong place, or fail. */
        if (!mount_watch_wait(d->mounts, MOUNTS_PATIENCE_USEC))
                start_machine(d);
        r = bus_new(d->event, &d->manager, on_refresh, d, &d->bus);
        if (r < 0)
                log_warning("Cannot connect to the system bus, going on without it: %s",
                            strerrordesc_np(-r));
        /* The machine comes first: by now its load is under way. */
        look_for_dumps(d);
        return sd_event_loop(d->event);
}

int daemon_main(const Options *options) {
        Daemon d = { .options = *options,
                     .root_fd = -EBADF,
                     .scan_service =
                             remote_serves(options->root, SCAN_SOCKET) ? SCAN_SOCKET : NULL };
        int r;

        r = daemon_start(&d);
        if (r >= 0)
                r = daemon_run(&d);
        daemon_done(&d);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
