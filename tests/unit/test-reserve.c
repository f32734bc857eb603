/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setup/reserve: crashkernel= is written and taken away, on machines that are made up; what fails
 * leaves all as it was. */
#include "test.h"
#include "tree.h"

#include "core/asked.h"
#include "setup/reserve.h"
#include "sys/asked-json.h"

#define BOOT_ID "12345678-1234-1234-1234-1234567890ab"
#define NEXT_ID "12345678-1234-1234-1234-1234567890ac"

/* How the system's programs behave. */
typedef enum Mode {
        FINE,
        FAILS,   /* with a sentence */
        SILENT,  /* without one */
        NOTHING, /* as if all were well, and makes nothing */
        LEAVES,  /* fails, and leaves its half of a file */
        OTHER,   /* makes one with another word */
        PARTLY,  /* and some entries without it */
        EMPTY,   /* a menu without a kernel */
        GONE,    /* it cannot be started at all */
} Mode;

static Tree tree;
static Mode mode;
static const char *failing; /* the program that does not behave */
static char calls[2048];
static ReservePlan plan;
static ReserveResult result;
static Error error;
static char *before;

/* --- all that is there, as a text */

static char snapshot_text[65536];

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        _cleanup_free_ char *data = NULL;
        size_t n = strlen(snapshot_text);

        if (type == FTW_F &&
            read_file_below(tree.fd, path + strlen(tree.path), 60000, &data, NULL) >= 0)
                strscpyf(snapshot_text + n, sizeof(snapshot_text) - n, "%s %o: %s\n", path,
                         st->st_mode, data);
        return 0;
}

static char *snapshot(void) {
        snapshot_text[0] = '\0';
        ck_assert_int_eq(nftw(tree.path, add_file, 16, FTW_PHYS), 0);
        return strdup(snapshot_text);
}

static void is_unchanged(void) {
        _cleanup_free_ char *now = snapshot();

        ck_assert_str_eq(now, before);
}

/* --- programs */

static int fails(HelperResult *ret, const char *said) {
        ret->status = 1;
        strscpy(ret->said, sizeof(ret->said), said);
        return 0;
}

static const char *argument(const char *const *argv, const char *prefix) {
        for (; *argv; argv++)
                if (startswith(*argv, prefix))
                        return *argv + strlen(prefix);
        return NULL;
}

static int run_mkconfig(const char *const *argv, Mode how, HelperResult *ret) {
        const char *output = argv[2];
        _cleanup_free_ char *half = NULL, *cfg = NULL;
        bool is_ours = exists_below(tree.fd, "/etc/default/grub.d/zz-kdumpd.cfg");
        const char *word = is_ours && how != OTHER ? "crashkernel=192M" : "crashkernel=512M";

        ck_assert_str_eq(argv[1], "-o");
        ck_assert_int_gt(asprintf(&half, "%s.new", output), 0);
        if (how == LEAVES) {
                tree_text(&tree, half, "");
                return fails(ret, "Found linux image\nSyntax errors are detected in it.\n"
                                  "see that file");
        }
        if (how == FAILS)
                return fails(ret, "grub: 4: Syntax error: Unterminated quoted string\n");
        if (how == SILENT)
                return fails(ret, "");
        if (how == NOTHING)
                return 0;
        ck_assert_int_gt(asprintf(&cfg, "menu {\n%s%s\n}\nother {\n linux /vmlinuz %s\n}\n",
                                  how == EMPTY ? "" : "linux /vmlinuz root=a ",
                                  how == EMPTY ? "" : word, how == PARTLY ? "" : word),
                         0);
        if (how == EMPTY)
                strscpy(cfg, strlen(cfg), "menu {\n}\n");
        tree_text(&tree, output, cfg);
        return 0;
}

