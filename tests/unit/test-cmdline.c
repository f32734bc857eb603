/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/cmdline: what stays of a command line, what is added, and the limits. */
#include "test.h"

#include <stdio.h>

#include "base/string-util.h"
#include "load/cmdline-words.h"
#include "load/cmdline.h"

#define NEEDED "nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug"

/* Makes a command line and compares it. */
static void check(const CommandLineInput *in, const char *expected) {
        CommandLineInput input = *in;
        _cleanup_free_ char *line = NULL;

        if (!input.architecture)
                input.architecture = "x86_64";
        ck_assert_int_eq(command_line_make(&input, &line), 0);
        ck_assert_str_eq(line, expected);
}

/* What becomes of the words of the running kernel. */
static void check_running(const char *running, const char *expected) {
        _cleanup_free_ char *whole = NULL;

        ck_assert_int_ge(asprintf(&whole, "%s%s" NEEDED, expected, *expected ? " " : ""), 0);
        check(&(CommandLineInput){ .running = running }, whole);
}

START_TEST(usual) {
        check_running("BOOT_IMAGE=/boot/vmlinuz-6.1 root=UUID=1-2 ro console=ttyS0,115200 quiet "
                      "crashkernel=256M\n",
                      "root=UUID=1-2 ro console=ttyS0,115200");
        check_running("", "");
        check_running(" \t\n", "");
        check_running("a  b\tc\nd", "a b c d");
        /* The same word twice means something to some parameters. */
        check_running("console=tty0 console=ttyS0", "console=tty0 console=ttyS0");
}
END_TEST

START_TEST(built_in_removals) {
        static const char *const hurting[] = {
                "crashkernel=1G,high",
                "BOOT_IMAGE=x",
                "initrd=\\initrd.img",
                "elfcorehdr=0x1",
                "hugepages=1024",
                "hugepagesz=1G",
                "default_hugepagesz=1G",
                "hugetlb_cma=1G",
                "cma=64M",
                "slub_debug",
                "slub_debug=FZP",
                "isolcpus=1-7",
                "nohz_full=1-7",
                "rcu_nocbs=1",
                "log_buf_len=16M",
                "mem=4G",
                "memmap=64K$0x1000",
                "add_efi_memmap",
                "swiotlb=65536",
                "panic_on_warn",
                "panic_on_warn=1",
                "quiet",
                "resume=/dev/x",
                "rdinit=/x",
                "log-buf-len=16M",
                "\"crashkernel=1G\"",
                "trace_event=a",
                "zfcp.allow_lun_scan=1",
        };
        static const char *const harmless[] = {
                "root=/dev/sda1", "rd.lvm.lv=vg/root", "noresume",      "memtest",
                "quieter",        "nohugepages",       "crashkernels=", "panic=5",
                "ip=dhcp",        "iommu=pt",          "Quiet",         "=quiet",
                "noefi",          "efi=noruntime",
        };

        for (size_t i = 0; i < ELEMENTSOF(hurting); i++)
                check_running(hurting[i], "");
        for (size_t i = 0; i < ELEMENTSOF(harmless); i++)
                check_running(harmless[i], harmless[i]);
}
END_TEST

/* A word that is spelled like this has to go; spellings without a value stand for any. */
static void check_spelling(const char *spelling, size_t length, bool only_if_initrd_knows_root) {
        bool has_value = memchr(spelling, '=', length);
        _cleanup_free_ char *running = NULL;

        ck_assert_int_ge(asprintf(&running, "%.*s%s", (int)length, spelling, has_value ? "" : "=1"),
                         0);
        check_running(running, only_if_initrd_knows_root ? running : "");
        check(&(CommandLineInput){ .running = running, .initrd_knows_root = true }, NEEDED);
}

