/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/: what a crash kernel image of our own reads of the machine. */
#include "test.h"

#include "fake-physical.h"
#include "sys/crash-machine.h"
#include "sys/iomem.h"
#include "sys/kcore.h"

static Tree tree;
static CrashMachine machine;
static Error error;

static void setup(void) {
        tree_init(&tree);
        fake_machine(&tree);
        machine = (CrashMachine){ 0 };
}

static void teardown(void) {
        crash_machine_done(&machine);
        tree_done(&tree);
}

static int read_machine(void) {
        crash_machine_done(&machine);
        error.text[0] = '\0';
        return crash_machine_read(tree.fd, &machine, &error);
}

static void refused(int expected, const char *words) {
        ck_assert_int_eq(read_machine(), expected);
        ck_assert_msg(strstr(error.text, words), "\"%s\" lacks \"%s\"", error.text, words);
}

START_TEST(complete) {
        static const MemoryRange expected[] = {
                { 0, 0x1000, MEMORY_RESERVED },
                { 0x1000, 0x9fc00, MEMORY_RAM },
                { 0xf0000, 0x100000, MEMORY_RESERVED },
                { 0x100000, 0x7ffdd000, MEMORY_RAM },
                { 0x72000000, 0x7e000000, MEMORY_CRASH },
                { 0x7ffdd000, 0x7ffdf000, MEMORY_ACPI_TABLES },
                { 0x7ffdf000, 0x80000000, MEMORY_ACPI_NVS },
                { UINT64_C(0x100000000), UINT64_C(0x140000000), MEMORY_RAM },
                { UINT64_C(0x140000000), UINT64_C(0x180000000), MEMORY_RAM },
        };

        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.memory.n, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                ck_assert_uint_eq(machine.memory.ranges[i].start, expected[i].start);
                ck_assert_uint_eq(machine.memory.ranges[i].end, expected[i].end);
                ck_assert_uint_eq(machine.memory.ranges[i].type, expected[i].type);
        }
        ck_assert_uint_eq(machine.kernel_start, FAKE_KERNEL_START);
        ck_assert_uint_eq(machine.kernel_vaddr, FAKE_KERNEL_VADDR);
        ck_assert_uint_eq(machine.kernel_size, FAKE_KERNEL_BYTES);
        ck_assert_uint_eq(machine.page_offset, FAKE_PAGE_OFFSET);
        ck_assert_uint_eq(machine.vmcoreinfo.address, 0x1234000);
        ck_assert_uint_eq(machine.vmcoreinfo.size, 0x1024);
        ck_assert_uint_eq(machine.n_cpu_notes, 2);
        ck_assert_uint_eq(machine.cpu_notes[0].address, 0x7fc00000);
        ck_assert_uint_eq(machine.cpu_notes[1].address, 0x7fc00400);
        ck_assert_uint_eq(machine.cpu_notes[1].size, 360);
        ck_assert_uint_eq(machine.elfcorehdr_bytes, 0);
        ck_assert_uint_eq(machine.rsdp, 0);
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.elfcorehdr_bytes, 917616);
}
END_TEST

