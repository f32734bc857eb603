/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl recover. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/recover.h"
#include "ctl/verbs.h"
#include "sys/blockdev.h"
#include "sys/conffile.h"
#include "sys/dump-target.h"
#include "sys/kernel-state.h"
#include "sys/raw-store.h"

static void on_said(const char *text) {
        (void)complain("%s", text);
}

/* Nothing but write() and _exit() is safe here. What is unfinished is found and dropped the next
 * time, and the device still has it all. */
static void on_hang(int number) {
        static const char text[] =
                "kdumpctl: the recovery made no step forward for too long, so it is given up: "
                "KDUMPCTL_RECOVER_PATIENCE= gives it more time\n";

        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        _exit(EXIT_FAILURE);
}

static unsigned patience_sec(void) {
        uint64_t usec = command_patience_usec("KDUMPCTL_RECOVER_PATIENCE",
                                              RECOVER_PATIENCE_SEC * USEC_PER_SEC);

        return (unsigned)MIN(usec / USEC_PER_SEC, (uint64_t)UINT32_MAX);
}

/* Returns whether the dump, if there was one, is in files now. */
static bool recover(int root_fd, const Settings *settings, const char *device, bool was_named) {
        _cleanup_free_ char *directory = NULL;
        Error reason = { 0 };
        RecoverNote note = RECOVER_WHOLE;
        int r;

        r = recover_dump(root_fd, settings, device, on_said, patience_sec(), &directory, &note,
                         &reason);
        /* Of several devices of the configuration, the one without news is no fault. */
        if (!was_named && (r == -ENODATA || r == -EALREADY)) {
                put_text(stdout, device);
                (void)fputs(": ", stdout);
                put_text(stdout, reason.text);
                (void)fputc('\n', stdout);
                return true;
        }
        if (directory)
                put_lines(stdout, directory, strlen(directory));
        if (r < 0)
                (void)complain("\"%s\" %s: %s", device,
                               directory ? "cannot be told that its dump was recovered"
                                         : "cannot be recovered from",
                               reason.text);
        if (directory && note == RECOVER_FLAT)
                (void)complain("makedumpfile made no dump of what is on \"%s\", so that lies in "
                               "vmcore.flat: \"makedumpfile -R vmcore <vmcore.flat\" will do it",
                               device);
        if (directory && note == RECOVER_PARTIAL)
                (void)complain(
                        "the capture could not read all of the memory: what is on \"%s\" of it "
                        "is in vmcore.incomplete now",
                        device);
        if (directory && note == RECOVER_NO_DUMP)
                (void)complain("the capture left no dump on \"%s\"", device);
        return r >= 0;
}

/* Only kdumpd has use for that: without its directory, there is nobody to tell. */
static void note_clear(int root_fd) {
        int r;

        r = write_file_below(root_fd, RAW_STORE_CLEAR_PATH, "", 0);
        if (r < 0 && r != -ENOENT)
                (void)complain("\"%s\" cannot be written, so kdumpd may not know what a crash test "
                               "gave: %s",
                               RAW_STORE_CLEAR_PATH, strerror(-r));
}

static int recover_configured(int root_fd, const Settings *settings) {
        bool all = true, any = false;

        for (DumpTarget which = 0; which < _DUMP_TARGET_MAX; which++) {
                _cleanup_free_ char *device = NULL;
                int r;

                r = dump_target_device(settings, which, &device);
                if (r == -ENXIO)
                        continue;
                if (r < 0)
                        return complain("out of memory");
                any = true;
                all &= recover(root_fd, settings, device, false);
        }
        if (!any)
                return complain("neither Target= nor FallbackTarget= is a raw: one: name a "
                                "device");
        if (all)
                note_clear(root_fd);
        return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_recover(const Options *options) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_(target_done) Target named = { 0 };
        _cleanup_free_ char *device = NULL;
        _cleanup_close_ int root_fd = -EBADF;
        Error error;
        int r;

        (void)signal(SIGALRM, on_hang);
        r = conffile_read(options->root, &settings, NULL, NULL, NULL, &error);
        if (r < 0)
                return complain("%s", error.text);
        root_fd = open_root(*options->root ? options->root : "/");
        if (root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-root_fd));
        /* What the panic left on the device is being written now. */
        if (kernel_is_capture(root_fd))
                return complain("nothing is recovered: " CAPTURE_KERNEL_TEXT);
        if (!options->argument)
                return recover_configured(root_fd, &settings);
        if (target_parse(options->argument, &named) >= 0 && named.name)
                r = block_path(&named.device, &device);
        else
                r = (device = strdup(options->argument)) ? 0 : -ENOMEM;
        if (r < 0)
                return complain("out of memory");
        return recover(root_fd, &settings, device, true) ? EXIT_SUCCESS : EXIT_FAILURE;
}