/* Every spelling of every row works, and is there once. */
START_TEST(rows) {
        _cleanup_free_ char *all = strdup(" ");
        const WordRow *row;
        size_t n_root = 0, n = 0;

        for (; (row = word_row(n)); n++) {
                ck_assert(row->reason[0] >= 'A' && row->reason[0] <= 'Z');
                ck_assert(row->meaning != WORD_OF_CONFIGURATION && row->meaning != WORD_UNKNOWN);
                for (const char *p = row->spellings; *p; p += strspn(p, " ")) {
                        size_t length = strcspn(p, " ");
                        char *longer;
                        _cleanup_free_ char *word = NULL;

                        check_spelling(p, length, row->if_initrd_knows_root);
                        ck_assert_int_ge(asprintf(&word, " %.*s ", (int)length, p), 0);
                        ck_assert_msg(!strstr(all, word), "%s is there twice", word);
                        ck_assert_int_ge(asprintf(&longer, "%s%.*s ", all, (int)length, p), 0);
                        free(all);
                        all = longer;
                        p += length;
                }
                n_root += row->if_initrd_knows_root;
        }
        ck_assert_uint_gt(n_root, 0);
        ck_assert_uint_gt(n, n_root);
}
END_TEST

/* The same parameter has many names. */
START_TEST(spellings) {
        static const char *const hurting[] = {
                "sysctl.vm.nr_hugepages=256",
                "sysctl/vm/nr_hugepages=256",
                "sysctl.vm/nr_hugepages=256",
                "sysctl.kernel.panic-on-oops=1",
                "sysctl.kernel.threads_max=9",
                "\"sysctl.kernel.panic=0\"",
                "oops=panic",
                "nmi_watchdog=panic,1",
                "nmi-watchdog=1,panic",
                "nmi_watchdog=\"panic\"",
                "workqueue.panic-on-stall=1",
        };
        static const char *const harmless[] = {
                "sysctl.vm.nr_hugepagesx=1",
                "sysctl.kernel.panic_=1",
                "sysctlx.kernel.panic=1",
                "sysctl=1",
                "sysctl.=1",
                "oops=panicky",
                "oops",
                "nmi_watchdog=nopanic,1",
                "nmi_watchdog=0",
                "workqueue/panic_on_stall",
                "iommu=pt",
                "sysctl.kernel.sysrq=1",
        };

        for (size_t i = 0; i < ELEMENTSOF(hurting); i++)
                check_running(hurting[i], "");
        for (size_t i = 0; i < ELEMENTSOF(harmless); i++)
                check_running(harmless[i], harmless[i]);
}
END_TEST

/* Compares what is told of a command line: "word meaning", one after the other. */
static void check_notes(const CommandLineInput *input, const char *expected) {
        _cleanup_free_ WordNote *notes = NULL;
        char text[1024] = "";
        size_t n;

        ck_assert_int_eq(command_line_notes(input, &notes, &n), 0);
        for (size_t i = 0; i < n; i++) {
                size_t used = strlen(text);

                ck_assert_uint_gt(strlen(notes[i].reason), 0);
                strscpyf(text + used, sizeof(text) - used, "%s %s;", notes[i].word,
                         notes[i].meaning);
                word_note_done(&notes[i]);
        }
        ck_assert_str_eq(text, expected);
}

START_TEST(notes) {
        _cleanup_free_ WordNote *many = NULL;
        _cleanup_free_ char *running = calloc(1, 100 * 7 + 1000);
        size_t n;

        check_notes(&(CommandLineInput){ .running = "root=/dev/x ro quiet \"hugepages=1 2\" foo=1 "
                                                    "sysctl.kernel.foo=1 sysctl/vm/bar=2 "
                                                    "sysctl.net.x=1 -- quiet",
                                         .remove = "foo" },
                    "quiet harm;\"hugepages=1 2\" memory;foo=1 configuration;"
                    "sysctl.kernel.foo=1 unknown;sysctl/vm/bar=2 unknown;");
        check_notes(&(CommandLineInput){ .running = "root=/dev/x sysctl.vm.foo=1",
                                         .remove = "sysctl.vm.foo",
                                         .initrd_knows_root = true },
                    "root=/dev/x root-devices;sysctl.vm.foo=1 configuration;");
        check_notes(&(CommandLineInput){ .fixed = "quiet sysctl.kernel.foo=1", .running = "quiet" },
                    "");
        check_notes(&(CommandLineInput){ 0 }, "");

        /* Limits: of a word, and of their number. */
        ck_assert_ptr_nonnull(running);
        memset(running, 'a', 900);
        memcpy(running, "quiet=", 6);
        for (size_t i = 0; i < 100; i++)
                memcpy(running + strlen(running), " splash", 7);
        ck_assert_int_eq(command_line_notes(&(CommandLineInput){ .running = running }, &many, &n),
                         0);
        ck_assert_uint_eq(n, WORD_NOTES_MOST);
        ck_assert_uint_eq(strlen(many[0].word), WORD_NOTE_LONGEST);
        for (size_t i = 0; i < n; i++)
                word_note_done(&many[i]);
}
END_TEST

