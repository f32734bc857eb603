/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BTF, in which a kernel says what types and functions it has: as much of it as it takes to find
 * one of them (Documentation/bpf/btf.rst in the kernel tree). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Of the kernel that runs (kernel/bpf/sysfs_btf.c), with CONFIG_DEBUG_INFO_BTF. */
#define BTF_KERNEL_PATH "/sys/kernel/btf/vmlinux"

/* No kernel has as much of it. */
#define BTF_LONGEST (128u * 1024u * 1024u)

/* Finds a function by its name in the size bytes of a kernel's own BTF, in the byte order of this
 * machine. Returns 0 with its ID, which is never 0; -ENOENT if there is none; -EBADMSG if it is no
 * BTF, is cut short, or has a kind of entry from which the next one cannot be found. */
int btf_find_function(const void *data, size_t size, const char *name,
                      uint32_t *ret_id) _must_check_;

/* Finds a member of a struct, by the names of both. Returns 0 with how many bytes of the struct are
 * before it; -ENOENT if there is none, or -EBADMSG as above and for one that begins within a
 * byte. */
int btf_find_member(const void *data, size_t size, const char *type, const char *member,
                    uint64_t *ret_offset) _must_check_;
