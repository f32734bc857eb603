/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints of what a capture would need, and of crash tests. */
#include <inttypes.h>

#include "base/string-util.h"
#include "ctl/output.h"
#include "ctl/print.h"

/* As kdump-load lays out what stands above it. */
static void put_heading(FILE *f, const char *heading) {
        int n = fprintf(f, "%s:", heading);

        (void)fprintf(f, "%*s", MAX(14 - n, 1), "");
}

/* The image has one part of the reservation, the capture all. */
static void put_parts(FILE *f, const Needs *needs) {
        const Reservation *r = &needs->reservation;

        if (!r->is_sum && r->bytes == r->total_bytes && r->cma_bytes == 0)
                return;
        (void)fputs(" (", f);
        put_mib(f, needs->estimate.loaded);
        (void)fputs(" of that in one piece: ", f);
        if (r->is_sum)
                (void)fputs("of several parts, only root sees how large they are", f);
        else
                put_mib(f, r->bytes);
        if (r->cma_bytes > 0) {
                (void)fputs("; ", f);
                put_mib(f, r->cma_bytes);
                (void)fputs(" are CMA", f);
        }
        (void)fputs(")", f);
}

/* What the numbers rest on that was not seen. */
static void put_assumptions(FILE *f, const Needs *needs,
                            void (*put)(FILE *f, const char *heading)) {
        if (needs->initrd_is_assumed) {
                put(f, "Assumed");
                (void)fputs("a capture initramfs of ", f);
                put_mib(f, needs->input.initrd_bytes);
                (void)fputs(", and ", f);
                put_mib(f, needs->input.initrd_unpacked_bytes);
                (void)fputs(" unpacked, as there is none to measure\n", f);
        }
        if (needs->initrd_kind == INITRD_UNKNOWN) {
                put(f, "Assumed");
                (void)fputs("an initrd that starts no more than the capture, as it is of a kind "
                            "that is not known\n",
                            f);
        }
        if (needs->reservation.cma_is_hidden) {
                put(f, "Not seen");
                (void)fputs("what crashkernel=SIZE,cma adds, as this kernel does not tell\n", f);
        }
        if (*needs->unseen) {
                put(f, "Not seen");
                put_text(f, needs->unseen);
                (void)fputs("; try it as root\n", f);
        }
}

void print_fit(FILE *f, const Needs *needs, bool colour) {
        const Reservation *r = &needs->reservation;
        const Estimate *e = &needs->estimate;
        uint64_t all = add_saturated(r->total_bytes, r->cma_bytes);
        bool fits = estimate_fits(e, r->bytes, all);
        bool may_fit =
                fits ? r->is_sum : r->cma_is_hidden && estimate_fits(e, r->bytes, UINT64_MAX);
        char advice[NEEDS_ADVICE_MAX];

        put_heading(f, "Fit");
        (void)fputs("a capture takes about ", f);
        put_mib(f, e->needed);
        if (r->bytes == 0)
                (void)fputs(", and nothing is reserved", f);
        else {
                (void)fputs(" of the ", f);
                put_mib(f, all);
                put_parts(f, needs);
                (void)fputs(", which ", f);
                put_highlighted(f,
                                may_fit ? "may do"
                                : fits  ? "do"
                                        : "do not suffice",
                                may_fit ? YELLOW
                                : fits  ? GREEN
                                        : RED,
                                colour);
        }
        (void)fprintf(f, "; crashkernel=%s%s would do\n", needs_advice(needs, advice),
                      r->cma_bytes > 0 ? " alone" : "");
        put_assumptions(f, needs, put_heading);
}

void print_dump_contents(FILE *f, const LevelCheck *check, uint64_t level, uint64_t unknown_level,
                         const MemoryUse *use, bool is_root, bool colour) {
        uint64_t safe = level_safe(check, level);
        char contents[LEVEL_CONTENTS_MAX], reason[LEVEL_REASON_MAX];

        put_heading(f, "Dumps");
        (void)fprintf(f, "%s (level %" PRIu64 ")", level_contents(safe, check->is_blind, contents),
                      safe);
        if (use->total > 0) {
                (void)fputs(", about ", f);
                put_mib(f, level_dump_bytes(use, safe, check->is_blind));
                (void)fputs(" before compression", f);
        }
        (void)fputs("\n", f);
        if (*level_reason(check, level, reason) != '\0') {
                put_heading(f, "Level");
                put_highlighted(f, reason, YELLOW, colour);
                (void)fputs("\n", f);
        }
        if (check->verdict == LEVEL_NOT_KNOWN && (level & ~unknown_level) != 0) {
                put_heading(f, "Level");
                (void)fprintf(f,
                              "%" PRIu64 " (UnknownKernelLevel=) if makedumpfile says that it does "
                              "not know the kernel, which cannot be found out %s\n",
                              level & unknown_level,
                              is_root ? "beforehand" : "by others than root");
        }
}

