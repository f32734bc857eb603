/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints of dumps for people. */
#include "ctl/output-dumps.h"

#include <errno.h>
#include <inttypes.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/dump-layout.h"
#include "ctl/print.h"

enum {
        COLUMN_NUMBER,
        COLUMN_WHEN,
        COLUMN_KERNEL,
        COLUMN_STATE,
        COLUMN_SIZE,
        COLUMN_PANIC, /* last, since it may be as long as it likes */
        _COLUMN_MAX,
};

static const char *const headings[_COLUMN_MAX] = {
        "NR", "WHEN", "KERNEL", "STATE", "SIZE", "PANIC"
};

typedef struct Cells {
        char number[16], when[DATE_TEXT_MAX], state[32], size[SIZE_TEXT_MAX];
        const char *column[_COLUMN_MAX];
} Cells;

static void fill_cells(const Dumps *dumps, size_t i, Cells *c) {
        const FoundDump *found = &dumps->items[i];
        const DumpInfo *info = &found->dump.info;
        bool has_file = info->vmcore && found->dump.state != DUMP_MISSING;

        strscpyf(c->number, sizeof(c->number), "%zu", dumps->n - i);
        if (found->dump.when_usec > 0)
                long_date_text(c->when, found->dump.when_usec);
        else
                strscpy(c->when, sizeof(c->when), "-");
        c->column[COLUMN_NUMBER] = c->number;
        c->column[COLUMN_WHEN] = c->when;
        c->column[COLUMN_KERNEL] = info->kernel_release ?: "-";
        if (found->error < 0)
                strscpy(c->state, sizeof(c->state), found->error == -EACCES ? "no access" : "gone");
        else
                strscpyf(c->state, sizeof(c->state), "%s%s",
                         dump_state_to_string(found->dump.state),
                         found->dump.is_flattened ? ", flattened" : "");
        c->column[COLUMN_STATE] = c->state;
        c->column[COLUMN_SIZE] = has_file ? size_text(c->size, info->vmcore_bytes) : "-";
        c->column[COLUMN_PANIC] = info->panic_message ?: "-";
}

static const char *state_escape(const FoundDump *found) {
        if (found->error < 0)
                return YELLOW;
        switch (found->dump.state) {
        case DUMP_COMPLETE:
        case DUMP_COPIED:
        case DUMP_RAW:
                return GREEN;
        case DUMP_INCOMPLETE:
        case DUMP_FAILED:
                return RED;
        default:
                return YELLOW;
        }
}

static void print_row(FILE *f, const Dumps *dumps, size_t i,
                      const size_t widths[static COLUMN_PANIC], bool colour) {
        Cells cells;

        fill_cells(dumps, i, &cells);
        for (size_t c = 0; c < COLUMN_PANIC; c++) {
                bool painted = colour && c == COLUMN_STATE;

                (void)fputs(painted ? state_escape(&dumps->items[i]) : "", f);
                put_cell(f, cells.column[c], widths[c]);
                (void)fputs(painted ? NORMAL : "", f);
        }
        put_text(f, cells.column[COLUMN_PANIC]);
        (void)fputc('\n', f);
}

void print_dumps(FILE *f, const Dumps *dumps, bool colour) {
        size_t widths[COLUMN_PANIC];
        Cells cells;

        for (size_t c = 0; c < COLUMN_PANIC; c++)
                widths[c] = strlen(headings[c]);
        for (size_t i = 0; i < dumps->n; i++) {
                fill_cells(dumps, i, &cells);
                for (size_t c = 0; c < COLUMN_PANIC; c++)
                        widths[c] = MAX(widths[c], text_width(cells.column[c]));
        }
        (void)fputs(colour ? BOLD : "", f);
        for (size_t c = 0; c < COLUMN_PANIC; c++)
                put_cell(f, headings[c], widths[c]);
        (void)fputs(headings[COLUMN_PANIC], f);
        (void)fputs(colour ? NORMAL "\n" : "\n", f);
        for (size_t i = 0; i < dumps->n; i++)
                print_row(f, dumps, i, widths, colour);
}

static void print_when(FILE *f, uint64_t when_usec, uint64_t now_usec) {
        char date[DATE_TEXT_MAX];

        if (when_usec == 0)
                return;
        put_label(f, "When");
        (void)fprintf(f, "%s (", long_date_text(date, when_usec));
        put_ago(f, when_usec, now_usec);
        (void)fputs(")\n", f);
}

static void put_path(FILE *f, const DumpInfo *info, const char *name) {
        if (info->directory) {
                put_text(f, info->directory);
                (void)fputc('/', f);
        }
        put_text(f, name);
}

