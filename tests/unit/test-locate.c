/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/locate: each place, their order, and what names say. */
#include "test.h"

#include "fake-kernel.h"
#include "fake-uki.h"
#include "sys/locate.h"
#include "tree.h"

#define R    "6.12.57+deb12-amd64"
#define UNIT "/usr/lib/systemd/system/kdump-tools-dump.service"

static Tree tree;

static void setup(void) {
        tree_init(&tree);
        tree_text(&tree, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        tree_text(&tree, "/etc/kernel/entry-token", "token\n");
}

static void teardown(void) {
        tree_done(&tree);
}

/* Where a place leads for release R, with the entry token or the machine ID. */
static const char *path_of(const char *place, const char *token) {
        static char path[256];
        size_t n = 0;

        for (const char *p = place; *p; p++) {
                if (*p == '%') {
                        p++;
                        strscpy(path + n, sizeof(path) - n, *p == 'r' ? R : token);
                        n = strlen(path);
                } else
                        path[n++] = *p;
        }
        path[n] = '\0';
        return path;
}

static void kernel_is(const char *architecture, const char *expected) {
        _cleanup_free_ char *path = NULL, *tried = NULL;

        ck_assert_int_eq(locate_kernel(tree.fd, R, architecture, &path, &tried), 0);
        ck_assert_str_eq(path, expected);
        ck_assert_ptr_null(tried);
}

static void initrd_is(const char *expected) {
        _cleanup_free_ char *path = NULL, *tried = NULL;

        ck_assert_int_eq(locate_initrd(tree.fd, R, &path, &tried), 0);
        ck_assert_str_eq(path, expected);
        ck_assert_ptr_null(tried);
}

/* From the last place to the first: each hides those behind it. */
START_TEST(kernel_places) {
        const char *place, *architectures;
        size_t n = 0;

        while (places_kernel(n, &architectures))
                n++;
        ck_assert_uint_gt(n, 0);
        while (n-- > 0) {
                place = places_kernel(n, &architectures);
                tree_text(&tree, path_of(place, "token"), "x");
                /* The ELF file has another place in the order there. */
                if (!architectures || !streq(architectures, "riscv64"))
                        kernel_is("aarch64", path_of(place, "token"));
                if (!architectures)
                        kernel_is("x86_64", path_of(place, "token"));
        }
        kernel_is("x86_64", "/boot/vmlinuz-" R);
        kernel_is("riscv64", "/boot/vmlinux-" R);
        tree_unlink(&tree, "/boot/vmlinux-" R);
        kernel_is("riscv64", "/usr/lib/modules/" R "/vmlinux");
}
END_TEST

START_TEST(initrd_places) {
        const char *place, *words;
        size_t n = 0;

        tree_text(&tree, UNIT, "");
        while (places_initrd(n, &words))
                n++;
        ck_assert_uint_gt(n, 0);
        while (n-- > 0) {
                place = places_initrd(n, &words);
                ck_assert_str_eq(places_initrd_words(path_of(place, "token")), words);
                tree_text(&tree, path_of(place, "token"), "x");
                initrd_is(path_of(place, "token"));
        }
        initrd_is("/var/lib/kdumpd/" R "/initramfs.img");
}
END_TEST

static void put_kernel(const char *path, const char *release) {
        uint8_t image[FAKE_KERNEL_SIZE];

        fake_kernel(image, release);
        tree_bytes(&tree, path, image, sizeof(image));
}

/* One that tells its release in a section, in its kernel, or not at all. */
static void put_unified(const char *path, const char *section, const char *release) {
        static uint8_t file[65536];
        uint8_t image[FAKE_KERNEL_SIZE];
        size_t size = fake_uki(file);

        fake_kernel(image, release);
        if (section)
                size = fake_uki_add(file, size, ".uname", section, strlen(section));
        size = fake_uki_add(file, size, ".linux", image, sizeof(image));
        tree_bytes(&tree, path, file, size);
}

static void no_kernel(const char *part) {
        _cleanup_free_ char *path = NULL, *tried = NULL;

        ck_assert_int_eq(locate_kernel(tree.fd, R, "x86_64", &path, &tried), -ENOENT);
        ck_assert_msg(strstr(tried, part), "\"%s\" is not in: %s", part, tried);
}

/* A kernel of any name, where the boot loader has it from. */
START_TEST(boot_image) {
        static const struct {
                const char *line, *path;
        } cases[] = {
                { "BOOT_IMAGE=/boot/bzImage root=/", "/boot/bzImage" },
                { "ro BOOT_IMAGE=/bzImage\n", "/boot/bzImage" },
                { "BOOT_IMAGE=(hd0,gpt2)/boot/bzImage", "/boot/bzImage" },
                { "BOOT_IMAGE=(hd0)/x/linux", "/boot/efi/x/linux" },
                { "BOOT_IMAGE=/y/linux", "/efi/y/linux" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tree_text(&tree, "/proc/cmdline", cases[i].line);
                no_kernel(cases[i].path);
                put_kernel(cases[i].path, R);
                kernel_is("x86_64", cases[i].path);
                put_kernel(cases[i].path, R ".old");
                no_kernel(" (it is " R ".old)");
                tree_text(&tree, cases[i].path, "no kernel");
                no_kernel(" (it does not tell its release)");
                tree_unlink(&tree, cases[i].path);
        }
        put_kernel("/boot/bzImage", R);
        tree_text(&tree, "/proc/cmdline", "BOOT_IMAGE=boot/bzImage BOOT_IMAGE=(hd0 BOOT_IMAGE=1");
        no_kernel("/boot/kernel-" R);
        /* What has the release in its name comes first. */
        tree_text(&tree, "/proc/cmdline", "BOOT_IMAGE=/boot/bzImage");
        tree_text(&tree, "/boot/kernel-" R, "x");
        kernel_is("x86_64", "/boot/kernel-" R);
}
END_TEST

START_TEST(unified) {
        const char *directory;
        char path[128];

        no_kernel("/boot/EFI/Linux/*.efi");
        for (size_t i = 0; (directory = places_unified(i)); i++) {
                strscpyf(path, sizeof(path), "%s/b.EFI", directory);
                put_unified(path, R "\n", "x");
                kernel_is("x86_64", path);
                put_unified(path, "6.1", R);
                no_kernel("b.EFI (it is 6.1)");
                put_unified(path, NULL, R);
                kernel_is("x86_64", path);
                /* The first of several, whatever the order in the directory. */
                strscpyf(path, sizeof(path), "%s/a.efi", directory);
                put_unified(path, R, "x");
                kernel_is("x86_64", path);
                put_unified(path, NULL, "6.1");
                tree_unlink(&tree, path);
                strscpyf(path, sizeof(path), "%s/c.efi.bak", directory);
                put_unified(path, R, R);
                strscpyf(path, sizeof(path), "%s/b.EFI", directory);
                kernel_is("x86_64", path);
                tree_text(&tree, path, "MZ");
                no_kernel("b.EFI (it does not tell its release)");
        }
}
END_TEST

/* Only where what captures after it is installed, and is not turned off. */
START_TEST(debian_initrd) {
        static const char *const directories[] = { "/etc", "/usr/local/lib", "/usr/lib", "/lib" };
        static const struct {
                const char *text;
                bool zero;
        } settings[] = {
                { "USE_KDUMP=1\n", false },     { "#USE_KDUMP=0\n", false },
                { "USE_KDUMP=\"1\"", false },   { "MY_USE_KDUMP=0\n", false },
                { "USE_KDUMP_NOT=0\n", false }, { "USE_KDUMP=0\nUSE_KDUMP=1\n", false },
                { "USE_KDUMP=01\n", false },    { "", false },
                { "USE_KDUMP=0\n", true },      { "USE_KDUMP=1\nUSE_KDUMP=0", true },
                { " USE_KDUMP='0'\n", true },   { "USE_KDUMP=\n", true },
                { "USE_KDUMP=0 # no\n", true }, { "USE_KDUMP=00\n", true },
        };
        const char *initrd = "/var/lib/kdump/initrd.img-" R;
        _cleanup_free_ char *path = NULL, *tried = NULL;
        Error why;

        tree_text(&tree, initrd, "x");
        ck_assert_int_eq(locate_initrd(tree.fd, R, &path, &tried), -ENOENT);
        ck_assert_ptr_nonnull(strstr(tried, R " (kdump-tools-dump.service, which captures there, "
                                              "is not installed or is masked), /efi/token/"));
        tree_text(&tree, "/var/lib/kdump/initrd", "x"); /* SUSE's, behind it */
        initrd_is("/var/lib/kdump/initrd");
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                char unit[128];

                strscpyf(unit, sizeof(unit), "%s/systemd/system/kdump-tools-dump.service",
                         directories[i]);
                tree_text(&tree, unit, "");
                initrd_is(initrd);
                tree_unlink(&tree, unit);
                initrd_is("/var/lib/kdump/initrd");
        }
        tree_text(&tree, UNIT, "");
        /* The script that captures asks for the other unit, and ends if that is masked. */
        tree_text(&tree, "/usr/lib/systemd/system/kdump-tools.service", "");
        initrd_is(initrd);
        tree_link(&tree, "/etc/systemd/system/kdump-tools.service", "/dev/null");
        initrd_is("/var/lib/kdump/initrd");
        ck_assert(!places_initrd_captures(tree.fd, initrd, &why));
        ck_assert_ptr_nonnull(strstr(why.text, "kdump-tools.service is masked"));
        tree_unlink(&tree, "/etc/systemd/system/kdump-tools.service");
        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                tree_text(&tree, "/etc/default/kdump-tools", settings[i].text);
                initrd_is(settings[i].zero ? "/var/lib/kdump/initrd" : initrd);
        }
        tree_text(&tree, "/etc/default/kdump-tools", "USE_KDUMP=1\n");
        tree_link(&tree, "/etc/systemd/system/kdump-tools-dump.service", "/dev/null");
        initrd_is("/var/lib/kdump/initrd");
        ck_assert(!places_initrd_captures(tree.fd, initrd, &why));
        ck_assert(places_initrd_captures(tree.fd, "/var/lib/kdump/initrd", &why));
        ck_assert(places_initrd_captures(tree.fd, "/boot/initrd.img-" R, &why));
}
END_TEST

