/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware watchdogs: whoever armed them, they reset a machine that stops feeding them
 * (Documentation/watchdog/watchdog-api.rst in the kernel tree). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

#define WATCHDOGS_MOST 8u

typedef struct Watchdogs {
        struct {
                char name[32]; /* below /dev */
                int fd;
        } dog[WATCHDOGS_MOST];
        size_t n;
} Watchdogs;

/* Opens those that are there and not open yet, which arms them, and feeds all. To be called every
 * second or so. Never fails: there may be none. */
void watchdogs_feed(Watchdogs *w, int root_fd);

/* Closes them, so that they are disarmed if their hardware lets them. */
void watchdogs_disarm(Watchdogs *w);

#define WATCHDOG_CLASS        "/sys/class/watchdog"
#define WATCHDOG_DRIVERS_MOST 16u
#define WATCHDOG_DRIVER_MAX   64u /* MODULE_NAME_LEN in include/linux/module.h, about */

/* Names of modules, or of what would be one if it were not built in, as parameters of modules begin
 * ("iTCO_wdt"): each once, in the order of the alphabet. */
typedef struct WatchdogDrivers {
        char name[WATCHDOG_DRIVERS_MOST][WATCHDOG_DRIVER_MAX];
        size_t n;
} WatchdogDrivers;

/* Adds those of the running kernel's modules that are below drivers/watchdog in the modules of a
 * release, for drivers that do not say what they drive; those that are built in, too, as far as
 * sysfs has them. Not softdog, which is no hardware. Nothing if the release has no modules. */
void watchdog_add_loaded(int root_fd, const char *release, WatchdogDrivers *drivers);

/* What drives the watchdogs of the running system, armed or not; where one of them does not say by
 * what, all that are loaded (as above). ipmi_watchdog, which is not of the class, counts if it is
 * there. */
void watchdog_drivers(int root_fd, const char *release, WatchdogDrivers *ret);
