/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file-util.h"
#include "core/collector.h"
#include "core/dump-level.h"
#include "sys/dump-target.h"
#include "sys/efi.h"
#include "sys/kernel-config.h"
#include "sys/kernel-state.h"
#include "sys/path.h"
#include "sys/vmcoreinfo.h"

#define MIB UINT64_C(1048576)

/* --- what it runs in */

/* systemd leaves the name of the container manager there ($container, as its "Container
 * Interface" has it). */
static bool is_container(int root_fd, char *ret, size_t size) {
        return read_line_below(root_fd, "/run/systemd/container", ret, size) >= 0 && *ret != '\0';
}

/* drivers/xen/sys-hypervisor.c. A guest of the kind PV has no kexec, whatever its kernel says. */
static bool is_xen_pv(int root_fd) {
        char type[32];

        return read_line_below(root_fd, "/sys/hypervisor/guest_type", type, sizeof(type)) >= 0 &&
               streq(type, "PV");
}

static void check_virtualization(int root_fd, Checks *checks) {
        char text[MACHINE_VENDOR_MAX];

        if (is_container(root_fd, text, sizeof(text)))
                checks_add(checks, CHECK_FAILED, "machine",
                           "this is a container (%s), whose kernel is that of the host: set up "
                           "kdumpd there",
                           text);
        else if (is_xen_pv(root_fd))
                checks_add(checks, CHECK_FAILED, "machine",
                           "this is a paravirtualized guest of Xen, which has no kexec: have the "
                           "host dump it (\"xl dump-core\", on_crash=coredump-restart), or make it "
                           "an HVM or PVH guest");
        else if (kernel_machine_vendor(root_fd, text) >= 0)
                checks_add(checks, CHECK_OK, "machine", "%s", text);
        else
                checks_add(checks, CHECK_OK, "machine", "no container");
}

/* --- the kernel */

/* Options of which a kernel needs one, and for what. */
static const struct {
        const char *lines[2];
        const char *architecture; /* that the second line is for; NULL: all */
        const char *what;
} options[] = {
        { { "CONFIG_KEXEC_FILE=y", "CONFIG_KEXEC=y" }, "x86_64", "a call that loads images" },
        { { "CONFIG_CRASH_DUMP=y", NULL }, NULL, "loading an image for a panic" },
        { { "CONFIG_PROC_VMCORE=y", NULL }, NULL, "showing the memory of the kernel before" },
        { { "CONFIG_BLK_DEV_INITRD=y", NULL }, NULL, "an initramfs" },
};

/* Returns the first option that is missing, or NULL. */
static const char *find_missing(const char *config, const char *architecture,
                                const char **ret_what) {
        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const char *second = options[i].lines[1];

                if (options[i].architecture && !streq(options[i].architecture, architecture))
                        second = NULL;
                if (kernel_config_has(config, options[i].lines[0]) ||
                    (second && kernel_config_has(config, second)))
                        continue;
                *ret_what = options[i].what;
                return options[i].lines[0];
        }
        return NULL;
}

static void check_kernel(int root_fd, const char *release, const char *architecture,
                         Checks *checks) {
        _cleanup_free_ char *config = NULL;
        const char *missing = NULL, *what = NULL;
        Failure obstacle;
        Error error;

        obstacle = kernel_obstacle(root_fd, &error);
        if (kernel_config_read(root_fd, release, &config) < 0)
                config = NULL;
        if (config)
                missing = find_missing(config, architecture, &what);
        if (missing)
                checks_add(checks, CHECK_FAILED, "kernel",
                           "%s is built without %.*s (%s): use one that has it", release,
                           (int)strcspn(missing, "="), missing, what);
        else if (obstacle != FAILURE_NONE && obstacle != FAILURE_NO_RESERVATION)
                checks_add(checks, CHECK_FAILED, "kernel", "%s", error.text);
        else
                checks_add(checks, CHECK_OK, "kernel", "%s%s", release,
                           config ? "" : ", whose configuration is not installed");
}

