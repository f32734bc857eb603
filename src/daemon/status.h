/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd tells of itself: the machine's state as the values of the D-Bus properties, and as
 * the line that systemctl status shows. */
#pragma once

#include <stdint.h>

#include "daemon/aftermath.h"
#include "daemon/machine.h"

#define STATUS_TEXT_MAX 640

/* The fields have the types that sd-bus's default getters read: strings as pointers, booleans as
 * int. The pointers point into the machine, the settings, this struct or static storage, and are
 * valid until the next step. Times are microseconds; points in time are CLOCK_REALTIME, 0 is
 * "never". */
typedef struct Status {
        const char *version;
        const char *state;
        const char *state_reason;
        int armed;
        int foreign;
        int stale;
        const char *stale_reason;
        const char *obstacle; /* to a load, as far as the last try or comparison knows; or "" */
        const char *loader;
        const char *loader_reason;
        const char *kernel_file;
        const char *kernel_release;
        const char *initrd_file;
        const char *initrd_kind; /* a name of an InitrdKind, "" if that is not known */
        const char
                *initrd_state; /* "building", "fresh", "built", "failed", "foreign", "none", "" */
        const char *initrd_message;
        uint64_t initrd_unpacked_bytes;
        const char *command_line;
        uint64_t reservation_bytes;
        uint64_t reservation_cma_bytes;
        uint64_t elfcorehdr_bytes;
        const char *cpu_hotplug;
        const char *memory_hotplug;
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
        const char *last_crash_directory;
        const char *last_crash_message;
        const char *last_crash_state;
        int last_crash_complete;
        uint64_t last_test_usec;
        const char *last_test_result; /* "" if there was none */
        int last_test_same_image;
        /* Not by status_fill(), but by whoever reads the files. */
        const char *const *configuration_problems; /* a line for each; NULL: there are none */
        int configuration_changed; /* the files are others than those that were read */

        char reason_buffer[STATUS_TEXT_MAX];
        char stale_buffer[STATUS_TEXT_MAX];
} Status;

/* Fills in a status from the machine as it is and from what is known of crashes (NULL: nothing).
 * The status may not be copied: it points into itself. */
void status_fill(Status *status, const Machine *m, const Aftermath *aftermath);

/* Writes the line for sd_notify()'s STATUS=: "armed: 6.12.107, 256 MiB reserved, kernel updates
 * it; 3 events, 0 reloads". Returns buf. */
const char *status_line(const Status *status, char buf[static STATUS_TEXT_MAX]);