START_TEST(words_of_initrds) {
        static const char *const without[] = {
                "",
                "/",
                "/boot/initrd.img-6.1",
                "/var/lib/kdumpd/6.1/initramfs.img",
                "/boot/initramfs-6.1.img",
                "/boot/initrd-6.1",
                "/var/lib/kdump/initrd.img-",
                "/var/lib/kdump/initrd.img-6.1/x",
                "/mnt/var/lib/kdump/initrd.img-6.1",
                "/var/lib/kdump/initrd.imgs",
        };
        static const struct {
                const char *path, *words;
        } with[] = {
                { "/var/lib/kdump/initrd.img-6.1", "systemd.unit=kdump-tools-dump.service" },
                { "/var/lib/kdump/initrd.img", "systemd.unit=kdump-tools-dump.service" },
                { "/boot/initramfs-6.1kdump.img", "rd.systemd.gpt_auto=no" },
                { "/var/lib/kdump/initramfs-6.1kdump.img", "rd.systemd.gpt_auto=no" },
                { "/boot/efi/token/6.1/initrdkdump", "rd.systemd.gpt_auto=no" },
                { "/var/lib/kdump/initrd", "root=kdump rootflags=bind rd.udev.children-max=8" },
                { "/boot/initrd-6.1-kdump", "root=kdump rootflags=bind rd.udev.children-max=8" },
        };

        for (size_t i = 0; i < ELEMENTSOF(with); i++)
                ck_assert_str_eq(places_initrd_words(with[i].path), with[i].words);
        for (size_t i = 0; i < ELEMENTSOF(without); i++)
                ck_assert_str_eq(places_initrd_words(without[i]), "");
}
END_TEST

