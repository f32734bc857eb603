/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the capture kernel. */
#include "load/command-line.h"

#include "base/string-util.h"
#include "core/kexec-mark.h"
#include "load/cmdline.h"
#include "sys/kernel-state.h"
#include "sys/places.h"
#include "sys/watchdog.h"

#define CMDLINE_FILE_MAX (64u * 1024u) /* of /proc/cmdline */

/* Where an image of s390 says how long a command line may be, with its NUL: 8 bytes, which are 0
 * in older ones (struct parmarea in arch/s390/include/asm/setup.h). */
#define S390_COMMAND_LINE_AT  0x10430
#define S390_COMMAND_LINE_OLD 896u

/* What the kernel's file tells of that, as command_line_limit() wants it. */
static uint64_t told_size(const LoadRequest *request, const KernelImage *image, int kernel_fd) {
        uint8_t bytes[8], magic[4];
        uint64_t size = 0;
        size_t n;

        if (image)
                return image->cmdline_size;
        if (!streq(request->architecture, "s390x") ||
            read_at(kernel_fd, magic, sizeof(magic), 0, &n) < 0 || n < sizeof(magic) ||
            memcmp(magic, "\177ELF", sizeof(magic)) == 0 ||
            read_at(kernel_fd, bytes, sizeof(bytes), S390_COMMAND_LINE_AT, &n) < 0 ||
            n < sizeof(bytes))
                return 0;
        for (size_t i = 0; i < sizeof(bytes); i++)
                size = size << 8 | bytes[i];
        return size ?: S390_COMMAND_LINE_OLD;
}

/* An interrupt some seconds before a watchdog resets the machine is meant for a kernel that can
 * panic and be dumped. This one is dumping. A parameter that a driver does not have is ignored,
 * with a line in the log if it is a module (unknown_module_param_cb() in kernel/module/main.c). */
static char *driver_words(const LoadRequest *request) {
        static const char parameter[] = ".pretimeout=0 ";
        WatchdogDrivers drivers;
        char *text;
        size_t size;

        watchdog_drivers(request->root_fd, request->release, &drivers);
        size = drivers.n * (sizeof(drivers.name[0]) + sizeof(parameter)) + 1;
        text = calloc(1, size);
        for (size_t i = 0, n = 0; text && i < drivers.n; i++, n = strlen(text))
                strscpyf(text + n, size - n, "%s%s", drivers.name[i], parameter);
        return text;
}

static Failure too_long(const LoadRequest *request, const char *line, size_t limit,
                        LoadReport *report) {
        bool is_fixed = !isempty(request->settings->command_line);
        char words[LONGEST_WORDS_MAX];

        command_line_longest_words(line, words);
        return load_fail(report, FAILURE_COMMAND_LINE,
                         "the command line has %zu bytes, and this kernel takes %zu: %s in "
                         "kdumpd.conf; the longest words are %s",
                         strlen(line), limit,
                         is_fixed ? "shorten CommandLine= or CommandLineAppend="
                                  : "leave out what a capture can do without, with "
                                    "CommandLineRemove=",
                         words);
}

Failure load_command_line(const LoadRequest *request, const KernelImage *image, int kernel_fd,
                          const char *initrd_words, LoadReport *report) {
        _cleanup_free_ char *running = NULL, *line = NULL, *drivers = driver_words(request);
        const char *initrd = strempty(report->initrd.path);
        const Settings *s = request->settings;
        char vendor[MACHINE_VENDOR_MAX];
        CommandLineInput input = {
                .fixed = s->command_line,
                .remove = s->command_line_remove,
                .append = s->command_line_append,
                .architecture = request->architecture,
                .vendor = kernel_machine_vendor(request->root_fd, vendor) < 0 ? NULL : vendor,
                .initrd_words = initrd_words,
                .driver_words = drivers,
                .initrd_knows_root = places_initrd_knows_root(initrd),
                .initrd_is_own = places_initrd_is_own(initrd),
        };
        size_t limit;
        int r;

        if (!drivers)
                return load_fail_memory(report);
        if (isempty(s->command_line)) {
                r = read_file_below(request->root_fd, "/proc/cmdline", CMDLINE_FILE_MAX, &running,
                                    NULL);
                if (r < 0)
                        return load_fail(report, FAILURE_COMMAND_LINE,
                                         "the running kernel's command line cannot be read from "
                                         "/proc/cmdline: %s",
                                         strerror(-r));
        }
        input.running = running;
        if (command_line_notes(&input, &report->words, &report->n_words) < 0 ||
            command_line_make(&input, &line) < 0)
                return load_fail_memory(report);
        limit = command_line_limit(request->architecture, told_size(request, image, kernel_fd));
        if (strlen(line) > limit)
                return too_long(request, line, limit, report);
        /* An image without a mark is better than none. */
        if (request->mark && strlen(line) + KEXEC_MARK_ADDS <= limit) {
                report->mark = strdup(request->mark);
                if (!report->mark)
                        return load_fail_memory(report);
        }
        report->command_line = TAKE_PTR(line);
        return FAILURE_NONE;
}
