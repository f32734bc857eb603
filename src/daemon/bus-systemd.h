/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and orders to systemd itself, past the system bus, which may be stopped before us. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

/* Whether the whole system is going down, and not only this service. Where systemd runs but does
 * not answer within a second, the answer is yes: the careful one, since it keeps the image. root is
 * the directory that the system is below, "" for "/". */
bool system_is_going_down(const char *root);

/* Starts a unit without waiting for it; what goes wrong is logged. Does nothing where systemd does
 * not run, as on most made-up machines. */
void system_start_unit(sd_event *event, const char *root, const char *unit);

/* The same for the instance of a template that is named by a path. */
void system_start_unit_for(sd_event *event, const char *root, const char *name, const char *path);