START_TEST(not_found) {
        _cleanup_free_ char *path = NULL, *tried = NULL, *tried_initrd = NULL;
        const char *place, *architectures, *words;

        /* Ordinary initrds, other releases, and what x86 cannot load. */
        tree_text(&tree, "/boot/initrd.img-" R, "x");
        tree_text(&tree, "/boot/initramfs-" R ".img", "x");
        tree_text(&tree, "/boot/initramfs-6.1.0kdump.img", "x");
        tree_text(&tree, "/boot/vmlinuz-6.1.0", "x");
        tree_text(&tree, "/boot/vmlinux-" R, "x");
        tree_link(&tree, "/boot/vmlinuz-" R, "gone");
        ck_assert_int_eq(locate_kernel(tree.fd, R, "x86_64", &path, &tried), -ENOENT);
        ck_assert_int_eq(locate_initrd(tree.fd, R, &path, &tried_initrd), -ENOENT);
        ck_assert_ptr_null(path);
        ck_assert_int_eq(
                strncmp(tried, "/boot/vmlinuz-" R ", /usr/lib/modules/" R "/vmlinuz, ", 60), 0);
        for (size_t i = 0; (place = places_kernel(i, &architectures)); i++)
                ck_assert_int_eq(strstr(tried, path_of(place, "token")) != NULL, !architectures);
        ck_assert_ptr_nonnull(strstr(tried, "/efi/0123456789abcdef0123456789abcdef/" R "/linux"));
        for (size_t i = 0; (place = places_initrd(i, &words)); i++)
                ck_assert_ptr_nonnull(strstr(tried_initrd, path_of(place, "token")));
}
END_TEST