static int run_kernel_install(const char *const *argv, Mode how, HelperResult *ret) {
        static const char entries[] = "/boot/efi/loader/entries";
        _cleanup_free_ char *cmdline = NULL, *path = NULL, *entry = NULL;

        ck_assert_str_eq(argv[1], "add");
        ck_assert(startswith(argv[3], "/boot/vmlinuz-") && streq(argv[3] + 14, argv[2]));
        ck_assert_int_gt(asprintf(&path, "%s/debian-%s.conf", entries, argv[2]), 0);
        if (how == LEAVES && streq(argv[2], "6.12.1")) {
                tree_text(&tree, path, "half of");
                return fails(ret, "install: No space left on device\n");
        }
        if (how == FAILS)
                return fails(ret, "install: cannot remove: Read-only file system\n");
        if (how == NOTHING)
                return 0;
        ck_assert_int_eq(read_file_below(tree.fd, "/etc/kernel/cmdline", 4096, &cmdline, NULL), 0);
        ck_assert_int_gt(
                asprintf(&entry, "title x\noptions %s", how == OTHER ? "root=a\n" : cmdline), 0);
        tree_text(&tree, path, entry);
        return 0;
}

static int run_ukify(const char *const *argv, Mode how, HelperResult *ret) {
        const char *output = argument(argv, "--output="), *line = argument(argv, "--cmdline=");

        if (streq(argv[1], "inspect")) {
                _cleanup_free_ char *data = NULL;

                ck_assert_int_eq(read_file_below(tree.fd, argv[2], 4096, &data, NULL), 0);
                strscpyf(ret->output, sizeof(ret->output), ".cmdline:\n  %s\n", data);
                return 0;
        }
        ck_assert(!endswith(output, ".addon.efi"));
        if (how == LEAVES) {
                tree_text(&tree, output, "");
                return fails(ret, "Traceback:\nOSError: [Errno 28] No space left on device\n");
        }
        tree_text(&tree, output, how == OTHER ? "crashkernel=1M" : line);
        return 0;
}

static int run(void *userdata, const char *const *argv, HelperResult *ret, Error *reterr) {
        const char *name = path_name(argv[0]);
        Mode how = streq_ptr(failing, name) ? mode : FINE;
        size_t n = strlen(calls);

        ck_assert_int_eq(argv[0][0], '/');
        for (size_t i = 0; argv[i]; i++) {
                strscpyf(calls + n, sizeof(calls) - n, "%s ", i == 0 ? name : argv[i]);
                n = strlen(calls);
        }
        strscpy(calls + n, sizeof(calls) - n, "\n");
        *ret = (HelperResult){ 0 };
        if (how == GONE)
                return error_set(reterr, -ENOEXEC, "\"%s\" cannot be run", name);
        if (streq(name, "grub-mkconfig"))
                return run_mkconfig(argv, how, ret);
        if (streq(name, "grub-script-check"))
                return how == FINE ? 0 : fails(ret, "syntax error in line 3");
        if (streq(name, "kernel-install"))
                return run_kernel_install(argv, how, ret);
        if (streq(name, "ukify"))
                return run_ukify(argv, how, ret);
        ck_assert_str_eq(name, "bootctl");
        if (how != FINE)
                return fails(ret, "Couldn't find EFI system partition.\n");
        strscpy(ret->output, sizeof(ret->output), "/boot/efi\n");
        return 0;
}

static const Helper helper = { .run = run };

static void program(const char *path) {
        tree_text(&tree, path, "x");
        ck_assert_int_eq(fchmodat(tree.fd, path + 1, 0755, 0), 0);
}

/* --- machines */

