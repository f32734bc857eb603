/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setup/import: what the settings of other kdump services become, and that kdumpd takes it. */
#include "test.h"

#include "setup/import-files.h"
#include "sys/conffile.h"
#include "tree.h"

static Tree tree;
static Error error;

static void setup(void) {
        tree_init(&tree);
}

static void teardown(void) {
        tree_done(&tree);
}

/* --- files of assignments --- */

static const struct {
        const char *text, *name;
        const char *value; /* NULL: not known */
        unsigned line;
} assignments[] = {
        { "A=b", "A", "b", 1 },
        { "\n\n  A=b  # text", "A", "b", 3 },
        { "A=\"b c\"", "A", "b c", 1 },
        { "A='b \"c\" $D'", "A", "b \"c\" $D", 1 },
        { "A=\"b \\\"c\\\" \\$D \\\\ \\x\"", "A", "b \"c\" $D \\ \\x", 1 },
        { "A=b\\ c", "A", "b c", 1 },
        { "A=b'c d'\"e\"f", "A", "bc def", 1 },
        { "A=b#c", "A", "b#c", 1 },
        { "A=\"b #c\"", "A", "b #c", 1 },
        { "A=\"b \\\nc\"\nB=d", "B", "d", 3 },
        { "A=\"b \\\nc\"", "A", "b c", 1 },
        { "A=\"b\nc\"", "A", "b c", 1 },
        { "A=\\\nb", "A", "b", 1 },
        { "A=1\nA=2", "A", "2", 2 },
        { "A=1; B=2", "B", "2", 1 },
        { "A=1 B=2", "B", "2", 1 },
        { "export A=1", "A", "1", 1 },
        { "A=1\nexport A", "A", "1", 1 },
        { "A=1\r\nB=2\r\n", "A", "1", 1 },
        { "A=", "A", "", 1 },
        { "A=\"\"", "A", "", 1 },
        { "A=$", "A", "$", 1 },
        { "A=1\nB=\"$A ${A}2\"", "B", "1 12", 2 },
        { "A=1\nA=\"$A 2\"", "A", "1 2", 2 },
        { "A=1\nA+=\" 2\"", "A", "1 2", 2 },
        { "#A=1\nA=2", "A", "2", 2 },
        { "A=${B}", "A", NULL, 1 },
        { "A=$B", "A", NULL, 1 },
        { "A=${B:-c}", "A", NULL, 1 },
        { "A=1\nB=${A%x}", "B", NULL, 2 },
        { "A=$(echo 1)\nB=2", "B", "2", 2 },
        { "A=$(echo \")\" 1)", "A", NULL, 1 },
        { "A=`echo 1`", "A", NULL, 1 },
        { "A=\"`echo 1`\"", "A", NULL, 1 },
        { "A=$((1 + 1))", "A", NULL, 1 },
        { "A=$1", "A", NULL, 1 },
        { "A=\"b", "A", NULL, 1 },
        { "A='b\nc", "A", NULL, 1 },
        { "A=(b c)", "A", NULL, 1 },
        { "A=b\x01", "A", NULL, 1 },
        { "A=1 command", "A", NULL, 1 },
        { "if x; then\nA=1\nfi", "A", NULL, 2 },
        { "if x; then A=1; fi\nB=2", "B", "2", 2 },
        { "if x; then A=1; fi\nA=2", "A", "2", 2 },
        { "case x in\nx) A=1;;\nesac\nB=2", "B", "2", 4 },
        { "f() {\nA=1\n}\nB=2", "B", "2", 4 },
        { "f() {\nA=1\n}", "A", NULL, 2 },
        { "echo ${A}\nB=2", "B", "2", 2 },
        { ". /etc/other\nB=2", "B", "2", 2 },
        { "[ -f x ] && A=1\nB=2", "B", "2", 2 },
        { "echo \"A=1\nA=1\"\nB=2", "B", "2", 3 },
};

START_TEST(assignment) {
        ShellFile file;
        const ShellVariable *v;
        const char *text = assignments[_i].text;

        ck_assert_int_eq(shell_file_parse(text, strlen(text), &file), 0);
        v = shell_file_find(&file, assignments[_i].name);
        ck_assert_msg(v, "nothing in: %s", text);
        ck_assert_pstr_eq(v->value, assignments[_i].value);
        ck_assert_uint_eq(v->line, assignments[_i].line);
        ck_assert_int_eq(v->why == NULL, v->value != NULL);
        shell_file_done(&file);
}
END_TEST