/* What an ordinary user cannot look at is not missing. */
START_TEST(closed) {
        _cleanup_free_ char *path = NULL, *tried = NULL;
        static const struct {
                const char *file, *closed, *named;
                int result;
        } cases[] = {
                { "/boot/vmlinuz-" R, "/boot", "/boot", -EACCES },
                { "/efi/token/" R "/linux", "/efi/token", "/efi/token", -EACCES },
                { "/boot/efi/EFI/Linux/x.efi", "/boot/efi/EFI/Linux", "/boot/efi/EFI/Linux",
                  -EACCES },
                { "/boot/efi/EFI/Linux/x.efi", "/boot/efi/EFI/Linux/x.efi",
                  "/boot/efi/EFI/Linux/x.efi", -EACCES },
                { "/var/lib/kdumpd/" R "/initramfs.img", "/var/lib/kdumpd", "/var/lib/kdumpd",
                  -EACCES },
                { "/var/lib/kdumpd/" R "/initramfs.img", "/var", "/var", -EACCES },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool is_initrd = strstr(cases[i].file, "initr");
                _cleanup_free_ char *none = NULL, *why = NULL;
                int r;

                tree_text(&tree, cases[i].file, "x");
                tree_close(&tree, cases[i].closed);
                r = is_initrd ? locate_initrd(tree.fd, R, &none, &why)
                              : locate_kernel(tree.fd, R, "x86_64", &none, &why);
                tree_reopen(&tree, cases[i].closed);
                tree_unlink(&tree, cases[i].file);
                ck_assert_int_eq(r, cases[i].result);
                ck_assert_str_eq(why, cases[i].named);
        }
        /* One behind it is there, and perhaps not the one. */
        tree_text(&tree, "/var/lib/kdump/initrd", "x");
        tree_close(&tree, "/var/lib/kdumpd");
        ck_assert_int_eq(locate_initrd(tree.fd, R, &path, &tried), 1);
        tree_reopen(&tree, "/var/lib/kdumpd");
        ck_assert_str_eq(path, "/var/lib/kdump/initrd");
        ck_assert_str_eq(tried, "/var/lib/kdumpd");
}
END_TEST

START_TEST(tokens) {
        static const char *const hostile[] = { "", "\n", "..\n", ".\n", "a/b\n", "../x\n" };

        tree_text(&tree, "/boot/0123456789abcdef0123456789abcdef/" R "/linux", "x");
        kernel_is("x86_64", "/boot/0123456789abcdef0123456789abcdef/" R "/linux");
        tree_text(&tree, "/boot/token/" R "/linux", "x");
        kernel_is("x86_64", "/boot/token/" R "/linux");
        /* The same as the machine ID: tried once. */
        _cleanup_free_ char *none = NULL, *tried_once = NULL;
        const char *first;
        tree_text(&tree, "/etc/kernel/entry-token", "0123456789abcdef0123456789abcdef");
        ck_assert_int_eq(locate_kernel(tree.fd, "6.1", "x86_64", &none, &tried_once), -ENOENT);
        first = strstr(tried_once, "/efi/0123456789abcdef0123456789abcdef/6.1/linux");
        ck_assert_ptr_nonnull(first);
        ck_assert_ptr_null(strstr(first + 1, ", /efi/0123456789abcdef0123456789abcdef/6.1/linux"));
        kernel_is("x86_64", "/boot/0123456789abcdef0123456789abcdef/" R "/linux");
        tree_unlink(&tree, "/etc/machine-id");
        for (size_t i = 0; i < ELEMENTSOF(hostile); i++) {
                _cleanup_free_ char *path = NULL, *tried = NULL;

                tree_text(&tree, "/etc/kernel/entry-token", hostile[i]);
                ck_assert_int_eq(locate_kernel(tree.fd, R, "x86_64", &path, &tried), -ENOENT);
                ck_assert_ptr_null(strstr(tried, "/linux"));
        }
}
END_TEST

