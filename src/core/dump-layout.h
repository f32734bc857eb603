/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in the directories of dumps: of kdump-capture, and of the kdump services of Fedora,
 * SUSE and Debian, each of which has names of its own. */
#pragma once

#include "core/dump-info.h"

typedef enum DumpFile {
        DUMP_FILE_NONE, /* something else */
        DUMP_FILE_SUMMARY,
        DUMP_FILE_DUMP,       /* by its name it is whole, which need not be true */
        DUMP_FILE_INCOMPLETE, /* it would have another name if it were whole */
        DUMP_FILE_LOG,
        DUMP_FILE_README, /* SUSE's, which tells what became of the dump */
        _DUMP_FILE_MAX,
} DumpFile;

/* What the file of that name is. */
DumpFile dump_file_of_name(const char *name) _pure_;

/* Whether that is the log of SUSE's kdump 2, which writes a README.txt beside it in any case. */
bool dump_log_has_readme(const char *log) _pure_;

/* When the dump in a directory of that name was made: *ret_is_local says by which clock, the local
 * time of the system that was dumped, or UTC (kdump-capture). Returns 0, or -EINVAL if the name
 * tells no time. */
int dump_directory_time(const char *name, CivilTime *ret, bool *ret_is_local) _must_check_;

/* What SUSE's README.txt says of the dump. */
typedef enum DumpWitness {
        DUMP_WITNESS_NONE,       /* nothing, as that of kdump 1 */
        DUMP_WITNESS_UNFINISHED, /* it is not the final one: whatever is there is cut off */
        DUMP_WITNESS_SAVED,
        DUMP_WITNESS_SKIPPED, /* as was configured: there is only the log */
        DUMP_WITNESS_DELETED, /* since the disk was too full */
        DUMP_WITNESS_FAILED,
        _DUMP_WITNESS_MAX,
} DumpWitness;

/* Of that file more is not read. */
#define DUMP_README_LONGEST 16384u

#define DUMP_README_LINE_MAX 256u

typedef struct DumpReadme {
        DumpWitness witness;
        char words[DUMP_README_LINE_MAX];   /* of the dump in its own words; "" if none */
        char release[DUMP_README_LINE_MAX]; /* of the kernel that crashed; "" if it is not there */
} DumpReadme;

/* Reads its size bytes at text. */
void dump_readme(const char *text, size_t size, DumpReadme *ret);

/* Whether a dump's file was compressed as a whole, by its name. */
bool dump_is_packed(const char *name) _pure_;

/* Bytes of a dump's beginning that tell its format. */
#define DUMP_HEAD 16u

/* Whether a dump is in makedumpfile's flattened format (its -F, for a pipe), which
 * "makedumpfile -R" makes an ordinary one of. */
bool dump_is_flattened(const char head[static DUMP_HEAD]) _pure_;
