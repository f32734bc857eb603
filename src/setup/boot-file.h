/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a machine cannot boot without, changed in a way that can be taken back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/failure.h"
#include "setup/reserve.h"

#define BOOT_FILE_LONGEST (1u << 20) /* bytes: a grub.cfg of a large menu is 20 KiB */

/* A small file as it was. */
typedef struct SavedFile {
        char *path; /* NULL: none was taken */
        char *data; /* with a NUL behind it that does not count; NULL: there was no such file */
        size_t size;
        mode_t mode; /* 0644 if there was none */
} SavedFile;

void saved_file_done(SavedFile *saved);

/* Remembers the file path below root_fd, which need not be there. Returns 0 or negative errno. */
int saved_file_take(int root_fd, const char *path, SavedFile *ret, Error *reterr) _must_check_;

/* Makes it what it was, or removes it; what fails then is lost in silence. */
void saved_file_restore(int root_fd, const SavedFile *saved);

/* Replaces what was saved by another text, durably. Returns 0 or negative errno. */
int saved_file_replace(int root_fd, const SavedFile *saved, const char *text,
                       Error *reterr) _must_check_;
/* Removes one, which need not be there. */
int boot_file_remove(int root_fd, const char *path, Error *reterr) _must_check_;

/* Whether so many bytes more can be written to a directory: 0, -EROFS or -ENOSPC, or what
 * looking at it says. */
int boot_file_room(int root_fd, const char *directory, uint64_t bytes, Error *reterr) _must_check_;

/* Runs a program of the system, wherever it is below root_fd, with the other words of argv, whose
 * first is its name. Returns 0 if it ended with status 0; -EPROTO with what it said, -ENOENT, or
 * what Helper.run says. result may be NULL. */
int helper_run(int root_fd, const Helper *helper, const char **argv, HelperResult *result,
               Error *reterr) _must_check_;

/* The EFI system partition, as bootctl(1) finds it mounted. Returns 0 with a fresh path below the
 * root, or negative errno. */
int helper_find_esp(int root_fd, const Helper *helper, char **ret, Error *reterr) _must_check_;