START_TEST(releases_in_names) {
        static const struct {
                const char *path, *release; /* NULL: it tells nothing */
        } cases[] = {
                { "/boot/vmlinuz-" R, R },
                { "/x/y/vmlinuz-6.1", "6.1" },
                { "vmlinuz-6.1", "6.1" },
                { "/boot/vmlinux-6.1.0", "6.1.0" },
                { "/boot/Image-6.1.0", "6.1.0" },
                { "/usr/lib/modules/6.1.0/vmlinuz", "6.1.0" },
                { "/efi/token/6.1.0/linux", "6.1.0" },
                { "6.1.0/linux", "6.1.0" },
                { "/efi/token/6.1.0/initrdkdump", "6.1.0" },
                { "/boot/initramfs-6.1.0kdump.img", "6.1.0" },
                { "/var/lib/kdumpd/6.1.0/initramfs.img", "6.1.0" },
                { "/boot/initrd-6.1.0-kdump", "6.1.0" },
                { "/var/lib/kdump/initrd.img-6.1.0", "6.1.0" },
                { "/boot/initrd.img-6.1.0-25-amd64", "6.1.0-25-amd64" },
                { "/boot/vmlinuz", NULL },
                { "/boot/vmlinuz-", NULL },
                { "/boot/vmlinuz-linux", NULL },
                { "/boot/vmlinuz-linux-6.1", NULL },
                { "/boot/vmlinuz-6", NULL },
                { "/boot/vmlinuz-6.", NULL },
                { "/boot/vmlinuz-6.x", NULL },
                { "/srv/kernel/linux", NULL },
                { "linux", NULL },
                { "/linux", NULL },
                { "/var/lib/kdump/initrd", NULL },
                { "/6.1.0/initrd", NULL },
                { "/boot/initramfs-kdump.img", NULL },
                { "/boot/initrd-6.1.0", NULL },
                { "", NULL },
        };
        char release[PLACES_RELEASE_MAX], path[300];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                strscpy(release, sizeof(release), "x");
                ck_assert_msg(places_release(cases[i].path, release) == !!cases[i].release, "%s",
                              cases[i].path);
                ck_assert_str_eq(release, cases[i].release ?: "x");
        }
        strscpy(path, sizeof(path), "/boot/vmlinuz-6.");
        memset(path + strlen(path), '1', PLACES_RELEASE_MAX);
        path[strlen("/boot/vmlinuz-") + PLACES_RELEASE_MAX] = '\0';
        ck_assert(!places_release(path, release));
        path[strlen("/boot/vmlinuz-") + PLACES_RELEASE_MAX - 1] = '\0';
        ck_assert(places_release(path, release));
}
END_TEST