void print_crash_test(FILE *f, const CrashTest *test, bool same_image) {
        static const char *const texts[_CRASH_TEST_RESULT_MAX] = {
                [CRASH_TEST_PENDING] = "its result is not known yet",
                [CRASH_TEST_COMPLETE] = "it gave a complete dump",
                [CRASH_TEST_INCOMPLETE] = "it gave no complete dump",
                [CRASH_TEST_NOTHING] = "it left no trace",
        };
        char date[DATE_TEXT_MAX];

        put_heading(f, "Crash test");
        if (!test) {
                (void)fputs("never, see 'kdumpctl test --crash'\n", f);
                return;
        }
        (void)fprintf(f, "%s, %s, with %s image\n", date_text(date, test->started_usec),
                      texts[test->result], same_image ? "this" : "another");
}

void print_target_untried(FILE *f) {
        put_heading(f, "Target");
        (void)fputs("the target was not tried, which takes a 'kdumpctl test --crash'\n", f);
}

void print_collector(FILE *f, const char *core_collector, const char *refusal, bool colour) {
        put_heading(f, "Collector");
        if (!refusal) {
                (void)fputs("makedumpfile takes these options\n", f);
                return;
        }
        put_highlighted(f, "no", RED, colour);
        (void)fputs(": makedumpfile refuses CoreCollector=", f);
        put_text(f, core_collector);
        (void)fputs(" (", f);
        put_text(f, refusal);
        (void)fputs("), and a dump would be a copy of the whole memory\n", f);
}

void print_collector_use(FILE *f, const char *option, bool colour) {
        put_heading(f, "Collector");
        put_highlighted(f, "no", RED, colour);
        (void)fprintf(f, ": with %s makedumpfile writes no dump into a file\n", option);
}

void print_crash_test_unseen(FILE *f) {
        put_heading(f, "Crash test");
        (void)fputs("only root sees how the last one went\n", f);
}

static void print_part(FILE *f, const char *what, uint64_t bytes, const char *note) {
        put_label(f, what);
        put_mib(f, bytes);
        if (note)
                (void)fprintf(f, " (%s)", note);
        (void)fputc('\n', f);
}

void print_estimate(FILE *f, const Needs *needs) {
        const Reservation *r = &needs->reservation;
        bool has_parts = !r->is_sum && r->bytes < r->total_bytes;
        const Estimate *e = &needs->estimate;
        char advice[NEEDS_ADVICE_MAX];

        (void)fprintf(f, "crashkernel=%s\n", needs_advice(needs, advice));
        print_part(f, "Kernel", e->kernel, NULL);
        print_part(f, "Initrd", e->initrd,
                   needs->initrd_is_assumed   ? "packed and unpacked, assumed"
                   : needs->unpacked_is_guess ? "packed and, as a guess, unpacked"
                                              : "packed and unpacked");
        print_part(f, "Header", e->header, NULL);
        print_part(f, "Drivers", e->system, NULL);
        print_part(f, "Collector", e->collector, NULL);
        if (e->bounce > 0)
                print_part(f, "Buffers", e->bounce, "for devices, as memory is encrypted");
        if (e->services > 0)
                print_part(f, "Services", e->services,
                           "of the whole system, which the initrd starts");
        print_part(f, "In all", e->needed, NULL);
        print_part(f, "Image", e->loaded, "has to lie in one piece");
        print_part(f, "Reserved", r->total_bytes,
                   r->is_sum ? "in parts; only root sees how large they are" : NULL);
        if (has_parts)
                print_part(f, "For images", r->bytes, "the highest part");
        if (r->cma_bytes > 0)
                print_part(f, "From CMA", r->cma_bytes, "for the capture kernel, not for images");
        put_assumptions(f, needs, put_label);
}

void print_check(FILE *f, const Check *check, bool colour) {
        static const char *const escapes[_CHECK_STATE_MAX] = {
                [CHECK_OK] = GREEN,
                [CHECK_CHANGED] = GREEN,
                [CHECK_LEFT] = YELLOW,
                [CHECK_FAILED] = RED,
        };
        const char *state = check_state_to_string(check->state);

        put_highlighted(f, state, escapes[check->state], colour);
        (void)fprintf(f, "%*s  ", (int)(sizeof("changed") - 1 - strlen(state)), "");
        put_cell(f, check->name, sizeof("other-services") - 1);
        put_text(f, check->text);
        (void)fputs("\n", f);
}
