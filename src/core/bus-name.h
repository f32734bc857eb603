/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd on the system bus, for itself and for who calls it. */
#pragma once

#define BUS_NAME      "org.kdumpd1"
#define BUS_PATH      "/org/kdumpd1"
#define BUS_INTERFACE "org.kdumpd1.Manager"
