/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd.conf and its drop-ins, through libeconf: /etc/kdumpd over /run/kdumpd over the vendor's directory. */
#pragma once

#include "core/settings.h"

/* Told of each thing in the files that was not taken as it stands; line is 0 if it is not known. */
typedef void (*ConffileWarning)(void *userdata, const char *file, unsigned line, const char *text);

/* Told of each key that a file set, in the order in which they take effect. May be NULL. */
typedef void (*ConffileOrigin)(void *userdata, const char *section, const char *key,
                               const char *file);

/* Sets *s to the defaults and then to what the files below root ("" or an absolute path, prefixed to the
 * directories) say. Unknown keys, bad values and unreadable lines are told to warning and skipped. Returns 0, also if there
 * are no files; -ENOMEM. settings_done() frees what *s held before; it must be initialized or zeroed. */
int conffile_read(const char *root, Settings *s, ConffileWarning warning, ConffileOrigin origin,
                  void *userdata) _must_check_;