static void print_state(FILE *f, const FoundDump *found, bool colour) {
        const DumpInfo *info = &found->dump.info;

        put_label(f, "State");
        put_highlighted(f, dump_state_to_string(found->dump.state), state_escape(found), colour);
        if (!isempty(info->message)) {
                (void)fputs(": ", f);
                put_text(f, info->message);
        }
        (void)fputc('\n', f);
        if (found->target->is_raw) {
                put_label(f, "Note");
                (void)fputs("it lies on a device, and the next crash will overwrite it; 'kdumpctl "
                            "recover' takes it into files\n",
                            f);
        }
        if (found->dump.is_flattened) {
                put_label(f, "Note");
                (void)fputs("it is in makedumpfile's flattened format: \"makedumpfile -R FILE <",
                            f);
                put_path(f, info, info->vmcore);
                (void)fputs("\" makes an ordinary dump FILE of it\n", f);
        }
        if (info->vmcore && dump_is_packed(info->vmcore)) {
                put_label(f, "Note");
                (void)fputs("it is compressed as a whole, and has to be unpacked first\n", f);
        }
        if (!found->dump.has_summary) {
                put_label(f, "Note");
                (void)fputs("kdump-capture left no summary; this is what names and log tell\n", f);
        }
        if (info->kernel_unknown) {
                put_label(f, "Note");
                put_highlighted(f,
                                "makedumpfile did not know this kernel: pages that a debugger "
                                "needs may be missing",
                                YELLOW, colour);
                (void)fputc('\n', f);
        }
        if (info->level_reason) {
                put_label(f, "Note");
                put_text(f, info->level_reason);
                (void)fputc('\n', f);
        }
        if (info->unreadable_bytes > 0) {
                char size[SIZE_TEXT_MAX];

                put_label(f, "Note");
                (void)fprintf(f, "%s of the memory could not be read, and are zeros in the dump\n",
                              size_text(size, info->unreadable_bytes));
        }
}

static void print_machine(FILE *f, const DumpInfo *info) {
        if (info->n_ranges == 0)
                return;
        put_label(f, "Memory");
        put_mib(f, info->memory_bytes);
        (void)fputs(" in ", f);
        put_count(f, info->n_ranges, "range", "ranges");
        (void)fputs(", registers of ", f);
        put_count(f, info->n_cpus, "CPU", "CPUs");
        (void)fputc('\n', f);
}

static void print_file(FILE *f, const char *label, const DumpInfo *info, const char *name,
                       uint64_t bytes) {
        char size[SIZE_TEXT_MAX];

        if (!name)
                return;
        put_label(f, label);
        put_path(f, info, name);
        (void)fprintf(f, " (%s)\n", size_text(size, bytes));
}

static void print_collector(FILE *f, const DumpInfo *info) {
        if (!info->collector)
                return;
        put_label(f, "Collector");
        put_text(f, info->collector);
        if (info->collector_version) {
                (void)fputs(" (", f);
                put_text(f, info->collector_version);
                (void)fputc(')', f);
        }
        if (info->collector_status < 0)
                (void)fputs(", not run", f);
        else if (info->collector_status >= 256)
                (void)fprintf(f, ", killed by signal %" PRId64, info->collector_status - 256);
        else
                (void)fprintf(f, ", exit status %" PRId64, info->collector_status);
        (void)fputc('\n', f);
}

static void print_capture(FILE *f, const DumpInfo *info) {
        if (info->target) {
                put_label(f, "Written to");
                put_text(f, info->target);
                (void)fputs(info->on_fallback ? ", as the target could not be had\n" : "\n", f);
        }
        if (info->total_usec == 0)
                return;
        put_label(f, "Capture");
        if (info->capture_release) {
                put_text(f, info->capture_release);
                (void)fputs(": ", f);
        }
        put_span(f, info->since_boot_usec);
        (void)fputs(" to boot, ", f);
        put_span(f, info->target_usec);
        (void)fputs(" for the target, ", f);
        put_span(f, info->log_usec);
        (void)fputs(" for the log, ", f);
        put_span(f, info->dump_usec);
        (void)fputs(" for the dump, ", f);
        put_span(f, info->total_usec);
        (void)fputs(" in all\n", f);
}

void print_dump(FILE *f, const FoundDump *found, const char *report, size_t size, uint64_t now_usec,
                bool colour) {
        const DumpInfo *info = &found->dump.info;

        print_when(f, found->dump.when_usec, now_usec);
        put_noted(f, "Host", info->host, NULL);
        put_noted(f, "Kernel", info->kernel_release, info->machine);
        put_noted(f, "Panic", info->panic_message, NULL);
        put_noted(f, "Where", info->panic_where, NULL);
        if (info->panic_uptime_usec > 0) {
                put_label(f, "Uptime");
                put_coarse_span(f, info->panic_uptime_usec);
                (void)fputc('\n', f);
        }
        print_machine(f, info);
        print_state(f, found, colour);
        put_noted(f, "Directory", info->directory, NULL);
        if (found->target->is_raw)
                put_noted(f, "Device", found->target->path, NULL);
        print_file(f, "Dump", info, info->vmcore, info->vmcore_bytes);
        print_file(f, "Log", info, info->log, info->log_bytes);
        print_collector(f, info);
        print_capture(f, info);
        if (report) {
                (void)fputc('\n', f);
                put_lines(f, report, size);
        }
}
