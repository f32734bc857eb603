/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setup: which boot loader it was, and the texts in which crashkernel= stands. */
#include "test.h"
#include "tree.h"

#include "core/crashkernel.h"
#include "setup/boot-facts.h"
#include "setup/entry-text.h"
#include "setup/grub-cfg.h"

static Tree tree;

static void setup(void) {
        tree_init(&tree);
}

static void teardown(void) {
        tree_done(&tree);
}

#define LOADER_VENDOR "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

/* As efivarfs shows it. */
static void variable(const char *name, const char *text) {
        char path[160], data[128] = { 6 };
        size_t n = strlen(text);

        strscpyf(path, sizeof(path), "/sys/firmware/efi/efivars/%s" LOADER_VENDOR, name);
        for (size_t i = 0; i <= n; i++)
                data[4 + 2 * i] = text[i];
        tree_bytes(&tree, path, data, 4 + 2 * (n + 1));
}

/* --- machines as they are */

typedef struct Machine {
        const char *name, *loader, *stub, *command_line;
        const char *files[6];
} Machine;

#define MKCONFIG "/usr/sbin/grub-mkconfig"

static const Machine machines[] = {
        { "GRUB",
          NULL,
          NULL,
          "BOOT_IMAGE=/boot/vmlinuz-6.1.0 root=UUID=a ro",
          { "/etc/default/grub", "/boot/grub/grub.cfg", MKCONFIG } },
        { "GRUB",
          "GRUB 2.12-9",
          NULL,
          "BOOT_IMAGE=/vmlinuz-6.12 root=UUID=a ro",
          { "/etc/default/grub", "/boot/grub/grub.cfg", MKCONFIG,
            "/boot/extlinux/extlinux.conf" } },
        /* Left over from a conversion: what started the machine counts. */
        { "systemd-boot",
          "systemd-boot 257.13",
          NULL,
          "initrd=\\x\\6.12\\initrd root=UUID=a",
          { "/etc/default/grub", "/boot/grub/grub.cfg", MKCONFIG } },
        { "systemd-boot", NULL, NULL, "initrd=\\x\\6.12\\initrd root=UUID=a", { NULL } },
        { "systemd-stub (unified kernel image)",
          "systemd-boot 257.13",
          "systemd-stub 257.13",
          "root=UUID=a",
          { "/etc/default/grub", "/boot/grub/grub.cfg", MKCONFIG } },
        { "systemd-stub (unified kernel image)",
          "GRUB 2.12-9",
          "systemd-stub 257.13",
          "root=UUID=a BOOT_IMAGE=x",
          { NULL } },
        { "rpm-ostree",
          NULL,
          NULL,
          "BOOT_IMAGE=(hd0,gpt3)/ostree/x root=UUID=a",
          { "/run/ostree-booted", "/boot/grub2/grub.cfg", "/usr/sbin/grubby" } },
        { "entries of sdbootutil",
          "systemd-boot 257",
          NULL,
          "initrd=\\x root=UUID=a",
          { "/usr/bin/sdbootutil" } },
        { "GRUB with grubby",
          NULL,
          NULL,
          "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.11 root=UUID=a",
          { "/usr/sbin/grubby", "/etc/default/grub", "/boot/grub2/grub.cfg" } },
        { "GRUB with pbl",
          NULL,
          NULL,
          "BOOT_IMAGE=/boot/vmlinuz-6.4 root=UUID=a",
          { "/sbin/pbl", "/etc/default/grub", "/boot/grub2/grub.cfg" } },
        { "GRUB or extlinux",
          NULL,
          NULL,
          "BOOT_IMAGE=/boot/vmlinuz-6.1.0 root=UUID=a ro",
          { "/etc/default/grub", "/boot/grub/grub.cfg", MKCONFIG,
            "/boot/extlinux/extlinux.conf" } },
        { "zipl", NULL, NULL, "root=/dev/dasda1 BOOT_IMAGE=0", { "/etc/zipl.conf" } },
        { "extlinux",
          NULL,
          NULL,
          "BOOT_IMAGE=/boot/vmlinuz-6.1.0 root=UUID=a ro",
          { "/boot/extlinux/extlinux.conf", "/etc/default/grub" } },
        { "the firmware of a Raspberry Pi",
          NULL,
          NULL,
          "console=tty1 root=PARTUUID=a",
          { "/boot/firmware/cmdline.txt" } },
        { "U-Boot with flash-kernel",
          NULL,
          NULL,
          "root=/dev/mmcblk0p2",
          { "/etc/default/flash-kernel", "/boot/boot.scr" } },
        { "U-Boot", NULL, NULL, "root=/dev/mmcblk0p2", { "/boot/boot.scr" } },
        { "a boot loader that is not known",
          "Some Loader 1",
          NULL,
          "BOOT_IMAGE=x root=/dev/a",
          { "/boot/grub/grub.cfg", "/etc/default/grub", MKCONFIG } },
        { "a boot loader that is not known", NULL, NULL, "", { NULL } },
};