static void variable(const char *name, const char *text) {
        char path[160], data[128] = { 6 };

        strscpyf(path, sizeof(path),
                 "/sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name);
        for (size_t i = 0; i <= strlen(text); i++)
                data[4 + 2 * i] = text[i];
        tree_bytes(&tree, path, data, 4 + 2 * (strlen(text) + 1));
}

static void make_grub(void) {
        tree_text(&tree, "/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=a crashkernel=512M quiet\n");
        tree_text(&tree, "/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT='crashkernel=512M'\n");
        tree_text(&tree, "/boot/grub/grub.cfg", "linux /vmlinuz crashkernel=512M root=a\n");
        ck_assert_int_eq(fchmodat(tree.fd, "boot/grub/grub.cfg", 0600, 0), 0);
        program("/usr/sbin/grub-mkconfig");
        tree_text(&tree, "/usr/sbin/grub-mkconfig",
                  "for x in ${sysconfdir}/default/grub.d/*.cfg\n");
        ck_assert_int_eq(fchmodat(tree.fd, "usr/sbin/grub-mkconfig", 0755, 0), 0);
        program("/usr/bin/grub-script-check");
}

static void make_entries(void) {
        tree_text(&tree, "/proc/cmdline", "initrd=\\d\\6.12.2\\initrd crashkernel=512M root=a\n");
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.12.1\n");
        variable("LoaderInfo", "systemd-boot 257.13");
        variable("LoaderEntrySelected", "debian-6.12.1.conf");
        for (unsigned i = 1; i <= 3; i++) {
                char path[64];

                strscpyf(path, sizeof(path), "/boot/vmlinuz-6.12.%u", i);
                tree_text(&tree, path, "kernel");
                strscpyf(path, sizeof(path), "/lib/modules/6.12.%u/x", i);
                tree_text(&tree, path, "");
        }
        tree_text(&tree, "/boot/vmlinuz-6.12.1.old", "kernel");
        tree_text(&tree, "/boot/efi/loader/entries/debian-6.12.1.conf",
                  "options crashkernel=512M root=a\n");
        tree_text(&tree, "/boot/efi/loader/entries/debian-6.12.2+3.conf", "options root=a\n");
        tree_text(&tree, "/boot/efi/loader/entries/debian-6.12.2.conf", "options root=a\n");
        tree_unlink(&tree, "/boot/efi/loader/entries/debian-6.12.2+3.conf");
        tree_dir(&tree, "/etc/kernel");
        program("/usr/bin/kernel-install");
        program("/usr/bin/bootctl");
}

static void make_unified(void) {
        tree_text(&tree, "/proc/cmdline", "root=a crashkernel=160M\n");
        variable("LoaderInfo", "systemd-boot 257.13");
        variable("StubInfo", "systemd-stub 257.13-1~deb13u1");
        variable("StubImageIdentifier", "\\EFI\\Linux\\debian.efi");
        tree_text(&tree, "/boot/efi/EFI/Linux/debian.efi", "x");
        tree_dir(&tree, "/boot/efi/loader");
        program("/usr/bin/ukify");
        program("/usr/bin/bootctl");
}

static void secure_boot(void) {
        tree_bytes(&tree,
                   "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                   "\6\0\0\0\1", 5);
}

static void setup(void) {
        tree_init(&tree);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", BOOT_ID "\n");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 2000000 kB\n");
        tree_dir(&tree, "/var/lib/kdumpd");
        mode = FINE;
        failing = NULL;
}

static void teardown(void) {
        reserve_plan_done(&plan);
        reserve_result_done(&result);
        free(before);
        before = NULL;
        tree_done(&tree);
}

/* Makes the plan; 192M, or NULL to take it away. */
static void make_plan(const char *value) {
        reserve_plan_done(&plan);
        reserve_result_done(&result);
        error.text[0] = '\0';
        ck_assert_int_eq(reserve_plan(tree.fd, value, &helper, &plan, &error), 0);
        free(before);
        before = snapshot();
}

static int try_write(void) {
        calls[0] = '\0';
        return reserve_write(tree.fd, &plan, &helper, &result, &error);
}

/* It fails with that text in the sentence, and nothing is another. */
static void refuses(int wanted, const char *text) {
        ck_assert_int_eq(try_write(), wanted);
        ck_assert_msg(strstr(error.text, text), "%s", error.text);
        is_unchanged();
}

static void obstacle(const char *text) {
        make_plan("192M");
        ck_assert(!plan.is_writable);
        ck_assert_msg(plan.obstacle && strstr(plan.obstacle, text), "%s", plan.obstacle);
        ck_assert_ptr_nonnull(strstr(plan.commands, "crashkernel=192M"));
        refuses(-EOPNOTSUPP, text);
}

static void has_text(const char *path, const char *wanted) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(read_file_below(tree.fd, path, 4096, &text, NULL), 0);
        ck_assert_msg(strstr(text, wanted), "%s: %s", path, text);
}

