/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with kdumpd. The client's only user of sd-bus. */
#include "ctl/client.h"

#include <errno.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/bus-name.h"

#define UNIT_PATH "/org/freedesktop/systemd1/unit/kdumpd_2eservice"

/* The daemon never blocks, so it answers a question at once or not at all. */
#define ANSWER_TIMEOUT_USEC (10 * USEC_PER_SEC)

struct Client {
        sd_bus *bus;
};

static void bus_error_donep(sd_bus_error *error) {
        sd_bus_error_free(error);
}
#define _cleanup_bus_error_ _cleanup_(bus_error_donep)

static void bus_messagep(sd_bus_message **message) {
        (void)sd_bus_message_unref(*message);
}
#define _cleanup_bus_message_ _cleanup_(bus_messagep)

/* A message of the daemon's or of libsystemd's, which may have a full stop. */
static void take_message(const char *text, Error *reterr) {
        size_t n = strlen(text);

        while (n > 0 && strchr(" \t\n.", text[n - 1]))
                n--;
        (void)error_set(reterr, 0, "%.*s", (int)n, text);
}

/* What bus daemons and sd-bus say, and what it means for somebody who wanted to talk to kdumpd. */
typedef enum Problem {
        PROBLEM_OTHER,
        PROBLEM_NOT_RUNNING,
        PROBLEM_NAMELESS,
        PROBLEM_REFUSED,
        PROBLEM_SILENT,
        PROBLEM_VERSION,
} Problem;

static const struct {
        const char *name;
        Problem problem;
} problems[] = {
        { SD_BUS_ERROR_SERVICE_UNKNOWN, PROBLEM_NOT_RUNNING },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, PROBLEM_NOT_RUNNING },
        { SD_BUS_ERROR_ACCESS_DENIED, PROBLEM_REFUSED },
        { SD_BUS_ERROR_AUTH_FAILED, PROBLEM_REFUSED },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, PROBLEM_REFUSED },
        { SD_BUS_ERROR_NO_REPLY, PROBLEM_SILENT },
        { SD_BUS_ERROR_TIMEOUT, PROBLEM_SILENT },
        { SD_BUS_ERROR_UNKNOWN_OBJECT, PROBLEM_VERSION },
        { SD_BUS_ERROR_UNKNOWN_INTERFACE, PROBLEM_VERSION },
        { SD_BUS_ERROR_UNKNOWN_METHOD, PROBLEM_VERSION },
        { SD_BUS_ERROR_INVALID_SIGNATURE, PROBLEM_VERSION },
};

static Problem classify(const sd_bus_error *error) {
        for (size_t i = 0; i < ELEMENTSOF(problems); i++)
                if (sd_bus_error_has_name(error, problems[i].name))
                        return problems[i].problem;
        return PROBLEM_OTHER;
}

/* A daemon whose name the bus refuses looks like one that is not there. systemd knows better. */
static Problem ask_systemd(sd_bus *bus, Problem problem) {
        _cleanup_free_ char *state = NULL;

        if (problem != PROBLEM_NOT_RUNNING ||
            sd_bus_get_property_string(bus, "org.freedesktop.systemd1", UNIT_PATH,
                                       "org.freedesktop.systemd1.Unit", "ActiveState", NULL,
                                       &state) < 0)
                return problem;
        return streq(state, "active") || streq(state, "activating") || streq(state, "reloading")
                       ? PROBLEM_NAMELESS
                       : problem;
}