START_TEST(rows) {
        const Machine *m = &machines[_i];
        BootFacts facts;
        Error error;

        if (m->loader)
                variable("LoaderInfo", m->loader);
        if (m->stub)
                variable("StubInfo", m->stub);
        tree_text(&tree, "/proc/cmdline", m->command_line);
        for (size_t i = 0; i < ELEMENTSOF(m->files) && m->files[i]; i++)
                tree_text(&tree, m->files[i], "for x in ${sysconfdir}/default/grub.d/*.cfg ; do\n");
        ck_assert_int_eq(boot_facts_read(tree.fd, &facts, &error), 0);
        ck_assert_str_eq(boot_loader_find(&facts)->name, m->name);
        boot_facts_done(&facts);
}
END_TEST

/* A grub-mkconfig that reads no drop-ins would make a file that it does not change. */
START_TEST(no_dropins) {
        BootFacts facts;
        Error error;

        tree_text(&tree, "/proc/cmdline", machines[0].command_line);
        tree_text(&tree, "/etc/default/grub", "");
        tree_text(&tree, "/boot/grub/grub.cfg", "");
        tree_text(&tree, MKCONFIG, ". ${sysconfdir}/default/grub\n");
        ck_assert_int_eq(boot_facts_read(tree.fd, &facts, &error), 0);
        ck_assert_str_eq(boot_loader_find(&facts)->name, "GRUB");
        ck_assert_int_eq(boot_loader_find(&facts)->method, BOOT_BY_HAND);
        boot_facts_done(&facts);
}
END_TEST

START_TEST(not_ours) {
        BootFacts facts = { .loader = "as it was" };
        Error error;

        ck_assert_int_eq(boot_facts_read(tree.fd, &facts, &error), -ENOENT);
        tree_text(&tree, "/proc/cmdline", "root=/dev/a");
        tree_text(&tree, "/run/systemd/container", "lxc");
        ck_assert_int_eq(boot_facts_read(tree.fd, &facts, &error), -EOPNOTSUPP);
        ck_assert_ptr_nonnull(strstr(error.text, "container"));
        tree_unlink(&tree, "/run/systemd/container");
        tree_text(&tree, "/proc/vmcore", "");
        ck_assert_int_eq(boot_facts_read(tree.fd, &facts, &error), -EOPNOTSUPP);
        ck_assert_str_eq(facts.loader, "as it was");
}
END_TEST

/* Every row says where, and what to type; nothing is left of the marks. */
START_TEST(commands) {
        for (size_t i = 0; boot_loader_row(i); i++) {
                const BootLoader *row = boot_loader_row(i);
                _cleanup_free_ char *add = NULL, *remove = NULL;

                add = boot_loader_commands(row, false, "crashkernel=192M", "crashkernel=1G,high");
                remove = boot_loader_commands(row, true, NULL, "crashkernel=192M");
                ck_assert_ptr_nonnull(strstr(add, "crashkernel=192M"));
                ck_assert_ptr_nonnull(strstr(remove, "crashkernel"));
                ck_assert(!strchr(add, '@') && !strchr(remove, '@') && row->place[0]);
                ck_assert(endswith(add, "\n") && endswith(remove, "\n"));
        }
}
END_TEST

START_TEST(old_words) {
        _cleanup_free_ char *two = NULL, *none = NULL;
        const BootLoader *row = NULL;

        for (size_t i = 0; boot_loader_row(i); i++)
                if (streq(boot_loader_row(i)->name, "rpm-ostree"))
                        row = boot_loader_row(i);
        two = boot_loader_commands(row, false, "crashkernel=192M",
                                   "crashkernel=1G,high crashkernel=72M,low");
        ck_assert_str_eq(two, "rpm-ostree kargs --delete-if-present=crashkernel=1G,high\n"
                              "rpm-ostree kargs --delete-if-present=crashkernel=72M,low\n"
                              "rpm-ostree kargs --append=crashkernel=192M\n");
        none = boot_loader_commands(row, false, "crashkernel=192M", "");
        ck_assert_str_eq(none, "rpm-ostree kargs --append=crashkernel=192M\n");
}
END_TEST

