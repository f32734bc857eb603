/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where kdumpd's programs keep what they tell each other: until the next boot, and for longer. */
#pragma once

#define RUN_DIRECTORY   "/run/kdumpd"
#define STATE_DIRECTORY "/var/lib/kdumpd"
