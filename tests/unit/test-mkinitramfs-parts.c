/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs is made of: paths below a root, ELF files, the loader's cache, names of
 * devices, tables, mounts, archives. */
#include "test.h"

#include <elf.h>
#include <sys/stat.h>

#include "mkinitramfs/elf-needed.h"
#include "mkinitramfs/ld-cache.h"
#include "sys/blockdev.h"
#include "sys/cpio.h"
#include "sys/dm.h"
#include "sys/gzip.h"
#include "sys/mounts.h"
#include "sys/path.h"
#include "tree.h"

static Tree tree;

static void setup(void) {
        tree_init(&tree);
}

static void teardown(void) {
        tree_done(&tree);
}

/* --- sys/path */

static void resolves(const char *path, const char *expected) {
        _cleanup_free_ char *resolved = NULL;

        ck_assert_int_eq(path_resolve(tree.fd, path, &resolved), 0);
        ck_assert_str_eq(resolved, expected);
}

static void resolves_not(const char *path, int error) {
        char *resolved = NULL;

        ck_assert_int_eq(path_resolve(tree.fd, path, &resolved), error);
        ck_assert_ptr_null(resolved);
}

START_TEST(paths) {
        char path[5000];

        tree_text(&tree, "/a/b/file", "x");
        tree_link(&tree, "/absolute", "/a/b");
        tree_link(&tree, "/a/up", "../../../../a");
        tree_link(&tree, "/a/twice", "up/./b//file");
        tree_link(&tree, "/loop", "loop2");
        tree_link(&tree, "/loop2", "/loop");
        tree_link(&tree, "/dangling", "nowhere");
        resolves("/", "/");
        resolves("//a/./b/../b/file", "/a/b/file");
        resolves("/..", "/");
        resolves("/../../a", "/a");
        resolves("/absolute/file", "/a/b/file");
        resolves("/a/up/up/b", "/a/b");
        resolves("/a/twice", "/a/b/file");
        resolves_not("/loop", -ELOOP);
        resolves_not("/dangling", -ENOENT);
        resolves_not("/a/x", -ENOENT);
        resolves_not("/a/b/file/x", -ENOTDIR);
        memset(path, 'a', sizeof(path) - 1);
        path[0] = '/';
        path[sizeof(path) - 1] = '\0';
        resolves_not(path, -ENAMETOOLONG);
        path[300] = '\0';
        resolves_not(path, -ENAMETOOLONG);
}
END_TEST

START_TEST(prefixes) {
        static const struct {
                const char *path, *there, *rest;
        } cases[] = {
                { "/", "/", "" },           { "/a/b", "/a/b", "" },
                { "/a/b/c", "/a/b", "c" },  { "/a/b/c/d//e", "/a/b", "c/d//e" },
                { "/link/x", "/a/b", "x" }, { "/x", "/", "x" },
        };

        tree_dir(&tree, "/a/b");
        tree_link(&tree, "/link", "a/b");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *there = NULL, *rest = NULL;

                ck_assert_int_eq(path_resolve_prefix(tree.fd, cases[i].path, &there, &rest), 0);
                ck_assert_str_eq(there, cases[i].there);
                ck_assert_str_eq(rest, cases[i].rest);
        }
        char *there = NULL, *rest = NULL;
        ck_assert_int_eq(path_resolve_prefix(tree.fd, "/x/../../y", &there, &rest), -ENOENT);
}
END_TEST

/* --- mkinitramfs/elf-needed */

/* A shared library by hand: header, two segments, a dynamic section, its strings. */
typedef struct TinyElf {
        Elf64_Ehdr header;
        Elf64_Phdr load, dynamic, interpreter;
        Elf64_Dyn entry[8];
        char strings[64];
} TinyElf;

#define ADDRESS 0x10000u

