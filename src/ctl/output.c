/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for people. */
#include "ctl/output.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/string-util.h"
#include "base/time-util.h"

#define GREEN  "\x1b[1;32m"
#define RED    "\x1b[1;31m"
#define YELLOW "\x1b[1;33m"
#define BOLD   "\x1b[1m"
#define NORMAL "\x1b[0m"

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

/* Text that came from elsewhere (paths, messages): control characters would act on the terminal. */
static void put_text(FILE *f, const char *text) {
        for (const char *p = text; *p; p++)
                (void)fputc((unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p, f);
}

static void put_label(FILE *f, const char *label) {
        (void)fprintf(f, "%12s: ", label);
}

static void put_highlighted(FILE *f, const char *text, const char *escape, bool colour) {
        if (colour)
                (void)fputs(escape, f);
        put_text(f, text);
        if (colour)
                (void)fputs(NORMAL, f);
}

static void put_mib(FILE *f, uint64_t bytes) {
        if (bytes % MIB == 0 || bytes >= 100 * MIB)
                (void)fprintf(f, "%" PRIu64 " MiB", bytes / MIB);
        else
                (void)fprintf(f, "%" PRIu64 ".%" PRIu64 " MiB", bytes / MIB,
                              bytes % MIB * 10 / MIB);
}

static void put_span(FILE *f, uint64_t usec) {
        char buf[TIMESPAN_MAX];

        (void)fputs(format_timespan(buf, usec), f);
}

/* A span without the precision that nobody wants of "how long ago". */
static void put_coarse_span(FILE *f, uint64_t usec) {
        if (usec < USEC_PER_MINUTE)
                (void)fprintf(f, "%" PRIu64 " s", usec / USEC_PER_SEC);
        else if (usec < 48 * USEC_PER_HOUR)
                put_span(f, usec);
        else
                (void)fprintf(f, "%" PRIu64 " days", usec / (24 * USEC_PER_HOUR));
}

static void put_ago(FILE *f, uint64_t then_usec, uint64_t now_usec) {
        uint64_t span = sub_saturated(now_usec, then_usec);

        /* A clock that was set back makes the past the future: "just now". */
        if (span < USEC_PER_SEC) {
                (void)fputs("just now", f);
                return;
        }
        put_coarse_span(f, span);
        (void)fputs(" ago", f);
}

static void put_count(FILE *f, uint64_t n, const char *one, const char *many) {
        (void)fprintf(f, "%" PRIu64 " %s", n, n == 1 ? one : many);
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

static void print_state(FILE *f, const DaemonStatus *status, uint64_t now_usec, bool colour) {
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

/* "label: value (note)", or nothing if there is no value. */
static void print_noted(FILE *f, const char *label, const char *value, const char *note) {
        if (isempty(value))
                return;
        put_label(f, label);
        put_text(f, value);
        if (!isempty(note)) {
                (void)fputs(" (", f);
                put_text(f, note);
                (void)fputc(')', f);
        }
        (void)fputc('\n', f);
}

static void print_reserved(FILE *f, const DaemonStatus *status) {
        put_label(f, "Reserved");
        if (status->reservation_bytes == 0)
                (void)fputs("nothing", f);
        else
                put_mib(f, status->reservation_bytes);
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

static void print_hotplug(FILE *f, const DaemonStatus *status) {
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

static void print_events(FILE *f, const DaemonStatus *status, uint64_t now_usec, bool colour) {
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

static void print_last_load(FILE *f, const DaemonStatus *status, uint64_t now_usec) {
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

void print_status(FILE *f, const DaemonStatus *status, uint64_t now_usec, bool colour) {
        print_verdict(f, status->armed, colour);
        print_state(f, status, now_usec, colour);
        print_noted(f, "Kernel", status->kernel_file, status->kernel_release);
        print_noted(f, "Initrd", status->initrd_file, NULL);
        print_noted(f, "Loader", status->loader, status->loader_reason);
        print_reserved(f, status);
        print_hotplug(f, status);
        print_events(f, status, now_usec, colour);
        print_last_load(f, status, now_usec);
}

enum { COLUMN_WHEN, COLUMN_WHAT, COLUMN_DECISION, COLUMN_RESULT, COLUMN_REASON, _COLUMN_MAX };

#define CELL_MAX 64

/* The columns of bounded width; the reason comes last, since it may be as long as it likes. */
static const char *const headings[_COLUMN_MAX] = { "WHEN", "WHAT CAME", "DECISION", "RESULT",
                                                   "WHY" };

static void format_cells(const DaemonDecision *d, char cells[static COLUMN_REASON][CELL_MAX]) {
        time_t seconds = (time_t)(d->time_usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        if (!localtime_r(&seconds, &tm) ||
            strftime(cells[COLUMN_WHEN], CELL_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                strscpy(cells[COLUMN_WHEN], CELL_MAX, "?");
        if (d->events == 0)
                strscpy(cells[COLUMN_WHAT], CELL_MAX, isempty(d->subsystems) ? "-" : d->subsystems);
        else
                strscpyf(cells[COLUMN_WHAT], CELL_MAX, "%" PRIu32 " %s%s%s", d->events,
                         d->subsystems, isempty(d->subsystems) ? "" : " ",
                         d->events == 1 ? "event" : "events");
        strscpy(cells[COLUMN_DECISION], CELL_MAX, d->decision);
        strscpy(cells[COLUMN_RESULT], CELL_MAX, isempty(d->result) ? "-" : d->result);
}

static void put_cell(FILE *f, const char *text, size_t width) {
        put_text(f, text);
        (void)fprintf(f, "%*s", (int)(width - strlen(text)) + 2, "");
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
                        widths[c] = MAX(widths[c], strlen(cells[c]));
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
