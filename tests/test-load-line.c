/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/command-line: what the machine and the kernel have to say about the command line. */
#include "fake-load.h"

static const char *architecture;

static void setup(void) {
        load_init("268435456\n", false);
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        architecture = "x86_64";
}

static Failure prepare(void) {
        LoadRequest request = { .root_fd = tree.fd,
                                .settings = &settings,
                                .architecture = architecture,
                                .release = R,
                                .dry_run = true };

        prepared_done(&prepared);
        load_report_done(&report);
        return load_prepare(&request, &prepared, &report);
}

static void line_has(const char *word, bool expected) {
        ck_assert_msg(prepare() == FAILURE_NONE, "%s", report.message);
        ck_assert_msg((strstr(report.command_line, word) != NULL) == expected, "%s: %s", word,
                      report.command_line);
}

START_TEST(vendor) {
        tree_text(&tree, "/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n");
        tree_link(&tree, "/sys/class/dmi/id", "../../devices/virtual/dmi/id");
        line_has("irqpoll", true);
        architecture = "aarch64";
        line_has("irqpoll", false);
        tree_text(&tree, "/sys/devices/virtual/dmi/id/sys_vendor", "HPE\n");
        line_has("irqpoll", true);
}
END_TEST

/* Makes the line this long, by a word of the configuration. */
static void set_length(size_t length) {
        _cleanup_free_ char *text = NULL;

        set("CommandLine", "long=");
        line_has("long=", true);
        ck_assert_int_ge(
                asprintf(&text, "long=%0*d", (int)(length - strlen(report.command_line)), 0), 0);
        set("CommandLine", text);
}

static void limit_is(const char *machine, size_t limit) {
        char part[64];

        architecture = machine;
        set_length(limit);
        ck_assert_msg(prepare() == FAILURE_NONE, "%s: %s", machine, report.message);
        ck_assert_uint_eq(strlen(report.command_line), limit);
        set_length(limit + 1);
        ck_assert_uint_eq(prepare(), FAILURE_COMMAND_LINE);
        strscpyf(part, sizeof(part), "has %zu bytes, and this kernel takes %zu: ", limit + 1,
                 limit);
        ck_assert_msg(strstr(report.message, part), "%s", report.message);
        ck_assert_ptr_nonnull(strstr(report.message, "the longest words are long= ("));
}

START_TEST(limits) {
        static uint8_t file[0x11000];

        limit_is("x86_64", 2016);
        tree_text(&tree, KERNEL, "an image of another architecture");
        limit_is("aarch64", 2047);
        limit_is("riscv64", 993);
        limit_is("ppc64le", 2017);
        limit_is("loongarch64", 3906);
        limit_is("s390x", 4094);
        /* What an image of s390 tells itself; an ELF file has other things there. */
        tree_bytes(&tree, KERNEL, file, sizeof(file));
        limit_is("s390x", 894);
        file[0x10430 + 6] = 4;
        tree_bytes(&tree, KERNEL, file, sizeof(file));
        limit_is("s390x", 1022);
        memcpy(file, "\177ELF", 4);
        tree_bytes(&tree, KERNEL, file, sizeof(file));
        limit_is("s390x", 4094);
}
END_TEST

/* The other system call prepends what the kernel would. */
START_TEST(limits_of_own) {
        set("Loader", "kexec_file_load");
        limit_is("x86_64", 2016);
        set("Loader", "auto");
        tree_unlink(&tree, "/sys/kernel/crash_elfcorehdr_size");
        limit_is("x86_64", 2016);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, vendor);
        ADD_FIXTURE_TEST(s, limits);
        ADD_FIXTURE_TEST(s, limits_of_own);
}

TEST_MAIN("load-line", add_cases)