/* What programs are lent has no line in /proc/iomem, and is no place for images. */
START_TEST(cma) {
        const MemoryRange *found;
        size_t n;

        ck_assert_int_eq(read_machine(), 0);
        n = machine.memory.n;
        tree_text(&tree, "/sys/kernel/kexec/crash_cma_ranges",
                  "140000000-14fffffff\n40000000-4fffffff\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.memory.n, n + 2);
        for (size_t i = 1; i < machine.memory.n; i++)
                ck_assert_uint_le(machine.memory.ranges[i - 1].start,
                                  machine.memory.ranges[i].start);
        found = memory_map_highest(&machine.memory, MEMORY_CRASH_CMA);
        ck_assert_ptr_nonnull(found);
        ck_assert_uint_eq(found->start, UINT64_C(0x140000000));
        ck_assert_uint_eq(found->end, UINT64_C(0x150000000));
        ck_assert_uint_eq(memory_map_highest(&machine.memory, MEMORY_CRASH)->start, 0x72000000);
        tree_text(&tree, "/sys/kernel/kexec/crash_cma_ranges", "40000000-4fffffff\nx\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.memory.n, n);
}
END_TEST

START_TEST(rsdp) {
        uint8_t boot_params[BOOT_PARAMS_SIZE] = { 0 };

        tree_text(&tree, "/sys/firmware/efi/systab", "SMBIOS=0x1000\nACPI=0xf5\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.rsdp, 0xf5);
        tree_text(&tree, "/sys/firmware/efi/systab", "ACPI=0xf5\nACPI20=0x7fb7e014\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.rsdp, 0x7fb7e014);
        boot_params[0x70] = 0x14;
        boot_params[0x77] = 0x80;
        tree_bytes(&tree, "/sys/kernel/boot_params/data", boot_params, sizeof(boot_params));
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.rsdp, UINT64_C(0x8000000000000014));
        tree_text(&tree, "/sys/kernel/boot_params/data", "short");
        refused(-EINVAL, "boot_params");
        tree_unlink(&tree, "/sys/kernel/boot_params/data");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_ptr_null(machine.boot_params);
}
END_TEST

static void efi_range(size_t i, const char *type, const char *address) {
        static const char *const names[] = { "type", "phys_addr", "virt_addr", "num_pages",
                                             "attribute" };
        const char *const values[] = { type, address, "0xfffffffeff600000\n", "0x100\n",
                                       "0x800000000000000f\n" };
        char path[96];

        for (size_t k = 0; k < ELEMENTSOF(names); k++) {
                strscpyf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%zu/%s", i, names[k]);
                tree_text(&tree, path, values[k]);
        }
}

static void set_efi(void) {
        tree_text(&tree, "/sys/firmware/efi/systab",
                  "ACPI20=0x7fb7e014\nSMBIOS3=0x1000\nSMBIOS=0x7f5cb000\n");
        tree_text(&tree, "/sys/firmware/efi/fw_vendor", "0x7f9ee018\n");
        tree_text(&tree, "/sys/firmware/efi/config_table", "0x7f9ecd98\n");
        for (size_t i = 0; i < 11; i++)
                efi_range(i, "0x6\n", i == 10 ? "0x7f8ed000\n" : "0xfffffffffffff000\n");
}

START_TEST(efi_runtime) {
        const EfiRuntime *efi = &machine.efi;

        set_efi();
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.rsdp, 0x7fb7e014);
        ck_assert_uint_eq(efi->fw_vendor, 0x7f9ee018);
        ck_assert_uint_eq(efi->config_table, 0x7f9ecd98);
        ck_assert_uint_eq(efi->smbios, 0x7f5cb000);
        ck_assert_uint_eq(efi->n_ranges, 11); /* by number, not by name */
        ck_assert_uint_eq(efi->ranges[0].address, UINT64_C(0xfffffffffffff000));
        ck_assert_uint_eq(efi->ranges[10].type, 6);
        ck_assert_uint_eq(efi->ranges[10].address, 0x7f8ed000);
        ck_assert_uint_eq(efi->ranges[10].vaddr, UINT64_C(0xfffffffeff600000));
        ck_assert_uint_eq(efi->ranges[10].n_pages, 0x100);
        ck_assert_uint_eq(efi->ranges[10].attribute, UINT64_C(0x800000000000000f));
        /* There need not be a table of SMBIOS, but those of ACPI stay. */
        tree_text(&tree, "/sys/firmware/efi/systab", "ACPI=0xf5\nSMBIOS=none\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(efi->n_ranges, 11);
        ck_assert_uint_eq(efi->smbios, 0);
        ck_assert_uint_eq(machine.rsdp, 0xf5);
        tree_unlink(&tree, "/sys/firmware/efi/systab");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(efi->n_ranges, 11);
        ck_assert_uint_eq(machine.rsdp, 0);
}
END_TEST

static void check_no_efi(void) {
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.efi.n_ranges, 0);
        ck_assert_ptr_null(machine.efi.ranges);
        ck_assert_uint_eq(machine.efi.smbios, 0);
        ck_assert_uint_eq(machine.rsdp, 0x7fb7e014);
        set_efi();
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.efi.n_ranges, 11);
}

/* All or nothing; and of what is no map nothing bad comes but this. */
START_TEST(efi_incomplete) {
        static const char *const files[] = {
                "fw_vendor",
                "config_table",
                "runtime-map/0/type",
                "runtime-map/4/virt_addr",
                "runtime-map/10/attribute",
        };
        static const char *const bad[] = { "",
                                           "\n",
                                           "0x\n",
                                           "-1\n",
                                           "6 7\n",
                                           "0x1g\n",
                                           "0x10000000000000000\n",
                                           "0x00000000000000000000000000000000000000001\n" };
        char path[96];

        set_efi();
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                strscpyf(path, sizeof(path), "/sys/firmware/efi/%s", files[i]);
                tree_unlink(&tree, path);
                check_no_efi();
                for (size_t k = 0; k < ELEMENTSOF(bad); k++) {
                        tree_text(&tree, path, bad[k]);
                        check_no_efi();
                }
        }
        tree_text(&tree, "/sys/firmware/efi/runtime-map/0/attribute", "0xf\n");
        ck_assert_int_eq(read_machine(), 0); /* not the firmware's any more */
        ck_assert_uint_eq(machine.efi.n_ranges, 10);
        ck_assert_uint_eq(machine.efi.ranges[9].address, 0x7f8ed000);
        set_efi();
        efi_range(3, "0x100000000\n", "0x1000\n");
        check_no_efi();
        for (size_t i = 0; i < 11; i++) {
                strscpyf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%zu/attribute", i);
                tree_text(&tree, path, "0x7fffffffffffffff\n");
        }
        check_no_efi();
        /* A hole. */
        ck_assert_int_eq(renameat(tree.fd, "sys/firmware/efi/runtime-map/5", tree.fd,
                                  "sys/firmware/efi/runtime-map/11"),
                         0);
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.efi.n_ranges, 0);
}
END_TEST