/* --- firmware */

static void check_secure_boot(int root_fd, Checks *checks) {
        const char *lockdown = kernel_lockdown(root_fd);
        int on = efi_secure_boot(root_fd);

        checks_add(checks, CHECK_OK, "secure-boot", "%s%s%s%s",
                   on > 0          ? "on"
                   : on == 0       ? "off"
                   : on == -ENOENT ? "none"
                                   : "not known",
                   streq(lockdown, "none") ? "" : "; the kernel is locked down (",
                   streq(lockdown, "none") ? "" : lockdown,
                   streq(lockdown, "none")
                           ? ""
                           : ") and takes only kernels with a signature that it knows, as those of "
                             "distributions have");
}

/* --- what writes dumps, and where to */

static void check_collector(int root_fd, const Settings *settings, Checks *checks) {
        _cleanup_words_ char **words = NULL;
        _cleanup_free_ char *path = NULL;

        if (collector_split(settings->core_collector, &words) < 0) {
                checks_add(checks, CHECK_FAILED, "collector",
                           "CoreCollector=%s is no command: see kdumpd.conf(5)",
                           settings->core_collector);
                return;
        }
        if (path_find_program(root_fd, words[0], &path) < 0)
                checks_add(checks, CHECK_LEFT, "collector",
                           "%s is not installed, and dumps will be copies of the whole memory: "
                           "install the package of that name",
                           words[0]);
        else
                checks_add(checks, CHECK_OK, "collector", "%s", path);
}

/* Bytes that a dump has before compression; 0 if that is not known. */
static uint64_t dump_bytes(int root_fd, const Settings *settings) {
        LevelCheck check;
        uint64_t level = vmcoreinfo_check(root_fd, settings->core_collector, &check);
        MemoryUse use;

        kernel_memory_use(root_fd, &use);
        if (level == UINT64_MAX)
                return use.total;
        return level_dump_bytes(&use, level_safe(&check, level), check.is_blind);
}

static void check_dumps(int root_fd, const Settings *settings, Checks *checks) {
        uint64_t needed = dump_bytes(root_fd, settings), available;
        _cleanup_free_ char *path = NULL, *there = NULL, *rest = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct statvfs st;
        Error error;
        int r;

        r = dump_target_path(root_fd, settings, DUMP_TARGET_MAIN, &path, &error);
        if (r < 0) {
                checks_add(checks, CHECK_FAILED, "dumps", "%s", error.text);
                return;
        }
        if (path_resolve_prefix(root_fd, path, &there, &rest) < 0)
                return;
        fd = open_below(root_fd, there, O_PATH);
        if (fd < 0 || fstatvfs(fd, &st) < 0)
                return;
        available = (uint64_t)st.f_bavail * st.f_frsize;
        /* Compression makes it less: only what is not even near is a fault. */
        if (available < needed / 8)
                checks_add(checks, CHECK_FAILED, "dumps",
                           "%s has %" PRIu64 " MiB free, and a dump has about %" PRIu64
                           " MiB before it is compressed: make room, or set Path= or Target= in "
                           "kdumpd.conf(5)",
                           path, available / MIB, needed / MIB);
        else
                checks_add(checks, available < needed ? CHECK_LEFT : CHECK_OK, "dumps",
                           "%s has %" PRIu64 " MiB free, and a dump has about %" PRIu64
                           " MiB before it is compressed%s",
                           path, available / MIB, needed / MIB,
                           available < needed ? ": see to it that it fits" : "");
}

void machine_check(int root_fd, const Settings *settings, const char *release,
                   const char *architecture, Checks *checks) {
        check_virtualization(root_fd, checks);
        check_kernel(root_fd, release, architecture, checks);
        check_secure_boot(root_fd, checks);
        check_collector(root_fd, settings, checks);
        check_dumps(root_fd, settings, checks);
}
