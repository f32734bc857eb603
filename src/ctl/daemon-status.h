/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd says about itself on D-Bus, as values: its properties and its decisions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* The properties of org.kdumpd1.Manager, under their names there, in C's spelling. Times are
 * microseconds since the epoch, 0 if there was (or will be) none; durations are microseconds. */
typedef struct DaemonStatus {
        char *version;
        char *state;
        char *state_reason;
        bool armed;
        bool foreign;
        bool stale;
        char *stale_reason;
        char *obstacle;
        char *loader;
        char *loader_reason;
        char *kernel_file;
        char *kernel_release;
        char *initrd_file;
        char *initrd_kind;
        char *initrd_state;
        char *initrd_message;
        uint64_t initrd_unpacked_bytes;
        char *command_line;
        uint64_t reservation_bytes;
        uint64_t reservation_cma_bytes;
        uint64_t elfcorehdr_bytes;
        char *cpu_hotplug;
        char *memory_hotplug;
        uint64_t events_received;
        uint64_t batches;
        uint64_t batches_skipped;
        uint64_t reloads;
        uint64_t load_failures;
        uint64_t overflows;
        uint64_t last_event_usec;
        uint64_t last_load_usec;
        uint64_t last_load_duration_usec;
        uint64_t last_unprotected_usec;
        uint64_t total_unprotected_usec;
        uint64_t next_retry_usec;
        uint64_t settle_usec;
        uint64_t max_delay_usec;
        uint64_t last_crash_usec;
        char *last_crash_directory;
        char *last_crash_message;
        char *last_crash_state;
        bool last_crash_complete;
        uint64_t last_test_usec;
        char *last_test_result;
        bool last_test_same_image;
        char **configuration_problems; /* NULL behind the last; NULL: none */
        bool configuration_changed;

        /* Whether the files have changed since the image was loaded; not from kdumpd, which touches
         * no file system that may hang. */
        bool kernel_changed, initrd_changed;
        /* Bit i: the answer had the i-th property; another version of the daemon may lack some. */
        uint64_t received;
        /* Who asked; not from kdumpd. Texts for root only are empty for others. */
        bool asked_by_root;
} DaemonStatus;

/* One property: its D-Bus type, 's', 'b', 't' or 'a' (for "as"), tells whether its field is a
 * char *, a bool, a uint64_t or a char **. */
typedef struct DaemonProperty {
        const char *name;
        char type;
        size_t offset;
} DaemonProperty;

/* The properties in the order of the interface; NULL behind the last. */
const DaemonProperty *daemon_property(size_t i) _const_;

/* The index of a property, or -ENOENT. */
int daemon_property_find(const char *name) _pure_ _must_check_;

/* The field of a property. */
void *daemon_status_field(DaemonStatus *status, const DaemonProperty *property);
const void *daemon_status_field_const(const DaemonStatus *status, const DaemonProperty *property);

static inline bool daemon_status_has(const DaemonStatus *status, size_t i) {
        return status->received & (UINT64_C(1) << i);
}

/* Frees what the status holds and zeroes it; accepts a zeroed status. */
void daemon_status_done(DaemonStatus *status);

/* One decision, as ListDecisions() and the signal Decided tell it. */
typedef struct DaemonDecision {
        uint64_t time_usec; /* since the epoch */
        char *subsystems;
        uint32_t events;
        char *decision;
        char *reason;
        char *result;
        char *details;
} DaemonDecision;

typedef struct DaemonDecisions {
        DaemonDecision *items; /* oldest first */
        size_t n;
} DaemonDecisions;

/* Adds an empty decision at the end and returns it, or NULL if there is no memory. */
DaemonDecision *daemon_decisions_add(DaemonDecisions *decisions);
void daemon_decisions_done(DaemonDecisions *decisions);