/* Every row of the table works, where it says so, and the accessor that the manual's check uses
 * ends. */
START_TEST(needed) {
        static const char *const machines[] = { "x86_64", "aarch64", "ppc64le",
                                                "s390x",  "riscv64", "loongarch64" };
        const char *name, *architectures;
        bool only_if_own;
        size_t n;

        for (n = 0; (name = command_line_needed(n, &architectures, &only_if_own)); n++)
                for (size_t i = 0; i < ELEMENTSOF(machines); i++) {
                        _cleanup_free_ char *line = NULL;
                        CommandLineInput input = { .architecture = machines[i],
                                                   .initrd_is_own = only_if_own };

                        if (architectures && !strstr(architectures, machines[i]))
                                continue;
                        ck_assert_int_eq(command_line_make(&input, &line), 0);
                        ck_assert_msg(strstr(line, name), "no %s on %s", name, machines[i]);
                }
        ck_assert_uint_gt(n, 0);
}
END_TEST

/* What saves memory where the initrd is ours, and nowhere else. */
START_TEST(own_initrd) {
        check(&(CommandLineInput){ .running = "root=/dev/vda1 a",
                                   .initrd_knows_root = true,
                                   .initrd_is_own = true },
              "a " NEEDED " numa=off");
        check(&(CommandLineInput){ .running = "a", .initrd_knows_root = true }, "a " NEEDED);
        check(&(CommandLineInput){ .running = "a", .append = "numa=fake=2", .initrd_is_own = true },
              "a " NEEDED " numa=fake=2");
        check(&(CommandLineInput){ .running = "a", .remove = "numa", .initrd_is_own = true },
              "a " NEEDED);
}
END_TEST

START_TEST(quotes) {
        check_running("dyndbg=\"file a.c +p; file b.c +p\" x",
                      "dyndbg=\"file a.c +p; file b.c +p\" x");
        check_running("\"dyndbg=file a +p\" quiet x", "\"dyndbg=file a +p\" x");
        check_running("a=\"quiet crashkernel=1\" b", "a=\"quiet crashkernel=1\" b");
        check_running("crashkernel=\"1G x\" b", "b");
        check_running("a\"b c\"d quiet", "a\"b c\"d");
        check_running("\"quiet\" \"quiet", "");
        /* A quote that does not end would swallow all that is added. */
        check_running("a b=\"c d", "a b=\"c d\"");
        check_running("a \"", "a \"\"");
}
END_TEST

START_TEST(removing) {
        check(&(CommandLineInput){ .running = "foo foo=1 foo=2 bar=1 bar=2 foobar",
                                   .remove = "foo bar=2" },
              "bar=1 foobar " NEEDED);
        check(&(CommandLineInput){ .running = "a-b=1 a_c=2 a-d", .remove = "a_b a-c=2 a_d" },
              NEEDED);
        check(&(CommandLineInput){ .running = "v=\"a b\" w=\"a b\" x=ab",
                                   .remove = "\"v=a b\" w=a" },
              "w=\"a b\" x=ab " NEEDED);
        check(&(CommandLineInput){ .running = "foo foo= bar=", .remove = "foo= bar=x" },
              "foo bar= " NEEDED);
        /* Needed words too, by name or exactly. */
        check(&(CommandLineInput){ .running = "x", .remove = "irqpoll panic=5 nr_cpus=1" },
              "x reset_devices panic=10 acpi_no_memhotplug");
}
END_TEST

