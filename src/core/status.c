/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what kdumpd tells of itself. */
#include "core/status.h"

#include <errno.h>

#include "base/string-util.h"

static const StatusProperty properties[] = {
#define X(Name, kind, member, audience, help) \
        { #Name,                              \
          STATUS_##kind,                      \
          offsetof(Status, member),           \
          STATUS_##audience,                  \
          STATUS_SIGNATURE_##kind,            \
          help },
        STATUS_PROPERTIES(X)
#undef X
};

_Static_assert(ELEMENTSOF(properties) <= 64, "Status.received has 64 bits");

const StatusProperty *status_property(size_t i) {
        return i < ELEMENTSOF(properties) ? &properties[i] : NULL;
}

int status_property_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return (int)i;
        return -ENOENT;
}

void *status_member(Status *status, const StatusProperty *property) {
        return (char *)status + property->offset;
}

const void *status_member_const(const Status *status, const StatusProperty *property) {
        return (const char *)status + property->offset;
}

static void free_strings(char **strings) {
        for (size_t i = 0; strings && strings[i]; i++)
                free(strings[i]);
        free(strings);
}

void status_done(Status *status) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (properties[i].kind == STATUS_STRING)
                        free((char *)*(const char **)status_member(status, &properties[i]));
                else if (properties[i].kind == STATUS_STRINGS)
                        free_strings(*(char ***)status_member(status, &properties[i]));
        *status = (Status){ 0 };
}
