/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be plugged, which uevents of it count on which architecture, and what the kernel answers
 * when it is asked whether it keeps the crash kernel image up to date by itself. */
#include "core/hotplug.h"

#include <errno.h>

static const char *const subsystem_table[_SUBSYSTEM_MAX] = {
        [SUBSYSTEM_CPU] = "cpu",
        [SUBSYSTEM_MEMORY] = "memory",
};
DEFINE_NAME_TABLE(subsystem, Subsystem, _SUBSYSTEM_MAX);

static const char *const hotplug_action_table[_HOTPLUG_ACTION_MAX] = {
        [HOTPLUG_ADD] = "add",
        [HOTPLUG_REMOVE] = "remove",
        [HOTPLUG_ONLINE] = "online",
        [HOTPLUG_OFFLINE] = "offline",
};
DEFINE_NAME_TABLE(hotplug_action, HotplugAction, _HOTPLUG_ACTION_MAX);

static const char *const hotplug_answer_table[_HOTPLUG_ANSWER_MAX] = {
        [HOTPLUG_NOT_ASKED] = "not asked",
        [HOTPLUG_KERNEL_UPDATES] = "1",
        [HOTPLUG_NOT_UPDATED] = "0",
        [HOTPLUG_ABSENT] = "absent",
        [HOTPLUG_UNREADABLE] = "unreadable",
        [HOTPLUG_GARBAGE] = "garbage",
        [HOTPLUG_NO_SUBSYSTEM] = "no subsystem",
};
DEFINE_NAME_TABLE(hotplug_answer, HotplugAnswer, _HOTPLUG_ANSWER_MAX);

const char *subsystems_to_string(char buf[static SUBSYSTEMS_NAME_MAX], unsigned subsystems) {
        strscpyf(buf, SUBSYSTEMS_NAME_MAX, "%s%s%s",
                 subsystems & SUBSYSTEM_BIT(SUBSYSTEM_CPU) ? "cpu" : "",
                 (subsystems & SUBSYSTEMS_ALL) == SUBSYSTEMS_ALL ? " " : "",
                 subsystems & SUBSYSTEM_BIT(SUBSYSTEM_MEMORY) ? "memory" : "");
        return buf;
}

/* Where "all" stands and the kernel's source would allow fewer actions, that is on purpose: an
 * action too many costs a reload on an old kernel, one too few costs memory that is missing in
 * the dump. */
static const ArchitectureTriggers triggers[] = {
        {
                .architecture = "x86_64",
                .actions = { ACTIONS_ALL, ACTIONS_ALL },
                .why = "the elfcorehdr lists System RAM of /proc/iomem, which changes at memory "
                       "add and remove, and images that kexec_load made list only the CPUs that "
                       "were present",
                /* for_each_present_cpu() up to 6.5, then for_each_possible_cpu(), in
                 * crash_prepare_elf64_headers(); kexec_load goes by the directories in
                 * /sys/devices/system/cpu. */
                .idle = { ACTION_BIT(HOTPLUG_ONLINE) | ACTION_BIT(HOTPLUG_OFFLINE), 0 },
                .why_idle = "it has a note for every CPU that is present, online or not",
                /* The notifier runs before the range leaves /proc/iomem, and nothing after it
                 * (arch_crash_handle_hotplug_event() in arch/x86/kernel/crash.c). */
                .removed = REMOVED_STAYS,
        },
        {
                .architecture = "ppc64le",
                .actions = { ACTIONS_ALL, ACTIONS_ALL },
                .why = "the device tree of the capture kernel lists the CPUs, and a panic on one "
                       "that it does not list does not boot; memory comes from memblock",
                /* update_crash_elfcorehdr() in arch/powerpc/kexec/crash.c */
                .removed = REMOVED_IS_TAKEN_OUT,
        },
        {
                .architecture = "s390x",
                .actions = { 0, 0 },
                .why = "the capture kernel builds the elfcorehdr by itself from what the machine "
                       "says; its kernel has no crash_hotplug and needs none",
                .removed = REMOVED_IS_UNLISTED,
        },
        {
                .architecture = "aarch64",
                .actions = { 0, ACTIONS_ALL },
                .why = "the elfcorehdr has a note for every possible CPU; memory comes from "
                       "memblock",
        },
        {
                .architecture = "riscv64",
                .actions = { 0, ACTIONS_ALL },
                .why = "the elfcorehdr has a note for every possible CPU; memory comes from "
                       "/proc/iomem",
        },
        {
                .architecture = "loongarch64",
                .actions = { 0, ACTIONS_ALL },
                .why = "the elfcorehdr has a note for every possible CPU; memory comes from "
                       "memblock",
        },
};

static const ArchitectureTriggers unknown_architecture = {
        .architecture = "unknown",
        .actions = { ACTIONS_ALL, ACTIONS_ALL },
        .why = "nothing is known about this architecture, so everything counts",
};

const ArchitectureTriggers *architecture_triggers(const char *architecture) {
        for (size_t i = 0; i < ELEMENTSOF(triggers); i++)
                if (streq(triggers[i].architecture, architecture))
                        return &triggers[i];
        return &unknown_architecture;
}

HotplugAnswer hotplug_answer_parse(const char *text) {
        if (streq(text, "1") || streq(text, "1\n"))
                return HOTPLUG_KERNEL_UPDATES;
        if (streq(text, "0") || streq(text, "0\n"))
                return HOTPLUG_NOT_UPDATED;
        return HOTPLUG_GARBAGE;
}

const char *hotplug_mode(HotplugAnswer answer, unsigned actions) {
        if (actions == 0 || answer == HOTPLUG_NO_SUBSYSTEM)
                return "unsupported";
        switch (answer) {
        case HOTPLUG_KERNEL_UPDATES:
                return "kernel";
        case HOTPLUG_NOT_UPDATED:
        case HOTPLUG_ABSENT:
                return "userspace";
        default:
                return "unknown";
        }
}