START_TEST(appending) {
        check(&(CommandLineInput){ .running = "x", .append = "y z=\"a b\"" },
              "x " NEEDED " y z=\"a b\"");
        /* A word of the user's takes the place of the needed one of that name. */
        check(&(CommandLineInput){ .running = "x", .append = "panic=60 nr-cpus=4 irqpoll" },
              "x reset_devices acpi_no_memhotplug panic=60 nr-cpus=4 irqpoll");
        /* And is not removed, whatever it is. */
        check(&(CommandLineInput){ .running = "foo",
                                   .append = "quiet foo crashkernel=1",
                                   .remove = "foo" },
              NEEDED " quiet foo crashkernel=1");
        check(&(CommandLineInput){ .running = "x", .append = "y=\"a" }, "x " NEEDED " y=\"a\"");
}
END_TEST

START_TEST(fixed) {
        check(&(CommandLineInput){ .fixed = "crashkernel=1 quiet foo",
                                   .running = "x",
                                   .remove = "foo" },
              "crashkernel=1 quiet foo " NEEDED);
        check(&(CommandLineInput){ .fixed = "", .running = "x" }, "x " NEEDED);
        check(&(CommandLineInput){ .fixed = "a", .append = "b" }, "a " NEEDED " b");
}
END_TEST

/* What somebody has written is the answer, whatever the same thing is called there. */
START_TEST(fixed_instead_of_needed) {
        check(&(CommandLineInput){ .fixed = "a nr_cpus=4" },
              "a nr_cpus=4 irqpoll reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .fixed = "a nr-cpus=4 panic=0 \"irqpoll\"" },
              "a nr-cpus=4 panic=0 \"irqpoll\" reset_devices acpi_no_memhotplug");
        check(&(CommandLineInput){ .fixed = "maxcpus=2" },
              "maxcpus=2 irqpoll reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .running = "a", .append = "maxcpus=2 irqfixup" },
              "a reset_devices panic=10 acpi_no_memhotplug maxcpus=2 irqfixup");
        check(&(CommandLineInput){ .running = "a",
                                   .append = "nr_cpus=2",
                                   .architecture = "ppc64le" },
              "a irqpoll noirqdistrib reset_devices panic=10 numa=off nr_cpus=2");
        check(&(CommandLineInput){ .fixed = "numa=fake=2", .initrd_is_own = true },
              "numa=fake=2 " NEEDED);
        /* What the running kernel got was not meant for this one. */
        check(&(CommandLineInput){ .running = "nr_cpus=8 maxcpus=8" },
              "nr_cpus=8 maxcpus=8 " NEEDED);
        /* Behind this, nothing is for the kernel. */
        check(&(CommandLineInput){ .fixed = "a -- nr_cpus=4", .append = "-- irqpoll" },
              "a " NEEDED " -- nr_cpus=4 irqpoll");
}
END_TEST

START_TEST(vendors) {
        static const char *const polling = "nr_cpus=1 irqpoll reset_devices panic=10 "
                                           "acpi_no_memhotplug";

        check(&(CommandLineInput){ .vendor = "Amazon EC2", .architecture = "aarch64" },
              "nr_cpus=1 reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .running = "irqpoll",
                                   .vendor = "Amazon EC2",
                                   .architecture = "aarch64" },
              "irqpoll nr_cpus=1 reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .vendor = "Amazon EC2", .architecture = "x86_64" }, polling);
        check(&(CommandLineInput){ .vendor = "Amazon", .architecture = "aarch64" }, polling);
        check(&(CommandLineInput){ .vendor = "", .architecture = "aarch64" }, polling);
}
END_TEST

START_TEST(init_arguments) {
        /* Those of the running system are for its own init. */
        check(&(CommandLineInput){ .running = "a -- single quiet" }, "a " NEEDED);
        check(&(CommandLineInput){ .fixed = "a -- b", .append = "c -- d \"e f\"" },
              "a " NEEDED " c -- b d \"e f\"");
        check(&(CommandLineInput){ .running = "a --b --", .append = "--" }, "a --b " NEEDED);
}
END_TEST