START_TEST(no_assignment) {
        static const char *const texts[] = { "", "# A=1", "1A=1", "A =1", "echo A=1", "A" };
        ShellFile file;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                ck_assert_int_eq(shell_file_parse(texts[i], strlen(texts[i]), &file), 0);
                ck_assert_ptr_null(shell_file_find(&file, "A"));
                shell_file_done(&file);
        }
        ck_assert_int_eq(shell_file_parse("A=\0b", 4, &file), -EBADMSG);
}
END_TEST

START_TEST(too_many) {
        _cleanup_free_ char *text = malloc(4 * SHELL_VARIABLES_MOST + 5);
        ShellFile file;
        char longest[SHELL_VALUE_LONGEST + 8] = "A=";

        for (size_t i = 0; i <= SHELL_VARIABLES_MOST; i++)
                memcpy(text + 4 * i, "A=1\n", 5);
        ck_assert_int_eq(shell_file_parse(text, 4 * SHELL_VARIABLES_MOST, &file), 0);
        shell_file_done(&file);
        ck_assert_int_eq(shell_file_parse(text, 4 * SHELL_VARIABLES_MOST + 4, &file), -E2BIG);
        ck_assert_int_eq(import_add(&(Import){ 0 }, IMPORT_KDUMP_CONF, "x", text, strlen(text)),
                         -E2BIG);
        memset(longest + 2, 'b', SHELL_VALUE_LONGEST + 1);
        ck_assert_int_eq(shell_file_parse(longest, strlen(longest), &file), 0);
        ck_assert_ptr_null(file.items[0].value);
        shell_file_done(&file);
}
END_TEST

/* --- what becomes of them --- */