static void next_boot(const char *line) {
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", NEXT_ID "\n");
        tree_text(&tree, "/proc/cmdline", line);
}

/* --- sizes */

START_TEST(sizes) {
        static const struct {
                const char *value;
                int wanted;
        } cases[] = {
                { "192M", 0 },
                { "256m", 0 },
                { "1G", 0 },
                { "192M,high", 0 },
                { "192M@16M", 0 },
                { "1G-4G:128M,4G-:256M", 0 },
                { "1025M", -ERANGE },
                { "64G", -ERANGE },
                { "192", -ERANGE },
                { "8M", -ERANGE },
                { "0", -EINVAL },
                { "0M", -EINVAL },
                { "", -EINVAL },
                { "auto", -EINVAL },
                { "many", -EINVAL },
                { "192MB", -EINVAL },
                { "-1", -EINVAL },
                { "1;reboot", -EINVAL },
                { "192M x", -EINVAL },
                { "192M\n", -EINVAL },
                { "$(x)", -EINVAL },
                { "192M'", -EINVAL },
                { "192M,low", -EINVAL },
                { "192M,cma", -EINVAL },
                { "8G-:128M", -ERANGE },
                { "512M-:1500M", -ERANGE },
                { "99999999999999999999999999999999999999999999999999999999999999999999999999"
                  "999999999999999999999M",
                  -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                error.text[0] = '\0';
                ck_assert_msg(reserve_check_value(cases[i].value, UINT64_C(1500) << 20,
                                                  UINT64_C(548) << 20, &error) == cases[i].wanted,
                              "%s: %s", cases[i].value, error.text);
                ck_assert(cases[i].wanted == 0 || strstr(error.text, cases[i].value) ||
                          strchr(cases[i].value, '\n'));
        }
        ck_assert_int_eq(reserve_check_value("64G", 0, 0, &error), 0);
}
END_TEST

/* --- GRUB */

START_TEST(grub) {
        struct stat st;

        make_grub();
        make_plan("192M");
        ck_assert(plan.is_writable && !plan.is_done && !plan.commands);
        ck_assert_str_eq(plan.old_words, "crashkernel=512M");
        ck_assert_str_eq(plan.own_word, "");
        ck_assert_str_eq(plan.back_word, "crashkernel=512M");
        is_unchanged();
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(result.word, "crashkernel=192M");
        ck_assert_ptr_null(result.note);
        has_text("/boot/grub/grub.cfg", "crashkernel=192M");
        has_text("/boot/grub/grub.cfg.kdumpd-old", "crashkernel=512M");
        ck_assert_int_eq(stat_below(tree.fd, "/boot/grub/grub.cfg", &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        ck_assert(!exists_below(tree.fd, "/boot/grub/grub.cfg.kdumpd"));
        /* Once is enough; until the next boot shows that it was not. */
        make_plan("192M");
        ck_assert(plan.is_done);
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(calls, "");
        next_boot("BOOT_IMAGE=/vmlinuz crashkernel=512M root=a\n");
        make_plan("192M");
        ck_assert(!plan.is_done);
        next_boot("BOOT_IMAGE=/vmlinuz crashkernel=192M root=a\n");
        make_plan("192M");
        ck_assert(plan.is_done);
        make_plan("256M");
        ck_assert(!plan.is_done);
        ck_assert_str_eq(plan.own_word, "crashkernel=192M");
}
END_TEST

START_TEST(grub_remove) {
        make_grub();
        make_plan(NULL);
        ck_assert(plan.is_done && plan.is_writable);
        ck_assert_str_eq(plan.back_word, "crashkernel=512M");
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(calls, "");
        make_plan("192M");
        ck_assert_int_eq(try_write(), 0);
        make_plan(NULL);
        ck_assert(!plan.is_done);
        ck_assert_str_eq(plan.own_word, "crashkernel=192M");
        failing = "grub-mkconfig";
        mode = FAILS;
        refuses(-EPROTO, "Unterminated");
        failing = NULL;
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(result.word, "crashkernel=512M");
        ck_assert(!exists_below(tree.fd, "/etc/default/grub.d/zz-kdumpd.cfg"));
        ck_assert(!exists_below(tree.fd, ASKED_PATH));
        has_text("/boot/grub/grub.cfg", "crashkernel=512M");
}
END_TEST

/* All the ways in which update-grub was seen to fail, or to say that it did not. */
START_TEST(grub_fails) {
        static const struct {
                const char *program;
                Mode mode;
                int wanted;
                const char *text;
        } cases[] = {
                { "grub-mkconfig", FAILS, -EPROTO, "failed: grub: 4: Syntax error: Unterminated" },
                { "grub-mkconfig", SILENT, -EPROTO, "\"/etc/default/grub\"" },
                { "grub-mkconfig", NOTHING, -EPROTO, "ends it early" },
                { "grub-mkconfig", LEAVES, -EPROTO, "Syntax errors are detected" },
                { "grub-mkconfig", OTHER, -EPROTO, "crashkernel=512M instead" },
                { "grub-mkconfig", EMPTY, -EPROTO, "without a kernel" },
                { "grub-mkconfig", GONE, -ENOEXEC, "cannot be run" },
                { "grub-script-check", FAILS, -EPROTO, "syntax error in line 3" },
        };

        make_grub();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                make_plan("192M");
                failing = cases[i].program;
                mode = cases[i].mode;
                refuses(cases[i].wanted, cases[i].text);
                failing = NULL;
        }
        ck_assert(!exists_below(tree.fd, "/etc/default/grub.d"));
        /* What another time has left does not count as what was made now. */
        tree_text(&tree, "/boot/grub/grub.cfg.kdumpd", "linux /x crashkernel=192M\n");
        make_plan("192M");
        failing = "grub-mkconfig";
        mode = NOTHING;
        ck_assert_int_eq(try_write(), -EPROTO);
        ck_assert(!exists_below(tree.fd, "/boot/grub/grub.cfg.kdumpd"));
}
END_TEST

/* A drop-in that was there is the one that is there afterwards. */
START_TEST(grub_restores) {
        make_grub();
        make_plan("192M");
        ck_assert_int_eq(try_write(), 0);
        make_plan("256M");
        failing = "grub-mkconfig";
        mode = FAILS;
        refuses(-EPROTO, "Unterminated");
        has_text("/etc/default/grub.d/zz-kdumpd.cfg", "crashkernel=192M");
}
END_TEST

START_TEST(grub_partly) {
        make_grub();
        make_plan("192M");
        failing = "grub-mkconfig";
        mode = PARTLY;
        ck_assert_int_eq(try_write(), 0);
        ck_assert_ptr_nonnull(strstr(result.note, "1 of 2 entries"));
}
END_TEST

START_TEST(grub_obstacles) {
        make_grub();
        tree_unlink(&tree, "/usr/bin/grub-script-check");
        obstacle("\"grub-script-check\" is not installed");
        program("/usr/bin/grub-script-check");
        tree_text(&tree, "/boot/grub/real.cfg", "x");
        tree_unlink(&tree, "/boot/grub/grub.cfg");
        tree_link(&tree, "/boot/grub/grub.cfg", "real.cfg");
        obstacle("is a link to");
}
END_TEST

/* As an ordinary user. */
START_TEST(grub_denied) {
        make_grub();
        tree_dir(&tree, "/etc/default/grub.d");
        make_plan("192M");
        tree_close(&tree, "/etc/default/grub.d");
        ck_assert_int_eq(try_write(), -EACCES);
        ck_assert_ptr_nonnull(strstr(error.text, "/etc/default/grub.d/zz-kdumpd.cfg"));
        tree_reopen(&tree, "/etc/default/grub.d");
        is_unchanged();
}
END_TEST

/* --- systemd-boot */

START_TEST(entries) {
        make_entries();
        make_plan("192M");
        ck_assert_msg(plan.is_writable, "%s", plan.obstacle);
        is_unchanged();
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(result.word, "crashkernel=192M");
        has_text("/etc/kernel/cmdline", "crashkernel=192M root=a\n");
        has_text("/boot/efi/loader/entries/debian-6.12.1.conf", "crashkernel=192M root=a");
        has_text("/boot/efi/loader/entries/debian-6.12.2.conf", "crashkernel=192M root=a");
        /* The one that runs is the last, and the third has no entry. */
        ck_assert_str_eq(calls, "bootctl -p \n"
                                "kernel-install add 6.12.2 /boot/vmlinuz-6.12.2 \n"
                                "kernel-install add 6.12.1 /boot/vmlinuz-6.12.1 \n");
        make_plan("192M");
        ck_assert(plan.is_done);
        make_plan("256M");
        ck_assert_int_eq(try_write(), 0);
        /* There was no such file before. */
        make_plan(NULL);
        ck_assert_str_eq(plan.own_word, "crashkernel=256M");
        ck_assert_str_eq(plan.back_word, "");
}
END_TEST

START_TEST(entries_remove) {
        make_entries();
        tree_text(&tree, "/etc/kernel/cmdline", "crashkernel=512M root=a\n");
        make_plan("192M");
        ck_assert_str_eq(plan.back_word, "crashkernel=512M");
        ck_assert_int_eq(try_write(), 0);
        make_plan("256M");
        ck_assert_int_eq(try_write(), 0);
        make_plan(NULL);
        ck_assert_str_eq(plan.back_word, "crashkernel=512M");
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(result.word, "crashkernel=512M");
        has_text("/etc/kernel/cmdline", "crashkernel=512M root=a\n");
        has_text("/boot/efi/loader/entries/debian-6.12.1.conf", "crashkernel=512M root=a");
        make_plan(NULL);
        ck_assert(plan.is_done);
}
END_TEST

START_TEST(entries_fail) {
        static const struct {
                Mode mode;
                const char *text;
        } cases[] = {
                { FAILS, "Read-only file system" },
                { LEAVES, "No space left" },
                { NOTHING, "instead of crashkernel=192M" },
                { OTHER, "with nothing instead" },
        };

        make_entries();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                make_plan("192M");
                failing = "kernel-install";
                mode = cases[i].mode;
                refuses(-EPROTO, cases[i].text);
                failing = NULL;
        }
}
END_TEST

START_TEST(entries_obstacles) {
        make_entries();
        failing = "bootctl";
        mode = FAILS;
        obstacle("EFI system partition");
        failing = NULL;
        tree_text(&tree, "/etc/kernel/install.conf", "layout=uki\n");
        obstacle("layout=uki");
        tree_text(&tree, "/etc/kernel/install.conf", "layout=bls\n");
        tree_text(&tree, "/etc/kernel/cmdline", "quiet\n");
        obstacle("has no root=");
        tree_unlink(&tree, "/etc/kernel/cmdline");
        variable("LoaderEntrySelected", "arch.conf");
        obstacle("arch.conf, is not in");
        variable("LoaderEntrySelected", "debian-6.12.1.conf");
        tree_unlink(&tree, "/usr/bin/bootctl");
        obstacle("\"bootctl\" is needed");
        tree_remove(&tree, "/lib/modules");
        obstacle("no kernel \"/boot/vmlinuz-");
}
END_TEST

/* --- unified kernel images */

START_TEST(addon) {
        make_unified();
        make_plan("192M");
        ck_assert_msg(plan.is_writable, "%s", plan.obstacle);
        ck_assert_str_eq(plan.back_word, "crashkernel=160M");
        ck_assert_int_eq(try_write(), 0);
        has_text("/boot/efi/loader/addons/zz-kdumpd.addon.efi", "crashkernel=192M");
        ck_assert(!exists_below(tree.fd, "/boot/efi/loader/addons/.kdumpd.tmp"));
        ck_assert_ptr_nonnull(strstr(calls, "--config=/dev/null"));
        ck_assert_ptr_null(strstr(calls, "--secureboot"));
        make_plan("192M");
        ck_assert(plan.is_done);
        next_boot("root=a crashkernel=160M crashkernel=192M\n");
        make_plan(NULL);
        ck_assert_str_eq(plan.own_word, "crashkernel=192M");
        ck_assert_str_eq(plan.back_word, "crashkernel=160M");
        ck_assert_int_eq(try_write(), 0);
        ck_assert_str_eq(result.word, "crashkernel=160M");
        ck_assert(!exists_below(tree.fd, "/boot/efi/loader/addons/zz-kdumpd.addon.efi"));
}
END_TEST

START_TEST(addon_fails) {
        static const struct {
                Mode mode;
                const char *text;
        } cases[] = { { LEAVES, "No space left" }, { OTHER, "without crashkernel=192M" } };

        make_unified();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                make_plan("192M");
                failing = "ukify";
                mode = cases[i].mode;
                refuses(-EPROTO, cases[i].text);
                failing = NULL;
        }
}
END_TEST

