/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for people. */
#include "ctl/output.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/print.h"

#define MIB UINT64_C(1048576)

bool want_colour(int fd) {
        const char *e = getenv("SYSTEMD_COLORS");

        /* systemd knows more values ("16", "256", "auto-256"); all but a false one mean colours. */
        if (e && !startswith(e, "auto"))
                return parse_boolean(e) != 0;
        if (!isempty(getenv("NO_COLOR")))
                return false;
        e = getenv("TERM");
        return e && !streq(e, "dumb") && isatty(fd);
}

void print_verdict(FILE *f, bool operational, bool colour) {
        put_highlighted(f, operational ? LINE_OPERATIONAL : LINE_NOT_OPERATIONAL,
                        operational ? GREEN : RED, colour);
        (void)fputc('\n', f);
}

static const char *state_escape(const char *state) {
        if (streq(state, "armed"))
                return GREEN;
        if (streq(state, "failed"))
                return RED;
        return YELLOW;
}

static void print_state(FILE *f, const Status *status, uint64_t now_usec, bool colour) {
        put_label(f, "State");
        put_highlighted(f, strempty(status->state), state_escape(strempty(status->state)), colour);
        if (!isempty(status->state_reason)) {
                (void)fputs(": ", f);
                put_text(f, status->state_reason);
        }
        (void)fputc('\n', f);
        if (status->foreign) {
                put_label(f, "Image");
                put_highlighted(f, "foreign, loaded by something else than kdumpd", YELLOW, colour);
                (void)fputc('\n', f);
        }
        if (status_has(status, STATUS_INDEX_LoadsWatched) && !status->loads_watched) {
                put_label(f, "Watch");
                put_highlighted(f, "foreign loads cannot be seen on this kernel", YELLOW, colour);
                (void)fputs(": ", f);
                put_text(f, strempty(status->loads_watched_reason));
                (void)fputc('\n', f);
        }
        if (status->stale) {
                put_label(f, "Stale");
                put_highlighted(f, strempty(status->stale_reason), YELLOW, colour);
                (void)fputc('\n', f);
        }
        if (status->next_retry_usec != 0 && status->next_retry_usec != USEC_INFINITY) {
                put_label(f, "Next try");
                if (status->next_retry_usec < now_usec + USEC_PER_SEC)
                        (void)fputs("now", f);
                else {
                        (void)fputs("in ", f);
                        put_coarse_span(f, status->next_retry_usec - now_usec);
                }
                (void)fputc('\n', f);
        }
}

static void print_reserved(FILE *f, const Status *status, bool colour) {
        put_label(f, "Reserved");
        if (status->reservation_bytes == 0)
                (void)fputs("nothing", f);
        else
                put_mib(f, status->reservation_bytes);
        if (status->reservation_cma_bytes > 0) {
                (void)fputs(", and ", f);
                put_mib(f, status->reservation_cma_bytes);
                (void)fputs(" of CMA for the capture kernel", f);
        }
        if (!isempty(status->reservation_problem)) {
                (void)fputs(": ", f);
                put_highlighted(f, status->reservation_problem, YELLOW, colour);
        }
        (void)fputc('\n', f);
}

static const char *hotplug_text(const char *mode) {
        static const struct {
                const char *mode, *text;
        } texts[] = {
                { "kernel", "kernel updates the image" },
                { "userspace", "kdumpd reloads the image" },
                { "unsupported", "no event matters here" },
                { "unknown", "not known, kdumpd reloads the image" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].mode, mode))
                        return texts[i].text;
        return mode;
}

static void print_hotplug(FILE *f, const Status *status) {
        if (isempty(status->cpu_hotplug) || isempty(status->memory_hotplug))
                return;
        put_label(f, "Hotplug");
        if (streq(status->cpu_hotplug, status->memory_hotplug)) {
                (void)fputs("CPU and memory: ", f);
                put_text(f, hotplug_text(status->cpu_hotplug));
        } else {
                (void)fputs("CPU: ", f);
                put_text(f, hotplug_text(status->cpu_hotplug));
                (void)fputs("; memory: ", f);
                put_text(f, hotplug_text(status->memory_hotplug));
        }
        (void)fputc('\n', f);
}

static void print_events(FILE *f, const Status *status, uint64_t now_usec, bool colour) {
        put_label(f, "Events");
        (void)fprintf(f, "%" PRIu64 " in ", status->events_received);
        put_count(f, status->batches, "batch", "batches");
        (void)fprintf(f, ": %" PRIu64 " skipped, ", status->batches_skipped);
        put_count(f, status->reloads, "reload", "reloads");
        if (status->last_event_usec != 0) {
                (void)fputs("; last ", f);
                put_ago(f, status->last_event_usec, now_usec);
        }
        (void)fputc('\n', f);
        if (status->load_failures == 0 && status->overflows == 0)
                return;
        put_label(f, "Trouble");
        if (colour)
                (void)fputs(YELLOW, f);
        put_count(f, status->load_failures, "failed load", "failed loads");
        (void)fputs(", ", f);
        put_count(f, status->overflows, "overflow", "overflows");
        if (colour)
                (void)fputs(NORMAL, f);
        (void)fputc('\n', f);
}