static TinyElf tiny(void) {
        static const char strings[64] = "\0libone.so\0libtwo.so\0/run/path\0/r/path\0/lib/ld.so";
        TinyElf e = {
                .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                         ELFDATA2LSB, EV_CURRENT },
                            .e_type = ET_DYN,
                            .e_machine = EM_X86_64,
                            .e_version = EV_CURRENT,
                            .e_phoff = offsetof(TinyElf, load),
                            .e_ehsize = sizeof(Elf64_Ehdr),
                            .e_phentsize = sizeof(Elf64_Phdr),
                            .e_phnum = 3 },
                .load = { .p_type = PT_LOAD,
                          .p_vaddr = ADDRESS,
                          .p_filesz = sizeof(TinyElf),
                          .p_memsz = sizeof(TinyElf) },
                .dynamic = { .p_type = PT_DYNAMIC,
                             .p_offset = offsetof(TinyElf, entry),
                             .p_filesz = sizeof(((TinyElf *)NULL)->entry) },
                .interpreter = { .p_type = PT_INTERP,
                                 .p_offset = offsetof(TinyElf, strings) + 39,
                                 .p_filesz = 11 },
                .entry = { { DT_NEEDED, { 1 } },
                           { DT_RUNPATH, { 21 } },
                           { DT_RPATH, { 31 } },
                           { DT_NEEDED, { 11 } },
                           { DT_STRTAB, { ADDRESS + offsetof(TinyElf, strings) } },
                           { DT_STRSZ, { sizeof(strings) } } },
        };

        memcpy(e.strings, strings, sizeof(strings));
        return e;
}

static void bad_elf(const TinyElf *e, size_t size) {
        ElfNeeded needed = { .n_needed = 7 };

        ck_assert_int_eq(elf_needed_read(e, size, &needed), -EBADMSG);
        ck_assert_uint_eq(needed.n_needed, 7);
}

START_TEST(elf_read) {
        TinyElf e = tiny();
        ElfNeeded needed;

        ck_assert_int_eq(elf_needed_read(&e, sizeof(e), &needed), 0);
        ck_assert_uint_eq(needed.elf_class, ELFCLASS64);
        ck_assert_uint_eq(needed.elf_data, ELFDATA2LSB);
        ck_assert_uint_eq(needed.machine, EM_X86_64);
        ck_assert_uint_eq(needed.n_needed, 2);
        ck_assert_str_eq(needed.needed[0], "libone.so");
        ck_assert_str_eq(needed.needed[1], "libtwo.so");
        ck_assert_str_eq(needed.run_path, "/run/path");
        ck_assert_str_eq(needed.interpreter, "/lib/ld.so");
        elf_needed_done(&needed);
        /* The older of the two kinds counts only without the other. */
        e.entry[1].d_tag = DT_DEBUG;
        ck_assert_int_eq(elf_needed_read(&e, sizeof(e), &needed), 0);
        ck_assert_str_eq(needed.run_path, "/r/path");
        elf_needed_done(&needed);
        e.header.e_phnum = 1;
        ck_assert_int_eq(elf_needed_read(&e, sizeof(e), &needed), 0);
        ck_assert_uint_eq(needed.n_needed, 0);
        ck_assert_ptr_null(needed.interpreter);
        elf_needed_done(&needed);
        e.header.e_type = ET_REL;
        ck_assert_int_eq(elf_needed_read(&e, sizeof(e), &needed), -ENOEXEC);
        ck_assert_int_eq(elf_needed_read("#!/bin/sh\n", 10, &needed), -ENOEXEC);
        ck_assert_int_eq(elf_needed_read("", 0, &needed), -ENOEXEC);
}
END_TEST

START_TEST(elf_damaged) {
        TinyElf e = tiny();

        for (size_t n = SELFMAG; n < offsetof(TinyElf, strings) + 50; n++)
                bad_elf(&e, n);
        e.entry[0].d_un.d_val = sizeof(e.strings);
        bad_elf(&e, sizeof(e));
        e.entry[0].d_un.d_val = UINT64_MAX;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.entry[0].d_un.d_val = 0; /* an empty name */
        bad_elf(&e, sizeof(e));
        e = tiny();
        memset(e.strings, 'x', sizeof(e.strings)); /* no end */
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.entry[4].d_un.d_ptr = ADDRESS - 1;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.entry[5].d_un.d_val = UINT64_MAX;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.load.p_offset = UINT64_MAX - 8;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.interpreter.p_offset = UINT64_MAX - 8;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.dynamic.p_filesz = UINT64_MAX;
        bad_elf(&e, sizeof(e));
        e = tiny();
        e.dynamic.p_filesz = 8;
        bad_elf(&e, sizeof(e));
}
END_TEST

/* --- mkinitramfs/ld-cache */

#define NEW_MAGIC "glibc-ld.so.cache1.1"

/* A cache of two libraries of one name, one other, and a variant for some processors; behind an old
 * one of so many entries, unless that is 0. Returns its size, and where the new one is. */
