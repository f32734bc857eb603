/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel tells of its pages in a dump, and whether makedumpfile knows that. */
#pragma once

#include "core/dump-level.h"
#include "core/paths.h"

/* Leaves a note of what the kernel tells (level_info()), for those who may not read /proc/kcore: to
 * do so is to read all of the kernel's memory. No address is in it. Returns 0 or negative errno. */
int vmcoreinfo_note(int root_fd) _must_check_;

#define VMCOREINFO_NOTE_PATH RUN_DIRECTORY "/kernel-pages"

/* Compares what the running kernel tells of its pages, by /proc/kcore or the note, with the program
 * that core_collector, a command line, begins with. The level is LEVEL_NOT_KNOWN if one of them
 * cannot be read, or the program is no makedumpfile. Returns the level that is configured, or
 * UINT64_MAX if there is none. */
uint64_t vmcoreinfo_check(int root_fd, const char *core_collector, LevelCheck *ret);

/* The same with info, the text of VMCOREINFO. program is a name or a path. */
void vmcoreinfo_check_program(int root_fd, const char *program, const char *info, LevelCheck *ret);
