/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of systemd's units. */
#pragma once

#include "base/macro.h"

#define UNIT_NAME_MAX 256u

/* The name of the instance of a template (prefix "kdumpd-crash") for an absolute path, escaped as
 * systemd-escape --path does it (systemd.unit(5)): "kdumpd-crash@var-crash-x.service". Returns 0,
 * or -ENAMETOOLONG. */
int unit_name_for_path(char buf[static UNIT_NAME_MAX], const char *prefix,
                       const char *path) _must_check_;