/* Files of other services: as they are shipped, and as people have made them. */
static const struct {
        const char *path, *text;
        const char *expected[12]; /* settings; with a blank first, a part of a note */
} files[] = {
        /* What the packages ship. */
        { "/etc/kdump.conf",
          "auto_reset_crashkernel yes\npath /var/crash\n"
          "core_collector makedumpfile -l --message-level 7 -d 31\n"
          "# failure_action shell\n",
          { "Path=/var/crash", "CoreCollector=makedumpfile -l --message-level 7 -d 31",
            " crashkernel= on" } },
        { "/etc/sysconfig/kdump",
          "KDUMP_KERNELVER=\"\"\nKDUMP_COMMANDLINE=\"\"\n"
          "KDUMP_COMMANDLINE_REMOVE=\"hugepages hugepagesz slub_debug quiet\"\n"
          "KDUMP_COMMANDLINE_APPEND=\"irqpoll nr_cpus=1 reset_devices cgroup_disable=memory "
          "mce=off numa=off udev.children-max=2 panic=10 acpi_no_memhotplug "
          "transparent_hugepage=never nokaslr hest_disable novmcoredd\"\n"
          "FADUMP_COMMANDLINE_APPEND=\"\"\nKEXEC_ARGS=\"-s\"\n#KDUMP_BOOTDIR=\"/boot\"\n"
          "KDUMP_IMG=\"vmlinuz\"\nKDUMP_IMG_EXT=\"\"\nVMCORE_CREATION_NOTIFICATION=\"yes\"\n"
          "# KDUMP_STDLOGLVL=3\n",
          { "CommandLineRemove=hugepages hugepagesz slub_debug quiet",
            "CommandLineAppend=cgroup_disable=memory mce=off numa=off "
            "transparent_hugepage=never nokaslr hest_disable novmcoredd",
            " the system call that suits", " without the words" } },
        { "/etc/default/kdump-tools",
          "USE_KDUMP=1\nKDUMP_KERNEL=/var/lib/kdump/vmlinuz\n"
          "KDUMP_INITRD=/var/lib/kdump/initrd.img\nKDUMP_COREDIR=\"/var/crash\"\n"
          "#MAKEDUMP_ARGS=\"-c -d 31\"\n#NFS=\"<nfs mount>\"\n",
          { "Path=/var/crash", " systemctl enable kdumpd", " by itself" } },
        { "/etc/sysconfig/kdump",
          "KDUMP_CRASHKERNEL=\"auto\"\nKDUMP_UPDATE_BOOTLOADER=\"true\"\nKDUMP_KERNELVER=\"\"\n"
          "KDUMP_CPUS=32\nKDUMP_COMMANDLINE=\"\"\nKDUMP_COMMANDLINE_APPEND=\"\"\n"
          "KDUMP_AUTO_RESIZE=\"false\"\nKEXEC_OPTIONS=\"\"\nKDUMP_IMMEDIATE_REBOOT=\"true\"\n"
          "KDUMP_SAVEDIR=\"/var/crash\"\nKDUMP_KEEP_OLD_DUMPS=0\nKDUMP_FREE_DISK_SIZE=64\n"
          "KDUMP_VERBOSE=0\nKDUMP_DUMPLEVEL=31\nKDUMP_DUMPFORMAT=\"compressed\"\n"
          "KDUMP_CONTINUE_ON_ERROR=\"true\"\nKDUMP_NETCONFIG=\"auto\"\nKDUMP_NET_TIMEOUT=30\n",
          { "Path=/var/crash", "Keep=0", "CoreCollector=makedumpfile -c -d 31",
            "FinalAction=reboot", "FailureAction=reboot", " one CPU", " MinFree=" } },

        /* Questions of people about theirs. */
        { "/etc/kdump.conf",
          "ssh root@logs.example\nsshkey /root/.ssh/kdump_id_rsa\npath /dumps\n"
          "core_collector makedumpfile -F -l --message-level 1 -d 31\ndefault shell\n",
          { "CoreCollector=makedumpfile -l --message-level 1 -d 31", "FailureAction=shell",
            " local devices only", " another machine", " without -F" } },
        { "/etc/kdump.conf",
          "nfs server.example:/export/vmcore\npath /\nextra_modules nfs nfsv4\n"
          "extra_modules bnx2x # the card\nfence_kdump_nodes a b\n",
          { "ExtraModules=nfs nfsv4 bnx2x", " local devices only", " fence_kdump" } },
        { "/etc/kdump.conf",
          "raw /dev/mapper/vg-kdump\ncore_collector dd if=/proc/vmcore bs=1M\n",
          { "Target=raw:/dev/mapper/vg-kdump", " last argument" } },
        { "/etc/kdump.conf",
          "ext4 LABEL=/crash\npath dumps\nkdump_post /var/crash/scripts/post.sh\n"
          "kdump_pre /root/pre.sh\nextra_bins /usr/bin/lftp jq\nfinal_action halt\n"
          "failure_action dump_to_rootfs\ncore_collector cp --sparse=always\n",
          { "Target=LABEL=/crash", "Path=/dumps", "PostScript=/var/crash/scripts/post.sh",
            "PreScript=/root/pre.sh", "FinalAction=halt", "CoreCollector=cp --sparse=always",
            " it takes absolute paths", " FallbackTarget=" } },
        { "/etc/sysconfig/kdump",
          "KDUMP_KERNELVER=\"5.14.0-70.el9.x86_64\"\nKDUMP_IMG=vmlinuz\n"
          "KDUMP_COMMANDLINE_APPEND=\"irqpoll nr_cpus=1 reset_devices\"\nKEXEC_ARGS=-c\n"
          "KDUMP_COMMANDLINE_REMOVE=hugepages,quiet\n",
          { "Kernel=/boot/vmlinuz-5.14.0-70.el9.x86_64", "Loader=kexec_load",
            " passes what a capture needs", " commas make one word" } },
        { "/etc/default/kdump-tools",
          "USE_KDUMP=1\nKDUMP_SYSCTL=\"kernel.panic_on_oops=1 kernel.hung_task_panic=1\"\n"
          "KDUMP_COREDIR=\"/mnt/crash\"\nKDUMP_NUM_DUMPS=5\nMAKEDUMP_ARGS=\"-z -d 17\"\n"
          "KDUMP_KEXEC_ARGS=\"--elf64-core-headers\"\nKDUMP_FAIL_CMD=\"/bin/bash\"\n"
          "KDUMP_CMDLINE_APPEND=\"$KDUMP_CMDLINE_APPEND irqpoll\"\n",
          { "Path=/mnt/crash", "Keep=5", "CoreCollector=makedumpfile -z -d 17",
            "FailureAction=shell", " options of kexec", " does not set", " in /etc/sysctl.d" } },
        { "/etc/default/kdump-tools",
          "USE_KDUMP=0\nKDUMP_CMDLINE_APPEND=\"nr_cpus=4 irqpoll usbcore.nousb "
          "systemd.unit=kdump-tools-dump.service dyndbg=\\\"file a.c +p # x\\\"\"\n"
          "KDUMP_FAIL_CMD=\"echo b >/proc/sysrq-trigger\"\nMAKEDUMP_ARGS=\"--dump-dmesg\"\n"
          "SSH=\"kdump@server\"\nHOSTTAG=hostname\nFTP_PASSWORD=secret\n"
          "FTP=\"ftp://me:secret@host/\"\n",
          { "CommandLineAppend=nr_cpus=4 usbcore.nousb dyndbg=\"file a.c +p # x\"", " turned off",
            " one of reboot, poweroff", " with --dump-dmesg" } },
        { "/etc/sysconfig/kdump",
          "KDUMP_SAVEDIR=\"ftp://me:secret@ftp.example/dumps\"\nKDUMP_DUMPFORMAT=lzo\n"
          "KDUMP_SMTP_PASSWORD=\"secret\"\n"
          "KDUMP_KEEP_OLD_DUMPS=18446744073709551615\nKDUMP_KEEP_OLD_DUMPS=5\n"
          "KDUMP_POSTSCRIPT=\"/usr/lib/fence_kdump_send -i 5 node1\"\nKDUMP_NETCONFIG=eth0:dhcp4\n",
          { "CoreCollector=makedumpfile -l -d 31", "Keep=6", " local devices only",
            " it takes an absolute path" } },
        { "/etc/sysconfig/kdump",
          "KDUMP_SAVEDIR=\"file:///srv/dump\"\nKDUMP_DUMPLEVEL=0\nKDUMP_DUMPFORMAT=ELF\n"
          "MAKEDUMPFILE_OPTIONS=\"--message-level 31\"\nKDUMP_KEEP_OLD_DUMPS=-1\n"
          "KDUMP_IMMEDIATE_REBOOT=no\nKDUMP_KERNELVER=/boot/vmlinuz-kdump\n"
          "KDUMP_REQUIRED_PROGRAMS=\"/bin/a /bin/b\"\n",
          { "Path=/srv/dump", "CoreCollector=makedumpfile -E -d 0 --message-level 31", "Keep=1",
            "FinalAction=shell", "Kernel=/boot/vmlinuz-kdump", "ExtraFiles=/bin/a /bin/b" } },
        { "/etc/default/kdump-tools",
          "KDUMP_COREDIR=/a\nif [ -d /b ]; then\n  KDUMP_COREDIR=/b\nfi\n"
          "KDUMP_NUM_DUMPS=1\nKDUMP_NUM_DUMPS=$(cat /etc/n)\nMAKEDUMP_ARGS=\"-c\"\n"
          "MAKEDUMP_ARGS=\nNO_SUCH_KEY=1\nKDUMP_CMDLINE=\"root=/dev/sda1 # ro\"\n",
          { "Path=/a", " under a condition", " what is not known", " to nothing", " not known here",
            " begins a comment" } },
};

