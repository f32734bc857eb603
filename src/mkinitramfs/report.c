/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs says. */
#include "mkinitramfs/report.h"

#include <errno.h>
#include <inttypes.h>

#include "sys/build-report-json.h"
#include "sys/vmcoreinfo.h"

#define KIB 1024.0

static void print_target(FILE *f, const char *what, const PlanTarget *target) {
        if (target->type == PLAN_TARGET_NONE)
                return;
        (void)fprintf(f, "%s: %s", what, target->label);
        if (target->type == PLAN_TARGET_RAW)
                (void)fprintf(f, ", written over");
        else
                (void)fprintf(f, ", %s, in %s", target->file_system, target->directory);
        (void)fprintf(f, ", found by %s %s\n", device_tag_to_string(target->device.tag),
                      target->device.value);
}

static void print_devices(FILE *f, const CapturePlan *plan) {
        for (size_t i = 0; i < plan->n_devices; i++) {
                const PlanDevice *d = &plan->devices[i];

                (void)fprintf(f, "Assembled: %s %s\n", plan_device_type_to_string(d->type),
                              d->name);
                for (size_t j = 0; j < d->n_lines; j++)
                        (void)fprintf(f, "  %" PRIu64 " %" PRIu64 " %s %s\n",
                                      d->lines[j].start_sectors, d->lines[j].length_sectors,
                                      d->lines[j].type, d->lines[j].parameters);
        }
}

int report_contents(FILE *f, const Builder *b) {
        uint64_t bytes = 0;

        (void)fprintf(f, "Kernel: %s\n", b->release);
        print_target(f, "Target", &b->plan.target);
        print_target(f, "Fallback", &b->plan.fallback);
        print_devices(f, &b->plan);
        (void)fprintf(f, "Compression: %s\n", compression_to_string(b->compression));
        if (b->warning.text[0] != '\0')
                (void)fprintf(f, "Warning: %s\n", b->warning.text);
        (void)fprintf(f, "Modules, in the order of loading:\n");
        for (size_t i = 0; i < b->plan.n_modules; i++) {
                const PlanModule *module = &b->plan.modules[i];
                const Entry *e = builder_find(b, module->path);

                (void)fprintf(f, "  %s%s%s (%s)\n", path_name(module->path),
                              module->options[0] ? " " : "", module->options,
                              strempty(e ? e->why : NULL));
        }
        (void)fprintf(f, "Files:\n");
        for (size_t i = 0; i < b->n_entries; i++) {
                const Entry *e = &b->entries[i];

                if (e->type != ENTRY_FILE)
                        continue;
                bytes += e->size;
                (void)fprintf(f, "  %8" PRIu64 " %s", e->size, e->path);
                if (!streq(e->path, e->source))
                        (void)fprintf(f, " from %s", e->source);
                (void)fprintf(f, " (%s)\n", e->why);
        }
        (void)fprintf(f, "Together: %.0f KiB\n", (double)bytes / KIB);
        return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}

static int print_json(FILE *f, const Builder *b, int result, const Image *image) {
        _cleanup_free_ char *text = NULL;
        const char *message = result < 0 ? b->error.text : b->warning.text;
        char reason[LEVEL_REASON_MAX];
        BuildReport report = {
                .failed = result < 0,
                .built = !image->fresh,
                .path = image->path,
                .packed_bytes = image->packed_bytes,
                .unpacked_bytes = image->unpacked_bytes,
                .dump_level = UINT64_MAX,
                .message = message[0] ? (char *)message : NULL,
        };

        /* Of the kernel that runs, for it is its dumps that this image makes. */
        if (result >= 0) {
                LevelCheck check;
                uint64_t level = vmcoreinfo_check(b->root_fd, b->settings->core_collector, &check);

                if (level != UINT64_MAX) {
                        report.dump_level = level_safe(&check, level);
                        if (*level_reason(&check, level, reason) != '\0')
                                report.level_reason = reason;
                }
        }
        if (build_report_to_json(&report, &text) < 0)
                return -ENOMEM;
        (void)fputs(text, f);
        return fflush(f) != 0 ? -EIO : 0;
}

int report_result(FILE *f, const Builder *b, int result, const Image *image, bool json) {
        if (result < 0)
                (void)fprintf(stderr, "kdump-mkinitramfs: %s\n",
                              b->error.text[0] ? b->error.text : strerror(-result));
        else if (b->warning.text[0] != '\0')
                (void)fprintf(stderr, "kdump-mkinitramfs: %s\n", b->warning.text);
        if (json) {
                int r = print_json(f, b, result, image);

                return r < 0 ? r : result;
        }
        if (result < 0)
                return result;
        (void)fprintf(f, "%s %s: %.0f KiB, unpacked %.0f KiB.\n",
                      image->fresh ? "Nothing has changed since the making of" : "Made",
                      image->path, (double)image->packed_bytes / KIB,
                      (double)image->unpacked_bytes / KIB);
        return fflush(f) != 0 ? -EIO : result;
}