static void print_last_load(FILE *f, const Status *status, uint64_t now_usec) {
        if (status->last_load_usec == 0)
                return;
        put_label(f, "Last load");
        put_ago(f, status->last_load_usec, now_usec);
        (void)fputs(", took ", f);
        put_span(f, status->last_load_duration_usec);
        /* The first load takes nothing away. */
        if (status->total_unprotected_usec > 0) {
                (void)fputs(", unprotected for ", f);
                put_span(f, status->last_unprotected_usec);
                (void)fputs(" (", f);
                put_span(f, status->total_unprotected_usec);
                (void)fputs(" in all)", f);
        }
        (void)fputc('\n', f);
}

static void print_last_crash(FILE *f, const Status *status, bool colour) {
        char date[DATE_TEXT_MAX];

        if (status->last_crash_usec == 0)
                return;
        put_label(f, "Last crash");
        (void)fprintf(f, "%s, ", date_text(date, status->last_crash_usec));
        put_highlighted(f, strempty(status->last_crash_state),
                        status->last_crash_complete ? GREEN : YELLOW, colour);
        if (isempty(status->last_crash_message) && !status->asked_by_root)
                (void)fputs(": (its message is for root only)", f);
        if (!isempty(status->last_crash_message)) {
                (void)fputs(": ", f);
                put_text(f, status->last_crash_message);
        }
        (void)fputc('\n', f);
}

