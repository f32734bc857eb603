/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.kdumpd1.Manager: properties, methods, signal. The vtable is the interface;
 * conf/org.kdumpd1.xml and org.kdumpd1(5) must match it, or make check fails. */
#include <errno.h>
#include <linux/capability.h>

#include "daemon/bus-private.h"
#include "sys/log.h"

static int method_request(sd_bus_message *message, Bus *b, Request request, sd_bus_error *error) {
        Input input = { .type = INPUT_REQUEST, .request = request };
        BusCaller *caller;

        if (b->n_callers == BUS_CALLERS_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "too many callers wait for a load already");
        caller = &b->callers[b->n_callers++];
        caller->message = sd_bus_message_ref(message);
        caller->request = request;
        /* The answer comes through bus_answer(), perhaps from within this call. */
        manager_input(b->manager, &input);
        return 1;
}

static int method_load(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_request(message, userdata, REQUEST_LOAD, error);
}

static int method_unload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_request(message, userdata, REQUEST_UNLOAD, error);
}

static int method_reload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_request(message, userdata, REQUEST_RELOAD, error);
}

static int method_rebuild(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_request(message, userdata, REQUEST_REBUILD, error);
}

static int append_decision(sd_bus_message *message, const Decision *d) {
        char subsystems[SUBSYSTEMS_NAME_MAX];

        return sd_bus_message_append(message, "tsussss", d->realtime_usec,
                                     subsystems_to_string(subsystems, d->subsystems), d->events,
                                     verdict_to_string(d->verdict), d->reason, d->result,
                                     d->details);
}