static size_t make_cache(char cache[static 512], uint32_t n_old, size_t *ret_at) {
        static const struct {
                uint32_t flags, key, value, version;
                uint64_t hardware;
        } entries[] = {
                { 0x303, 144, 160, 0, UINT64_C(1) << 62 },
                { 0x003, 144, 176, 0, 0 },
                { 0x303, 152, 192, 0, 0 },
                { 0x303, 144, 208, 0, 0 },
        };
        size_t at = 0;

        memset(cache, 0, 512);
        if (n_old > 0) {
                memcpy(cache, "ld.so-1.7.0", 12);
                memcpy(cache + 12, &n_old, 4);
                at = (16 + 12 * (size_t)n_old + 7) & ~(size_t)7;
        }
        memcpy(cache + at, NEW_MAGIC, 20);
        memcpy(cache + at + 20, &(uint32_t){ ELEMENTSOF(entries) }, 4);
        memcpy(cache + at + 48, entries, sizeof(entries));
        strcpy(cache + at + 144, "libx.so");
        strcpy(cache + at + 152, "liby.so");
        strcpy(cache + at + 160, "/hw/libx.so");
        strcpy(cache + at + 176, "/lib32/libx.so");
        strcpy(cache + at + 192, "/lib/liby.so");
        strcpy(cache + at + 208, "/lib/libx.so");
        *ret_at = at;
        return at + 221;
}

START_TEST(ld_cache) {
        char cache[512];

        size_t at;

        for (uint32_t n_old = 0; n_old < 3; n_old++) {
                size_t size = make_cache(cache, n_old, &at), i = 0;
                const char *path;

                ck_assert_int_eq(ld_cache_next(cache, size, "libx.so", &i, &path), 0);
                ck_assert_str_eq(path, "/lib32/libx.so");
                ck_assert_int_eq(ld_cache_next(cache, size, "libx.so", &i, &path), 0);
                ck_assert_str_eq(path, "/lib/libx.so");
                ck_assert_int_eq(ld_cache_next(cache, size, "libx.so", &i, &path), -ENOENT);
                i = 0;
                ck_assert_int_eq(ld_cache_next(cache, size, "libz.so", &i, &path), -ENOENT);
                /* Its last string has no end. */
                i = 0;
                ck_assert_int_eq(ld_cache_next(cache, size - 1, "libz.so", &i, &path), -EBADMSG);
                for (size_t n = 0; n < at + 141; n++) {
                        i = 0;
                        ck_assert_int_eq(ld_cache_next(cache, n, "libz.so", &i, &path), -EBADMSG);
                }
                memset(cache + at + 20, 0xff, 4);
                i = 0;
                ck_assert_int_eq(ld_cache_next(cache, size, "libx.so", &i, &path), -EBADMSG);
        }
        (void)make_cache(cache, 1, &at);
        memset(cache + 12, 0xff, 4);
        size_t i = 0;
        const char *path;
        ck_assert_int_eq(ld_cache_next(cache, sizeof(cache), "libx.so", &i, &path), -EBADMSG);
}
END_TEST

/* --- sys/blockdev */

START_TEST(device_names) {
        static const struct {
                const char *text, *encoded;
        } cases[] = {
                { "1234-ABCD", "1234-ABCD" },
                { "my dumps/x\\y", "my\\x20dumps\\x2fx\\x5cy" },
                { "\xc3\xa9", "\xc3\xa9" },
        };
        BlockName name = { "cciss!c0d0" }, found;
        _cleanup_free_ char *link = NULL;
        uint64_t major, minor;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *encoded = block_encode(cases[i].text);

                ck_assert_str_eq(encoded, cases[i].encoded);
        }
        tree_text(&tree, "/sys/class/block/cciss!c0d0/dev", "104:16\n");
        tree_text(&tree, "/dev/cciss/c0d0", "");
        tree_link(&tree, "/dev/disk", "elsewhere");
        tree_dir(&tree, "/dev/elsewhere/by-label");
        tree_link(&tree, "/dev/elsewhere/by-label/z", "../../cciss/c0d0");
        tree_link(&tree, "/dev/elsewhere/by-label/my\\x20dumps", "../../cciss/c0d0");
        tree_link(&tree, "/dev/elsewhere/by-label/a", "../../cciss/c0d1");
        ck_assert_int_eq(block_by_path(tree.fd, "/dev/disk/by-label/z", &found), 0);
        ck_assert_str_eq(found.text, name.text);
        ck_assert_int_eq(block_number(tree.fd, &name, &major, &minor), 0);
        ck_assert_uint_eq(major, 104);
        ck_assert_uint_eq(minor, 16);
        ck_assert_int_eq(block_link(tree.fd, "/dev/disk/by-label", "", &name, &link), 0);
        ck_assert_str_eq(link, "my dumps");
        ck_assert_int_eq(block_link(tree.fd, "/dev/disk/by-label", "y", &name, &link), -ENOENT);
        ck_assert_int_eq(block_link(tree.fd, "/dev/disk/by-x", "", &name, &link), -ENOENT);
        ck_assert_int_eq(block_by_path(tree.fd, "/dev/disk", &found), -ENOTBLK);
        ck_assert_int_eq(block_by_path(tree.fd, "/dev/x", &found), -ENOENT);
        tree_text(&tree, "/sys/class/block/cciss!c0d0/dev", "104\n");
        ck_assert_int_eq(block_number(tree.fd, &name, &major, &minor), -EINVAL);
}
END_TEST

