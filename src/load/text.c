/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as text for people. */
#include "load/text.h"

#include <inttypes.h>

#include "base/time-util.h"
#include "sys/kexec.h"

#define SIZE_MAX_TEXT 32

static const char *format_size(char buf[static SIZE_MAX_TEXT], uint64_t bytes) {
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
        double value = (double)bytes / 1024;
        size_t unit = 0;

        if (bytes < 1024) {
                strscpyf(buf, SIZE_MAX_TEXT, "%" PRIu64 " bytes", bytes);
                return buf;
        }
        while (value >= 1024 && unit + 1 < ELEMENTSOF(units)) {
                value /= 1024;
                unit++;
        }
        strscpyf(buf, SIZE_MAX_TEXT, value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
        return buf;
}

static void print_file(FILE *f, const char *title, const FileIdentity *file, const char *release) {
        char size[SIZE_MAX_TEXT];

        if (!file->path)
                return;
        (void)fprintf(f, "%-14s%s", title, file->path);
        if (file->size > 0) /* it was opened */
                (void)fprintf(f, " (%s%s%s)", strempty(release), release ? ", " : "",
                              format_size(size, file->size));
        (void)fputc('\n', f);
}

static void print_reservation(FILE *f, const LoadReport *report) {
        char size[SIZE_MAX_TEXT], needed[SIZE_MAX_TEXT];

        if (report->reservation_bytes == 0)
                return;
        (void)fprintf(f, "%-14s%s", "Reservation:", format_size(size, report->reservation_bytes));
        if (report->reservation_is_sum)
                (void)fputs(" in parts, the highest of which has to hold the image; how large "
                            "that is, only root sees",
                            f);
        else if (report->needed_bytes > 0)
                (void)fprintf(f, ", of which the image takes at least %s",
                              format_size(needed, report->needed_bytes));
        if (report->reservation_cma_bytes > 0)
                (void)fprintf(f, "; %s of CMA for the capture kernel besides",
                              format_size(size, report->reservation_cma_bytes));
        (void)fputc('\n', f);
}

/* Those that are left out, or those that stay unknown. */
static void print_words(FILE *f, const char *title, const LoadReport *report, bool unknown) {
        bool any = false;

        for (size_t i = 0; i < report->n_words; i++)
                if (streq(report->words[i].meaning, "unknown") == unknown) {
                        if (any)
                                (void)fputs(", ", f);
                        else
                                (void)fprintf(f, "%-14s", title);
                        (void)fputs(report->words[i].word, f);
                        any = true;
                }
        if (any)
                (void)fputs(unknown ? " (what this does to a capture is not known, and it stays)\n"
                                    : " (why, is in --json and kdumpd.conf(5))\n",
                            f);
}

static void print_image(FILE *f, const LoadReport *report, LoadWhat what) {
        const char *warning = initrd_kind_warning(report->initrd_kind);

        print_file(f, "Kernel:", &report->kernel, report->kernel_release);
        if (report->flags & KEXEC_FILE_FLAG_NO_INITRAMFS)
                (void)fprintf(f, "%-14snone\n", "Initrd:");
        print_file(f, "Initrd:", &report->initrd, NULL);
        if (warning)
                (void)fprintf(f, "%-14s%s\n", "", warning);
        if (report->command_line)
                (void)fprintf(f, "%-14s%s\n", "Command line:", report->command_line);
        if (what == LOAD_WHAT_DRY_RUN) {
                print_words(f, "Left out:", report, false);
                print_words(f, "Not known:", report, true);
        }
        if (report->flags != 0)
                (void)fprintf(f, "%-14s%s, flags 0x%" PRIx64 " (%s)\n",
                              "System call:", strempty(report->loader), report->flags,
                              strempty(report->loader_reason));
        print_reservation(f, report);
}

static void print_outcome(FILE *f, const LoadReport *report, LoadWhat what) {
        char call[TIMESPAN_MAX], prepare[TIMESPAN_MAX];
        uint64_t call_usec = sub_saturated(report->call_end_usec, report->call_start_usec);

        if (report->failure != FAILURE_NONE)
                return;
        if (what == LOAD_WHAT_DRY_RUN)
                (void)fprintf(f, "%-14snothing was loaded: a dry run\n", "Result:");
        else if (what == LOAD_WHAT_LOAD)
                (void)fprintf(f, "%-14s%s in %s, after %s of preparation\n",
                              "Result:", report->had_image ? "replaced the image" : "loaded",
                              format_timespan(call, call_usec),
                              format_timespan(prepare, report->prepare_usec));
        else
                (void)fprintf(f, "%-14s%s in %s\n", "Result:",
                              report->had_image ? "unloaded" : "nothing was loaded, unloaded",
                              format_timespan(call, call_usec));
        if (report->busy_tries > 0)
                (void)fprintf(
                        f, "%-14sthe kernel was busy with another kexec call %" PRIu64 " times\n",
                        "", report->busy_tries);
}

void report_print(FILE *f, const LoadReport *report, LoadWhat what) {
        if (what != LOAD_WHAT_UNLOAD)
                print_image(f, report, what);
        print_outcome(f, report, what);
}