/* Whatever is printed is a file that kdumpd reads without a word. */
static void fail_on_warning(void *userdata, const char *file, unsigned line, const char *text,
                            const char *told) {
        ck_abort_msg("%s:%u: %s", file, line, text);
}

static void check_readable(void) {
        Settings settings = { 0 };

        ck_assert_int_eq(conffile_read(tree.path, &settings, fail_on_warning, NULL, NULL, &error),
                         0);
        settings_done(&settings);
}

/* Whether there is such a line, or with a blank first such a part of a comment. */
static bool says(const char *text, const char *what) {
        size_t n = strlen(what);

        for (const char *p = text; (p = strstr(p, *what == ' ' ? what + 1 : what)); p++)
                if (*what == ' ' || (p > text && p[-1] == '\n' && p[n] == '\n'))
                        return true;
        return false;
}

static size_t count_settings(const char *text) {
        size_t n = 0;

        for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
                n += *p >= 'A' && *p <= 'Z' ? 1 : 0;
        return n;
}

START_TEST(file) {
        _cleanup_free_ char *text = NULL;
        char copy[IMPORT_COPY_MAX];
        Import import;
        size_t n = 0;

        tree_text(&tree, files[_i].path, files[_i].text);
        ck_assert_msg(import_read(tree.fd, NULL, &import, &error) == 0, "%s", error.text);
        ck_assert_int_eq(import_format(&import, &text), 0);
        for (size_t i = 0; files[_i].expected[i]; i++) {
                ck_assert_msg(says(text, files[_i].expected[i]), "no \"%s\" in:\n%s",
                              files[_i].expected[i], text);
                n += files[_i].expected[i][0] == ' ' ? 0 : 1;
        }
        ck_assert_msg(count_settings(text) == n, "not %zu settings in:\n%s", n, text);
        ck_assert_ptr_null(strstr(text, "secret"));
        ck_assert_int_eq(import_write(tree.fd, text, copy, &error), 1);
        check_readable();
        import_done(&import);
}
END_TEST

