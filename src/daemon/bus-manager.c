/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.kdumpd1.Manager: properties, methods, signal. The vtable is the interface;
 * conf/org.kdumpd1.xml and org.kdumpd1(5) must match it, or make check fails. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/socket.h>

#include "base/file-util.h"
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
                d = history_get(&b->manager->guard.history, i);
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

/* The same as for the methods: root, and nobody by capabilities. */
bool bus_asked_by_root(sd_bus_message *call) {
        return sd_bus_query_sender_privilege(call, -1) > 0;
}

/* What the one who asks for a property may see of a text. */
static const char *text_for_caller(Bus *b, sd_bus *bus, const StatusProperty *p, const char *text) {
        sd_bus_message *call = sd_bus_get_current_message(bus);

        if (p->audience != STATUS_ROOT_ONLY || isempty(text))
                return text;
        return call && b->asked_by_root(call) ? text : "";
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int boolean, i = status_property_find(name);
        const StatusProperty *p;
        const void *member;

        if (i < 0)
                return i;
        p = status_property((size_t)i);
        member = status_member_const(&b->manager->status, p);
        switch (p->kind) {
        case STATUS_STRING:
                return sd_bus_message_append_basic(
                        reply, 's', text_for_caller(b, bus, p, *(const char *const *)member));
        case STATUS_STRINGS:
                return sd_bus_message_append_strv(reply, *(char **const *)member);
        case STATUS_BOOL:
                boolean = *(const bool *)member;
                return sd_bus_message_append_basic(reply, 'b', &boolean);
        case STATUS_NUMBER:
        default:
                return sd_bus_message_append_basic(reply, 't', member);
        }
}

#define FLAG_CONST     SD_BUS_VTABLE_PROPERTY_CONST
#define FLAG_PUBLIC    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define FLAG_ROOT_ONLY SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
#define X(Name, kind, member, audience, help) \
        SD_BUS_PROPERTY(#Name, STATUS_SIGNATURE_##kind, get_property, 0, FLAG_##audience),
        STATUS_PROPERTIES(X)
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

static uint64_t property_digest(const Status *status, const StatusProperty *p) {
        const void *member = status_member_const(status, p);
        const char *text;
        uint64_t h = 0;

        switch (p->kind) {
        case STATUS_STRINGS:
                for (char *const *line = *(char **const *)member; line && *line; line++)
                        h = digest_more(h + 1, *line, strlen(*line));
                return h;
        case STATUS_STRING:
                text = *(const char *const *)member;
                return digest(text, strlen(text));
        case STATUS_BOOL:
                return digest(member, sizeof(bool));
        case STATUS_NUMBER:
        default:
                return digest(member, sizeof(uint64_t));
        }
}

/* Notes the values as they are now. Returns how many differ from last time, with their names. */
static size_t note_changes(Bus *b, char *ret_names[static _STATUS_INDEX_MAX + 1]) {
        const Status *status = manager_status(b->manager);
        const StatusProperty *p;
        size_t n = 0;

        for (size_t i = 0; (p = status_property(i)); i++) {
                uint64_t d = property_digest(status, p);

                if (d == b->digests[i])
                        continue;
                b->digests[i] = d;
                /* sd-bus refuses the whole signal for one that is not to be told. */
                if (p->audience != STATUS_CONST)
                        ret_names[n++] = (char *)p->name;
        }
        ret_names[n] = NULL;
        return n;
}

int bus_add_manager(Bus *b) {
        char *names[_STATUS_INDEX_MAX + 1];

        /* Who comes now reads the values that there are. */
        (void)note_changes(b, names);
        return sd_bus_add_object_vtable(b->bus, NULL, BUS_PATH, BUS_INTERFACE, vtable, b);
}

void bus_flush_changes(Bus *b) {
        char *names[_STATUS_INDEX_MAX + 1];
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

/* --- the interface as XML --------------------------------------------------------------------- */

static sd_bus *bus_hang_up(sd_bus *bus) {
        return sd_bus_close_unref(bus);
}
DEFINE_CLEANUP(sd_bus *, bus_hang_up);

/* One end of a connection that needs no bus. A server has the id that the client is to believe. */
static int open_end(int fd, bool is_server, sd_bus **ret) {
        _cleanup_(bus_hang_upp) sd_bus *bus = NULL;
        sd_id128_t id = { 0 };
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0) {
                (void)close(fd);
                return r;
        }
        if (is_server)
                r = sd_bus_set_server(bus, 1, id);
        if (r >= 0)
                r = sd_bus_set_anonymous(bus, 1);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                *ret = TAKE_PTR(bus);
        return r;
}

static int on_description(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        char **ret = userdata;
        const char *xml;
        int r;

        r = sd_bus_message_is_method_error(reply, NULL) ? -sd_bus_message_get_errno(reply)
                                                        : sd_bus_message_read(reply, "s", &xml);
        if (r < 0)
                return r;
        *ret = strdup(xml);
        return *ret ? 0 : -ENOMEM;
}

/* What sd-bus says of our object, as it would on a bus. */
static int describe(char **ret) {
        _cleanup_(bus_hang_upp) sd_bus *server = NULL, *client = NULL;
        _cleanup_free_ char *xml = NULL;
        int fds[2], r, progress;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return -errno;
        r = open_end(fds[0], true, &server);
        if (r < 0) {
                (void)close(fds[1]);
                return r;
        }
        r = open_end(fds[1], false, &client);
        if (r >= 0)
                r = sd_bus_add_object_vtable(server, NULL, BUS_PATH, BUS_INTERFACE, vtable, NULL);
        if (r >= 0)
                r = sd_bus_call_method_async(client, NULL, NULL, BUS_PATH,
                                             "org.freedesktop.DBus.Introspectable", "Introspect",
                                             on_description, &xml, NULL);
        /* Both ends are here, so that one of them can always go on until there is the answer. */
        while (r >= 0 && !xml) {
                progress = r = sd_bus_process(server, NULL);
                if (r >= 0)
                        r = sd_bus_process(client, NULL);
                if (r == 0 && progress == 0 && !xml)
                        return -EPROTO;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(xml);
        return 0;
}

/* Writes a description without what every object has, and with what each property is. */
static void print_interface(FILE *f, char *xml) {
        static const char start[] = " <interface name=\"" BUS_INTERFACE "\">";
        bool inside = false;

        for (char *line = strtok(xml, "\n"); line; line = strtok(NULL, "\n")) {
                char name[64];

                if (streq(line, start))
                        inside = true;
                if (inside && sscanf(line, "  <property name=\"%63[A-Za-z0-9]\"", name) == 1)
                        (void)fprintf(f, "  <!-- %s -->\n",
                                      status_property((size_t)status_property_find(name))->help);
                if (inside)
                        (void)fprintf(f, "%s\n", line);
                if (streq(line, " </interface>"))
                        inside = false;
        }
}

int bus_introspect(FILE *f) {
        _cleanup_free_ char *xml = NULL;
        int r;

        r = describe(&xml);
        if (r < 0)
                return r;
        (void)fputs(
                "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                " \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
                "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
                "<!-- The interface of kdumpd, as it prints it; org.kdumpd1(5) says what it means. "
                "-->\n"
                "<node name=\"" BUS_PATH "\">\n",
                f);
        print_interface(f, xml);
        (void)fputs("</node>\n", f);
        return 0;
}
