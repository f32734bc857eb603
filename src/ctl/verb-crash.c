/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl test --crash: a panic on purpose. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/paths.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/crash-test-json.h"
#include "sys/kernel-state.h"
#include "sys/report-json.h"

/* The kernel's log takes it with this level, so that it is shown on any console. */
#define KMSG_PREFIX "<0>"

static int make_id(char ret[static CRASH_TEST_ID_SIZE]) {
        uint64_t random[2];

        if (getrandom(random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        strscpyf(ret, CRASH_TEST_ID_SIZE, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
        return 0;
}

/* The files of the image that is loaded, if kdumpd has loaded it. */
static void note_image(int root_fd, CrashTest *test) {
        ImageRecord record = { 0 };

        if (image_record_read(root_fd, &record) < 0)
                return;
        test->kernel = record.report.kernel;
        test->initrd = record.report.initrd;
        record.report.kernel.path = record.report.initrd.path = NULL;
        image_record_done(&record);
}

static bool is_confirmed(const Options *options) {
        (void)printf(
                "This machine is going to panic NOW: everything that runs on it ends at once, "
                "and what was\nnot written to disk is lost. It writes a dump and reboots. After "
                "that, 'kdumpctl status'\nsays whether there is a dump of this test.\n");
        (void)fflush(stdout);
        if (options->yes)
                return true;
        if (!isatty(STDIN_FILENO)) {
                (void)complain("there is nobody to confirm this: see --yes");
                return false;
        }
        if (!confirm("Panic now?")) {
                (void)complain("nothing was done");
                return false;
        }
        return true;
}

static int write_text(int root_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_WRONLY | O_NOCTTY);

        if (fd < 0)
                return fd;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int panic(int root_fd, const CrashTest *test) {
        char line[CRASH_TEST_LINE_MAX], text[CRASH_TEST_LINE_MAX + 8];
        int r;

        strscpyf(text, sizeof(text), KMSG_PREFIX "%s\n", crash_test_line(line, test));
        r = write_text(root_fd, "/dev/kmsg", text);
        if (r < 0)
                return complain("\"/dev/kmsg\" cannot be written: %s", strerror(-r));
        sync();
        r = write_text(root_fd, "/proc/sysrq-trigger", "c");
        if (r < 0)
                return complain("\"/proc/sysrq-trigger\" cannot be written: %s", strerror(-r));
        return complain("the kernel did not panic");
}

int crash_on_purpose(const Options *options) {
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        _cleanup_(crash_test_done) CrashTest test = { 0 };
        int r;

        if (root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-root_fd));
        if (!*options->root && geteuid() != 0)
                return complain("permission denied: only root may make the machine panic");
        if (kernel_is_capture(root_fd))
                return complain("the machine is not made to panic: " CAPTURE_KERNEL_TEXT);
        if (kernel_crash_loaded(root_fd) != 1)
                return complain(
                        "no crash kernel image is loaded, so a panic would give no dump: see "
                        "\"kdumpctl status\"");
        test.started_usec = realtime_usec();
        note_image(root_fd, &test);
        r = make_id(test.id);
        if (r >= 0)
                r = kernel_boot_id(root_fd, test.boot_id);
        if (r < 0)
                return complain("the test cannot be noted: %s", strerror(-r));
        if (!is_confirmed(options))
                return EXIT_FAILURE;
        (void)make_directory_below(root_fd, STATE_DIRECTORY, 0700);
        r = crash_test_write(root_fd, &test);
        if (r < 0)
                return complain("\"%s\" cannot be written: %s", CRASH_TEST_PATH, strerror(-r));
        return panic(root_fd, &test);
}
