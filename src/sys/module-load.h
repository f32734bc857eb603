/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a kernel module from a file. */
#pragma once

#include "base/macro.h"

/* Loads the module at path, which is not compressed, with its parameters. Returns 0, also if it is
 * there already; or what open and finit_module(2) say. */
int module_load(int root_fd, const char *path, const char *options) _must_check_;
