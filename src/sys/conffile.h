/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd.conf and its drop-ins, through libeconf: /etc/kdumpd over /run/kdumpd over the vendor's
 * directory. */
#pragma once

#include "core/settings.h"

#define CONFFILE_LONGEST   (64u * 1024u) /* bytes of one file that are read */
#define CONFFILE_FILES_MAX 256u          /* drop-ins that are read */

/* Told of each thing in the files that was not taken as it stands; line is 0 if it is not known.
 * The text is for who may read the file, as it may have a value in it; told is the same without. */
typedef void (*ConffileWarning)(void *userdata, const char *file, unsigned line, const char *text,
                                const char *told);

/* One that prints it to standard error. */
void conffile_print_warning(void *userdata, const char *file, unsigned line, const char *text,
                            const char *told);

/* Told of each key that a file set, in the order in which they take effect. May be NULL. */
typedef void (*ConffileOrigin)(void *userdata, const char *section, const char *key,
                               const char *file);

/* Sets *s to the defaults and then to what the files below root ("" or an absolute path,
 * prefixed to the directories) say: the kdumpd.conf of the first directory that has one, then
 * every kdumpd.conf.d/NAME.conf, sorted by NAME, where a name in an earlier directory hides the
 * same one in later ones, and an empty file or a link to /dev/null hides and says nothing. What
 * is read later wins, and an empty value means the default.
 *
 * A line is blank, a comment ("#" or ";" first), "[Section]" or "Key=value". A value is the rest
 * of the line without the blanks around it; quotes in it stay; "#" after a blank and outside of
 * double quotes begins a comment. Files end a line with "\n" or "\r\n" and cannot continue it on
 * the next.
 *
 * Unknown keys, bad values and lines that are none of this are told to warning and skipped; so
 * are files that cannot be any, as directories. Returns 0, also if there are no files. Whatever may
 * be otherwise the next time, as -EMFILE, -EIO, -EACCES or -ENOMEM, is an error: then *s is as it
 * was, and reterr a sentence without a full stop. settings_done() frees what *s held before; it
 * must be initialized or zeroed. */
int conffile_read(const char *root, Settings *s, ConffileWarning warning, ConffileOrigin origin,
                  void *userdata, Error *reterr) _must_check_;

/* What tells the files that conffile_read() would read now from others: which there are, and their
 * identities, times and sizes. Never 0. */
uint64_t conffile_identity(int root_fd);
