/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd says about itself on D-Bus, as values. */
#include "ctl/daemon-status.h"

#include <errno.h>

#include "base/string-util.h"

#define STRING(name, field) \
        { name, 's', offsetof(DaemonStatus, field) }
#define BOOLEAN(name, field) \
        { name, 'b', offsetof(DaemonStatus, field) }
#define STRINGS(name, field) \
        { name, 'a', offsetof(DaemonStatus, field) }
#define NUMBER(name, field) \
        { name, 't', offsetof(DaemonStatus, field) }

static const DaemonProperty properties[] = {
        STRING("Version", version),
        STRING("State", state),
        STRING("StateReason", state_reason),
        BOOLEAN("Armed", armed),
        BOOLEAN("Foreign", foreign),
        BOOLEAN("Stale", stale),
        STRING("StaleReason", stale_reason),
        STRING("Obstacle", obstacle),
        STRING("Loader", loader),
        STRING("LoaderReason", loader_reason),
        STRING("KernelFile", kernel_file),
        STRING("KernelRelease", kernel_release),
        STRING("InitrdFile", initrd_file),
        STRING("InitrdKind", initrd_kind),
        STRING("InitrdState", initrd_state),
        STRING("InitrdMessage", initrd_message),
        NUMBER("InitrdUnpackedBytes", initrd_unpacked_bytes),
        STRING("CommandLine", command_line),
        NUMBER("ReservationBytes", reservation_bytes),
        NUMBER("ReservationCmaBytes", reservation_cma_bytes),
        NUMBER("ElfcorehdrBytes", elfcorehdr_bytes),
        STRING("CpuHotplug", cpu_hotplug),
        STRING("MemoryHotplug", memory_hotplug),
        NUMBER("EventsReceived", events_received),
        NUMBER("Batches", batches),
        NUMBER("BatchesSkipped", batches_skipped),
        NUMBER("Reloads", reloads),
        NUMBER("LoadFailures", load_failures),
        NUMBER("Overflows", overflows),
        NUMBER("LastEventUSec", last_event_usec),
        NUMBER("LastLoadUSec", last_load_usec),
        NUMBER("LastLoadDurationUSec", last_load_duration_usec),
        NUMBER("LastUnprotectedUSec", last_unprotected_usec),
        NUMBER("TotalUnprotectedUSec", total_unprotected_usec),
        NUMBER("NextRetryUSec", next_retry_usec),
        NUMBER("SettleUSec", settle_usec),
        NUMBER("MaxDelayUSec", max_delay_usec),
        NUMBER("LastCrashUSec", last_crash_usec),
        STRING("LastCrashDirectory", last_crash_directory),
        STRING("LastCrashMessage", last_crash_message),
        STRING("LastCrashState", last_crash_state),
        BOOLEAN("LastCrashComplete", last_crash_complete),
        NUMBER("LastTestUSec", last_test_usec),
        STRING("LastTestResult", last_test_result),
        BOOLEAN("LastTestSameImage", last_test_same_image),
        STRINGS("ConfigurationProblems", configuration_problems),
        BOOLEAN("ConfigurationChanged", configuration_changed),
};

_Static_assert(ELEMENTSOF(properties) <= 64, "DaemonStatus.received has 64 bits");

const DaemonProperty *daemon_property(size_t i) {
        return i < ELEMENTSOF(properties) ? &properties[i] : NULL;
}

int daemon_property_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return (int)i;
        return -ENOENT;
}

void *daemon_status_field(DaemonStatus *status, const DaemonProperty *property) {
        return (char *)status + property->offset;
}

const void *daemon_status_field_const(const DaemonStatus *status, const DaemonProperty *property) {
        return (const char *)status + property->offset;
}

static void free_strings(char **strings) {
        for (size_t i = 0; strings && strings[i]; i++)
                free(strings[i]);
        free(strings);
}

void daemon_status_done(DaemonStatus *status) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (properties[i].type == 's')
                        free(*(char **)daemon_status_field(status, &properties[i]));
                else if (properties[i].type == 'a')
                        free_strings(*(char ***)daemon_status_field(status, &properties[i]));
        *status = (DaemonStatus){ 0 };
}

DaemonDecision *daemon_decisions_add(DaemonDecisions *decisions) {
        DaemonDecision *grown = reallocarray(decisions->items, decisions->n + 1, sizeof(*grown));

        if (!grown)
                return NULL;
        decisions->items = grown;
        grown[decisions->n] = (DaemonDecision){ 0 };
        return &grown[decisions->n++];
}

void daemon_decisions_done(DaemonDecisions *decisions) {
        for (size_t i = 0; i < decisions->n; i++) {
                DaemonDecision *d = &decisions->items[i];

                free(d->subsystems);
                free(d->decision);
                free(d->reason);
                free(d->result);
                free(d->details);
        }
        free(decisions->items);
        *decisions = (DaemonDecisions){ 0 };
}