START_TEST(efi_too_many) {
        char path[96];

        set_efi();
        for (size_t i = 11; i <= EFI_RANGES_MAX; i++) {
                strscpyf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%zu", i);
                tree_link(&tree, path, "10");
        }
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.efi.n_ranges, 0);
        tree_unlink(&tree, path);
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.efi.n_ranges, EFI_RANGES_MAX);
}
END_TEST

/* What the kernel has mapped besides RAM, and with which pages. */
START_TEST(mapped) {
        tree_text(&tree, "/proc/iomem",
                  FAKE_IOMEM "200000000-2ffffffff : Persistent Memory\n"
                             "300000000-3ffffffff : Persistent Memory (legacy)\n"
                             "  300000000-3ffffffff : namespace0.0\n"
                             "400000000-4ffffffff : Soft Reserved\n"
                             "500000000-5ffffffff : CXL Window 0\n");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 1 kB\nDirectMap2M: 2 kB\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert(!machine.has_1g_pages);
        ck_assert_uint_eq(machine.memory.n, 13);
        for (size_t i = 0; i < 4; i++) {
                ck_assert_uint_eq(machine.memory.ranges[9 + i].type, MEMORY_DEVICE);
                ck_assert_uint_eq(machine.memory.ranges[9 + i].end, (i + 3) << 32);
        }
        tree_text(&tree, "/proc/meminfo", "DirectMap2M: 2 kB\nDirectMap1G: 0 kB\n");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert(machine.has_1g_pages);
}
END_TEST

START_TEST(missing) {
        tree_text(&tree, "/proc/iomem",
                  "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n");
        refused(-ENODATA, "CAP_SYS_ADMIN");
        tree_text(&tree, "/proc/iomem", "");
        refused(-EBADMSG, "/proc/iomem");
        tree_text(&tree, "/proc/iomem", "00001000-000fffff : System RAM\n");
        refused(-EBADMSG, "/proc/kcore");
        tree_unlink(&tree, "/proc/iomem");
        refused(-ENOENT, "/proc/iomem");
        tree_text(&tree, "/proc/iomem", FAKE_IOMEM);
        tree_text(&tree, "/proc/kcore", "short");
        refused(-EBADMSG, "/proc/kcore");
        tree_unlink(&tree, "/proc/kcore");
        refused(-ENOENT, "/proc/kcore");
}
END_TEST

START_TEST(notes) {
        static const char *const bad[] = {
                "",         "1234000\n",          "x 1024\n",       "1234000 0\n",
                "0 1024\n", "1234000 7fffffff\n", "1234000 10 24\n"
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                tree_text(&tree, "/sys/kernel/vmcoreinfo", bad[i]);
                refused(-EINVAL, "vmcoreinfo");
        }
        tree_text(&tree, "/sys/kernel/vmcoreinfo", "1234000 1024\n");
        tree_text(&tree, "/sys/devices/system/cpu/cpu9/crash_notes", "0\n");
        refused(-EINVAL, "CPU 9");
        tree_unlink(&tree, "/sys/devices/system/cpu/cpu9/crash_notes"); /* just unplugged */
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.n_cpu_notes, 1);
        tree_unlink(&tree, "/sys/devices/system/cpu/cpu10/crash_notes");
        refused(-ENODATA, "no CPU");
}
END_TEST

