/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints of a reservation that is to be written. */
#include "ctl/output-reserve.h"

#include "base/string-util.h"
#include "ctl/print.h"
#include "sys/json-fields.h"

#define LONGEST 65536u /* bytes of a string */

static void put_word(FILE *f, const char *label, const char *word, const char *none) {
        put_label(f, label);
        put_text(f, *word ? word : none);
}

static void put_now(FILE *f, const ReserveReport *report) {
        put_word(f, "Now", report->plan->old_words, "no crashkernel=");
        if (report->reserved_bytes > 0) {
                (void)fputs(", ", f);
                put_mib(f, report->reserved_bytes);
                (void)fputs(" reserved\n", f);
        } else
                (void)fputs(", nothing reserved\n", f);
}

/* Whether it is enough, where somebody has named a size. */
static void put_fit(FILE *f, const ReserveReport *report, bool colour) {
        const Estimate *e = report->needs ? &report->needs->estimate : NULL;

        if (report->asked_bytes == 0)
                return;
        put_label(f, "Needed");
        if (!e) {
                /* All the places that were tried are what an estimate shows. */
                (void)fprintf(f, "not known: %.*s\n", (int)strcspn(report->needs_error, "("),
                              report->needs_error);
                return;
        }
        (void)fputs("about ", f);
        put_mib(f, e->needed);
        (void)fputs(" by a capture", f);
        if (report->needs->initrd_is_assumed)
                (void)fputs(", with an initramfs of a usual size, as there is none yet", f);
        if (!estimate_fits(e, report->asked_bytes, report->asked_bytes)) {
                (void)fputs(": ", f);
                put_highlighted(f, "the new one is too small", RED, colour);
        }
        (void)fputc('\n', f);
}

static void put_commands(FILE *f, const char *commands) {
        const char *label = "By hand";

        for (const char *line = commands; *line;) {
                size_t n = strcspn(line, "\n");
                _cleanup_free_ char *copy = strndup(line, n);

                put_label(f, label);
                put_text(f, strempty(copy));
                (void)fputc('\n', f);
                label = "";
                line += n + (line[n] == '\n');
        }
}

static void put_outcome(FILE *f, const ReserveReport *report, bool colour) {
        const ReservePlan *plan = report->plan;
        const ReserveResult *result = report->result;

        if (plan->obstacle) {
                put_label(f, "Obstacle");
                put_highlighted(f, plan->obstacle, YELLOW, colour);
                (void)fputc('\n', f);
        }
        if (plan->commands)
                put_commands(f, plan->commands);
        else if (plan->is_done && plan->new_word)
                put_noted(f, "Written", "already; it counts from the next boot on", NULL);
        else if (plan->is_done)
                put_noted(f, "Written", "nothing by kdumpctl, so nothing is taken away", NULL);
        else if (result)
                put_noted(f, plan->new_word ? "Written" : "Taken away",
                          "it counts from the next boot on", NULL);
        else
                put_noted(f, "Written", "nothing: --write does it", NULL);
        if (result && result->note) {
                put_label(f, "Note");
                put_highlighted(f, result->note, YELLOW, colour);
                (void)fputc('\n', f);
        }
}

void print_reserve(FILE *f, const ReserveReport *report, bool colour) {
        const ReservePlan *plan = report->plan;
        const char *next = report->result ? report->result->word : plan->back_word;

        put_now(f, report);
        if (plan->new_word)
                put_word(f, "New", plan->new_word, "");
        else
                put_word(f, "Then", next, "no crashkernel=");
        (void)fputc('\n', f);
        put_fit(f, report, colour);
        put_noted(f, "Boot loader", plan->loader->name, NULL);
        put_noted(f, "Kept in", plan->place, NULL);
        if (plan->own_word[0] && plan->new_word && !plan->is_done)
                put_noted(f, "Replaces", plan->own_word, "written by kdumpctl");
        put_outcome(f, report, colour);
}

/* --- JSON */

typedef struct Row {
        char *loader, *place, *old_words, *new_word, *own_word, *back_word, *obstacle, *commands;
        char *next_word, *note;
        uint64_t reserved_bytes, asked_bytes, needed_bytes;
        bool is_writable, is_done, is_written;
} Row;

static const JsonField table[] = {
        JSON_FIELD(STRING, Row, "BootLoader", loader),
        JSON_FIELD(STRING, Row, "Place", place),
        JSON_FIELD(STRING, Row, "OldWords", old_words),
        JSON_FIELD(STRING, Row, "NewWord", new_word),
        JSON_FIELD(STRING, Row, "OwnWord", own_word),
        JSON_FIELD(STRING, Row, "BackWord", back_word),
        JSON_FIELD(NUMBER, Row, "ReservationTotalBytes", reserved_bytes),
        JSON_FIELD(NUMBER, Row, "AskedBytes", asked_bytes),
        JSON_FIELD(NUMBER, Row, "NeededBytes", needed_bytes),
        JSON_FIELD(BOOL, Row, "Writable", is_writable),
        JSON_FIELD(STRING, Row, "Obstacle", obstacle),
        JSON_FIELD(STRING, Row, "Commands", commands),
        JSON_FIELD(BOOL, Row, "Done", is_done),
        JSON_FIELD(BOOL, Row, "Written", is_written),
        JSON_FIELD(STRING, Row, "NextWord", next_word),
        JSON_FIELD(STRING, Row, "Note", note),
};
static const JsonFields fields = JSON_FIELDS(table, LONGEST);

int json_print_reserve(FILE *f, const ReserveReport *report) {
        const ReservePlan *plan = report->plan;
        const Row row = {
                .loader = (char *)plan->loader->name,
                .place = plan->place,
                .old_words = plan->old_words,
                .new_word = plan->new_word,
                .own_word = plan->own_word,
                .back_word = plan->back_word,
                .obstacle = plan->obstacle,
                .commands = plan->commands,
                .next_word = report->result ? report->result->word : NULL,
                .note = report->result ? report->result->note : NULL,
                .reserved_bytes = report->reserved_bytes,
                .asked_bytes = report->asked_bytes,
                .needed_bytes = report->needs ? report->needs->estimate.needed : 0,
                .is_writable = plan->is_writable,
                .is_done = plan->is_done,
                .is_written = report->result && !plan->is_done,
        };
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_fields_to_text(&fields, &row, &text);
        if (r >= 0)
                (void)fputs(text, f);
        return r;
}
