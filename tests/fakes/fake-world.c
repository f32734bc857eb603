/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world for the shipped manager. */
#include "fake-world.h"

#define REALTIME_USEC (UINT64_C(1700000000) * USEC_PER_SEC)

static void op_moment(void *userdata, Moment *ret) {
        const FakeWorld *w = userdata;

        *ret = (Moment){
                .monotonic_usec = w->now_usec,
                .realtime_usec = REALTIME_USEC + w->now_usec,
        };
}

static void op_look(void *userdata, unsigned attributes, bool fingerprint, Facts *ret) {
        FakeWorld *w = userdata;

        /* Each read takes the kernel's kexec lock, so never during a load. */
        ck_assert(!w->running || attributes == 0);
        w->n_looks++;
        *ret = w->kernel;
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                if (attributes & SUBSYSTEM_BIT(s))
                        w->attributes_read++;
                else
                        ret->answers[s] = HOTPLUG_NOT_ASKED;
        }
        ret->has_fingerprint = fingerprint;
        if (!fingerprint)
                ret->fingerprint = (Fingerprint){ 0 };
}

static int op_start_job(void *userdata, const JobOrder *order) {
        FakeWorld *w = userdata;

        if (w->start_error < 0)
                return w->start_error;
        ck_assert(!w->running);
        w->running = true;
        w->order = *order;
        w->n_started[order->job]++;
        return 0;
}

static void op_kill_job(void *userdata) {
        FakeWorld *w = userdata;

        ck_assert(w->running);
        w->n_kills++;
}

static void op_job_stuck(void *userdata, Job job) {
        FakeWorld *w = userdata;

        ck_assert(w->running && w->n_kills > 0);
        if (job == JOB_BUILD)
                w->running = false;
}

static void op_save_record(void *userdata, const ImageRecord *record) {
        FakeWorld *w = userdata;

        w->n_saved++;
        w->record_kept = true;
        w->record_must_reload = record->must_reload;
}

static void op_drop_record(void *userdata) {
        FakeWorld *w = userdata;

        w->n_dropped++;
        w->record_kept = false;
}

static void op_decided(void *userdata, const Decision *decision) {
        FakeWorld *w = userdata;

        w->n_decisions++;
        w->decision = *decision;
        if (w->on_decided)
                w->on_decided(w->userdata, decision);
}

static void op_built(void *userdata, BuildState state, const char *text) {
        FakeWorld *w = userdata;

        w->n_built++;
        w->build_state = state;
        strscpy(w->text, sizeof(w->text), text);
}

static void op_answer(void *userdata, unsigned requests, Failure failure, const char *text) {
        FakeWorld *w = userdata;

        w->n_answers++;
        w->answered = requests;
        w->failure = failure;
        strscpy(w->text, sizeof(w->text), strempty(text));
        if (w->on_answer)
                w->on_answer(w->userdata, requests, failure, text);
}

static void op_changed(void *userdata) {
        FakeWorld *w = userdata;

        w->n_changed++;
}

static void op_set_timer(void *userdata, uint64_t usec) {
        FakeWorld *w = userdata;

        w->n_timers++;
        w->timer_usec = usec;
}

static void op_ready(void *userdata) {
        FakeWorld *w = userdata;

        w->n_ready++;
}

static void op_quit(void *userdata) {
        FakeWorld *w = userdata;

        w->n_quit++;
}

static const Ops ops = {
        .moment = op_moment,
        .look = op_look,
        .start_job = op_start_job,
        .kill_job = op_kill_job,
        .job_stuck = op_job_stuck,
        .save_record = op_save_record,
        .drop_record = op_drop_record,
        .decided = op_decided,
        .built = op_built,
        .answer = op_answer,
        .changed = op_changed,
        .set_timer = op_set_timer,
        .ready = op_ready,
        .quit = op_quit,
};

static char *copy(const char *s) {
        char *c = strdup(s);

        ck_assert_ptr_nonnull(c);
        return c;
}

