/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of a mount as mount(8) takes them, for mount(2). */
#include "sys/mount-options.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/string-util.h"

typedef struct Option {
        const char *name;
        unsigned long set, clear;
} Option;

static const Option options_table[] = {
        { "noatime", MS_NOATIME, 0 },
        { "atime", 0, MS_NOATIME },
        { "nodiratime", MS_NODIRATIME, 0 },
        { "diratime", 0, MS_NODIRATIME },
        { "relatime", MS_RELATIME, 0 },
        { "norelatime", 0, MS_RELATIME },
        { "strictatime", MS_STRICTATIME, 0 },
        { "lazytime", MS_LAZYTIME, 0 },
        { "nolazytime", 0, MS_LAZYTIME },
        { "nosuid", MS_NOSUID, 0 },
        { "suid", 0, MS_NOSUID },
        { "nodev", MS_NODEV, 0 },
        { "dev", 0, MS_NODEV },
        { "noexec", MS_NOEXEC, 0 },
        { "exec", 0, MS_NOEXEC },
        { "sync", MS_SYNCHRONOUS, 0 },
        { "async", 0, MS_SYNCHRONOUS },
        { "dirsync", MS_DIRSYNC, 0 },
};

/* For mount(8), systemd and others, or against writing. */
static bool is_for_others(const char *option) {
        static const char *const names[] = {
                "",       "ro",      "rw",         "defaults", "auto",  "noauto",
                "user",   "nouser",  "users",      "nousers",  "owner", "noowner",
                "group",  "nogroup", "nofail",     "fail",     "quiet", "_netdev",
                "silent", "loud",    "norecovery", "noload",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(option, names[i]))
                        return true;
        return startswith(option, "x-") || startswith(option, "X-") ||
               startswith(option, "comment=");
}

static bool take_flag(const char *option, unsigned long *flags) {
        for (size_t i = 0; i < ELEMENTSOF(options_table); i++)
                if (streq(option, options_table[i].name)) {
                        *flags = (*flags & ~options_table[i].clear) | options_table[i].set;
                        return true;
                }
        return false;
}

static void append(char *list, size_t size, const char *option) {
        size_t used = strlen(list);

        strscpyf(list + used, size - used, "%s%s", used > 0 ? "," : "", option);
}

int mount_options_parse(const char *options, unsigned long *ret_flags, char **ret_data) {
        _cleanup_free_ char *copy = strdup(options), *data = calloc(1, strlen(options) + 1);
        unsigned long flags = 0;
        char *rest = copy, *option;

        if (!copy || !data)
                return -ENOMEM;
        while ((option = strsep(&rest, ",")))
                if (!is_for_others(option) && !take_flag(option, &flags))
                        append(data, strlen(options) + 1, option);
        *ret_flags = flags;
        *ret_data = TAKE_PTR(data);
        return 0;
}

int mount_options_essential(const char *data, char **ret) {
        _cleanup_free_ char *copy = strdup(data), *essential = calloc(1, strlen(data) + 1);
        char *rest = copy, *option;

        if (!copy || !essential)
                return -ENOMEM;
        while ((option = strsep(&rest, ",")))
                if (startswith(option, "subvol=") || startswith(option, "subvolid="))
                        append(essential, strlen(data) + 1, option);
        *ret = TAKE_PTR(essential);
        return 0;
}
