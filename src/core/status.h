/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd tells of itself: the properties of org.kdumpd1.Manager, as a value and as the one
 * table that makes this value, the interface on the bus, and what kdumpctl reads and prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Every property: its name, its kind (a StatusKind), the member of Status, who is told (a
 * StatusAudience), and what it is, which the XML of the interface says, too. Times are
 * microseconds; points in time are CLOCK_REALTIME, 0 is "never".
 *
 * ROOT_ONLY are the texts that kdumpd did not make itself, and has from where not everyone may
 * read: the command line has the words of a kdumpd.conf that may be 0600, the panic's message is
 * from the kernel's log (kernel.dmesg_restrict=1) and from a dump. Whatever else is to be on the
 * bus has to be fit for everyone; decisions and reasons are sentences of ours about files and
 * numbers. */
#define STATUS_PROPERTIES(X)                                                                       \
        X(Version, STRING, version, CONST, "the version of kdumpd")                                \
        X(State, STRING, state, PUBLIC, "unavailable, unloaded, loading, armed or failed")         \
        X(StateReason, STRING, state_reason, PUBLIC, "why, as a clause for people")                \
        X(Armed, BOOL, armed, PUBLIC, "the kernel says that an image is loaded")                   \
        X(Foreign, BOOL, foreign, PUBLIC, "that image is one that something else has loaded")      \
        X(LoadsWatched, BOOL, loads_watched, PUBLIC,                                               \
          "loads by others are seen when they happen, not only where sysfs tells of them")         \
        X(LoadsWatchedReason, STRING, loads_watched_reason, PUBLIC, "why not, or empty")           \
        X(Stale, BOOL, stale, PUBLIC, "the image is known to differ from the machine")             \
        X(StaleReason, STRING, stale_reason, PUBLIC, "in what, as a clause for people; or empty")  \
        X(Obstacle, STRING, obstacle, PUBLIC,                                                      \
          "to a load, as far as the last try or comparison knows; or empty")                       \
        X(Loader, STRING, loader, PUBLIC,                                                          \
          "the system call that loaded the image; empty if none is ours")                          \
        X(LoaderReason, STRING, loader_reason, PUBLIC, "why that one")                             \
        X(KernelFile, STRING, kernel_file, PUBLIC, "the kernel of the image")                      \
        X(KernelRelease, STRING, kernel_release, PUBLIC, "its release, empty if it does not tell") \
        X(InitrdFile, STRING, initrd_file, PUBLIC,                                                 \
          "the initrd of the image, empty if there is none")                                       \
        X(InitrdKind, STRING, initrd_kind, PUBLIC,                                                 \
          "a name of an InitrdKind, empty if that is not known")                                   \
        X(InitrdState, STRING, initrd_state, PUBLIC,                                               \
          "building, built, fresh, failed, foreign, none, or empty")                               \
        X(InitrdMessage, STRING, initrd_message, PUBLIC,                                           \
          "what is amiss with it, or why the build failed, for people")                            \
        X(InitrdUnpackedBytes, NUMBER, initrd_unpacked_bytes, PUBLIC,                              \
          "the size of that initramfs when it is unpacked, 0: not known")                          \
        X(DumpLevel, NUMBER, dump_level, PUBLIC,                                                   \
          "the level of the dumps that it makes (makedumpfile's -d), 2^64-1: not known")           \
        X(DumpLevelReason, STRING, dump_level_reason, PUBLIC,                                      \
          "why not the configured one, or what else is in dumps; or empty")                        \
        X(CommandLine, STRING, command_line, ROOT_ONLY, "the command line of the capture kernel")  \
        X(ReservationBytes, NUMBER, reservation_bytes, PUBLIC, "what is reserved for images")      \
        X(ReservationCmaBytes, NUMBER, reservation_cma_bytes, PUBLIC,                              \
          "what the capture kernel has besides")                                                   \
        X(ReservationProblem, STRING, reservation_problem, PUBLIC,                                 \
          "why it is not what was asked for, or too little, and what to do; or empty")             \
        X(ElfcorehdrBytes, NUMBER, elfcorehdr_bytes, PUBLIC,                                       \
          "what the kernel wants for its list, 0 on one that cannot update it")                    \
        X(CpuHotplug, STRING, cpu_hotplug, PUBLIC,                                                 \
          "who follows the hotplug of CPUs: kernel, userspace, unsupported, unknown")              \
        X(MemoryHotplug, STRING, memory_hotplug, PUBLIC, "the same for memory")                    \
        X(EventsReceived, NUMBER, events_received, PUBLIC,                                         \
          "uevents of CPUs and memory, counting or not")                                           \
        X(Batches, NUMBER, batches, PUBLIC, "bursts of events that count, and came to a decision") \
        X(BatchesSkipped, NUMBER, batches_skipped, PUBLIC, "those of them that needed no reload")  \
        X(Reloads, NUMBER, reloads, PUBLIC, "how many times an image was loaded again")            \
        X(LoadFailures, NUMBER, load_failures, PUBLIC, "how many loads failed")                    \
        X(Overflows, NUMBER, overflows, PUBLIC, "how many times uevents were lost")                \
        X(LastEventUSec, NUMBER, last_event_usec, PUBLIC, "when the last event came")              \
        X(LastLoadUSec, NUMBER, last_load_usec, PUBLIC, "when the last load succeeded")            \
        X(LastLoadDurationUSec, NUMBER, last_load_duration_usec, PUBLIC, "how long that took")     \
        X(LastUnprotectedUSec, NUMBER, last_unprotected_usec, PUBLIC,                              \
          "for how long there was no image through that load")                                     \
        X(TotalUnprotectedUSec, NUMBER, total_unprotected_usec, PUBLIC, "the sum of these")        \
        X(NextRetryUSec, NUMBER, next_retry_usec, PUBLIC,                                          \
          "when a failed load is tried again; 0 if it waits for a change, too")                    \
        X(SettleUSec, NUMBER, settle_usec, PUBLIC, "Settle=")                                      \
        X(MaxDelayUSec, NUMBER, max_delay_usec, PUBLIC, "MaxDelay=")                               \
        X(LastCrashUSec, NUMBER, last_crash_usec, PUBLIC,                                          \
          "when the newest crash was of which there is a trace")                                   \
        X(LastCrashDirectory, STRING, last_crash_directory, PUBLIC, "the directory with its dump") \
        X(LastCrashMessage, STRING, last_crash_message, ROOT_ONLY, "the message of the panic")     \
        X(LastCrashState, STRING, last_crash_state, PUBLIC, "what there is of the dump")           \
        X(LastCrashComplete, BOOL, last_crash_complete, PUBLIC, "there is a whole dump")           \
        X(LastTestUSec, NUMBER, last_test_usec, PUBLIC, "when the last crash test was begun")      \
        X(LastTestResult, STRING, last_test_result, PUBLIC,                                        \
          "a name of a CrashTestResult, empty if there was no test")                               \
        X(LastTestSameImage, BOOL, last_test_same_image, PUBLIC,                                   \
          "the image that is loaded now is the one that was tested")                               \
        X(ConfigurationProblems, STRINGS, configuration_problems, PUBLIC,                          \
          "a line for each thing that was not understood; NULL: there are none")                   \
        X(ConfigurationChanged, BOOL, configuration_changed, PUBLIC,                               \
          "the files are others than those that were read")

