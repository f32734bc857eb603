/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one crash and its dump, as a value: kdump-capture writes it beside the dump, for
 * kdumpctl and kdumpd to read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string-util.h"

typedef enum DumpResult {
        DUMP_RESULT_INCOMPLETE, /* the capture was at work, or was cut off */
        DUMP_RESULT_COMPLETE,   /* by the core collector */
        DUMP_RESULT_COPIED,     /* complete, but a plain copy, as the core collector failed */
        DUMP_RESULT_LOG_ONLY,   /* no dump, but the log */
        DUMP_RESULT_FAILED,     /* neither */
        _DUMP_RESULT_MAX,
} DumpResult;

DECLARE_NAME_TABLE(dump_result, DumpResult);

typedef struct DumpRange {
        uint64_t start, size; /* physical, bytes */
} DumpRange;

typedef struct DumpInfo {
        uint64_t crash_usec; /* of the panic, realtime; 0 if the old kernel left no time */
        char *host;
        char *kernel_release; /* of the kernel that crashed */
        char *machine;        /* uname's, "x86_64" */
        char *panic_message;  /* "Kernel panic - not syncing: ..." or "BUG: ..."; NULL if none */
        char *panic_where;    /* "RIP: 0010:sysrq_handle_crash+0x16/0x20"; NULL if not found */
        uint64_t panic_uptime_usec; /* the old kernel's own clock at its last log line */

        DumpRange *ranges; /* of memory, that the elfcorehdr lists */
        size_t n_ranges;
        uint64_t memory_bytes; /* their sum */
        uint64_t n_cpus;       /* notes with registers */

        char *directory; /* of this dump, on the running system; not in the file itself */
        char *vmcore;    /* name of the dump's file, NULL if there is none */
        uint64_t vmcore_bytes;
        uint64_t unreadable_bytes; /* of the memory, that are zeros in a plain copy */
        char *log;                 /* name of the log's file, NULL if there is none */
        uint64_t log_bytes;

        char *collector;          /* the command line that wrote the dump */
        char *collector_version;  /* "makedumpfile: version 1.7.2 (released on 22 Oct 2022)" */
        bool kernel_unknown;      /* the collector says that it does not know this kernel */
        char *level_reason;       /* why its level is another than the configured one, or does not
                                   * do what it says; NULL: neither */
        int64_t collector_status; /* exit status; 256 + n: killed by signal n; -1: not run */

        char *capture_release; /* of the capture kernel */
        char *target;          /* what the dump was written to, for people */
        bool on_fallback;

        /* Durations; since_boot_usec is the capture kernel's clock when kdump-capture began. */
        uint64_t since_boot_usec, target_usec, log_usec, dump_usec, total_usec;

        DumpResult result;
        char *message; /* why it is not complete by the collector on the target, and what else went
                        * otherwise; NULL if nothing did */
} DumpInfo;

#define CRASH_RANGES_MOST         65536u
#define CRASH_INFO_LONGEST_STRING 4096u

/* The files of a dump's directory. */
#define CRASH_INFO_NAME       "kdump.json"
#define CRASH_LOG_NAME        "vmcore-dmesg.txt"
#define CRASH_VMCORE_NAME     "vmcore"
#define CRASH_INCOMPLETE_NAME "vmcore.incomplete"

/* Frees what it holds and zeroes it; accepts a zeroed one. */
void dump_info_done(DumpInfo *info);

/* A time by the calendar, of whatever clock. */
typedef struct CivilTime {
        unsigned year, month, day, hour, minute, second;
} CivilTime;

/* Takes a time, from 1970 on, out of the whole of s by a pattern like "YYYY-mm-dd-HH:MM:SS", each
 * letter of which is a digit. What it does not have is 0. Returns 0 or -EINVAL. */
int civil_parse(const char *s, const char *pattern, CivilTime *ret) _must_check_;

/* The seconds since the epoch of a time in UTC. */
uint64_t civil_to_seconds(const CivilTime *c);

#define CRASH_NAME_MAX 128u

/* The name of a dump's directory, "HOST-YYYY-MM-DD-HH:MM:SS" in UTC; characters of the host that
 * do not belong into a file name become '_', and an empty host "localhost". Returns buf. */
const char *crash_directory_name(char buf[static CRASH_NAME_MAX], const char *host,
                                 uint64_t realtime_usec);

#define CRASH_NUMBER_MOST 999u

/* Appends "-NUMBER" (1 to CRASH_NUMBER_MOST) to such a name, for which there is always room: when
 * there is a directory of that name. */
void crash_directory_number(char name[static CRASH_NAME_MAX], unsigned number);

/* Cuts such a number off a name again, if it has one. */
void crash_directory_cut_number(char *name);

/* Takes such a name apart, with a number or without; either result may be NULL. Returns 0, or
 * -EINVAL if it is none. */
int crash_directory_parse(const char *name, char ret_host[CRASH_NAME_MAX],
                          uint64_t *ret_realtime_usec) _must_check_;
