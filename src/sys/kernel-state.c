/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel says about crash kernel images and about the machine. */
#include "sys/kernel-state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file-util.h"
#include "core/crashkernel.h"
#include "core/kernel-image.h"
#include "core/kernel-release.h"

#define CMDLINE_LONGEST (64u * 1024u) /* of /proc/cmdline; far above any COMMAND_LINE_SIZE */
#define CPU_LIST_LONGEST \
        (64u * 1024u) /* of cpu/present: 8,192 numbers of four digits, and then some */
#define MEMINFO_LONGEST  (64u * 1024u) /* of /proc/meminfo */
#define STATUS_LONGEST   (64u * 1024u) /* of /proc/self/status; lists of groups make it long */
#define BLOCK_PREFIX     "memory"
#define CAP_SYS_BOOT_BIT 22u

/* Linux 6.19 moved the attributes into a directory and left links behind, which are to go after
 * 2028. */
static int read_renamed_u64(int root_fd, const char *path, const char *old_path, uint64_t *ret) {
        int r;

        r = read_u64_below(root_fd, path, ret);
        if (r == -ENOENT)
                r = read_u64_below(root_fd, old_path, ret);
        return r == -EFBIG ? -EINVAL : r;
}

int kernel_crash_loaded(int root_fd) {
        uint64_t loaded;
        int r;

        r = read_renamed_u64(root_fd, "/sys/kernel/kexec/crash_loaded",
                             "/sys/kernel/kexec_crash_loaded", &loaded);
        if (r < 0)
                return r;
        return loaded > 1 ? -EINVAL : (int)loaded;
}

int kernel_reservation_bytes(int root_fd, uint64_t *ret) {
        return read_renamed_u64(root_fd, "/sys/kernel/kexec/crash_size",
                                "/sys/kernel/kexec_crash_size", ret);
}

int kernel_elfcorehdr_bytes(int root_fd, uint64_t *ret) {
        return read_renamed_u64(root_fd, "/sys/kernel/kexec/crash_elfcorehdr_size",
                                "/sys/kernel/crash_elfcorehdr_size", ret);
}

HotplugAnswer kernel_crash_hotplug(int root_fd, Subsystem subsystem) {
        static const struct {
                const char *directory, *attribute;
        } paths[_SUBSYSTEM_MAX] = {
                [SUBSYSTEM_CPU] = { "/sys/devices/system/cpu",
                                    "/sys/devices/system/cpu/crash_hotplug" },
                [SUBSYSTEM_MEMORY] = { "/sys/devices/system/memory",
                                       "/sys/devices/system/memory/crash_hotplug" },
        };
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, paths[subsystem].attribute, 16, &text, &size);
        if (r == -ENOENT)
                return exists_below(root_fd, paths[subsystem].directory) ? HOTPLUG_ABSENT
                                                                         : HOTPLUG_NO_SUBSYSTEM;
        if (r == -EFBIG)
                return HOTPLUG_GARBAGE;
        if (r < 0)
                return HOTPLUG_UNREADABLE;
        /* A "1" with a NUL and more behind it is no "1": only a clear yes may skip a reload. */
        return strlen(text) == size ? hotplug_answer_parse(text) : HOTPLUG_GARBAGE;
}

static int add_blocks(int root_fd, NumberSet *set) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int r;

        r = open_directory_below(root_fd, "/sys/devices/system/memory", &dir);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while (errno = 0, (entry = readdir(dir))) {
                const char *number = startswith(entry->d_name, BLOCK_PREFIX);
                uint64_t n;

                if (number && parse_u64(number, 10, &n) == 0)
                        number_set_add(set, n);
        }
        return -errno;
}

int kernel_fingerprint(int root_fd, Fingerprint *ret) {
        _cleanup_free_ char *present = NULL;
        Fingerprint fingerprint = { 0 };
        size_t size = 0;
        int r;

        r = add_blocks(root_fd, &fingerprint.blocks);
        if (r < 0)
                return r;
        r = read_file_below(root_fd, "/sys/devices/system/cpu/present", CPU_LIST_LONGEST, &present,
                            &size);
        if (r >= 0 && strlen(present) != size)
                r = -EINVAL;
        if (r >= 0)
                r = number_set_add_list(&fingerprint.cpus, present);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = fingerprint;
        return 0;
}