/* Lines that are none, and numbers at the edges. */
START_TEST(iomem_lines) {
        char text[] = "garbage\n-\n : System RAM\n1-2 System RAM\n"
                      "ffffffffffffffff-ffffffffffffffff : System RAM\n"
                      "2000-1fff : System RAM\n10000000000000000-2 : System RAM\n"
                      "1000-1fff : System RAM\n  1000-1000 : reserved\n1-2 : Reservedly\n";
        Iomem iomem;

        ck_assert_int_eq(iomem_parse(text, &iomem), 0);
        ck_assert_uint_eq(iomem.memory.n, 2);
        ck_assert_uint_eq(iomem.memory.ranges[0].type, MEMORY_RAM);
        ck_assert_uint_eq(iomem.memory.ranges[1].type, MEMORY_RESERVED);
        ck_assert_uint_eq(iomem.memory.ranges[1].end, 0x1001);
        ck_assert_uint_eq(iomem.kernel_start, 0);
        memory_map_done(&iomem.memory);
}
END_TEST

START_TEST(kcore_cut) {
        uint8_t data[FAKE_KCORE_SIZE];
        MemoryMap memory = { 0 };
        Kcore kcore;

        fake_kcore(data);
        ck_assert_int_eq(memory_map_add(&memory, 0x1000, 0x9f000, MEMORY_RAM), 0);
        ck_assert_int_eq(kcore_parse(data, sizeof(data), FAKE_KERNEL_START, &memory, &kcore), 0);
        ck_assert_uint_eq(kcore.page_offset, FAKE_PAGE_OFFSET);
        ck_assert_int_eq(kcore_parse(data, sizeof(data), 0x2000000, &memory, &kcore), -EBADMSG);
        for (size_t size = 0; size < sizeof(data) - 56; size++)
                ck_assert_int_eq(kcore_parse(data, size, FAKE_KERNEL_START, &memory, &kcore),
                                 -EBADMSG);
        memset(data + 32, 0xff, 8); /* e_phoff */
        ck_assert_int_eq(kcore_parse(data, sizeof(data), FAKE_KERNEL_START, &memory, &kcore),
                         -EBADMSG);
        memory_map_done(&memory);
}
END_TEST

/* The note belongs to whoever is kept out of /proc/kcore: tree_close() makes that another one. */
static void lend_note(void) {
        if (geteuid() == 0)
                ck_assert_int_eq(fchownat(tree.fd, &(KCORE_NOTE_PATH)[1], TREE_NOBODY, 0, 0), 0);
}

/* A service that may not read /proc/kcore goes by the note. */
START_TEST(note) {
        const Kcore noted = { .kernel_vaddr = 1, .kernel_size = 2, .page_offset = 3 };

        tree_dir(&tree, "/run/kdumpd");
        ck_assert_int_eq(kcore_note(tree.fd, FAKE_KERNEL_START, &noted), 0);
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.page_offset, FAKE_PAGE_OFFSET);
        lend_note();
        tree_close(&tree, "/proc/kcore");
        ck_assert_int_eq(read_machine(), 0);
        tree_reopen(&tree, "/proc/kcore");
        ck_assert_uint_eq(machine.kernel_vaddr, 1);
        ck_assert_uint_eq(machine.kernel_size, 2);
        ck_assert_uint_eq(machine.page_offset, 3);
        /* Nor is what systemd lays over it of any use to who may read that. */
        tree_text(&tree, "/proc/kcore", "");
        ck_assert_int_eq(read_machine(), 0);
        ck_assert_uint_eq(machine.page_offset, 3);
        static const char *const bad[] = { "", "1000000 1 2\n", "1000000 1 2 3 4\n",
                                           "1000001 1 2 3\n", "1000000 1 x 3\n" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                tree_text(&tree, KCORE_NOTE_PATH, bad[i]);
                lend_note();
                tree_close(&tree, "/proc/kcore");
                refused(-EACCES, "CAP_SYS_RAWIO");
                tree_reopen(&tree, "/proc/kcore");
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, complete);
        ADD_FIXTURE_TEST(s, cma);
        ADD_FIXTURE_TEST(s, rsdp);
        ADD_FIXTURE_TEST(s, efi_runtime);
        ADD_FIXTURE_TEST(s, efi_incomplete);
        ADD_FIXTURE_TEST(s, efi_too_many);
        ADD_FIXTURE_TEST(s, mapped);
        ADD_FIXTURE_TEST(s, missing);
        ADD_FIXTURE_TEST(s, notes);
        ADD_FIXTURE_TEST(s, iomem_lines);
        ADD_FIXTURE_TEST(s, kcore_cut);
        ADD_FIXTURE_TEST(s, note);
}

TEST_MAIN("crash-machine", add_cases)