static void explain(Problem problem, const sd_bus_error *error, const char *method, Error *reterr) {
        switch (problem) {
        case PROBLEM_NOT_RUNNING:
                (void)error_set(reterr, 0,
                                "kdumpd is not running: start it with \"systemctl start kdumpd\"");
                break;
        case PROBLEM_NAMELESS:
                (void)error_set(reterr, 0,
                                "kdumpd runs, but the system bus did not give it the name "
                                "" BUS_NAME ": see that the policy is there, " KDUMPD_DBUSPOLICYDIR
                                "/" BUS_NAME ".conf, then run \"systemctl reload dbus kdumpd\"");
                break;
        case PROBLEM_REFUSED:
                if (method)
                        (void)error_set(reterr, 0,
                                        "permission denied: %s() takes privileges: run as root",
                                        method);
                else
                        (void)error_set(reterr, 0,
                                        "permission denied: the policy of the bus does not let "
                                        "this user talk to kdumpd");
                break;
        case PROBLEM_SILENT:
                (void)error_set(reterr, 0,
                                "kdumpd ended or did not answer: see \"systemctl status kdumpd\"");
                break;
        case PROBLEM_VERSION:
                (void)error_set(
                        reterr, 0,
                        "kdumpd speaks another version of its interface: restart it after an "
                        "upgrade with \"systemctl restart kdumpd\"");
                break;
        case PROBLEM_OTHER:
                take_message(error->message ?: error->name, reterr);
                break;
        }
}

static int explain_bus(int r, Error *reterr) {
        return error_set(reterr, r, "the system bus cannot be reached: %s: is D-Bus running?",
                         strerror(-r));
}