START_TEST(addon_signed) {
        make_unified();
        secure_boot();
        obstacle("has to be signed");
        tree_text(&tree, "/etc/kernel/uki.conf",
                  "[UKI]\nSecureBootPrivateKey=/k\nSecureBootCertificate=/c\nInitrd=/x\n");
        make_plan("192M");
        ck_assert_msg(plan.is_writable, "%s", plan.obstacle);
        ck_assert_int_eq(try_write(), 0);
        ck_assert_ptr_nonnull(
                strstr(calls, "--secureboot-private-key=/k --secureboot-certificate=/c"));
        ck_assert_ptr_null(strstr(calls, "signtool"));
}
END_TEST

START_TEST(addon_obstacles) {
        make_unified();
        variable("StubInfo", "systemd-stub 252.38-1");
        obstacle("knows no add-ons");
        variable("StubInfo", "systemd-stub 257");
        variable("StubImageIdentifier", "\\EFI\\Linux\\other.efi");
        obstacle("\"/EFI/Linux/other.efi\", is not below \"/boot/efi\"");
        variable("StubImageIdentifier", "\\EFI\\Linux\\debian.efi");
        tree_unlink(&tree, "/usr/bin/ukify");
        obstacle("\"ukify\" is not installed");
        failing = "bootctl";
        mode = FAILS;
        obstacle("EFI system partition");
}
END_TEST

