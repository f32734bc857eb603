/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash kernel image of our own needs to know of the machine. */
#include "sys/crash-machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/efi.h"
#include "sys/iomem.h"
#include "sys/kcore.h"
#include "sys/kernel-state.h"

#define CPU_DIRECTORY  "/sys/devices/system/cpu"
#define CPU_NUMBER_MAX 1048575u
#define NOTES_SIZE_MAX (UINT64_C(1) << 20)
#define AT_RSDP        0x70u /* acpi_rsdp_addr in boot_params */
#define MEMINFO_MAX    (64u * 1024u)

static int read_memory(int root_fd, CrashMachine *m, Error *reterr) {
        Iomem iomem;
        Kcore kcore;
        int r;

        r = iomem_read(root_fd, &iomem);
        if (r == -ENODATA)
                return error_set(reterr, r,
                                 "/proc/iomem shows no addresses (it takes CAP_SYS_ADMIN)");
        if (r == -EBADMSG)
                return error_set(reterr, r, "/proc/iomem lists no RAM");
        if (r < 0)
                return error_set(reterr, r, "/proc/iomem cannot be read: %s", strerror(-r));
        m->memory = iomem.memory;
        m->kernel_start = iomem.kernel_start;
        /* Without what cannot be read, the image has less memory, and the dump more. */
        if (iomem_add_cma(root_fd, &m->memory) == -ENOMEM)
                return error_set_memory(reterr);
        memory_map_sort(&m->memory);
        r = kcore_read(root_fd, m->kernel_start, &m->memory, &kcore);
        if (r == -EPERM || r == -EACCES)
                return error_set(reterr, r, "/proc/kcore cannot be read (it takes CAP_SYS_RAWIO)");
        if (r == -EBADMSG)
                return error_set(reterr, r, "/proc/kcore does not say where the kernel is");
        if (r < 0)
                return error_set(reterr, r, "/proc/kcore cannot be read: %s", strerror(-r));
        m->kernel_vaddr = kcore.kernel_vaddr;
        m->kernel_size = kcore.kernel_size;
        m->page_offset = kcore.page_offset;
        return 0;
}

/* The kernel has this line if and only if it uses such pages itself (arch_report_meminfo() in
 * arch/x86/mm/pat/set_memory.c), which "nogbpages" can forbid whatever the CPU has. */
bool crash_machine_has_1g_pages(int root_fd) {
        _cleanup_free_ char *text = NULL;

        return read_file_below(root_fd, "/proc/meminfo", MEMINFO_MAX, &text, NULL) >= 0 &&
               strstr(text, "\nDirectMap1G:");
}

/* "ADDRESS SIZE", both hexadecimal. */
static int read_vmcoreinfo(int root_fd, NoteArea *ret) {
        char line[64], *size;
        NoteArea area;
        int r;

        r = read_line_below(root_fd, "/sys/kernel/vmcoreinfo", line, sizeof(line));
        if (r < 0)
                return r;
        size = strchr(line, ' ');
        if (!size)
                return -EINVAL;
        *size++ = '\0';
        r = parse_u64(line, 16, &area.address);
        if (r >= 0)
                r = parse_u64(size, 16, &area.size);
        if (r < 0 || area.address == 0 || area.size == 0 || area.size > NOTES_SIZE_MAX)
                return -EINVAL;
        *ret = area;
        return 0;
}

static int read_cpu_notes(int root_fd, uint64_t cpu, NoteArea *ret) {
        char path[96], line[32];
        NoteArea area;
        int r;

        strscpyf(path, sizeof(path), CPU_DIRECTORY "/cpu%" PRIu64 "/crash_notes", cpu);
        r = read_line_below(root_fd, path, line, sizeof(line));
        if (r < 0)
                return r;
        r = parse_u64(line, 16, &area.address);
        if (r < 0)
                return r;
        strscpyf(path, sizeof(path), CPU_DIRECTORY "/cpu%" PRIu64 "/crash_notes_size", cpu);
        r = read_u64_below(root_fd, path, &area.size);
        if (r < 0)
                return r;
        if (area.address == 0 || area.size == 0 || area.size > NOTES_SIZE_MAX)
                return -EINVAL;
        *ret = area;
        return 0;
}

