/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be plugged, which uevents of it count on which architecture, and what the kernel answers
 * when it is asked whether it keeps the crash kernel image up to date by itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/string-util.h"

typedef enum Subsystem {
        SUBSYSTEM_CPU,
        SUBSYSTEM_MEMORY,
        _SUBSYSTEM_MAX,
} Subsystem;

/* The ACTION= of a uevent that can change what a dump covers (lib/kobject_uevent.c). */
typedef enum HotplugAction {
        HOTPLUG_ADD,
        HOTPLUG_REMOVE,
        HOTPLUG_ONLINE,
        HOTPLUG_OFFLINE,
        _HOTPLUG_ACTION_MAX,
} HotplugAction;

DECLARE_NAME_TABLE(subsystem, Subsystem);
DECLARE_NAME_TABLE(hotplug_action, HotplugAction);

/* Sets of actions and of subsystems, as bits. */
#define ACTION_BIT(action)       (1u << (action))
#define ACTIONS_ALL              ((1u << _HOTPLUG_ACTION_MAX) - 1)
#define SUBSYSTEM_BIT(subsystem) (1u << (subsystem))
#define SUBSYSTEMS_ALL           ((1u << _SUBSYSTEM_MAX) - 1)

#define SUBSYSTEMS_NAME_MAX 16

/* Writes a set of subsystems as "cpu", "memory", "cpu memory" or "" and returns buf. */
const char *subsystems_to_string(char buf[static SUBSYSTEMS_NAME_MAX], unsigned subsystems);

/* What becomes of memory that was removed in the image that is loaded. */
typedef enum RemovedMemory {
        REMOVED_STAYS,        /* it is listed until the next load, or an update for another event */
        REMOVED_IS_TAKEN_OUT, /* the kernel's own update, if it makes one, takes it out */
        REMOVED_IS_UNLISTED,  /* no image lists memory */
} RemovedMemory;

/* One row of the table of what counts where. */
typedef struct ArchitectureTriggers {
        const char *architecture; /* as uname(2) says it in machine */
        unsigned actions[_SUBSYSTEM_MAX];
        const char *why;
        /* Those of them that change nothing of what the image lists, as long as the same devices
         * are there as before, and why: a clause about the image. */
        unsigned idle[_SUBSYSTEM_MAX];
        const char *why_idle;
        RemovedMemory removed;
} ArchitectureTriggers;

/* The row for an architecture (uname's machine, "x86_64"). Never NULL: an architecture that the
 * table does not know gets the row in which everything counts. */
const ArchitectureTriggers *architecture_triggers(const char *architecture) _pure_;

/* What reading crash_hotplug gave (Documentation/ABI/testing/sysfs-devices-memory and
 * sysfs-devices-system-cpu in the kernel tree). */
typedef enum HotplugAnswer {
        HOTPLUG_NOT_ASKED,
        HOTPLUG_KERNEL_UPDATES, /* "1" */
        HOTPLUG_NOT_UPDATED,    /* "0" */
        HOTPLUG_ABSENT,         /* no such file: the kernel has no crash hotplug */
        HOTPLUG_UNREADABLE,     /* open or read failed otherwise */
        HOTPLUG_GARBAGE,        /* read, but neither "0" nor "1" */
        HOTPLUG_NO_SUBSYSTEM,   /* the directory that holds the attribute is absent too */
        _HOTPLUG_ANSWER_MAX,
} HotplugAnswer;

DECLARE_NAME_TABLE(hotplug_answer, HotplugAnswer);

/* Whether the answer says something of the image that is loaded: both depend on how that was
 * loaded. All others are about the kernel, or about who asks. */
static inline bool hotplug_answer_is_of_image(HotplugAnswer answer) {
        return answer == HOTPLUG_KERNEL_UPDATES || answer == HOTPLUG_NOT_UPDATED;
}

/* Classifies the text of the attribute, with or without its newline. */
HotplugAnswer hotplug_answer_parse(const char *text) _pure_;

/* Who follows a hotplug of a subsystem, in the words of the D-Bus properties CpuHotplug and
 * MemoryHotplug: "kernel", "userspace", "unsupported", "unknown". actions is the set of actions
 * that count for the subsystem. */
const char *hotplug_mode(HotplugAnswer answer, unsigned actions) _const_;
