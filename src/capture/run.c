/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One capture, from the plan to the dump. */
#include "capture/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "capture/child.h"
#include "capture/dump.h"
#include "capture/raw.h"
#include "capture/say.h"
#include "capture/store.h"
#include "capture/summary.h"
#include "core/module-words.h"
#include "sys/capture-plan-json.h"

#define COMMAND_LINE_LONGEST (64u * 1024u) /* bytes */
#define SCRIPT_SILENCE_USEC  (UINT64_C(240) * 1000000)

static int read_plan(Capture *c) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(c->root_fd, CAPTURE_PLAN_PATH, CAPTURE_PLAN_JSON_LONGEST, &text, &size);
        if (r >= 0)
                r = capture_plan_from_json(text, size, &c->plan);
        if (r < 0) {
                capture_say("%s cannot be used: %s", CAPTURE_PLAN_PATH, strerror(-r));
                return r;
        }
        c->shared->final_action = c->plan.final_action;
        c->shared->failure_action = c->plan.failure_action;
        c->shared->knows_actions = true;
        if (!isempty(c->plan.host))
                c->info.host = strdup(c->plan.host);
        return 0;
}

/* With the parameters that the command line of this kernel has for it, behind those of the plan:
 * the last one counts. */
static int load_module(Capture *c, const char *line, const PlanModule *module) {
        _cleanup_free_ char *name = module_name_of_path(module->path), *words = NULL,
                            *options = NULL;
        PlanModule loaded = *module;
        int r;

        if (!name)
                return -ENOMEM;
        if (module_words_forbid(line, name)) {
                capture_say("the module %s is left out, as modprobe.blacklist= wants it", name);
                return 0;
        }
        r = module_words(line, name, &words);
        if (r < 0)
                return r;
        if (*words) {
                if (asprintf(&options, "%s%s%s", module->options, *module->options ? " " : "",
                             words) < 0) {
                        options = NULL;
                        return -ENOMEM;
                }
                loaded.options = options;
        }
        return c->ops->load_module(c, &loaded);
}

static void load_modules(Capture *c) {
        _cleanup_free_ char *line = NULL;

        if (read_file_below(c->root_fd, "/proc/cmdline", COMMAND_LINE_LONGEST, &line, NULL) < 0)
                line = NULL;
        for (size_t i = 0; i < c->plan.n_modules; i++) {
                const PlanModule *module = &c->plan.modules[i];
                int r;

                r = load_module(c, strempty(line), module);
                if (r < 0)
                        capture_say("the module %s cannot be loaded: %s", module->path,
                                    strerror(-r));
                capture_progress(c);
        }
}

/* On a device without a file system there is no directory to tell: its word is empty. */
static void run_script(Capture *c, const char *script, const char *result) {
        _cleanup_free_ char *path = capture_path(c, script);
        char *words[] = { path, (char *)strempty(c->path), (char *)result, NULL };
        Child child = { .capture = c, .words = words, .silence_usec = SCRIPT_SILENCE_USEC };
        int64_t status;
        int r;

        if (isempty(script) || !path)
                return;
        r = child_run(&child, &status);
        if (r < 0)
                capture_say("%s did not work: %s", script, strerror(-r));
        else if (status != 0)
                capture_say("%s failed with status %" PRIi64, script, status);
}

static void store_log(Capture *c) {
        uint64_t start = monotonic_usec();
        int r;

        if (!c->log.text)
                return;
        r = store_file(c, CRASH_LOG_NAME, c->log.text, c->log.size);
        if (r == -ENOSPC && store_make_room(c))
                r = store_file(c, CRASH_LOG_NAME, c->log.text, c->log.size);
        if (r < 0) {
                capture_blame(c, "the log cannot be written: %s", strerror(-r));
                return;
        }
        c->info.log = strdup(CRASH_LOG_NAME);
        c->info.log_bytes = c->log.size;
        c->info.log_usec = monotonic_usec() - start;
        capture_say("wrote %s to %s on %s", CRASH_LOG_NAME, c->name, c->target->label);
}

/* Log, description, dump, description: each is durable before the next begins. Returns -ENODEV if
 * nothing could be kept there. */
static int save_files(Capture *c) {
        const Retention old = store_retention(c);
        int r;

        run_script(c, c->plan.pre_script, NULL);
        store_log(c);
        c->info.result = DUMP_RESULT_INCOMPLETE;
        r = store_info(c);
        if (r < 0)
                capture_say("%s cannot be written: %s", CRASH_INFO_NAME, strerror(-r));
        retain_make_room(&old);
        r = dump_write(c);
        if (r < 0 && !c->info.vmcore && !c->info.log) {
                store_give_up(c);
                return -ENODEV;
        }
        if (r < 0 && !c->info.vmcore)
                c->info.result = DUMP_RESULT_LOG_ONLY;
        c->info.total_usec = monotonic_usec() - c->start_usec;
        if (store_info(c) < 0)
                capture_say("%s cannot be written", CRASH_INFO_NAME);
        if (r >= 0)
                retain_newest(&old);
        retain_traces(&old);
        run_script(c, c->plan.post_script, dump_result_to_string(c->info.result));
        return r;
}

static int save_to_files(Capture *c, const PlanTarget *target) {
        int r;

        r = store_open(c);
        if (r < 0) {
                capture_blame(c, "%s cannot be written to: %s", target->label, strerror(-r));
                return -ENODEV;
        }
        r = save_files(c);
        store_close(c);
        return r;
}