/* The one that comes with more keys of its own. */
START_TEST(detect) {
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                int kind = import_detect(files[i].text, strlen(files[i].text));

                if (streq(files[i].path, "/etc/kdump.conf"))
                        ck_assert_int_eq(kind, IMPORT_KDUMP_CONF);
                else if (streq(files[i].path, "/etc/default/kdump-tools"))
                        ck_assert_int_eq(kind, IMPORT_DEBIAN);
                else
                        ck_assert_int_eq(kind, strstr(files[i].text, "KDUMP_SAVEDIR")
                                                       ? IMPORT_SUSE
                                                       : IMPORT_FEDORA);
        }
        ck_assert_int_eq(import_detect("", 0), -ENOENT);
        ck_assert_int_eq(import_detect("A=1\n", 4), -ENOENT);
}
END_TEST

/* --- the files --- */

static void read_panics(const char *path, const char *text, bool expected) {
        Import import;

        tree_text(&tree, path, text);
        ck_assert_int_eq(import_read(tree.fd, path, &import, &error), 0);
        ck_assert_int_eq(import.panic_on_oops, expected);
        import_done(&import);
        tree_unlink(&tree, path);
}

START_TEST(panic_on_oops) {
        read_panics("/f", "path /x\n", false);
        read_panics("/f", "KEXEC_ARGS=-s\n", false);
        read_panics("/f", "USE_KDUMP=1\n", true);
        read_panics("/f", "USE_KDUMP=0\n", false);
        read_panics("/f", "USE_KDUMP=1\nKDUMP_SYSCTL=\"kernel.panic_on_oops=1\"\n", true);
        read_panics("/f", "USE_KDUMP=1\nKDUMP_SYSCTL=\"vm.swappiness=1\"\n", false);
        read_panics("/f", "KDUMP_SAVEDIR=/var/crash\n", true);
}
END_TEST

START_TEST(oops_file) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_lt(oops_panics(tree.fd), 0);
        tree_text(&tree, "/proc/sys/kernel/panic_on_oops", "1\n");
        ck_assert_int_eq(oops_panics(tree.fd), 1);
        tree_text(&tree, "/proc/sys/kernel/panic_on_oops", "0\n");
        ck_assert_int_eq(oops_panics(tree.fd), 0);

        ck_assert_int_eq(oops_sysctl_write(tree.fd, &error), 1);
        ck_assert_int_eq(read_file_below(tree.fd, OOPS_SYSCTL_PATH, 4096, &text, NULL), 0);
        ck_assert_ptr_nonnull(strstr(text, "\nkernel.panic_on_oops = 1\n"));
        ck_assert_int_eq(oops_sysctl_write(tree.fd, &error), 0);
}
END_TEST

