/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/command-line: what the machine and the kernel have to say about the command line. */
#include <elf.h>

#include "fake-load.h"
#include "load/text.h"

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

static void put_flat(const char *magic, uint16_t machine) {
        uint8_t flat[FAKE_FLAT_SIZE];

        fake_flat(flat, magic, machine);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
}

/* An ELF file with one segment. */
static void put_elf(uint16_t machine, bool is_big) {
        uint8_t elf[64 + 56 + 8] = { 0x7f, 'E', 'L', 'F', 2, is_big ? 2 : 1, 1 };
        static const struct {
                uint8_t at, n;
                uint64_t value;
        } fields[] = {
                { 16, 2, 2 }, { 20, 4, 1 }, { 32, 8, 64 },  { 52, 2, 64 }, { 54, 2, 56 },
                { 56, 2, 1 }, { 64, 4, 1 }, { 72, 8, 120 }, { 96, 8, 8 },  { 104, 8, 4096 },
        };

        fake_put_order(&elf[18], machine, 2, is_big);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                fake_put_order(&elf[fields[i].at], fields[i].value, fields[i].n, is_big);
        tree_bytes(&tree, KERNEL, elf, sizeof(elf));
}

START_TEST(vendor) {
        tree_text(&tree, "/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n");
        tree_link(&tree, "/sys/class/dmi/id", "../../devices/virtual/dmi/id");
        line_has("irqpoll", true);
        architecture = "aarch64";
        put_flat(FAKE_ARM64);
        line_has("irqpoll", false);
        tree_text(&tree, "/sys/devices/virtual/dmi/id/sys_vendor", "HPE\n");
        line_has("irqpoll", true);
}
END_TEST

#define CLASS "/sys/class/watchdog/"
#define DEPS  "/lib/modules/" R "/modules.dep"

/* A watchdog on a device that a module drives; module is NULL for one that is not named. */
static void add_watchdog(const char *name, const char *driver, const char *module) {
        char path[128], target[128];

        strscpyf(path, sizeof(path), "/sys/bus/x/drivers/%s/bind", driver);
        tree_text(&tree, path, "");
        if (module) {
                strscpyf(path, sizeof(path), "/sys/bus/x/drivers/%s/module", driver);
                strscpyf(target, sizeof(target), "../../../../module/%s", module);
                tree_link(&tree, path, target);
                strscpyf(path, sizeof(path), "/sys/module/%s", module);
                tree_dir(&tree, path);
        }
        strscpyf(path, sizeof(path), "/sys/devices/of-%s/driver", name);
        strscpyf(target, sizeof(target), "../../bus/x/drivers/%s", driver);
        tree_link(&tree, path, target);
        strscpyf(path, sizeof(path), CLASS "%s/device", name);
        strscpyf(target, sizeof(target), "../../../devices/of-%s", name);
        tree_link(&tree, path, target);
}

static void line_ends(const char *end) {
        ck_assert_msg(prepare() == FAILURE_NONE, "%s", report.message);
        ck_assert_msg(endswith(report.command_line, end), "\"%s\" does not end: %s", end,
                      report.command_line);
}

START_TEST(watchdogs) {
        line_has("pretimeout", false);
        /* By module, by driver where the module is not told, and each once. */
        add_watchdog("watchdog1", "wdt-of-vendor", NULL);
        line_ends(WORD " wdt_of_vendor.pretimeout=0");
        add_watchdog("watchdog0", "HP iLO", "hpwdt");
        add_watchdog("watchdog2", "other", "hpwdt");
        line_ends(WORD " hpwdt.pretimeout=0 wdt_of_vendor.pretimeout=0");
        tree_dir(&tree, "/sys/module/ipmi_watchdog");
        line_ends(WORD " hpwdt.pretimeout=0 ipmi_watchdog.pretimeout=0 wdt_of_vendor.pretimeout=0");
        /* Whatever initrd it is. */
        tree_text(&tree, "/var/lib/kdumpd/" R "/initramfs.img", "x");
        line_has(" hpwdt.pretimeout=0 ", true);
        set("Initrd", "none");
        line_has(" hpwdt.pretimeout=0 ", true);
        /* What somebody wants is so, and what the running kernel has is not for this one. */
        set("CommandLineAppend", "hpwdt.pretimeout=1");
        line_has("hpwdt.pretimeout=0", false);
        set("CommandLineAppend", "");
        set("CommandLine", "a wdt-of-vendor.pretimeout=5");
        line_has("wdt_of_vendor.pretimeout=0", false);
        line_has("hpwdt.pretimeout=0", true);
        set("CommandLine", "");
        set("CommandLineRemove", "ipmi-watchdog.pretimeout");
        line_has("ipmi_watchdog", false);
        tree_text(&tree, "/proc/cmdline", "hpwdt.pretimeout=9 hpwdt.nowayout=1\n");
        line_has("pretimeout=9", false);
        line_has("hpwdt.nowayout=1", true);
        ck_assert_str_eq(report.words[0].meaning, "panic");
        /* No name tears the line apart. */
        add_watchdog("watchdog3", "two words", NULL);
        line_has("words", false);
}
END_TEST