static int compare_numbers(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* The numbers of the cpuN directories, which are there for present CPUs, in ascending order. */
static int list_cpus(int root_fd, uint64_t **ret, size_t *ret_n) {
        _cleanup_free_ uint64_t *numbers = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        size_t n = 0, n_allocated = 0;
        const struct dirent *entry;
        int r;

        r = open_directory_below(root_fd, CPU_DIRECTORY, &dir);
        if (r < 0)
                return r;
        while (errno = 0, (entry = readdir(dir))) {
                const char *number = startswith(entry->d_name, "cpu");
                uint64_t value, *grown;

                if (!number || parse_u64(number, 10, &value) < 0 || value > CPU_NUMBER_MAX)
                        continue;
                if (n == n_allocated) {
                        n_allocated = n_allocated > 0 ? n_allocated * 2 : 64;
                        grown = reallocarray(numbers, n_allocated, sizeof(*numbers));
                        if (!grown)
                                return -ENOMEM;
                        numbers = grown;
                }
                numbers[n++] = value;
        }
        if (errno != 0)
                return -errno;
        if (n == 0)
                return -ENODATA;
        qsort(numbers, n, sizeof(*numbers), compare_numbers);
        *ret = TAKE_PTR(numbers);
        *ret_n = n;
        return 0;
}

static int read_notes(int root_fd, CrashMachine *m, Error *reterr) {
        _cleanup_free_ uint64_t *cpus = NULL;
        size_t n = 0;
        int r;

        r = read_vmcoreinfo(root_fd, &m->vmcoreinfo);
        if (r < 0)
                return error_set(reterr, r, "/sys/kernel/vmcoreinfo cannot be used: %s",
                                 strerror(-r));
        r = list_cpus(root_fd, &cpus, &n);
        if (r < 0)
                return error_set(reterr, r, CPU_DIRECTORY " cannot be used: %s", strerror(-r));
        m->cpu_notes = calloc(n, sizeof(*m->cpu_notes));
        if (!m->cpu_notes)
                return error_set_memory(reterr);
        for (size_t i = 0; i < n; i++) {
                r = read_cpu_notes(root_fd, cpus[i], &m->cpu_notes[m->n_cpu_notes]);
                if (r == -ENOENT || r == -ENODEV) /* unplugged meanwhile */
                        continue;
                if (r < 0)
                        return error_set(reterr, r,
                                         "the crash notes of CPU %" PRIu64 " cannot be used: %s",
                                         cpus[i], strerror(-r));
                m->n_cpu_notes++;
        }
        return m->n_cpu_notes > 0 ? 0 : error_set(reterr, -ENODATA, "no CPU has crash notes");
}

/* On EFI machines the tables are not where BIOSes have them, and boot_params need not know where
 * either. */
static uint64_t find_rsdp(const uint8_t *boot_params, const EfiSystab *systab) {
        uint64_t rsdp = 0;

        for (size_t i = 8; i-- > 0;)
                rsdp = rsdp << 8 | boot_params[AT_RSDP + i];
        return rsdp ?: systab->acpi20 ?: systab->acpi;
}

static int read_boot_params(int root_fd, CrashMachine *m, Error *reterr) {
        static const char path[] = "/sys/kernel/boot_params/data";
        _cleanup_free_ char *data = NULL;
        EfiSystab systab;
        size_t size;
        int r;

        r = read_file_below(root_fd, path, BOOT_PARAMS_SIZE, &data, &size);
        if (r == -ENOENT)
                return 0;
        if (r >= 0 && size != BOOT_PARAMS_SIZE)
                r = -EINVAL;
        if (r < 0)
                return error_set(reterr, r, "/sys/kernel/boot_params/data cannot be used: %s",
                                 strerror(-r));
        m->boot_params = (uint8_t *)TAKE_PTR(data);
        efi_read_systab(root_fd, &systab);
        m->rsdp = find_rsdp(m->boot_params, &systab);
        if (efi_read_runtime(root_fd, &m->efi) >= 0)
                m->efi.smbios = systab.smbios;
        return 0;
}

int crash_machine_read(int root_fd, CrashMachine *ret, Error *reterr) {
        _cleanup_(crash_machine_done) CrashMachine m = { 0 };
        int r;

        r = read_memory(root_fd, &m, reterr);
        if (r >= 0)
                r = read_notes(root_fd, &m, reterr);
        if (r >= 0)
                r = read_boot_params(root_fd, &m, reterr);
        if (r < 0)
                return r;
        m.has_1g_pages = crash_machine_has_1g_pages(root_fd);
        m.n_possible_cpus = kernel_possible_cpus(root_fd);
        if (kernel_elfcorehdr_bytes(root_fd, &m.elfcorehdr_bytes) < 0)
                m.elfcorehdr_bytes = 0;
        *ret = m;
        m = (CrashMachine){ 0 };
        return 0;
}