/* --- variables */

START_TEST(variables) {
        static const uint8_t wide[] = { 6, 0, 0, 0, 'G', 0, 0xe9, 0, '\n', 0, 0x34, 0x12 };
        char text[EFI_TEXT_MAX] = "as it was";

        ck_assert_int_eq(efi_parse_text(wide, sizeof(wide), text), 0);
        ck_assert_str_eq(text, "G???");
        ck_assert_int_eq(efi_parse_text(wide, sizeof(wide) - 1, text), -EBADMSG);
        ck_assert_int_eq(efi_parse_text(wide, 3, text), -EBADMSG);
        ck_assert_str_eq(text, "G???");
        ck_assert_int_eq(efi_parse_text(wide, 4, text), 0);
        ck_assert_str_eq(text, "");
        ck_assert_int_eq(efi_secure_boot(tree.fd), -ENOENT);
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        tree_bytes(&tree, SECURE_BOOT, "\6\0\0\0\1", 5);
        ck_assert_int_eq(efi_secure_boot(tree.fd), 1);
        tree_bytes(&tree, SECURE_BOOT, "\6\0\0\0\0", 5);
        ck_assert_int_eq(efi_secure_boot(tree.fd), 0);
        tree_bytes(&tree, SECURE_BOOT, "\6\0\0\0", 4);
        ck_assert_int_eq(efi_secure_boot(tree.fd), -EINVAL);
}
END_TEST

/* --- words */

static void takes(char *made, const char *wanted) {
        ck_assert_str_eq(made, wanted);
        free(made);
}

START_TEST(words) {
        takes(crashkernel_words("ro crashkernel=1G,high  quiet crashkernel=72M,low\n"),
              "crashkernel=1G,high crashkernel=72M,low");
        takes(crashkernel_strip("ro crashkernel=1G,high  quiet crashkernel=72M,low\n"), "ro quiet");
        takes(crashkernel_words("a=\"x crashkernel=1M\" nocrashkernel=2M"), "");
        takes(crashkernel_strip("a=\"x crashkernel=1M\" b"), "a=\"x crashkernel=1M\" b");
        takes(crashkernel_words("\"crashkernel=1M\" b"), "\"crashkernel=1M\"");
        takes(crashkernel_strip(""), "");
        takes(cmdline_from_running("BOOT_IMAGE=/vmlinuz root=UUID=a initrd=\\x crashkernel=1M "
                                   "systemd.machine_id=1 quiet\n"),
              "root=UUID=a quiet");
        takes(cmdline_with("# mine\nroot=a crashkernel=1M\nquiet\n", "crashkernel=2M"),
              "# mine\ncrashkernel=2M root=a quiet\n");
        takes(cmdline_with("crashkernel=1M", NULL), "\n");
        takes(cmdline_with("", "crashkernel=2M"), "crashkernel=2M\n");
        takes(cmdline_words("# crashkernel=1M\nroot=a crashkernel=2M"), "crashkernel=2M");
        ck_assert(cmdline_has("a\nroot=x", "root=") && !cmdline_has("#root=x\nnoroot=", "root="));
        takes(entry_words("title x\noptions    root=a crashkernel=1M\nlinux /x\n"),
              "crashkernel=1M");
        takes(entry_words("optionsx crashkernel=1M\n options a\n"), "");
}
END_TEST

START_TEST(ini) {
        static const char text[] = "layout = none\n[UKI]\nA=1 # why\n#A=2\n[PCR:x]\nA=3\n[UKI]\n"
                                   "B =\n[UKIX]\nB=4\nno equals\n";

        takes(ini_value(text, "UKI", "A"), "1");
        takes(ini_value(text, "UKI", "B"), "");
        takes(ini_value(text, "UKI", "C"), "");
        takes(ini_value(text, NULL, "layout"), "none");
        takes(ini_value(text, NULL, "A"), "");
        takes(ini_value("", "UKI", "A"), "");
}
END_TEST

/* --- GRUB */

