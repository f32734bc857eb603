/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a message about a device: of the kernel, or, if they begin like that, of udevd. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "sys/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *message = (const char *)data;
        bool is_udev = size > 0 && data[0] == 'l';
        const UeventSender sender = { .group = is_udev ? 2 : 1, .port = is_udev };
        Uevent event;
        int r;

        r = uevent_parse(&sender, message, size, &event);
        FUZZ_CHECK(r == 1 || r == 0 || r == -EBADMSG);
        if (r == 1) {
                FUZZ_CHECK(event.subsystem < _SUBSYSTEM_MAX && event.action <= _HOTPLUG_ACTION_MAX);
                FUZZ_CHECK(memmem(message, size, "SUBSYSTEM=", strlen("SUBSYSTEM=")));
        }
        return 0;
}
