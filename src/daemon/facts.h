/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the kernel, as the guard wants it. */
#pragma once

#include "daemon/guard.h"
#include "sys/reservation.h"

/* Gathers facts below root_fd; what cannot be read is left unknown. Reads crash_hotplug of the
 * subsystems in attributes (SUBSYSTEM_BIT()s) and, while an image is loaded, nothing else that
 * takes the kernel's kexec lock: *reservation, zeroed at first, keeps the reservation from call
 * to call. */
void facts_gather(int root_fd, unsigned attributes, bool fingerprint, Reservation *reservation,
                  Facts *ret);

/* The moment() of Ops. */
void facts_moment(void *userdata, Moment *ret);
