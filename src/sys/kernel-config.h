/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a kernel was configured when it was built, where that is installed beside it. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"

/* Reads the configuration of the kernel of that release: /boot/config-RELEASE, "config" in its
 * directory of modules, or if that kernel runs, /proc/config.gz (kernel/configs.c). Returns 0 with
 * a fresh text of lines like "CONFIG_KEXEC_FILE=y"; -ENOENT if there is none that can be read,
 * -ENOMEM. */
int kernel_config_read(int root_fd, const char *release, char **ret) _must_check_;

/* Whether the text has that line, as a whole. A text of NULL has none. */
bool kernel_config_has(const char *text, const char *line) _pure_;