/* --- sys/dm */

START_TEST(noted_tables) {
        static const char *const bad[] = { "",
                                           "[]",
                                           "{\"Tables\":{}}",
                                           "{\"Tables\":[{\"Name\":1}]}",
                                           "{\"Tables\":[{\"Major\":-1}]}",
                                           "{\"Tables\":[{\"Targets\":[{\"Type\":[]}]}]}" };
        DmTableLine targets[] = { { 1, 2, (char *)"linear", (char *)"8:0 2048" },
                                  { 3, 4, (char *)"striped", (char *)"" } };
        DmTable table[] = { { (char *)"a", (char *)"LVM-a", 253, 7, targets, 2 },
                            { (char *)"b", (char *)"", 253, 8, NULL, 0 } };
        DmTables tables = { table, 2 }, back;
        struct stat st;
        const DmTable *found;

        ck_assert_int_eq(dm_tables_noted(tree.fd, &back), -ENOENT);
        tree_dir(&tree, "/run");
        ck_assert_int_eq(dm_tables_note(tree.fd, &tables), 0);
        ck_assert_int_eq(fstatat(tree.fd, "run/kdumpd/tables.json", &st, 0), 0);
        ck_assert_int_eq(dm_tables_noted(tree.fd, &back), 0);
        ck_assert_uint_eq(back.n_tables, 2);
        ck_assert_ptr_null(dm_tables_find(&back, 7, 253));
        found = dm_tables_find(&back, 253, 7);
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found->name, "a");
        ck_assert_str_eq(found->uuid, "LVM-a");
        ck_assert_uint_eq(found->n_lines, 2);
        ck_assert_uint_eq(found->lines[0].start_sectors, 1);
        ck_assert_uint_eq(found->lines[0].length_sectors, 2);
        ck_assert_str_eq(found->lines[0].parameters, "8:0 2048");
        ck_assert_str_eq(found->lines[1].type, "striped");
        dm_tables_done(&back);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(dm_tables_from_json(bad[i], strlen(bad[i]), &back), -EBADMSG);
}
END_TEST

/* --- sys/mounts */

static void mounted(Mounts *m, const char *path, const char *point, const char *source) {
        Mount mount;

        ck_assert_int_eq(mounts_of_path(m, path, &mount), 0);
        ck_assert_str_eq(mount.point, point);
        ck_assert_str_eq(mount.source, source);
        mount_done(&mount);
}

/* point is NULL if it is mounted nowhere. */
static void of_device(Mounts *m, const char *name, const char *numbers, const char *point) {
        char path[128];
        BlockName device;
        Mount mount;

        strscpy(device.text, sizeof(device.text), name);
        strscpyf(path, sizeof(path), "/sys/class/block/%s/dev", name);
        tree_text(&tree, path, numbers);
        strscpyf(path, sizeof(path), "/dev/%s", name);
        tree_text(&tree, path, "");
        ck_assert_int_eq(mounts_of_device(m, tree.fd, &device, &mount), point ? 0 : -ENOENT);
        if (!point)
                return;
        ck_assert_str_eq(mount.point, point);
        mount_done(&mount);
}