/* Where one does not say what drives it, all that may: those that are there. */
START_TEST(silent_watchdogs) {
        tree_text(&tree, DEPS,
                  "kernel/drivers/watchdog/i6300esb.ko.xz: kernel/lib/x.ko\n"
                  "kernel/drivers/watchdog/softdog.ko:\nkernel/drivers/watchdog/gone.ko:\n"
                  "kernel/drivers/watchdog/two-parts.ko.zst:\nkernel/drivers/net/net.ko:\n");
        tree_text(&tree, "/lib/modules/" R "/modules.builtin",
                  "kernel/drivers/watchdog/built_in.ko\n");
        for (const char *const *p = (const char *const[]){ "i6300esb", "softdog", "two_parts",
                                                           "built_in", "net", NULL };
             *p; p++) {
                char path[64];

                strscpyf(path, sizeof(path), "/sys/module/%s", *p);
                tree_dir(&tree, path);
        }
        line_has("pretimeout", false);
        add_watchdog("watchdog0", "hpwdt", "hpwdt");
        line_ends(WORD " hpwdt.pretimeout=0");
        tree_text(&tree, CLASS "watchdog1/state", "active\n");
        line_ends(WORD " built_in.pretimeout=0 hpwdt.pretimeout=0 i6300esb.pretimeout=0 "
                       "two_parts.pretimeout=0");
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
        put_flat(FAKE_ARM64);
        limit_is("aarch64", 2047);
        put_elf(EM_RISCV, false);
        limit_is("riscv64", 993);
        put_elf(EM_PPC64, false);
        limit_is("ppc64le", 2017);
        put_flat(FAKE_LOONGARCH64);
        limit_is("loongarch64", 3906);
        put_elf(EM_S390, true);
        limit_is("s390x", 4094);
        /* What an image of s390 tells itself; an ELF file has other things there. */
        memcpy(&file[0x10008], "S390EP", 6);
        tree_bytes(&tree, KERNEL, file, sizeof(file));
        limit_is("s390x", 894);
        file[0x10430 + 6] = 4;
        tree_bytes(&tree, KERNEL, file, sizeof(file));
        limit_is("s390x", 1022);
}
END_TEST

/* The advice is one that helps. */
START_TEST(too_long) {
        char text[4096];

        set("CommandLine", "a");
        strscpyf(text, sizeof(text), "dyndbg=\"%03000d\"", 0);
        set("CommandLineAppend", text);
        ck_assert_uint_eq(prepare(), FAILURE_COMMAND_LINE);
        ck_assert_ptr_nonnull(
                strstr(report.message, ": shorten CommandLine= or CommandLineAppend="));
        ck_assert_ptr_nonnull(strstr(report.message, "the longest words are dyndbg= (3009), "));
        set("CommandLine", "");
        set("CommandLineAppend", "");
        strscpyf(text, sizeof(text), "root=/dev/sda1 long.name=%03000d \"two words\"\n", 0);
        tree_text(&tree, "/proc/cmdline", text);
        ck_assert_uint_eq(prepare(), FAILURE_COMMAND_LINE);
        ck_assert_ptr_nonnull(strstr(report.message, "with CommandLineRemove= in kdumpd.conf"));
        ck_assert_ptr_nonnull(strstr(report.message, "the longest words are long.name= (3010), "));
        set("CommandLineRemove", "long.name");
        ck_assert_uint_eq(prepare(), FAILURE_NONE);
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

static void told(const char *initrd, const char *kind, const char *part) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        tree_text(&tree, initrd, "x");
        set("Initrd", initrd);
        ck_assert_msg(prepare() == FAILURE_NONE, "%s", report.message);
        ck_assert_str_eq(report.initrd_kind, kind);
        ck_assert_ptr_nonnull(f);
        report_print(f, &report, LOAD_WHAT_DRY_RUN);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_msg(strstr(text, part), "\"%s\" is not in:\n%s", part, text);
        ck_assert_int_eq(strstr(text, "an initrd of a kind") != NULL, streq(kind, "unknown"));
        ck_assert_int_eq(strstr(text, "an ordinary initrd") != NULL, streq(kind, "system"));
}

START_TEST(initrds) {
        told(INITRD, "kdump", "\nInitrd:       " INITRD " (1 bytes)\nCommand line: ");
        told("/var/lib/kdumpd/" R "/initramfs.img", "own",
             "/initramfs.img (1 bytes)\nCommand line");
        told("/boot/initrd.img-" R, "system",
             " (1 bytes)\n              an ordinary initrd, which starts the whole system");
        told("/boot/mine", "unknown",
             " (1 bytes)\n              an initrd of a kind that is not known: only a crash test");
        set("Initrd", "none");
        ck_assert_uint_eq(prepare(), FAILURE_NONE);
        ck_assert_ptr_null(report.initrd_kind);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, vendor);
        ADD_FIXTURE_TEST(s, watchdogs);
        ADD_FIXTURE_TEST(s, silent_watchdogs);
        ADD_FIXTURE_TEST(s, initrds);
        ADD_FIXTURE_TEST(s, limits);
        ADD_FIXTURE_TEST(s, limits_of_own);
        ADD_FIXTURE_TEST(s, too_long);
}

TEST_MAIN("load-line", add_cases)