static const char *test_text(const char *result) {
        static const struct {
                const char *result, *text;
        } texts[] = {
                { "pending", "its result is not known yet" },
                { "complete", "it gave a complete dump" },
                { "incomplete", "it gave no complete dump" },
                { "nothing", "it left no trace" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq_ptr(texts[i].result, result))
                        return texts[i].text;
        return strempty(result);
}

static void print_last_test(FILE *f, const Status *status, bool colour) {
        char date[DATE_TEXT_MAX];

        if (!status_has(status, STATUS_INDEX_LastTestUSec))
                return;
        put_label(f, "Crash test");
        if (status->last_test_usec == 0) {
                (void)fputs("never, see 'kdumpctl test --crash'\n", f);
                return;
        }
        (void)fprintf(f, "%s, ", date_text(date, status->last_test_usec));
        put_highlighted(f, test_text(status->last_test_result),
                        streq_ptr(status->last_test_result, "complete") ? GREEN : YELLOW, colour);
        (void)fputs(status->last_test_same_image ? ", with this image\n" : ", with another image\n",
                    f);
}

/* The first half is the line that scripts look for. */
static void print_operational(FILE *f, const Status *status, bool colour) {
        if (!status->armed || !status->stale || isempty(status->obstacle)) {
                print_verdict(f, status->armed, colour);
                return;
        }
        put_highlighted(f, LINE_OPERATIONAL LINE_STALE, YELLOW, colour);
        (void)fputc('\n', f);
}

void print_status_head(FILE *f, const Status *status, uint64_t now_usec, bool colour) {
        print_operational(f, status, colour);
        print_state(f, status, now_usec, colour);
}

static void print_configuration(FILE *f, const Status *status, bool colour) {
        for (size_t i = 0; status->configuration_problems && status->configuration_problems[i];
             i++) {
                put_label(f, "Problem");
                put_highlighted(f, status->configuration_problems[i], YELLOW, colour);
                (void)fputc('\n', f);
        }
        if (!status->configuration_changed)
                return;
        put_label(f, "Changed");
        put_highlighted(f, "the configuration is newer than what kdumpd has read", YELLOW, colour);
        (void)fputs("; 'systemctl reload kdumpd' reads it\n", f);
}

static void print_dump_level(FILE *f, const Status *status, bool colour) {
        char contents[LEVEL_CONTENTS_MAX];

        if (!status_has(status, STATUS_INDEX_DumpLevel) || status->dump_level == UINT64_MAX)
                return;
        put_label(f, "Dumps");
        (void)fprintf(f, "%s (level %" PRIu64 ")",
                      level_contents(status->dump_level, false, contents), status->dump_level);
        if (!isempty(status->dump_level_reason)) {
                (void)fputs(": ", f);
                put_highlighted(f, status->dump_level_reason, YELLOW, colour);
        }
        (void)fputc('\n', f);
}

void print_changed_files(FILE *f, const Status *status, bool colour) {
        if (!status->kernel_changed && !status->initrd_changed)
                return;
        put_label(f, "Changed");
        put_highlighted(f,
                        !status->initrd_changed   ? "the kernel is newer than the image"
                        : !status->kernel_changed ? "the initrd is newer than the image"
                                                  : "kernel and initrd are newer than the image",
                        YELLOW, colour);
        (void)fputs("; 'kdumpctl reload' loads what is there now\n", f);
}

static void print_build(FILE *f, const Status *status, bool colour) {
        const char *message = strempty(status->initrd_message);
        bool is_built = streq_ptr(status->initrd_state, "built") ||
                        streq_ptr(status->initrd_state, "fresh");

        /* What the state says already is not said again. */
        if (streq_ptr(status->initrd_state, "failed") &&
            (isempty(message) || !strstr(strempty(status->state_reason), message))) {
                put_label(f, "Build");
                put_highlighted(f, "failed", YELLOW, colour);
                (void)fputs(": ", f);
                put_text(f, message);
                (void)fputc('\n', f);
        } else if (streq_ptr(status->initrd_state, "building"))
                put_noted(f, "Build", "a new capture initramfs is being built", NULL);
        else if (is_built && !isempty(message)) {
                put_label(f, "Build");
                put_highlighted(f, message, YELLOW, colour);
                (void)fputc('\n', f);
        }
}

void print_status(FILE *f, const Status *status, uint64_t now_usec, bool colour) {
        print_status_head(f, status, now_usec, colour);
        print_configuration(f, status, colour);
        put_noted(f, "Kernel", status->kernel_file, status->kernel_release);
        put_noted(f, "Initrd", status->initrd_file, initrd_kind_warning(status->initrd_kind));
        print_build(f, status, colour);
        print_dump_level(f, status, colour);
        put_noted(f, "Loader", status->loader, status->loader_reason);
        print_reserved(f, status, colour);
        print_hotplug(f, status);
        print_events(f, status, now_usec, colour);
        print_last_load(f, status, now_usec);
        print_last_crash(f, status, colour);
        print_last_test(f, status, colour);
}

enum { COLUMN_WHEN, COLUMN_WHAT, COLUMN_DECISION, COLUMN_RESULT, COLUMN_REASON, _COLUMN_MAX };

#define CELL_MAX DATE_TEXT_MAX

/* The columns of bounded width; the reason comes last, since it may be as long as it likes. */
static const char *const headings[_COLUMN_MAX] = { "WHEN", "WHAT CAME", "DECISION", "RESULT",
                                                   "WHY" };

static void format_cells(const DaemonDecision *d, char cells[static COLUMN_REASON][CELL_MAX]) {
        date_text(cells[COLUMN_WHEN], d->time_usec);
        if (d->events == 0)
                strscpy(cells[COLUMN_WHAT], CELL_MAX, isempty(d->subsystems) ? "-" : d->subsystems);
        else
                strscpyf(cells[COLUMN_WHAT], CELL_MAX, "%" PRIu32 " %s%s%s", d->events,
                         d->subsystems, isempty(d->subsystems) ? "" : " ",
                         d->events == 1 ? "event" : "events");
        strscpy(cells[COLUMN_DECISION], CELL_MAX, d->decision);
        strscpy(cells[COLUMN_RESULT], CELL_MAX, isempty(d->result) ? "-" : d->result);
}

void print_decisions(FILE *f, const DaemonDecisions *decisions, bool colour) {
        char cells[COLUMN_REASON][CELL_MAX];
        size_t widths[COLUMN_REASON];

        if (decisions->n == 0) {
                (void)fputs(
                        "No decisions yet: no CPU or memory came or went since kdumpd started.\n",
                        f);
                return;
        }
        for (size_t c = 0; c < COLUMN_REASON; c++)
                widths[c] = strlen(headings[c]);
        for (size_t i = 0; i < decisions->n; i++) {
                format_cells(&decisions->items[i], cells);
                for (size_t c = 0; c < COLUMN_REASON; c++)
                        widths[c] = MAX(widths[c], text_width(cells[c]));
        }
        if (colour)
                (void)fputs(BOLD, f);
        for (size_t c = 0; c < COLUMN_REASON; c++)
                put_cell(f, headings[c], widths[c]);
        (void)fputs(headings[COLUMN_REASON], f);
        (void)fputs(colour ? NORMAL "\n" : "\n", f);
        for (size_t i = 0; i < decisions->n; i++) {
                const DaemonDecision *d = &decisions->items[i];

                format_cells(d, cells);
                for (size_t c = 0; c < COLUMN_REASON; c++)
                        put_cell(f, cells[c], widths[c]);
                put_text(f, d->reason);
                if (!isempty(d->details)) {
                        (void)fputs(isempty(d->reason) ? "" : "; ", f);
                        put_text(f, d->details);
                }
                (void)fputc('\n', f);
        }
}

void print_settings(FILE *f, const Settings *settings, const char *const *origins,
                    size_t n_origins) {
        const char *section, *key, *previous = NULL;
        char value[SETTINGS_VALUE_MAX];

        for (size_t i = 0; settings_key(i, &section, &key, NULL); i++) {
                if (!previous || !streq(previous, section))
                        (void)fprintf(f, "%s[%s]\n", previous ? "\n" : "", section);
                previous = section;
                if (i < n_origins && origins[i]) {
                        (void)fputs("# ", f);
                        put_text(f, origins[i]);
                        (void)fputc('\n', f);
                }
                (void)fprintf(f, "%s=", key);
                put_text(f, settings_format(settings, i, value));
                (void)fputc('\n', f);
        }
}

void print_reservation(FILE *f, uint64_t bytes) {
        (void)fprintf(f, "Reserved %" PRIu64 "MB memory for crash kernel\n", bytes / MIB);
}