size_t kernel_possible_cpus(int root_fd) {
        _cleanup_free_ char *text = NULL;
        NumberSet set = { 0 };

        if (read_file_below(root_fd, "/sys/devices/system/cpu/possible", CPU_LIST_LONGEST, &text,
                            NULL) < 0 ||
            number_set_add_list(&set, text) < 0)
                return 0;
        return set.count;
}

int kernel_uevent_seqnum(int root_fd, uint64_t *ret) {
        return read_u64_below(root_fd, "/sys/kernel/uevent_seqnum", ret);
}

int kernel_load_limit(int root_fd, uint64_t *ret) {
        char text[32];
        int r;

        r = read_line_below(root_fd, "/proc/sys/kernel/kexec_load_limit_panic", text, sizeof(text));
        if (r < 0)
                return r;
        return streq(text, "-1") ? -ENOENT : parse_u64(text, 10, ret);
}

int kernel_may_kexec(int root_fd) {
        _cleanup_free_ char *text = NULL;
        char *line, *rest;
        int r;

        r = read_file_below(root_fd, "/proc/self/status", STATUS_LONGEST, &text, NULL);
        if (r < 0)
                return r;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *value = startswith(line, "CapEff:");
                uint64_t capabilities;

                if (!value)
                        continue;
                r = parse_u64(value + strspn(value, " \t"), 16, &capabilities);
                return r < 0 ? r : (int)(capabilities >> CAP_SYS_BOOT_BIT & 1);
        }
        return -ENODATA;
}

static bool is_xen_dom0(int root_fd) {
        char text[256];

        return read_line_below(root_fd, "/proc/xen/capabilities", text, sizeof(text)) == 0 &&
               strstr(text, "control_d");
}

/* The bytes behind a name in /proc/meminfo; 0 if there is none. */
static uint64_t meminfo_bytes(int root_fd, const char *name) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;

        if (read_file_below(root_fd, "/proc/meminfo", MEMINFO_LONGEST, &text, NULL) < 0)
                return 0;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *number = startswith(line, name);
                uint64_t kib = number && *number == ':' ? strtoull(number + 1, NULL, 10) : 0;

                if (kib > 0)
                        return kib > UINT64_MAX / 1024 ? 0 : kib * 1024;
        }
        return 0;
}

uint64_t kernel_memory_bytes(int root_fd) {
        return meminfo_bytes(root_fd, "MemTotal");
}

uint64_t kernel_available_bytes(int root_fd) {
        return meminfo_bytes(root_fd, "MemAvailable");
}

void kernel_memory_use(int root_fd, MemoryUse *ret) {
        *ret = (MemoryUse){
                .total = meminfo_bytes(root_fd, "MemTotal"),
                .free = meminfo_bytes(root_fd, "MemFree"),
                /* tmpfs is cache, too, and so it is for makedumpfile. */
                .cache = add_saturated(meminfo_bytes(root_fd, "Cached"),
                                       meminfo_bytes(root_fd, "Buffers")),
                .user = add_saturated(meminfo_bytes(root_fd, "AnonPages"),
                                      meminfo_bytes(root_fd, "Hugetlb")),
        };
}

/* The first CPU's part of the file, which has one for each, is far shorter. */
#define CPUINFO_READ (16u * 1024u)

bool kernel_has_cpu_bug(int root_fd, const char *name) {
        _cleanup_close_ int fd = open_below(root_fd, "/proc/cpuinfo", O_RDONLY);
        _cleanup_free_ char *text = calloc(1, CPUINFO_READ + 1);
        char *bugs, *word;
        size_t n;

        if (fd < 0 || !text || read_at(fd, text, CPUINFO_READ, 0, &n) < 0)
                return false;
        bugs = strstr(text, "\nbugs\t");
        bugs = bugs ? bugs + 1 : NULL;
        bugs = strsep(&bugs, "\n");
        while ((word = strsep(&bugs, " \t:")))
                if (streq(word, name))
                        return true;
        return false;
}

bool kernel_knows_cma(int root_fd) {
        char release[KERNEL_RELEASE_MAX];

        return read_line_below(root_fd, "/proc/sys/kernel/osrelease", release, sizeof(release)) <
                       0 ||
               !kernel_release_before(release, 6, 17);
}