START_TEST(mounted_places) {
        _cleanup_(mounts_freep) Mounts *m = NULL, *fstab = NULL;
        char path[128];
        Mount mount;

        strscpyf(path, sizeof(path), "%s/mountinfo", tree.path);
        ck_assert_int_eq(mounts_read(path, false, &m), -ENOENT);
        tree_text(&tree, "/mountinfo",
                  "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                  "22 21 0:40 /@x /a\\040b rw - btrfs /dev/vdb rw,subvol=/@x\n"
                  "23 21 254:3 / /var rw - xfs /dev/vda3 rw\n"
                  "nonsense\n"
                  "24 23 254:4 / /var rw - ext3 /dev/vda4 rw\n"
                  "25 21 0:50 / /home/u rw - fuse /dev/vdc rw,user_id=1000\n"
                  "26 21 0:51 / /home/v rw - fuse.btrfs /dev/vdc rw,user_id=1000\n"
                  "27 21 0:52 / /home/w rw - tmpfs /dev/vdc rw\n"
                  "28 21 254:5 / /ntfs rw - fuseblk /dev/vda5 rw,user_id=0\n"
                  "29 21 0:53 / /@y rw - btrfs /dev/mapper/vg-y rw\n");
        tree_link(&tree, "/dev/mapper/vg-y", "../dm-0");
        ck_assert_int_eq(mounts_read(path, false, &m), 0);
        mounted(m, "/", "/", "/dev/vda1");
        mounted(m, "/vary", "/", "/dev/vda1");
        mounted(m, "/var", "/var", "/dev/vda4");
        mounted(m, "/var/x/y", "/var", "/dev/vda4");
        mounted(m, "/a b/c", "/a b", "/dev/vdb");
        of_device(m, "vda3", "254:3", "/var");
        of_device(m, "vdb", "254:16", "/a b");
        of_device(m, "vdc", "254:32", NULL);
        of_device(m, "vda6", "254:6", NULL);
        of_device(m, "vda5", "254:5", "/ntfs");
        of_device(m, "dm-0", "253:0", "/@y");

        strscpyf(path, sizeof(path), "%s/fstab", tree.path);
        tree_text(&tree, "/fstab",
                  "# x\nUUID=1-2 /d xfs logdev=LABEL=l 0 0\nLABEL=\"a\\040b\" /e xfs\n"
                  "LABEL=l2 none swap sw\nvda5 /f xfs\n/dev/../dev//vda5 /g xfs\n");
        ck_assert_int_eq(mounts_read(path, true, &fstab), 0);
        tree_link(&tree, "/dev/disk/by-uuid/1-2", "../../vda3");
        tree_link(&tree, "/dev/disk/by-label/a\\x20b", "../../vdb");
        tree_link(&tree, "/dev/disk/by-label/l", "../../vdc");
        tree_link(&tree, "/dev/disk/by-label/l2", "../../mapper/vg-y");
        of_device(fstab, "vda3", "254:3", "/d");
        of_device(fstab, "vdb", "254:16", "/e");
        of_device(fstab, "vdc", "254:32", NULL);
        of_device(fstab, "dm-0", "253:0", "none");
        of_device(fstab, "vda5", "254:5", "/g");
        ck_assert_int_eq(mounts_using_device(fstab, tree.fd, &(BlockName){ "vdc" }, &mount), 0);
        ck_assert_str_eq(mount.point, "/d");
        ck_assert_str_eq(mount.source, "UUID=1-2");
        mount_done(&mount);
        ck_assert_int_eq(mounts_using_device(fstab, tree.fd, &(BlockName){ "vda6" }, &mount),
                         -ENOENT);
}
END_TEST

/* --- sys/cpio */