/* --- others */

START_TEST(by_hand) {
        tree_text(&tree, "/proc/cmdline", "root=/dev/a\n");
        make_plan("192M");
        ck_assert(!plan.is_writable && !plan.obstacle);
        ck_assert_ptr_nonnull(strstr(plan.commands, "crashkernel=192M"));
        refuses(-EOPNOTSUPP, "by hand");
        make_plan(NULL);
        ck_assert(!plan.is_writable && !plan.is_done);
}
END_TEST

/* --- what became of it */

static bool explains(const Asked *a, const char *line, uint64_t reserved_mib, const char *boot_id,
                     bool secure_boot, const char *wanted) {
        AskedMachine m = { .command_line = strdup(line),
                           .memory_bytes = UINT64_C(2) << 30,
                           .secure_boot = secure_boot };
        char text[ASKED_TEXT_MAX];
        bool said;

        strscpy(m.boot_id, sizeof(m.boot_id), boot_id);
        said = asked_explain(a, &m, reserved_mib << 20, text);
        ck_assert_msg(strstr(text, wanted), "%s", text);
        ck_assert(said == (text[0] != '\0'));
        asked_machine_done(&m);
        return said;
}

START_TEST(asked) {
        Asked a = { .value = "192M", .boot_id = BOOT_ID, .loader = "GRUB" };

        ck_assert(!explains(&a, "ro crashkernel=192M", 192, NEXT_ID, false, ""));
        ck_assert(!explains(&a, "ro", 0, BOOT_ID, false, ""));
        ck_assert(!explains(&a, "ro", 0, "", false, ""));
        ck_assert(explains(&a, "ro crashkernel=192M", 0, NEXT_ID, false,
                           "asked for 192M, reserved 0: no memory is reserved"));
        ck_assert(explains(&a, "ro", 0, NEXT_ID, false,
                           "asked for 192M, reserved 0: the kernel was started without "
                           "crashkernel=192M: another entry"));
        ck_assert(explains(&a, "ro crashkernel=192M crashkernel=512M", 512, NEXT_ID, false,
                           "reserved 512 MiB: behind it on the kernel command line is "
                           "crashkernel=512M, which counts"));
        ck_assert(explains(&a, "ro crashkernel=192M,high", 192, NEXT_ID, false, "without"));
        ck_assert(explains(&a, "ro crashkernel=192M", 128, NEXT_ID, false, "reserved 128 MiB"));
        strscpy(a.loader, sizeof(a.loader), "systemd-stub (unified kernel image)");
        ck_assert(explains(&a, "ro crashkernel=160M", 160, NEXT_ID, true, "Secure Boot"));
        a.value[0] = '\0';
        ck_assert(!explains(&a, "ro", 0, NEXT_ID, false, ""));
}
END_TEST

