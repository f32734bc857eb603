/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that dumps are in, read: those of kdump-capture and those that the kdump services
 * of Fedora, SUSE and Debian leave. Reads only, follows no symbolic link inside, and leaves out
 * what belongs to somebody else than root (or the reader), as some systems let everyone write
 * there. */
#pragma once

#include "core/dump-info.h"

/* What can be had of a dump now. */
typedef enum DumpState {
        DUMP_COMPLETE,
        DUMP_COPIED,     /* complete, but a plain copy, as the core collector failed */
        DUMP_INCOMPLETE, /* it was cut off */
        DUMP_LOG_ONLY,   /* there is only the log of the kernel */
        DUMP_FAILED,     /* not even that */
        DUMP_MISSING,    /* it was complete once, and its file is gone */
        DUMP_RAW,        /* complete on a device, to be taken into files (sys/raw-store.h) */
        _DUMP_STATE_MAX,
} DumpState;

DECLARE_NAME_TABLE(dump_state, DumpState);

typedef struct Dump {
        char *name;         /* of its directory */
        uint64_t when_usec; /* of the crash, realtime; of the directory if nothing tells that */
        bool described;     /* the rest was filled in by dump_store_describe() */
        DumpState state;
        bool is_flattened; /* makedumpfile's format for pipes (dump_is_flattened()) */
        bool has_summary;  /* there is a kdump.json that makes sense */
        DumpInfo info;     /* with directory; without a summary, what names and log tell */
} Dump;

typedef struct DumpList {
        Dump *items; /* oldest first */
        size_t n;
        bool more; /* there were more than DUMPS_MOST */
} DumpList;

#define DUMPS_MOST 4096u

/* Entries of one dump's directory that are looked at. */
#define DUMP_FILES_MOST 256u

/* And bytes of a log without a summary, from its start and from its end. */
#define DUMP_LOG_PIECE (256u * 1024u)

/* Opens the directory path below root_fd for the functions here. Returns a descriptor or negative
 * errno. */
int dump_store_open(int root_fd, const char *path) _must_check_;

/* Lists the dumps in a directory by name and time, without reading their files. Local times in
 * names are those of the system below root_fd. Returns 0 with what dump_list_done() frees, or
 * negative errno. */
int dump_store_list(int store_fd, int root_fd, DumpList *ret) _must_check_;
void dump_list_done(DumpList *list);

/* Sorts by time again, after descriptions have told it more exactly. */
void dump_list_sort(DumpList *list);

/* Fills in all of a dump of the list. path is that of the store, for info.directory. Returns 0;
 * -ENOENT if it went away, -EACCES if it is not for us, or another negative errno. */
int dump_store_describe(int store_fd, const char *path, Dump *dump) _must_check_;

/* Opens the directory of one dump. Returns a descriptor; -ENOENT if it is not there or not for us,
 * or another negative errno. */
int dump_store_open_dump(int store_fd, const char *name) _must_check_;

/* Whether the open directory of a dump holds one that its summary calls complete, and that is not
 * empty. Returns 1 with the bytes that its files take on the disk (inode's blocks; none for what
 * has other links); 0 if the summary says that there never was a complete dump, or if there is
 * nothing but a log; -ENODATA if neither can be said. */
int dump_store_is_whole(int dump_fd, uint64_t *ret_bytes) _must_check_;

/* Reads the summary in the open directory of a dump. Returns 0, or negative errno if there is none
 * that makes sense. */
int dump_store_read_summary(int dump_fd, DumpInfo *ret) _must_check_;

/* The number for a new directory of that name, 0 for none: above all that are there, so that what
 * is removed in between makes no new dump an older one. 0 also when these have come to
 * CRASH_NUMBER_MOST. */
unsigned dump_store_next_number(int store_fd, const char *name);

/* Sets what a log of bytes bytes at offset of an open file tells: release, message and place of the
 * panic; nothing, if it cannot be read. Returns 0 or -ENOMEM. */
int dump_read_log(int fd, uint64_t offset, uint64_t bytes, DumpInfo *info) _must_check_;

/* Opens the log of a dump that was described. Returns a descriptor; -ENOENT if there is none, or
 * another negative errno. */
int dump_store_open_log(int store_fd, const Dump *dump) _must_check_;

/* Whether the end of the log of a dump that was described, at most DUMP_LOG_PIECE bytes, holds a
 * text. A log that cannot be read does not. */
bool dump_store_log_has(int store_fd, const Dump *dump, const char *text);