static size_t make_archive(Compression compression, uint64_t *ret_unpacked) {
        static const CpioEntry entries[] = {
                { .path = "/d", .mode = S_IFDIR | 0755 },
                { .path = "/d/c", .mode = S_IFCHR | 0600, .major = 5, .minor = 1 },
                { .path = "/d/f", .mode = S_IFREG | 0644, .data = "hello", .size = 5 },
                { .path = "/l", .mode = S_IFLNK | 0777, .link = "d/f" },
        };
        _cleanup_(cpio_writer_freep) CpioWriter *w = NULL;
        _cleanup_close_ int fd = open_below(tree.fd, "/archive", O_RDWR | O_CREAT | O_TRUNC);
        struct stat st;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(cpio_writer_new(fd, compression, &w), 0);
        for (size_t i = 0; i < ELEMENTSOF(entries); i++)
                ck_assert_int_eq(cpio_writer_add(w, &entries[i]), 0);
        ck_assert_int_eq(cpio_writer_finish(w, ret_unpacked), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        return (size_t)st.st_size;
}

/* The fields of newc: magic, inode, mode, owner, group, links, time, size ... */
START_TEST(archives) {
        _cleanup_free_ char *plain = NULL, *packed = NULL, *again_packed = NULL;
        _cleanup_free_ void *unpacked = NULL, *nothing = NULL;
        uint64_t bytes, again;
        size_t size, n;

        ck_assert_uint_eq(make_archive(COMPRESSION_NONE, &bytes), bytes);
        ck_assert_int_eq(read_file_below(tree.fd, "/archive", 65536, &plain, &size), 0);
        ck_assert_int_eq(strncmp(plain,
                                 "070701"
                                 "00000001"
                                 "000041ed"
                                 "00000000"
                                 "00000000"
                                 "00000002"
                                 "00000000"
                                 "00000000",
                                 62),
                         0);
        make_archive(COMPRESSION_GZIP, &again);
        ck_assert_uint_eq(again, bytes);
        ck_assert_int_eq(read_file_below(tree.fd, "/archive", 65536, &packed, &n), 0);
        ck_assert_int_eq(decompress(packed, n, size, &unpacked, &n), 0);
        ck_assert_uint_eq(n, size);
        ck_assert_mem_eq(unpacked, plain, size);
        ck_assert_int_eq(read_file_below(tree.fd, "/archive", 65536, &again_packed, &n), 0);
        ck_assert_int_eq(decompress(again_packed, n, size - 1, &nothing, &size), -EFBIG);
        ck_assert_int_eq(decompress(again_packed, n / 2, size, &nothing, &size), -EBADMSG);
        ck_assert_ptr_null(nothing);
}
END_TEST

/* --- sys/gzip */

START_TEST(gzip_both_ways) {
        static char plain[300000];
        _cleanup_free_ void *packed = NULL, *again = NULL, *unpacked = NULL, *nothing = NULL;
        size_t size, n;

        for (size_t i = 0; i < sizeof(plain); i++)
                plain[i] = (char)(i * i >> 7);
        ck_assert_int_eq(gzip_pack(plain, sizeof(plain), &packed, &size), 0);
        ck_assert_uint_lt(size, sizeof(plain));
        /* Whenever it is made: no time in the header, which gzip(1) and the kernel know as well. */
        ck_assert_mem_eq(packed, "\x1f\x8b\x08\0\0\0\0\0", 8);
        ck_assert_int_eq(gzip_pack(plain, sizeof(plain), &again, &n), 0);
        ck_assert_uint_eq(n, size);
        ck_assert_mem_eq(again, packed, size);

        ck_assert_int_eq(gzip_unpack(packed, size, sizeof(plain), &unpacked, &n), 0);
        ck_assert_uint_eq(n, sizeof(plain));
        ck_assert_mem_eq(unpacked, plain, n);
        ck_assert_int_eq(gzip_unpack(packed, size, sizeof(plain) - 1, &nothing, &n), -EFBIG);
        ck_assert_int_eq(gzip_unpack(packed, size - 1, sizeof(plain), &nothing, &n), -EBADMSG);
        ck_assert_int_eq(gzip_unpack(packed, 0, sizeof(plain), &nothing, &n), -EBADMSG);
        ck_assert_int_eq(gzip_unpack(plain, 100, sizeof(plain), &nothing, &n), -EBADMSG);
        ((char *)packed)[size - 5] ^= 1; /* in the checksum */
        ck_assert_int_eq(gzip_unpack(packed, size, sizeof(plain), &nothing, &n), -EBADMSG);
        ck_assert_ptr_null(nothing);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, paths);
        ADD_FIXTURE_TEST(s, prefixes);
        ADD_TEST(s, elf_read);
        ADD_TEST(s, elf_damaged);
        ADD_TEST(s, ld_cache);
        ADD_FIXTURE_TEST(s, device_names);
        ADD_FIXTURE_TEST(s, noted_tables);
        ADD_FIXTURE_TEST(s, mounted_places);
        ADD_FIXTURE_TEST(s, archives);
        ADD_TEST(s, gzip_both_ways);
}

TEST_MAIN("mkinitramfs-parts", add_cases)
