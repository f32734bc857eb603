/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-load says about one run, as a value. The same value, kept after a good load, is the
 * record of what is loaded. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/fingerprint.h"
#include "core/hotplug.h"

/* A file as it was when it was opened; equal identities mean the same, unchanged file. */
typedef struct FileIdentity {
        char *path; /* absolute; NULL if there is no such file (Initrd=none) */
        uint64_t device;
        uint64_t inode;
        uint64_t mtime_nsec; /* nanoseconds since the epoch */
        uint64_t size;       /* bytes */
} FileIdentity;

/* What an initrd does in a capture kernel, as far as its place tells. */
typedef enum InitrdKind {
        INITRD_NONE,
        INITRD_OWN,     /* it saves a dump: kdump-mkinitramfs made it */
        INITRD_KDUMP,   /* it saves a dump, or starts what does: a distribution's tool made it */
        INITRD_SYSTEM,  /* an ordinary one of a distribution, which starts the whole system */
        INITRD_UNKNOWN, /* somebody's own, perhaps */
        _INITRD_KIND_MAX,
} InitrdKind;

/* Names as they stand in reports and on D-Bus: "system". */
DECLARE_NAME_TABLE(initrd_kind, InitrdKind);

/* What people should know of such an initrd, as a clause; NULL if it is what it should be. name is
 * that of a kind, or any other text. */
const char *initrd_kind_warning(const char *name);

/* A word of the running kernel's command line that the capture kernel does not get, or of which one
 * cannot tell what it does to a capture. */
typedef struct WordNote {
        char *word;
        char *meaning; /* by load/cmdline-words.h; "unknown": it stays */
        char *reason;  /* a sentence without its full stop */
} WordNote;

#define WORD_NOTES_MOST   64u
#define WORD_NOTE_LONGEST 200u /* bytes of a word; what is longer is cut */

typedef struct LoadReport {
        Failure failure; /* FAILURE_NONE: it worked (a dry run: it would) */
        char *message;   /* one sentence on the failure, with what to do; NULL if none */

        FileIdentity kernel;
        FileIdentity initrd;
        char *initrd_kind;    /* a name of an InitrdKind; NULL if there is none */
        char *kernel_release; /* "6.12.57+deb12-amd64"; NULL if the image does not tell */
        char *command_line;   /* without the elfcorehdr= that the kernel adds, and the mark: */
        char *mark;           /* see core/kexec-mark.h; NULL if there is none */
        WordNote *words;
        size_t n_words;
        char *loader;        /* the system call: "kexec_file_load", "kexec_load" */
        char *loader_reason; /* why this one, a sentence */
        uint64_t flags;      /* of the system call */

        /* What Loader=auto had picked, with its flags, before the kernel refused the image by it;
         * NULL and 0 if loader is what it had picked. */
        char *first_loader;
        uint64_t first_flags;
        bool is_automatic; /* Loader=auto */

        /* Of the range that images go into, 0 if there is none; or of several, if it cannot be seen
         * how much of that is the highest one's. */
        uint64_t reservation_bytes;
        bool reservation_is_sum;
        uint64_t reservation_cma_bytes; /* that the capture kernel has besides; no image fits in */
        uint64_t needed_bytes;          /* of it that the image takes at least; 0 if not known */
        uint64_t wanted_bytes;          /* that a capture takes in all, as far as can be known */
        char *advice;                   /* if that is more than there is: what to reserve; NULL */

        /* CLOCK_MONOTONIC, microseconds, around the one system call that decided; 0 if there was
         * none. The old image can be gone from the first on, and the new one is in at the
         * second. */
        uint64_t call_start_usec;
        uint64_t call_end_usec;
        uint64_t pid;          /* of the process that made it, by which others know it */
        uint64_t prepare_usec; /* duration of all that came before the call */
        uint64_t busy_tries;   /* times that the kexec lock was found taken before that one */
        bool had_image;        /* an image was loaded right before the call */
        bool was_restored;     /* the call took that one away, and it was loaded again */
} LoadReport;

static inline void word_note_done(WordNote *note) {
        free(note->word);
        free(note->meaning);
        free(note->reason);
        *note = (WordNote){ 0 };
}

#define LOAD_REPORT_LONGEST_STRING 8192u

/* Frees what the report holds and zeroes it; accepts a zeroed report. */
void load_report_done(LoadReport *report);

/* Notes a failure and its sentence, of LOAD_REPORT_LONGEST_STRING bytes at most. Returns the
 * failure. */
Failure load_fail(LoadReport *report, Failure failure, const char *format, ...) _printf_(3, 4);
Failure load_fail_memory(LoadReport *report);

/* Whether two reports are of the same image: the same unchanged files, command line, loader and
 * flags, but for those by which the kernel may update an image of our own. With Loader=auto the
 * loader that was picked first will do, which is all that a dry run can tell. If not, returns false
 * and sets *ret_what to which of these differs first ("kernel", "initrd", "command line",
 * "loader"); untouched otherwise. */
bool load_report_same_image(const LoadReport *a, const LoadReport *b, const char **ret_what);

/* Whether it is of an image that a kernel with crash hotplug updates: any that kexec_file_load
 * made, and those of kexec_load that were loaded with a flag for it (kernel/kexec.c and
 * arch_crash_hotplug_support() in the kernel tree). */
bool load_report_is_updatable(const LoadReport *report) _pure_;

/* If a capture takes more than is reserved, as far as can be known, says so with what to do.
 * Returns false, with "", if it does not. */
bool load_report_explain_short(const LoadReport *report, char *buf, size_t size);

/* The record of the loaded image, kept over restarts of the daemon. */
typedef struct ImageRecord {
        char boot_id[37];                 /* of the boot that it was loaded in */
        LoadReport report;                /* of the load */
        Fingerprint fingerprint;          /* of the machine that the image covers */
        char blocks[NUMBER_SET_TEXT_MAX]; /* its memory blocks' residues, in the file only */
        bool must_reload; /* the image was known to be stale when this was written */
        uint64_t loaded_realtime_usec;
        /* What crash_hotplug said of it right after the load; HOTPLUG_NOT_ASKED: not known, as in
         * the record of an older version. */
        HotplugAnswer answers[_SUBSYSTEM_MAX];
        /* What the image lists and the machine may lack: memory blocks that went away after the
         * last time that the kernel rebuilt the header, and whether events were lost since. */
        uint64_t removed_blocks;
        bool lost_events;
        uint64_t log_reloads; /* in this boot, for which nothing spoke but events and the log */
        uint64_t log_seqnum;  /* of the last line of the kernel's log that was read; 0: not known */
        /* While a load runs, in case that kdumpd does not see its end: CLOCK_MONOTONIC, 0 for none;
         * what must_reload was before; and the machine, which the new image covers at least. */
        uint64_t begun_usec;
        bool begun_was_stale;
        Fingerprint begun;
        char begun_blocks[NUMBER_SET_TEXT_MAX]; /* in the file only */
        /* The number of the last note of a kexec call (core/kexec-calls.h) up to which it is known
         * that nobody else has touched the image, if notes are made. */
        uint64_t calls;
        bool calls_are_known;
} ImageRecord;

/* Finds out what became of the load that was running when the record was written, by the record of
 * the same boot that the loader has left: takes that one's report if the load has worked, or drops
 * all trace of it if it has changed nothing. If neither is known for sure, the image must still be
 * loaded again. */
void image_record_settle(ImageRecord *record, ImageRecord *loaded);

static inline void image_record_done(ImageRecord *record) {
        load_report_done(&record->report);
        *record = (ImageRecord){ 0 };
}