START_TEST(grub_entries) {
        static const char cfg[] = "menuentry x {\n\tlinux\t/boot/vmlinuz root=a crashkernel=2M\n"
                                  "\tinitrd /x\n}\n"
                                  "  linuxefi /vmlinuz crashkernel=1M crashkernel=2M\n"
                                  "linux16 /memtest\n# linux /x crashkernel=2M\n"
                                  "set linux=crashkernel=2M\nlinux";
        GrubEntries entries;

        ck_assert_int_eq(grub_entries_count(cfg, "crashkernel=2M", &entries), 0);
        ck_assert_uint_eq(entries.n, 3);
        ck_assert_uint_eq(entries.n_right, 1);
        ck_assert_str_eq(entries.first, "crashkernel=2M");
        grub_entries_done(&entries);
        ck_assert_int_eq(grub_entries_count("linux\n/x crashkernel=2M", "x", &entries), 0);
        ck_assert_uint_eq(entries.n, 0);
        ck_assert_ptr_null(entries.first);
}
END_TEST

START_TEST(defaults) {
        bool is_default = false;

        takes(grub_defaults_word("GRUB_CMDLINE_LINUX=\"crashkernel=1M\"\n"
                                 "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet crashkernel=2M\"\n"
                                 "GRUB_CMDLINE_LINUX='crashkernel=3M'\n",
                                 &is_default),
              "crashkernel=2M");
        ck_assert(is_default);
        takes(grub_defaults_word("GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX "
                                 "crashkernel=1M,high crashkernel=72M,low\"",
                                 &is_default),
              "crashkernel=72M,low");
        ck_assert(!is_default);
        ck_assert_ptr_null(
                grub_defaults_word("# GRUB_CMDLINE_LINUX=crashkernel=1M\nX=crashkernel=1M\n"
                                   "GRUB_CMDLINE_LINUX=quiet\n",
                                   &is_default));
}
END_TEST

/* The drop-in in a shell, as grub-mkconfig runs it: behind what others have set. */
static void runs_to(const char *before, const char *wanted) {
        _cleanup_free_ char *dropin = grub_dropin_make("crashkernel=192M"), *script = NULL;
        char line[512] = "";
        FILE *f;

        ck_assert_int_gt(asprintf(&script, "%s/x.sh", tree.path), 0);
        f = fopen(script, "w");
        (void)fprintf(f,
                      "set -e\n%s\n%s\nprintf '%%s|%%s' \"$GRUB_CMDLINE_LINUX\" "
                      "\"${GRUB_CMDLINE_LINUX_DEFAULT-unset}\"\n",
                      before, dropin);
        (void)fclose(f);
        free(script);
        ck_assert_int_gt(asprintf(&script, "cd %s && touch x=1 && sh ./x.sh", tree.path), 0);
        f = popen(script, "r");
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_int_eq(pclose(f), 0);
        ck_assert_str_eq(line, wanted);
}

START_TEST(dropin) {
        _cleanup_free_ char *text = NULL;

        runs_to("", "crashkernel=192M|");
        runs_to("GRUB_CMDLINE_LINUX='ro'\nGRUB_CMDLINE_LINUX_DEFAULT='quiet crashkernel=512M'",
                "ro crashkernel=192M|quiet");
        runs_to("GRUB_CMDLINE_LINUX='crashkernel=1G,high crashkernel=72M,low a=\"b  c\" x=*'",
                " a=\"b  c\" x=* crashkernel=192M|");
        text = grub_dropin_make("crashkernel=192M");
        takes(grub_dropin_word(text), "crashkernel=192M");
        takes(grub_dropin_word("# crashkernel=1M\n"), "");
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_LOOP_TEST(suite, rows, (int)ELEMENTSOF(machines));
        ADD_FIXTURE_TEST(suite, no_dropins);
        ADD_FIXTURE_TEST(suite, not_ours);
        ADD_FIXTURE_TEST(suite, commands);
        ADD_FIXTURE_TEST(suite, old_words);
        ADD_FIXTURE_TEST(suite, variables);
        ADD_FIXTURE_TEST(suite, words);
        ADD_FIXTURE_TEST(suite, ini);
        ADD_FIXTURE_TEST(suite, grub_entries);
        ADD_FIXTURE_TEST(suite, defaults);
        ADD_FIXTURE_TEST(suite, dropin);
}

TEST_MAIN("boot-loader", add_cases)