void fake_world_init(FakeWorld *w) {
        *w = (FakeWorld){
                .now_usec = 1000 * USEC_PER_SEC,
                .timer_usec = USEC_INFINITY,
                .kernel = { .reservation_bytes = UINT64_C(256) << 20, .uevent_seqnum = 100 },
        };
        number_set_add(&w->kernel.fingerprint.cpus, 0);
        number_set_add(&w->kernel.fingerprint.blocks, 0);
        fake_world_answers(w, HOTPLUG_ABSENT);
        ck_assert_int_eq(settings_init(&w->settings), 0);
        free(w->settings.initrd);
        w->settings.initrd = copy("/boot/initrd");
        manager_init(&w->manager, &ops, w, &w->settings, "x86_64");
}

void fake_world_done(FakeWorld *w) {
        manager_done(&w->manager);
        settings_done(&w->settings);
}

void fake_world_answers(FakeWorld *w, HotplugAnswer answer) {
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                w->kernel.answers[s] = answer;
}

void fake_world_input(FakeWorld *w, InputType type) {
        Input input = { .type = type };

        manager_input(&w->manager, &input);
}

void fake_world_request(FakeWorld *w, Request request) {
        Input input = { .type = INPUT_REQUEST, .request = request };

        manager_input(&w->manager, &input);
}

void fake_world_uevent(FakeWorld *w, Subsystem subsystem, HotplugAction action) {
        Input input = { .type = INPUT_UEVENT };

        input.uevent.subsystem = subsystem;
        input.uevent.action = action;
        input.uevent.seqnum = ++w->kernel.uevent_seqnum;
        manager_input(&w->manager, &input);
}

void fake_world_job_ends(FakeWorld *w, Failure failure) {
        JobReport ended = { .job = w->order.job, .load.failure = failure };
        LoadReport *report = &ended.load;

        ck_assert(w->running && ended.job != JOB_BUILD);
        w->running = false;
        if (failure != FAILURE_NONE)
                report->message = copy(w->job_error ?: "it went wrong");
        else if (ended.job == JOB_UNLOAD)
                w->kernel.loaded = 0;
        else {
                report->kernel = (FileIdentity){ copy("/boot/vmlinuz"), 1, 2, w->job_mtime, 4 };
                report->initrd = (FileIdentity){ copy("/boot/initrd"), 1, 3, 3, 4 };
                report->kernel_release = copy("6.1.0");
                report->command_line = copy("root=/dev/vda irqpoll");
                report->loader = copy("kexec_file_load");
                report->loader_reason = copy("it is the only one");
                report->prepare_usec = 1000;
        }
        if (failure == FAILURE_NONE && ended.job == JOB_LOAD) {
                report->had_image = w->kernel.loaded == 1;
                report->call_start_usec = w->now_usec;
                w->now_usec += 20000;
                report->call_end_usec = w->now_usec;
                w->kernel.loaded = 1;
        }
        manager_job_ended(&w->manager, &ended);
        /* Whatever was of use in it was taken. */
        job_report_done(&ended);
}

void fake_world_build_ends(FakeWorld *w, const char *error) {
        JobReport ended = {
                .job = JOB_BUILD,
                .build = {
                        .failed = error,
                        .built = !error,
                        .message = copy(error ?: "7.0 MiB"),
                        .unpacked_bytes = 7 << 20,
                },
        };

        ck_assert(w->running && w->order.job == JOB_BUILD);
        w->running = false;
        manager_job_ended(&w->manager, &ended);
        job_report_done(&ended);
}

void fake_world_arm(FakeWorld *w) {
        Input input = { .type = INPUT_START };

        manager_input(&w->manager, &input);
        fake_world_job_ends(w, FAILURE_NONE);
        ck_assert_str_eq(manager_status(&w->manager)->state, "armed");
}

void fake_world_pass(FakeWorld *w, uint64_t usec) {
        uint64_t end = w->now_usec + usec;

        while (w->timer_usec <= end) {
                w->now_usec = MAX(w->now_usec, w->timer_usec);
                /* A timer goes off once, and then stands still until it is set again. */
                w->timer_usec = USEC_INFINITY;
                fake_world_input(w, INPUT_TIMER);
        }
        w->now_usec = end;
}
