/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be plugged, which uevents of it count on which architecture, and what the kernel answers
 * when it is asked whether it keeps the crash image up to date by itself. */
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
                "x86_64",
                { ACTIONS_ALL, ACTIONS_ALL },
                "the elfcorehdr lists System RAM of /proc/iomem, which changes at memory add and "
                "remove, and images that kexec_load made list only the CPUs that were present",
        },
        {
                "ppc64le",
                { ACTIONS_ALL, ACTIONS_ALL },
                "the device tree of the capture kernel lists the CPUs, and a panic on one that it "
                "does not list does not boot; memory comes from memblock",
        },
        {
                "s390x",
                { 0, 0 },
                "the capture kernel builds the elfcorehdr by itself from what the machine says; "
                "its kernel has no crash_hotplug and needs none",
        },
        {
                "aarch64",
                { 0, ACTIONS_ALL },
                "the elfcorehdr has a note for every possible CPU; memory comes from memblock",
        },
        {
                "riscv64",
                { 0, ACTIONS_ALL },
                "the elfcorehdr has a note for every possible CPU; memory comes from /proc/iomem",
        },
        {
                "loongarch64",
                { 0, ACTIONS_ALL },
                "the elfcorehdr has a note for every possible CPU; memory comes from memblock",
        },
};

static const ArchitectureTriggers unknown_architecture = {
        "unknown",
        { ACTIONS_ALL, ACTIONS_ALL },
        "nothing is known about this architecture, so everything counts",
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
