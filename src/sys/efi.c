/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EFI firmware, as the kernel shows it. */
#include "sys/efi.h"

#include <dirent.h>

#include "base/file-util.h"
#include "base/string-util.h"

#define EFI_DIRECTORY      "/sys/firmware/efi"
#define MAP_DIRECTORY      EFI_DIRECTORY "/runtime-map"
#define VARIABLES          EFI_DIRECTORY "/efivars"
#define LOADER_VENDOR      "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define GLOBAL_VENDOR      "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SYSTAB_LONGEST     (16u * 1024u)
#define VARIABLE_LONGEST   4000u /* bytes: one read() gets all, and a second would be at the end */
#define ATTRIBUTES         4u    /* bytes in front of the value */
#define PATH_LONGEST       96u
#define EFI_MEMORY_RUNTIME (UINT64_C(1) << 63) /* attribute, include/linux/efi.h */

static uint64_t systab_value(const char *text, const char *key) {
        for (const char *line = text; line; line = strchr(line, '\n')) {
                const char *value;
                char number[24];
                uint64_t address;

                line += line[0] == '\n';
                value = startswith(line, key);
                if (!value)
                        continue;
                strscpy(number, MIN(sizeof(number), strcspn(value, "\n") + 1), value);
                return parse_u64(number, 16, &address) < 0 ? 0 : address;
        }
        return 0;
}

void efi_read_systab(int root_fd, EfiSystab *ret) {
        _cleanup_free_ char *text = NULL;

        *ret = (EfiSystab){ 0 };
        if (read_file_below(root_fd, EFI_DIRECTORY "/systab", SYSTAB_LONGEST, &text, NULL) < 0)
                return;
        ret->acpi20 = systab_value(text, "ACPI20=");
        ret->acpi = systab_value(text, "ACPI=");
        ret->smbios = systab_value(text, "SMBIOS=");
}

static int read_hex(int root_fd, const char *path, uint64_t *ret) {
        char line[32];
        int r;

        r = read_line_below(root_fd, path, line, sizeof(line));
        return r < 0 ? r : parse_u64(line, 16, ret);
}

static int read_range(int root_fd, size_t number, EfiRange *ret) {
        uint64_t type = 0;
        EfiRange range;
        const struct {
                const char *name;
                uint64_t *value;
        } fields[] = {
                { "type", &type },
                { "phys_addr", &range.address },
                { "virt_addr", &range.vaddr },
                { "num_pages", &range.n_pages },
                { "attribute", &range.attribute },
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                char path[PATH_LONGEST];
                int r;

                strscpyf(path, sizeof(path), MAP_DIRECTORY "/%zu/%s", number, fields[i].name);
                r = read_hex(root_fd, path, fields[i].value);
                if (r < 0)
                        return r;
        }
        if (type > UINT32_MAX)
                return -EINVAL;
        range.type = (uint32_t)type;
        *ret = range;
        return 0;
}

/* How many directories there are; whether they are 0, 1, 2 ... shows when they are read. */
static int count_ranges(int root_fd, size_t *ret) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        size_t n = 0;
        int r;

        r = open_directory_below(root_fd, MAP_DIRECTORY, &dir);
        if (r < 0)
                return r;
        while (errno = 0, (entry = readdir(dir)))
                if (entry->d_name[0] != '.' && ++n > EFI_RANGES_MAX)
                        return -EFBIG;
        if (errno != 0)
                return -errno;
        *ret = n;
        return 0;
}

int efi_read_runtime(int root_fd, EfiRuntime *ret) {
        _cleanup_free_ EfiRange *ranges = NULL;
        EfiRuntime efi = { 0 };
        size_t n_listed = 0;
        int r;

        r = count_ranges(root_fd, &n_listed);
        if (r >= 0)
                r = read_hex(root_fd, EFI_DIRECTORY "/fw_vendor", &efi.fw_vendor);
        if (r >= 0)
                r = read_hex(root_fd, EFI_DIRECTORY "/config_table", &efi.config_table);
        if (r < 0)
                return r;
        ranges = calloc(n_listed, sizeof(*ranges));
        if (!ranges)
                return -ENOMEM;
        for (size_t i = 0; i < n_listed; i++) {
                EfiRange *range = &ranges[efi.n_ranges];

                r = read_range(root_fd, i, range);
                if (r < 0)
                        return r;
                /* With efi=debug the kernel also lists what the firmware had until the boot. That
                 * may hold anything by now, and with add_efi_memmap a capture kernel would take it
                 * for its own RAM. */
                efi.n_ranges += (range->attribute & EFI_MEMORY_RUNTIME) != 0;
        }
        if (efi.n_ranges == 0)
                return -ENOENT;
        efi.ranges = TAKE_PTR(ranges);
        *ret = efi;
        return 0;
}

int efi_parse_text(const void *data, size_t size, char ret[static EFI_TEXT_MAX]) {
        const uint8_t *p = data;
        size_t n = 0;

        if (size < ATTRIBUTES || (size - ATTRIBUTES) % 2 != 0)
                return -EBADMSG;
        for (size_t i = ATTRIBUTES; i < size && n < EFI_TEXT_MAX - 1; i += 2) {
                unsigned c = p[i] | (unsigned)p[i + 1] << 8;

                if (c == 0)
                        break;
                ret[n++] = c >= ' ' && c < 0x7f ? (char)c : '?';
        }
        ret[n] = '\0';
        return 0;
}

int efi_read_loader_text(int root_fd, const char *name, char ret[static EFI_TEXT_MAX]) {
        _cleanup_free_ char *data = NULL;
        char path[PATH_LONGEST];
        size_t size;
        int r;

        strscpyf(path, sizeof(path), VARIABLES "/%s-" LOADER_VENDOR, name);
        r = read_file_below(root_fd, path, VARIABLE_LONGEST, &data, &size);
        return r < 0 ? r : efi_parse_text(data, size, ret);
}

int efi_secure_boot(int root_fd) {
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, VARIABLES "/SecureBoot-" GLOBAL_VENDOR, VARIABLE_LONGEST,
                            &data, &size);
        if (r < 0)
                return r;
        return size == ATTRIBUTES + 1 ? data[ATTRIBUTES] == 1 : -EINVAL;
}