int kernel_command_line(int root_fd, char **ret) {
        return read_file_below(root_fd, "/proc/cmdline", CMDLINE_LONGEST, ret, NULL);
}

bool kernel_hides_cma(int root_fd) {
        _cleanup_free_ char *line = NULL;

        return !exists_below(root_fd, KERNEL_CMA_PATH) && kernel_knows_cma(root_fd) &&
               kernel_command_line(root_fd, &line) >= 0 && crashkernel_asks_cma(line);
}

static Failure no_reservation(int root_fd, Error *reterr) {
        _cleanup_free_ char *line = NULL;
        uint64_t fadump;

        /* arch/powerpc/kernel/fadump.c */
        if (read_u64_below(root_fd, "/sys/kernel/fadump/enabled", &fadump) == 0 && fadump == 1)
                return error_set(
                        reterr, FAILURE_NO_RESERVATION,
                        "the firmware keeps the memory for dumps (fadump), and there is none "
                        "for a capture kernel: boot without fadump=on to have kdump");
        if (kernel_command_line(root_fd, &line) < 0)
                line = NULL;
        crashkernel_explain(strempty(line), kernel_memory_bytes(root_fd), kernel_knows_cma(root_fd),
                            reterr);
        return FAILURE_NO_RESERVATION;
}

bool kernel_is_capture(int root_fd) {
        return exists_below(root_fd, "/proc/vmcore");
}

Failure kernel_obstacle(int root_fd, Error *reterr) {
        uint64_t size, value;
        int loaded = kernel_crash_loaded(root_fd);

        if (kernel_is_capture(root_fd))
                return error_set(reterr, FAILURE_CAPTURE_KERNEL, CAPTURE_KERNEL_TEXT);
        if (is_xen_dom0(root_fd))
                return error_set(
                        reterr, FAILURE_XEN,
                        "this is dom0 of Xen, where the hypervisor owns kexec: crash kernel images "
                        "are loaded with Xen's own tools");
        if (loaded == -ENOENT && exists_below(root_fd, "/sys/kernel"))
                return error_set(reterr, FAILURE_NO_KEXEC,
                                 "the kernel is built without crash kexec: use one with "
                                 "CONFIG_KEXEC_FILE and CONFIG_CRASH_DUMP");
        /* What is loaded has its place; asking for the size would take the kexec lock. */
        if (loaded != 1 && kernel_reservation_bytes(root_fd, &size) == 0 && size == 0)
                return no_reservation(root_fd, reterr);
        if (read_u64_below(root_fd, "/proc/sys/kernel/kexec_load_disabled", &value) == 0 &&
            value != 0)
                return error_set(
                        reterr, FAILURE_DISABLED,
                        "kernel.kexec_load_disabled is set, which lasts until the next boot: "
                        "do not set it, or only after the crash kernel image is loaded");
        if (kernel_load_limit(root_fd, &value) == 0 && value == 0)
                return error_set(
                        reterr, FAILURE_LIMIT,
                        "kernel.kexec_load_limit_panic is used up, which lasts until the next "
                        "boot: do not set it, or allow more loads");
        return FAILURE_NONE;
}

const char *kernel_lockdown(int root_fd) {
        static const char *const modes[] = { "integrity", "confidentiality" };
        char text[128], *start, *end;

        if (read_line_below(root_fd, "/sys/kernel/security/lockdown", text, sizeof(text)) < 0)
                return "none";
        start = strchr(text, '[');
        end = start ? strchr(start, ']') : NULL;
        if (!end)
                return "none";
        *end = '\0';
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(start + 1, modes[i]))
                        return modes[i];
        return "none";
}

int kernel_machine_vendor(int root_fd, char ret[static MACHINE_VENDOR_MAX]) {
        return read_line_below(root_fd, "/sys/class/dmi/id/sys_vendor", ret, MACHINE_VENDOR_MAX);
}

int kernel_boot_id(int root_fd, char ret[static 37]) {
        char text[64];
        int r;

        r = read_line_below(root_fd, "/proc/sys/kernel/random/boot_id", text, sizeof(text));
        if (r < 0)
                return r == -EFBIG ? -EINVAL : r;
        if (strlen(text) != 36 || strspn(text, "0123456789abcdef-") != 36)
                return -EINVAL;
        strscpy(ret, 37, text);
        return 0;
}
