/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Target= and FallbackTarget= name, as a value. */
#include "core/target.h"

#include <errno.h>

#include "base/string-util.h"

int device_name_parse(const char *text, DeviceName *ret) {
        static const char *const prefixes[_DEVICE_NAME_TAG_MAX] = {
                [DEVICE_NAME_UUID] = "UUID=",
                [DEVICE_NAME_LABEL] = "LABEL=",
                [DEVICE_NAME_PARTUUID] = "PARTUUID=",
                [DEVICE_NAME_PARTLABEL] = "PARTLABEL=",
        };
        const char *rest = startswith(text, "/dev/");

        if (rest) {
                if (rest[strspn(rest, "/")] == '\0')
                        return -EINVAL;
                *ret = (DeviceName){ DEVICE_NAME_PATH, text };
                return 0;
        }
        for (unsigned tag = DEVICE_NAME_UUID; tag < _DEVICE_NAME_TAG_MAX; tag++) {
                rest = startswith(text, prefixes[tag]);
                if (isempty(rest))
                        continue;
                *ret = (DeviceName){ (DeviceNameTag)tag, rest };
                return 0;
        }
        return -EINVAL;
}

int target_parse(const char *text, Target *ret) {
        Target target = { .text = strdup(text) };
        const char *raw;
        int r = 0;

        if (!target.text)
                return -ENOMEM;
        raw = startswith(target.text, TARGET_RAW_PREFIX);
        if (streq(text, "auto"))
                target.type = TARGET_AUTO;
        else if (*text) {
                target.type = raw ? TARGET_RAW : TARGET_DEVICE;
                target.name = raw ?: target.text;
                r = strpbrk(text, " \t\"'") ? -EINVAL
                                            : device_name_parse(target.name, &target.device);
        }
        if (r < 0) {
                target_done(&target);
                return r;
        }
        *ret = target;
        return 0;
}

void target_done(Target *target) {
        free(target->text);
        *target = (Target){ 0 };
}