/* The daemon's answer was not what its interface says. */
static int bad_answer(int r, Error *reterr) {
        if (r == -ENOMEM)
                return error_set_memory(reterr);
        explain(PROBLEM_VERSION, NULL, NULL, reterr);
        return -EBADMSG;
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

int client_new(Client **ret, Error *reterr) {
        _cleanup_client_ Client *client = NULL;
        int r;

        client = calloc(1, sizeof(*client));
        if (!client)
                return error_set_memory(reterr);
        r = sd_bus_open_system(&client->bus);
        if (r < 0)
                return explain_bus(r, reterr);
        *ret = TAKE_PTR(client);
        return 0;
}

Client *client_free(Client *client) {
        if (client)
                client->bus = sd_bus_flush_close_unref(client->bus);
        free(client);
        return NULL;
}

static int new_call(Client *client, const char *interface, const char *method,
                    sd_bus_message **ret) {
        return sd_bus_message_new_method_call(client->bus, ret, BUS_NAME, BUS_PATH, interface,
                                              method);
}

/* Sends the call that construction (a result of sd-bus) left in message and waits for the answer.
 * method is the one to name if permission is missing, NULL for questions, which need none. */
static int exchange(Client *client, int construction, sd_bus_message *message,
                    uint64_t timeout_usec, const char *method, sd_bus_message **ret,
                    Error *reterr) {
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Problem problem;
        int r = construction;

        if (r >= 0)
                r = sd_bus_call(client->bus, message, timeout_usec, &error, ret);
        if (r >= 0)
                return 0;
        if (construction >= 0 && sd_bus_is_open(client->bus) <= 0)
                return explain_bus(r, reterr);
        if (!sd_bus_error_is_set(&error))
                (void)sd_bus_error_set_errno(&error, r);
        problem = ask_systemd(client->bus, classify(&error));
        explain(problem, &error, method, reterr);
        return problem == PROBLEM_NOT_RUNNING ? -ESRCH : r;
}

static int read_string(sd_bus_message *message, const char **ret) {
        const char *s;
        char *copy;
        int r;

        r = sd_bus_message_read_basic(message, 's', &s);
        if (r < 0)
                return r;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        free((char *)*ret);
        *ret = copy;
        return 0;
}

static int read_value(sd_bus_message *message, StatusKind kind, void *member) {
        int boolean, r;

        switch (kind) {
        case STATUS_STRING:
                return read_string(message, member);
        case STATUS_STRINGS:
                return sd_bus_message_read_strv(message, member);
        case STATUS_BOOL:
                r = sd_bus_message_read_basic(message, 'b', &boolean);
                if (r >= 0)
                        *(bool *)member = boolean;
                return r;
        case STATUS_NUMBER:
        default:
                return sd_bus_message_read_basic(message, 't', member);
        }
}

/* Reads the variant of one property; those of another type than ours count as unknown. */
static int read_property(sd_bus_message *message, const char *name, Status *status) {
        int i = status_property_find(name), r;
        const StatusProperty *property;

        if (i < 0)
                return sd_bus_message_skip(message, "v");
        property = status_property((size_t)i);
        if (sd_bus_message_verify_type(message, 'v', property->signature) <= 0)
                return sd_bus_message_skip(message, "v");
        r = sd_bus_message_enter_container(message, 'v', property->signature);
        if (r >= 0)
                r = read_value(message, property->kind, status_member(status, property));
        if (r < 0)
                return r;
        status->received |= UINT64_C(1) << i;
        return sd_bus_message_exit_container(message);
}

static int read_properties(sd_bus_message *message, Status *status) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read_basic(message, 's', &name);
                if (r < 0)
                        return r;
                r = read_property(message, name, status);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

int client_get_status(Client *client, Status *ret, Error *reterr) {
        _cleanup_bus_message_ sd_bus_message *call = NULL, *answer = NULL;
        _cleanup_(status_done) Status status = { 0 };
        int r;

        r = new_call(client, "org.freedesktop.DBus.Properties", "GetAll", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", BUS_INTERFACE);
        r = exchange(client, r, call, ANSWER_TIMEOUT_USEC, NULL, &answer, reterr);
        if (r < 0)
                return r;
        r = read_properties(answer, &status);
        /* Without these two there is nothing to say. */
        if (r >= 0 && (!status_has(&status, STATUS_INDEX_Armed) || !status.state))
                r = -EBADMSG;
        if (r < 0)
                return bad_answer(r, reterr);
        status.asked_by_root = geteuid() == 0;
        *ret = status;
        status = (Status){ 0 };
        return 0;
}

static int read_decision(sd_bus_message *message, DaemonDecision *decision) {
        const char *subsystems, *what, *reason, *result, *details;
        int r;

        r = sd_bus_message_read(message, "tsussss", &decision->time_usec, &subsystems,
                                &decision->events, &what, &reason, &result, &details);
        if (r < 0)
                return r;
        decision->subsystems = strdup(subsystems);
        decision->decision = strdup(what);
        decision->reason = strdup(reason);
        decision->result = strdup(result);
        decision->details = strdup(details);
        return decision->subsystems && decision->decision && decision->reason && decision->result &&
                               decision->details
                       ? 0
                       : -ENOMEM;
}

static int read_decisions(sd_bus_message *message, DaemonDecisions *decisions) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "(tsussss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'r', "tsussss")) > 0) {
                DaemonDecision *decision = daemon_decisions_add(decisions);

                if (!decision)
                        return -ENOMEM;
                r = read_decision(message, decision);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

int client_list_decisions(Client *client, uint32_t max, DaemonDecisions *ret, Error *reterr) {
        _cleanup_bus_message_ sd_bus_message *call = NULL, *answer = NULL;
        _cleanup_(daemon_decisions_done) DaemonDecisions decisions = { 0 };
        int r;

        r = new_call(client, BUS_INTERFACE, "ListDecisions", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "u", max);
        r = exchange(client, r, call, ANSWER_TIMEOUT_USEC, NULL, &answer, reterr);
        if (r < 0)
                return r;
        r = read_decisions(answer, &decisions);
        if (r < 0)
                return bad_answer(r, reterr);
        /* The daemon begins with the newest; people read down. */
        for (size_t i = 0; i < decisions.n / 2; i++) {
                DaemonDecision swap = decisions.items[i];

                decisions.items[i] = decisions.items[decisions.n - 1 - i];
                decisions.items[decisions.n - 1 - i] = swap;
        }
        *ret = decisions;
        decisions = (DaemonDecisions){ 0 };
        return 0;
}

int client_call(Client *client, const char *method, Error *reterr) {
        _cleanup_bus_message_ sd_bus_message *call = NULL, *answer = NULL;
        int r;

        r = new_call(client, BUS_INTERFACE, method, &call);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(call, 1);
        return exchange(client, r, call, USEC_INFINITY, method, &answer, reterr);
}