START_TEST(releases_match) {
        static const struct {
                const char *a, *b;
                bool match;
        } cases[] = {
                { "6.1.0", "6.1.0", true },
                { "6.1.0-25-amd64", "6.1.0-25-amd64.old", true },
                { "6.1.0-25-amd64", "6.1.0-25", true },
                { "6.1.0-25-amd64", "6.1", true },
                { "6.1.0-25-amd64", "6.1.0-2", false },
                { "6.1.0-25-amd64", "6.1.0-26-amd64", false },
                { "6.1.0-25-amd64", "6.12.0-25-amd64", false },
                { "6.1", "6.12", false },
                { "5.14.0-1.x86_64", "5.14.0-1.x86_64+debug", false },
                { "5.14.0-1.x86_64", "5.14.0-1.x86_64+rt", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_int_eq(places_releases_match(cases[i].a, cases[i].b), cases[i].match);
                ck_assert_int_eq(places_releases_match(cases[i].b, cases[i].a), cases[i].match);
        }
}
END_TEST

START_TEST(knows_root) {
        ck_assert(places_initrd_knows_root("/boot/initramfs-6.1kdump.img"));
        ck_assert(places_initrd_knows_root("/mnt/initramfs-6.1kdump.img"));
        ck_assert(places_initrd_knows_root("/boot/initrd-6.1-kdump"));
        ck_assert(places_initrd_knows_root("/efi/token/6.1/initrdkdump"));
        ck_assert(places_initrd_knows_root("/var/lib/kdump/initrd"));
        ck_assert(!places_initrd_knows_root("/boot/initrd"));
        ck_assert(!places_initrd_knows_root("/var/lib/kdump/initrd.img"));
        ck_assert(!places_initrd_knows_root("/var/lib/kdump/initrd.img-6.1"));
        ck_assert(!places_initrd_knows_root("/boot/initramfs-6.1.img"));
}
END_TEST

START_TEST(is_own) {
        static const char *const own[] = { "/var/lib/kdumpd/6.1/initramfs.img",
                                           "/var/lib/kdumpd/" R "/initramfs.img" };
        static const char *const others[] = { "",
                                              "/var/lib/kdumpd/",
                                              "/var/lib/kdumpd/6.1",
                                              "/var/lib/kdumpd//initramfs.img",
                                              "/var/lib/kdumpd/6.1/x/initramfs.img",
                                              "/var/lib/kdumpd/6.1/initramfs.img2",
                                              "/boot/initramfs.img",
                                              "/boot/6.1/initramfs.img" };

        for (size_t i = 0; i < ELEMENTSOF(own); i++) {
                ck_assert(places_initrd_is_own(own[i]));
                ck_assert(places_initrd_knows_root(own[i]));
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                ck_assert(!places_initrd_is_own(others[i]));
                ck_assert(!places_initrd_knows_root(others[i]));
        }
}
END_TEST

static void kind_is(const char *path, InitrdKind kind) {
        ck_assert_msg(places_initrd_kind(tree.fd, path) == kind, "%s: %s", path,
                      initrd_kind_to_string(places_initrd_kind(tree.fd, path)));
}

/* By the place, or else by where a link leads. */
START_TEST(kinds) {
        static const char *const others[] = { "/boot/initrd", "/boot/mine", "/root/initrd.img-" R,
                                              "/boot/a/b/initrd-" R,
                                              "/var/lib/kdumpd/x/y/initramfs.img" };
        static const char *const systems[] = { "/boot/initrd.img-" R,
                                               "/boot/initramfs-" R ".img",
                                               "/boot/initrd-" R,
                                               "/boot/initramfs-linux.img",
                                               "/boot/initramfs-linux-fallback.img",
                                               "/efi/token/" R "/initrd",
                                               "/boot/token/" R "/initrd",
                                               "/usr/lib/modules/" R "/initramfs.img" };
        const char *place, *words;

        for (size_t i = 0; (place = places_initrd(i, &words)); i++)
                kind_is(path_of(place, "token"), i == 0 ? INITRD_OWN : INITRD_KDUMP);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                kind_is(others[i], INITRD_UNKNOWN);
        for (size_t i = 0; i < ELEMENTSOF(systems); i++)
                kind_is(systems[i], INITRD_SYSTEM);
        kind_is("/mnt/initramfs-" R "kdump.img", INITRD_KDUMP);

        tree_text(&tree, "/boot/initrd-" R, "x");
        tree_link(&tree, "/boot/initrd", "initrd-" R);
        kind_is("/boot/initrd", INITRD_SYSTEM);
        tree_text(&tree, "/var/lib/kdump/initrd.img-" R, "x");
        tree_link(&tree, "/boot/initrd.img-2", "../var/lib/kdump/initrd.img-" R);
        kind_is("/boot/initrd.img-2", INITRD_KDUMP);
        tree_text(&tree, "/data/initrd", "x");
        tree_link(&tree, "/boot/initrd.img-3", "/data/initrd");
        kind_is("/boot/initrd.img-3", INITRD_SYSTEM);
        /* The tool that makes this may save the space of another. */
        tree_link(&tree, "/var/lib/kdump/initrd.img", "/boot/initrd-" R);
        kind_is("/var/lib/kdump/initrd.img", INITRD_KDUMP);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, kernel_places);
        ADD_FIXTURE_TEST(s, boot_image);
        ADD_FIXTURE_TEST(s, unified);
        ADD_FIXTURE_TEST(s, initrd_places);
        ADD_FIXTURE_TEST(s, debian_initrd);
        ADD_FIXTURE_TEST(s, words_of_initrds);
        ADD_FIXTURE_TEST(s, not_found);
        ADD_FIXTURE_TEST(s, closed);
        ADD_FIXTURE_TEST(s, tokens);
        ADD_FIXTURE_TEST(s, releases_in_names);
        ADD_FIXTURE_TEST(s, releases_match);
        ADD_FIXTURE_TEST(s, knows_root);
        ADD_FIXTURE_TEST(s, is_own);
        ADD_FIXTURE_TEST(s, kinds);
}

TEST_MAIN("locate", add_cases)