typedef enum StatusKind {
        STATUS_STRING,  /* on the bus "s": not NULL in the daemon */
        STATUS_BOOL,    /* "b" */
        STATUS_NUMBER,  /* "t" */
        STATUS_STRINGS, /* "as": NULL behind the last; NULL: none */
} StatusKind;

typedef enum StatusAudience {
        STATUS_CONST,     /* everyone, and it never changes */
        STATUS_PUBLIC,    /* everyone, and changes are sent */
        STATUS_ROOT_ONLY, /* root: to others it is empty, and signals only say that it changed */
} StatusAudience;

/* The type of a member, and its signature on the bus, by its kind. */
#define STATUS_TYPE_STRING       const char *
#define STATUS_TYPE_BOOL         bool
#define STATUS_TYPE_NUMBER       uint64_t
#define STATUS_TYPE_STRINGS      char **
#define STATUS_SIGNATURE_STRING  "s"
#define STATUS_SIGNATURE_BOOL    "b"
#define STATUS_SIGNATURE_NUMBER  "t"
#define STATUS_SIGNATURE_STRINGS "as"

/* The place of a property in the table: STATUS_INDEX_Version, ... */
typedef enum StatusIndex {
#define X(Name, kind, member, audience, help) STATUS_INDEX_##Name,
        STATUS_PROPERTIES(X)
#undef X
                _STATUS_INDEX_MAX,
} StatusIndex;

#define STATUS_TEXT_MAX 640

/* In the daemon the pointers point into the machine, the settings, this struct or static storage;
 * in kdumpctl they are its own, and go with status_done(). */
typedef struct Status {
#define X(Name, kind, member, audience, help) STATUS_TYPE_##kind member;
        STATUS_PROPERTIES(X)
#undef X

        /* Of the daemon: what loads_watched_reason, state_reason and stale_reason point at. */
        char watch_buffer[STATUS_TEXT_MAX];
        char reason_buffer[STATUS_TEXT_MAX];
        char stale_buffer[STATUS_TEXT_MAX];
        char reservation_buffer[STATUS_TEXT_MAX];

        /* Of kdumpctl. Bit i: the answer had the i-th property; another version of the daemon may
         * lack some. */
        uint64_t received;
        /* Whether the files have changed since the image was loaded; not from kdumpd, which touches
         * no file system that may hang. */
        bool kernel_changed, initrd_changed;
        /* Who asked: texts for root only are empty for others. */
        bool asked_by_root;
} Status;

typedef struct StatusProperty {
        const char *name;
        StatusKind kind;
        size_t offset; /* of its member */
        StatusAudience audience;
        const char *signature; /* of D-Bus */
        const char *help;
} StatusProperty;

/* The properties in the order of the interface; NULL behind the last. */
const StatusProperty *status_property(size_t i) _const_;

/* The index of a property, or -ENOENT. */
int status_property_find(const char *name) _pure_ _must_check_;

/* The member of a property, of the type that its kind tells. */
void *status_member(Status *status, const StatusProperty *property);
const void *status_member_const(const Status *status, const StatusProperty *property);

/* Whether the daemon has told a property. */
static inline bool status_has(const Status *status, StatusIndex i) {
        return status->received & (UINT64_C(1) << i);
}

/* Frees what the status of a kdumpctl holds and zeroes it; accepts a zeroed status. */
void status_done(Status *status);