START_TEST(architectures) {
        check(&(CommandLineInput){ .running = "a", .architecture = "s390x" },
              "a nr_cpus=1 reset_devices panic=10");
        check(&(CommandLineInput){ .running = "a", .architecture = "aarch64" },
              "a nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .running = "a", .architecture = "loongarch64" },
              "a nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug");
        check(&(CommandLineInput){ .running = "a", .architecture = "ppc64le" },
              "a maxcpus=1 irqpoll noirqdistrib reset_devices panic=10 numa=off");
        check(&(CommandLineInput){ .running = "a", .architecture = "x86" },
              "a reset_devices panic=10");
}
END_TEST

START_TEST(limits) {
        char running[3 * COMMAND_LINE_LONGEST];
        _cleanup_free_ char *line = NULL;
        CommandLineInput input = { .running = running, .architecture = "x86_64" };

        /* Whoever asks for it compares. */
        memset(running, 'a', sizeof(running));
        running[sizeof(running) - 1] = '\0';
        ck_assert_int_eq(command_line_make(&input, &line), 0);
        ck_assert_uint_eq(strlen(line), strlen(running) + strlen(" " NEEDED));

        /* 2047 in the header: 2016 characters, a NUL, and 30 for elfcorehdr=. */
        ck_assert_uint_eq(command_line_limit("x86_64", 2047), 2016);
        ck_assert_uint_eq(command_line_limit("x86_64", 0), 2016);
        ck_assert_uint_eq(command_line_limit("x86_64", 4095), 4064);
        ck_assert_uint_eq(command_line_limit("x86_64", 30), 0);
        ck_assert_uint_eq(command_line_limit("x86_64", UINT32_MAX), COMMAND_LINE_LONGEST);
        ck_assert_uint_eq(command_line_limit("aarch64", 0), 2047);
        ck_assert_uint_eq(command_line_limit("ppc64le", 0), 2017);
        ck_assert_uint_eq(command_line_limit("riscv64", 0), 993);
        ck_assert_uint_eq(command_line_limit("s390x", 0), 4094);
        ck_assert_uint_eq(command_line_limit("s390x", 896), 894);
        ck_assert_uint_eq(command_line_limit("loongarch64", 0), 3906);
        ck_assert_uint_eq(command_line_limit("m68k", 0), COMMAND_LINE_LONGEST);
}
END_TEST

static void check_longest(const char *line, const char *expected) {
        char words[LONGEST_WORDS_MAX];

        command_line_longest_words(line, words);
        ck_assert_str_eq(words, expected);
}

START_TEST(longest_words) {
        char line[400] = "a=1 ", words[LONGEST_WORDS_MAX];

        check_longest("", "");
        check_longest("one", "one (3)");
        check_longest("a=1 dyndbg=\"file a +p\" bb ccc=\"x y\" dd",
                      "dyndbg= (18), ccc= (9), a= (3)");
        check_longest("a=1 b=2 c=3 d=4", "a= (3), b= (3), c= (3)");
        /* A name has a limit, too, and is cut between characters. */
        for (size_t i = 0; i < 100; i++)
                strscpyf(line + 4 + 2 * i, sizeof(line) - 4 - 2 * i, "\303\244");
        strscpyf(line + 4 + 200, sizeof(line) - 204, "=1");
        command_line_longest_words(line, words);
        ck_assert(startswith(words, "\303\244"));
        ck_assert_uint_eq(strlen(words), 62 + strlen("= (202), a= (3)"));
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, usual);
        ADD_TEST(s, built_in_removals);
        ADD_TEST(s, rows);
        ADD_TEST(s, spellings);
        ADD_TEST(s, notes);
        ADD_TEST(s, needed);
        ADD_TEST(s, own_initrd);
        ADD_TEST(s, quotes);
        ADD_TEST(s, removing);
        ADD_TEST(s, appending);
        ADD_TEST(s, fixed);
        ADD_TEST(s, fixed_instead_of_needed);
        ADD_TEST(s, vendors);
        ADD_TEST(s, init_arguments);
        ADD_TEST(s, architectures);
        ADD_TEST(s, limits);
        ADD_TEST(s, longest_words);
}

TEST_MAIN("cmdline", add_cases)
