/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel says about crash kernel images and about the machine: sysfs and procfs
 * below a root directory handle. Reads only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/dump-level.h"
#include "core/failure.h"
#include "core/fingerprint.h"
#include "core/hotplug.h"

/* /sys/kernel/kexec/crash_loaded, on older kernels /sys/kernel/kexec_crash_loaded. Returns 0 or 1;
 * -ENOENT (kernel without crash kexec), -EINVAL (garbage) or another negative errno. */
int kernel_crash_loaded(int root_fd) _must_check_;

/* Bytes of the crash reservation that images are loaded into (.../crash_size,
 * .../kexec_crash_size); 0 if there is none. Takes the kernel's kexec lock for that moment, like
 * crash_hotplug below. Returns 0 or negative errno as above. */
int kernel_reservation_bytes(int root_fd, uint64_t *ret) _must_check_;

/* Bytes that the kernel wants for an elfcorehdr it is to update (.../crash_elfcorehdr_size, old
 * name in /sys/kernel too). Returns 0; -ENOENT on kernels without crash hotplug, or negative
 * errno. */
int kernel_elfcorehdr_bytes(int root_fd, uint64_t *ret) _must_check_;

/* One read of /sys/devices/system/{cpu,memory}/crash_hotplug. It takes the kernel's kexec lock
 * for that moment (kernel/crash_core.c, crash_check_hotplug_support()): never call it while a
 * load runs. */
HotplugAnswer kernel_crash_hotplug(int root_fd, Subsystem subsystem);

/* Memory blocks and present CPUs, for comparing. A machine without one of the two directories
 * simply has none of these. Returns 0 or negative errno. */
int kernel_fingerprint(int root_fd, Fingerprint *ret) _must_check_;

/* How many CPUs there can be (/sys/devices/system/cpu/possible); 0 if the kernel does not say. */
size_t kernel_possible_cpus(int root_fd) _must_check_;

/* The number of the last uevent (/sys/kernel/uevent_seqnum). Returns 0 or negative errno. */
int kernel_uevent_seqnum(int root_fd, uint64_t *ret) _must_check_;

/* Reads the kernel's command line (/proc/cmdline), newline included, into a fresh string. Returns 0
 * or negative errno. */
int kernel_command_line(int root_fd, char **ret) _must_check_;

/* Whether the kernel is 6.17 or newer, which knows crashkernel=SIZE,cma; also if it does not
 * say. */
bool kernel_knows_cma(int root_fd) _must_check_;

#define KERNEL_CMA_PATH "/sys/kernel/kexec/crash_cma_ranges"

/* Whether crashkernel=SIZE,cma is on the command line of a kernel that knows it, but has no such
 * file: Linux 6.17 and 6.18. */
bool kernel_hides_cma(int root_fd) _must_check_;

/* How many more crash loads, unloads and failed tries of these kernel.kexec_load_limit_panic
 * lets through. Returns 0; -ENOENT if there is no limit (or no such sysctl), or another negative
 * errno. */
int kernel_load_limit(int root_fd, uint64_t *ret) _must_check_;

/* Whether this is the kernel that a panic has booted, to write the dump of the one before
 * (/proc/vmcore, fs/proc/vmcore.c). Until it is written, what lies on the disks says nothing about
 * that panic, and this machine is no other. */
bool kernel_is_capture(int root_fd) _must_check_;

#define CAPTURE_KERNEL_TEXT \
        "this is the capture kernel: let it write the dump of the panic, and reboot"

/* Whether this process has CAP_SYS_BOOT in effect (/proc/self/status). Returns 0 or 1, or
 * negative errno. */
int kernel_may_kexec(int root_fd) _must_check_;

/* How much memory the running system has, in bytes (MemTotal of /proc/meminfo, fs/proc/meminfo.c);
 * 0 if the kernel does not say. */
uint64_t kernel_memory_bytes(int root_fd) _must_check_;

/* How much of it programs could still get, in the same way (MemAvailable). */
uint64_t kernel_available_bytes(int root_fd) _must_check_;

/* How it is used; zeros for what the kernel does not say. */
void kernel_memory_use(int root_fd, MemoryUse *ret);

/* Whether the first CPU has a fault of this name ("bugs" of /proc/cpuinfo on x86,
 * arch/x86/kernel/cpu/proc.c). */
bool kernel_has_cpu_bug(int root_fd, const char *name);

/* Whether something makes any load pointless, of what can be known without trying: this is the
 * capture kernel, Xen dom0 (/proc/xen/capabilities), no kexec in the kernel, no reservation,
 * kernel.kexec_load_disabled, kernel.kexec_load_limit_panic spent. Returns FAILURE_NONE or the
 * obstacle, with a sentence in ret_text that says what to do (empty for FAILURE_NONE). What cannot
 * be read is no obstacle. */
Failure kernel_obstacle(int root_fd, Error *reterr);

/* The lockdown mode (/sys/kernel/security/lockdown): "none", "integrity", "confidentiality";
 * "none" too if the kernel has no lockdown or securityfs is not mounted. Static strings. */
const char *kernel_lockdown(int root_fd);

#define MACHINE_VENDOR_MAX 128u

/* Who made the machine, or gives it to whom it runs (DMI's sys_vendor, drivers/firmware/dmi-id.c).
 * Returns 0; -ENOENT on a machine without DMI, or another negative errno. */
int kernel_machine_vendor(int root_fd, char ret[static MACHINE_VENDOR_MAX]) _must_check_;

/* /proc/sys/kernel/random/boot_id as its text of 36 characters. Returns 0 or negative errno. */
int kernel_boot_id(int root_fd, char ret[static 37]) _must_check_;