START_TEST(asked_file) {
        Asked a = { .value = "192M", .boot_id = BOOT_ID, .usec = 5, .made_place = true }, b;
        AskedMachine m;

        ck_assert_int_eq(asked_read(tree.fd, &b), -ENOENT);
        a.before = strdup("crashkernel=1G,high crashkernel=72M,low");
        ck_assert_int_eq(asked_write(tree.fd, &a), 0);
        ck_assert_int_eq(asked_read(tree.fd, &b), 0);
        ck_assert_str_eq(b.value, "192M");
        ck_assert_str_eq(b.before, a.before);
        ck_assert(b.made_place);
        asked_done(&a);
        asked_done(&b);
        tree_text(&tree, ASKED_PATH, "{\"Value\":5}");
        ck_assert_int_eq(asked_read(tree.fd, &b), -EBADMSG);
        ck_assert_int_eq(asked_machine_read(tree.fd, &m), -ENOENT);
        next_boot("ro crashkernel=1M\n");
        secure_boot();
        ck_assert_int_eq(asked_machine_read(tree.fd, &m), 0);
        ck_assert_str_eq(m.boot_id, NEXT_ID);
        ck_assert(m.secure_boot && startswith(m.command_line, "ro crash"));
        asked_machine_done(&m);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, sizes);
        ADD_FIXTURE_TEST(suite, grub);
        ADD_FIXTURE_TEST(suite, grub_remove);
        ADD_FIXTURE_TEST(suite, grub_fails);
        ADD_FIXTURE_TEST(suite, grub_restores);
        ADD_FIXTURE_TEST(suite, grub_partly);
        ADD_FIXTURE_TEST(suite, grub_obstacles);
        ADD_FIXTURE_TEST(suite, grub_denied);
        ADD_FIXTURE_TEST(suite, entries);
        ADD_FIXTURE_TEST(suite, entries_remove);
        ADD_FIXTURE_TEST(suite, entries_fail);
        ADD_FIXTURE_TEST(suite, entries_obstacles);
        ADD_FIXTURE_TEST(suite, addon);
        ADD_FIXTURE_TEST(suite, addon_fails);
        ADD_FIXTURE_TEST(suite, addon_signed);
        ADD_FIXTURE_TEST(suite, addon_obstacles);
        ADD_FIXTURE_TEST(suite, by_hand);
        ADD_FIXTURE_TEST(suite, asked);
        ADD_FIXTURE_TEST(suite, asked_file);
}

TEST_MAIN("reserve", add_cases)