/* What somebody has written there is not lost, however often. */
START_TEST(copies) {
        _cleanup_free_ char *first = NULL, *second = NULL;
        char copy[IMPORT_COPY_MAX];
        struct stat st;

        tree_text(&tree, IMPORT_DROPIN_PATH, "# mine\n");
        ck_assert_int_eq(import_write(tree.fd, "# a\n", copy, &error), 1);
        ck_assert_str_eq(copy, IMPORT_DROPIN_PATH ".old1");
        ck_assert_int_eq(import_write(tree.fd, "# a\n", copy, &error), 0);
        ck_assert_str_eq(copy, "");
        ck_assert_int_eq(import_write(tree.fd, "# b\n", copy, &error), 1);
        ck_assert_str_eq(copy, IMPORT_DROPIN_PATH ".old2");
        ck_assert_int_eq(read_file_below(tree.fd, IMPORT_DROPIN_PATH ".old1", 4096, &first, NULL),
                         0);
        ck_assert_str_eq(first, "# mine\n");
        ck_assert_int_eq(read_file_below(tree.fd, IMPORT_DROPIN_PATH, 4096, &second, NULL), 0);
        ck_assert_str_eq(second, "# b\n");
        ck_assert_int_eq(stat_below(tree.fd, IMPORT_DROPIN_PATH, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0644);
        check_readable();
}
END_TEST

/* What Fedora's runs because of where it lies. */
START_TEST(programs) {
        _cleanup_free_ char *text = NULL;
        Import import;

        tree_text(&tree, "/etc/kdump.conf", "path /x\n");
        tree_text(&tree, "/etc/kdump/post.d/10-send", "");
        tree_text(&tree, "/etc/kdump/pre.d/20-wait", "");
        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), 0);
        ck_assert_int_eq(import_format(&import, &text), 0);
        ck_assert_ptr_nonnull(strstr(text, "\n# /etc/kdump/pre.d/20-wait\n#   PreScript= is one"));
        ck_assert_ptr_nonnull(strstr(text, "\n# /etc/kdump/post.d/10-send\n#   PostScript= is"));
        import_done(&import);
}
END_TEST

/* One sentence that names the file, and nothing is written. */
START_TEST(bad_files) {
        static char large[SHELL_FILE_LONGEST + 2];
        char copy[IMPORT_COPY_MAX];
        Import import;

        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error.text, "/etc/kdump.conf"));
        ck_assert_int_eq(import_read(tree.fd, "/no/such", &import, &error), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error.text, "\"/no/such\" cannot be read: No such file"));
        tree_text(&tree, "/etc/sysconfig/kdump", "# nothing\n");
        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), -ENOENT);
        ck_assert_int_eq(import_read(tree.fd, "/etc/sysconfig/kdump", &import, &error), -EINVAL);
        tree_bytes(&tree, "/etc/kdump.conf", "path\0/x", 7);
        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(error.text, "it is no text"));
        memset(large, '\n', sizeof(large) - 1);
        tree_text(&tree, "/etc/kdump.conf", large);
        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), -EFBIG);
        ck_assert_ptr_nonnull(strstr(error.text, "too large"));
        tree_unlink(&tree, "/etc/kdump.conf");
        tree_dir(&tree, "/etc/kdump.conf");
        ck_assert_int_eq(import_read(tree.fd, NULL, &import, &error), -EISDIR);

        ck_assert_int_eq(import_write(tree.fd, large, copy, &error), -EFBIG);
        ck_assert(!exists_below(tree.fd, IMPORT_DROPIN_PATH));
        tree_text(&tree, KDUMPD_SYSCONFDIR "/kdumpd", "no directory\n");
        ck_assert_int_lt(import_write(tree.fd, "# a\n", copy, &error), 0);
        ck_assert_ptr_nonnull(strstr(error.text, "50-imported.conf"));
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_LOOP_TEST(s, assignment, ELEMENTSOF(assignments));
        ADD_FIXTURE_TEST(s, no_assignment);
        ADD_FIXTURE_TEST(s, too_many);
        ADD_FIXTURE_LOOP_TEST(s, file, ELEMENTSOF(files));
        ADD_FIXTURE_TEST(s, detect);
        ADD_FIXTURE_TEST(s, panic_on_oops);
        ADD_FIXTURE_TEST(s, oops_file);
        ADD_FIXTURE_TEST(s, copies);
        ADD_FIXTURE_TEST(s, programs);
        ADD_FIXTURE_TEST(s, bad_files);
}

TEST_MAIN("import", add_cases)
