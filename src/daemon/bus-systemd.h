/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A question to systemd itself. */
#pragma once

#include <stdbool.h>

/* Whether the whole system is going down, and not only this service. Asked over the system bus,
 * where everybody may. Where systemd runs but no answer comes within a second, as the bus may be
 * stopped before us, it is yes: the careful one, since it keeps the image. root is the directory
 * that the system is below, "" for "/". */
bool system_is_going_down(const char *root);