static int save_to_device(Capture *c) {
        int r;

        run_script(c, c->plan.pre_script, NULL);
        r = raw_save(c);
        if (r != -ENODEV)
                run_script(c, c->plan.post_script, dump_result_to_string(c->info.result));
        return r;
}

/* Returns -ENODEV if nothing was written there, so that another target may be tried. */
static int save_to(Capture *c, const PlanTarget *target) {
        uint64_t start = monotonic_usec();
        Error reason;
        int r;

        if (target->type == PLAN_TARGET_NONE)
                return -ENODEV;
        (void)error_set(&reason, 0, "it cannot be reached");
        c->shared->attaching = target == &c->plan.fallback ? 2 : 1;
        r = c->ops->attach(c, target, start + c->plan.target_timeout_usec, c->device, &reason);
        c->shared->attaching = 0;
        c->info.target_usec += monotonic_usec() - start;
        capture_progress(c);
        if (r < 0) {
                capture_blame(c, "the target %s is not there: %s", target->label, reason.text);
                return -ENODEV;
        }
        c->target = target;
        c->info.on_fallback = target == &c->plan.fallback;
        free(c->info.target);
        c->info.target = strdup(target->label);
        r = target->type == PLAN_TARGET_RAW ? save_to_device(c) : save_to_files(c, target);
        /* It is durable, whatever becomes of what is below it. */
        if (r >= 0)
                c->shared->is_complete = true;
        c->ops->detach(c, target);
        c->target = NULL;
        return r;
}

/* To the first target that there is. */
static int save(Capture *c) {
        const PlanTarget *targets[] = { &c->plan.target, &c->plan.fallback };
        int r = -ENODEV;

        for (unsigned i = 0; i < ELEMENTSOF(targets) && r == -ENODEV; i++) {
                c->is_blamed = false;
                if (i < c->skip.targets)
                        capture_blame(c, "the target %s is not there: an earlier try hung",
                                      targets[i]->label);
                else
                        r = save_to(c, targets[i]);
        }
        return r;
}

#define LAST_LINES 40u

static const char *last_lines(const char *text, size_t size, unsigned n) {
        size_t at = size;

        while (at > 0 && n > 0)
                if (text[--at] == '\n' && at + 1 < size)
                        n--;
        return text + at + (n == 0);
}

/* Why nothing was kept, of each target that was tried. */
static void tell_reasons(const Capture *c, int fd) {
        _cleanup_free_ char *line = NULL;

        if (asprintf(&line, "kdump-capture: nothing could be kept: %s\n",
                     strempty(c->info.message)) < 0)
                line = NULL;
        if (!line || write_all(fd, line, strlen(line)) < 0)
                capture_say("pstore does not take why there is no dump");
}

/* Without any target: where the firmware keeps it over the boot, and on the console. */
static void log_somewhere(Capture *c) {
        _cleanup_close_ int fd = -EBADF;
        const char *tail;

        fd = open_below(c->root_fd, "/dev/pmsg0", O_WRONLY);
        if (fd >= 0)
                tell_reasons(c, fd);
        if (!c->log.text)
                return;
        tail = last_lines(c->log.text, c->log.size, LAST_LINES);
        if (fd >= 0 && write_all(fd, tail, strlen(tail)) >= 0)
                capture_say("the last lines of its log were handed to pstore");
        capture_say("the last lines of the crashed kernel's log are");
        for (const char *line = tail; *line;) {
                int length = (int)strcspn(line, "\n");

                capture_say("%.*s", length, line);
                line += length + (line[length] == '\n');
        }
}

int capture_run(Capture *c) {
        int r, plan_r;

        c->start_usec = monotonic_usec();
        c->info.since_boot_usec = c->start_usec;
        c->info.collector_status = -1;
        capture_progress(c);
        plan_r = read_plan(c);
        if (!exists_below(c->root_fd, VMCORE_PATH)) {
                capture_say("there is no %s: this kernel was not started by a crash, or not told "
                            "where the memory is (elfcorehdr=)",
                            VMCORE_PATH);
                return -ENXIO;
        }
        r = summary_read(c);
        if (r < 0) {
                capture_blame(c, "%s cannot be read: %s", VMCORE_PATH, strerror(-r));
                return r;
        }
        r = plan_r;
        if (r >= 0) {
                load_modules(c);
                r = save(c);
        }
        if (r < 0 && !c->info.log)
                log_somewhere(c);
        c->info.total_usec = monotonic_usec() - c->start_usec;
        if (r >= 0) {
                char span[TIMESPAN_MAX];

                capture_say("the dump is complete: %" PRIu64 " MiB in %s",
                            c->info.vmcore_bytes >> 20, format_timespan(span, c->info.total_usec));
        } else
                capture_say("there is no complete dump: %s",
                            strempty(c->info.message ?: strerror(-r)));
        return r;
}

bool capture_again(const CaptureShared *shared, bool hangs, CaptureSkip *skip) {
        /* The memory of a crashed kernel can be worse than anybody thought of. The dump does not
         * need to be described. */
        if (shared->is_reading && !skip->summary) {
                capture_say("it was looking at the crashed kernel's memory: once more without");
                skip->summary = true;
                return true;
        }
        /* A disk that does not answer can hold whoever asks it for ever. */
        if (hangs && shared->attaching > skip->targets) {
                capture_say("it was waiting for the target: once more without");
                skip->targets = shared->attaching;
                return true;
        }
        return false;
}

void capture_done(Capture *c) {
        closep(&c->vmcore_fd);
        c->vmcore_fd = -EBADF;
        vmcore_log_done(&c->log);
        vmcore_done(&c->vmcore);
        dump_info_done(&c->info);
        capture_plan_done(&c->plan);
}