static int method_list_decisions(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        sd_bus_message *reply = NULL;
        const Decision *d;
        uint32_t max;
        int r;

        r = sd_bus_message_read(message, "u", &max);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tsussss)");
        for (uint32_t i = 0; r >= 0 && i < max; i++) {
                d = history_get(&b->manager->machine.history, i);
                if (!d)
                        break;
                r = sd_bus_message_open_container(reply, 'r', "tsussss");
                if (r >= 0)
                        r = append_decision(reply, d);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

/* Every property: its name and type on the bus, the field of Status that holds it, and whether it
 * can change. The one list makes the vtable, the getter and the change signals.
 *
 * What is EMITS_INVALIDATION is for root alone: to others it is empty, and signals, which everyone
 * receives, only say that it has changed. These are the texts that kdumpd did not make itself, and
 * has from where not everyone may read: the command line has the words of a kdumpd.conf that may be
 * 0600, the panic's message is from the kernel's log (kernel.dmesg_restrict=1) and from a dump.
 * Whatever else is to be on the bus has to be fit for everyone; decisions and reasons are sentences
 * of ours about files and numbers. */
#define PROPERTIES(X)                                                        \
        X(Version, "s", version, CONST)                                      \
        X(State, "s", state, EMITS_CHANGE)                                   \
        X(StateReason, "s", state_reason, EMITS_CHANGE)                      \
        X(Armed, "b", armed, EMITS_CHANGE)                                   \
        X(Foreign, "b", foreign, EMITS_CHANGE)                               \
        X(Stale, "b", stale, EMITS_CHANGE)                                   \
        X(StaleReason, "s", stale_reason, EMITS_CHANGE)                      \
        X(Obstacle, "s", obstacle, EMITS_CHANGE)                             \
        X(Loader, "s", loader, EMITS_CHANGE)                                 \
        X(LoaderReason, "s", loader_reason, EMITS_CHANGE)                    \
        X(KernelFile, "s", kernel_file, EMITS_CHANGE)                        \
        X(KernelRelease, "s", kernel_release, EMITS_CHANGE)                  \
        X(InitrdFile, "s", initrd_file, EMITS_CHANGE)                        \
        X(InitrdKind, "s", initrd_kind, EMITS_CHANGE)                        \
        X(InitrdState, "s", initrd_state, EMITS_CHANGE)                      \
        X(InitrdMessage, "s", initrd_message, EMITS_CHANGE)                  \
        X(InitrdUnpackedBytes, "t", initrd_unpacked_bytes, EMITS_CHANGE)     \
        X(CommandLine, "s", command_line, EMITS_INVALIDATION)                \
        X(ReservationBytes, "t", reservation_bytes, EMITS_CHANGE)            \
        X(ReservationCmaBytes, "t", reservation_cma_bytes, EMITS_CHANGE)     \
        X(ElfcorehdrBytes, "t", elfcorehdr_bytes, EMITS_CHANGE)              \
        X(CpuHotplug, "s", cpu_hotplug, EMITS_CHANGE)                        \
        X(MemoryHotplug, "s", memory_hotplug, EMITS_CHANGE)                  \
        X(EventsReceived, "t", events_received, EMITS_CHANGE)                \
        X(Batches, "t", batches, EMITS_CHANGE)                               \
        X(BatchesSkipped, "t", batches_skipped, EMITS_CHANGE)                \
        X(Reloads, "t", reloads, EMITS_CHANGE)                               \
        X(LoadFailures, "t", load_failures, EMITS_CHANGE)                    \
        X(Overflows, "t", overflows, EMITS_CHANGE)                           \
        X(LastEventUSec, "t", last_event_usec, EMITS_CHANGE)                 \
        X(LastLoadUSec, "t", last_load_usec, EMITS_CHANGE)                   \
        X(LastLoadDurationUSec, "t", last_load_duration_usec, EMITS_CHANGE)  \
        X(LastUnprotectedUSec, "t", last_unprotected_usec, EMITS_CHANGE)     \
        X(TotalUnprotectedUSec, "t", total_unprotected_usec, EMITS_CHANGE)   \
        X(NextRetryUSec, "t", next_retry_usec, EMITS_CHANGE)                 \
        X(SettleUSec, "t", settle_usec, EMITS_CHANGE)                        \
        X(MaxDelayUSec, "t", max_delay_usec, EMITS_CHANGE)                   \
        X(LastCrashUSec, "t", last_crash_usec, EMITS_CHANGE)                 \
        X(LastCrashDirectory, "s", last_crash_directory, EMITS_CHANGE)       \
        X(LastCrashMessage, "s", last_crash_message, EMITS_INVALIDATION)     \
        X(LastCrashState, "s", last_crash_state, EMITS_CHANGE)               \
        X(LastCrashComplete, "b", last_crash_complete, EMITS_CHANGE)         \
        X(LastTestUSec, "t", last_test_usec, EMITS_CHANGE)                   \
        X(LastTestResult, "s", last_test_result, EMITS_CHANGE)               \
        X(LastTestSameImage, "b", last_test_same_image, EMITS_CHANGE)        \
        X(ConfigurationProblems, "as", configuration_problems, EMITS_CHANGE) \
        X(ConfigurationChanged, "b", configuration_changed, EMITS_CHANGE)

typedef struct Property {
        const char *name;
        char type; /* 'a': "as" */
        size_t offset;
        uint64_t flag;
} Property;

static const Property properties[] = {
#define X(Name, Type, field, flag) \
        { #Name, Type[0], offsetof(Status, field), SD_BUS_VTABLE_PROPERTY_##flag },
        PROPERTIES(X)
#undef X
};

_Static_assert(ELEMENTSOF(properties) <= BUS_PROPERTIES_MAX, "BUS_PROPERTIES_MAX has room");

/* The same as for the methods: root, and nobody by capabilities. */
bool bus_asked_by_root(sd_bus_message *call) {
        return sd_bus_query_sender_privilege(call, -1) > 0;
}

/* What the one who asks for a property may see of a text. */
static const char *text_for_caller(Bus *b, sd_bus *bus, const Property *p, const char *text) {
        sd_bus_message *call = sd_bus_get_current_message(bus);

        if (p->flag != SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION || isempty(text))
                return text;
        return call && b->asked_by_root(call) ? text : "";
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                const char *field = (const char *)&b->manager->status + properties[i].offset;

                if (!streq(properties[i].name, name))
                        continue;
                if (properties[i].type == 's')
                        return sd_bus_message_append_basic(
                                reply, 's',
                                text_for_caller(b, bus, &properties[i],
                                                *(char *const *)(const void *)field));
                if (properties[i].type == 'a')
                        return sd_bus_message_append_strv(reply, *(char ***)(uintptr_t)field);
                return sd_bus_message_append_basic(reply, properties[i].type, field);
        }
        return -ENOENT;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
#define X(Name, Type, field, flag) \
        SD_BUS_PROPERTY(#Name, Type, get_property, 0, SD_BUS_VTABLE_PROPERTY_##flag),
        PROPERTIES(X)
#undef X
        /* Root, or whoever has the capability that the system calls themselves want. */
        SD_BUS_METHOD_WITH_ARGS("Load", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_load,
                                SD_BUS_VTABLE_CAPABILITY(CAP_SYS_BOOT)),
        SD_BUS_METHOD_WITH_ARGS("Unload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_unload,
                                SD_BUS_VTABLE_CAPABILITY(CAP_SYS_BOOT)),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload,
                                SD_BUS_VTABLE_CAPABILITY(CAP_SYS_BOOT)),
        SD_BUS_METHOD_WITH_ARGS("Rebuild", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_rebuild,
                                SD_BUS_VTABLE_CAPABILITY(CAP_SYS_BOOT)),
        SD_BUS_METHOD_WITH_ARGS("ListDecisions", SD_BUS_ARGS("u", max),
                                SD_BUS_RESULT("a(tsussss)", decisions), method_list_decisions,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Decided",
                                SD_BUS_ARGS("t", time, "s", subsystems, "u", events, "s", decision,
                                            "s", reason, "s", result, "s", details),
                                0),
        SD_BUS_VTABLE_END,
};

static uint64_t digest_more(uint64_t h, const void *data, size_t size) {
        const unsigned char *p = data;

        for (size_t i = 0; i < size; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        return h;
}

static uint64_t digest(const void *data, size_t size) {
        return digest_more(UINT64_C(0xcbf29ce484222325), data, size);
}

static uint64_t property_digest(const Status *status, const Property *p) {
        const char *field = (const char *)status + p->offset;
        const char *text;
        uint64_t h = 0;

        switch (p->type) {
        case 'a':
                for (char *const *line = *(char *const *const *)(const void *)field; line && *line;
                     line++)
                        h = digest_more(h + 1, *line, strlen(*line));
                return h;
        case 's':
                text = *(char *const *)(const void *)field;
                return digest(text, strlen(text));
        case 'b':
                return digest(field, sizeof(int));
        default:
                return digest(field, sizeof(uint64_t));
        }
}

/* Notes the values as they are now. Returns how many differ from last time, with their names. */
static size_t note_changes(Bus *b, char *ret_names[static BUS_PROPERTIES_MAX + 1]) {
        const Status *status = manager_status(b->manager);
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                uint64_t d = property_digest(status, &properties[i]);

                if (d == b->digests[i])
                        continue;
                b->digests[i] = d;
                /* sd-bus refuses the whole signal for one that is not to be told. */
                if (properties[i].flag != SD_BUS_VTABLE_PROPERTY_CONST)
                        ret_names[n++] = (char *)properties[i].name;
        }
        ret_names[n] = NULL;
        return n;
}

int bus_add_manager(Bus *b) {
        char *names[BUS_PROPERTIES_MAX + 1];

        /* Who comes now reads the values that there are. */
        (void)note_changes(b, names);
        return sd_bus_add_object_vtable(b->bus, NULL, BUS_PATH, BUS_INTERFACE, vtable, b);
}

void bus_flush_changes(Bus *b) {
        char *names[BUS_PROPERTIES_MAX + 1];
        int r;

        if (note_changes(b, names) == 0 || !bus_is_ready(b))
                return;
        r = sd_bus_emit_properties_changed_strv(b->bus, BUS_PATH, BUS_INTERFACE, names);
        if (r < 0)
                log_debug("Cannot send PropertiesChanged, ignoring: %s", strerrordesc_np(-r));
}

void bus_decided(Bus *b, const Decision *d) {
        sd_bus_message *signal = NULL;
        int r;

        if (!bus_is_ready(b))
                return;
        r = sd_bus_message_new_signal(b->bus, &signal, BUS_PATH, BUS_INTERFACE, "Decided");
        if (r >= 0)
                r = append_decision(signal, d);
        if (r >= 0)
                r = sd_bus_send(b->bus, signal, NULL);
        if (r < 0)
                log_debug("Cannot send Decided, ignoring: %s", strerrordesc_np(-r));
        sd_bus_message_unref(signal);
}

static void reply(sd_bus_message *message, Failure failure, const char *text) {
        char name[64];
        int r;

        if (failure == FAILURE_NONE)
                r = sd_bus_reply_method_return(message, NULL);
        else {
                strscpyf(name, sizeof(name), BUS_NAME ".Error.%s", failure_to_string(failure));
                r = sd_bus_reply_method_errorf(message, name, "%s", text);
        }
        if (r < 0)
                log_debug("Cannot reply to a caller, ignoring: %s", strerrordesc_np(-r));
}

void bus_answer(Bus *b, unsigned requests, Failure failure, const char *text) {
        size_t kept = 0;

        for (size_t i = 0; i < b->n_callers; i++) {
                BusCaller *c = &b->callers[i];

                if (requests & REQUEST_BIT(c->request)) {
                        reply(c->message, failure, strempty(text));
                        sd_bus_message_unref(c->message);
                } else
                        b->callers[kept++] = *c;
        }
        b->n_callers = kept;
}

void bus_forget_callers(Bus *b) {
        for (size_t i = 0; i < b->n_callers; i++)
                sd_bus_message_unref(b->callers[i].message);
        b->n_callers = 0;
}
