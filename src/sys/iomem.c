/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/iomem. */
#include "sys/iomem.h"

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/kernel-state.h"

#define IOMEM_LONGEST (32u * 1024u * 1024u) /* more than half a million lines */
#define CMA_LONGEST   (64u * 1024u) /* of crash_cma_ranges, which the kernel ends at a page */

/* The names are those of arch/x86/kernel/e820.c and setup.c, kernel/resource.c,
 * mm/memory_hotplug.c and drivers/cxl/acpi.c in the kernel tree. */
static const struct {
        const char *name;
        MemoryType type;
        bool is_prefix; /* "System RAM (kmem)", "System RAM (virtio_mem)" */
} names[] = {
        { "System RAM", MEMORY_RAM, true },
        { "Crash kernel", MEMORY_CRASH, false },
        { "Reserved", MEMORY_RESERVED, false },
        { "reserved", MEMORY_RESERVED, false }, /* before 5.1 */
        { "ACPI Tables", MEMORY_ACPI_TABLES, false },
        { "ACPI Non-volatile Storage", MEMORY_ACPI_NVS, false },
        { "Persistent Memory", MEMORY_DEVICE, true },
        { "Soft Reserved", MEMORY_DEVICE, false },
        { "CXL Window", MEMORY_DEVICE, true },
};

/* Takes a line "  START-LAST : NAME" apart, in place. Returns 0 or -EINVAL. */
static int parse_line(char *line, uint64_t *ret_start, uint64_t *ret_last, const char **ret_name) {
        char *dash, *colon;

        line += strspn(line, " ");
        dash = strchr(line, '-');
        colon = dash ? strstr(dash, " : ") : NULL;
        if (!colon)
                return -EINVAL;
        *dash = *colon = '\0';
        if (parse_u64(line, 16, ret_start) < 0 || parse_u64(dash + 1, 16, ret_last) < 0)
                return -EINVAL;
        *ret_name = colon + strlen(" : ");
        return 0;
}

static int add_named(MemoryMap *map, const char *name, uint64_t start, uint64_t last) {
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *rest = startswith(name, names[i].name);

                if (!rest || (rest[0] != '\0' && (!names[i].is_prefix || rest[0] != ' ')))
                        continue;
                /* The last byte of the address space cannot be memory. */
                if (last < start || last == UINT64_MAX)
                        return 0;
                return memory_map_add(map, start, last + 1, names[i].type);
        }
        return 0;
}

static void iomem_done(Iomem *iomem) {
        memory_map_done(&iomem->memory);
}

int iomem_parse(char *text, Iomem *ret) {
        _cleanup_(iomem_done) Iomem iomem = { 0 };
        bool any = false, nonzero = false;
        char *line;
        int r;

        while ((line = strsep(&text, "\n"))) {
                uint64_t start, last;
                const char *name;

                if (parse_line(line, &start, &last, &name) < 0)
                        continue;
                any = true;
                nonzero = nonzero || last > 0;
                if (streq(name, "Kernel code"))
                        iomem.kernel_start = start;
                r = add_named(&iomem.memory, name, start, last);
                if (r < 0)
                        return r;
        }
        if (any && !nonzero)
                return -ENODATA;
        if (!memory_map_highest(&iomem.memory, MEMORY_RAM))
                return -EBADMSG;
        memory_map_sort(&iomem.memory);
        *ret = iomem;
        iomem = (Iomem){ 0 };
        return 0;
}

static int read_stdin(Iomem *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_proc_stdin("/iomem", IOMEM_LONGEST, &text, &size);
        return r < 0 ? r : iomem_parse(text, ret);
}

int iomem_read(int root_fd, Iomem *ret) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_below(root_fd, "/proc/iomem", IOMEM_LONGEST, &text, NULL);
        if (r >= 0)
                r = iomem_parse(text, ret);
        return r == -ENODATA ? read_stdin(ret) : r;
}

int iomem_parse_cma(char *text, MemoryMap *map) {
        size_t n = map->n;
        int r = 0;
        char *line;

        while (r >= 0 && (line = strsep(&text, "\n"))) {
                char *dash = strchr(line, '-');
                uint64_t start, last;

                if (isempty(line))
                        continue;
                if (dash)
                        *dash = '\0';
                r = !dash || parse_u64(line, 16, &start) < 0 ||
                                    parse_u64(dash + 1, 16, &last) < 0 || last < start ||
                                    last == UINT64_MAX
                            ? -EINVAL
                            : memory_map_add(map, start, last + 1, MEMORY_CRASH_CMA);
        }
        if (r < 0)
                map->n = n;
        return r;
}

int iomem_add_cma(int root_fd, MemoryMap *map) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_below(root_fd, KERNEL_CMA_PATH, CMA_LONGEST, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        return iomem_parse_cma(text, map);
}

size_t iomem_count_hidden_crash(int root_fd) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        size_t n = 0;

        if (read_file_below(root_fd, "/proc/iomem", IOMEM_LONGEST, &text, NULL) < 0)
                return 0;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                uint64_t start, last;
                const char *name;

                n += parse_line(line, &start, &last, &name) >= 0 && streq(name, "Crash kernel");
        }
        return n;
}
