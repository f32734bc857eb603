/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a kernel module from a file. */
#pragma once

#include "base/macro.h"

#define MODULE_LARGEST (256u * 1024u * 1024u) /* bytes, unpacked */

/* Loads the module at path with its parameters; one whose name ends in ".gz" is unpacked on the
 * way, as not every kernel can do that itself. Returns 0, also if it is there already; what
 * gzip_unpack() says; or what open, finit_module(2) and init_module(2) say. */
int module_load(int root_fd, const char *path, const char *options) _must_check_;
