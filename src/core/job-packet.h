/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd and the services that work for it say to each other, over a SOCK_SEQPACKET socket: a
 * request is one packet of fixed size, without a path or any other text, so that whoever has taken
 * over kdumpd can ask for nothing but what root has configured. All numbers are in the order of the
 * machine's bytes, as it is the same machine. */
#pragma once

#include <stdint.h>

#define JOB_PACKET_MAGIC   0x626f6a6bu /* "kjob" */
#define JOB_PACKET_VERSION 1u

typedef enum JobVerb {
        JOB_VERB_CANCEL, /* kill what runs; its end is still answered */
        JOB_VERB_AWAIT,  /* answer when no job of anybody else's runs any more */
        JOB_VERB_PLAN,
        JOB_VERB_LOAD,
        JOB_VERB_UNLOAD,
        JOB_VERB_BUILD, /* if something has changed */
        JOB_VERB_REBUILD,
        JOB_VERB_SCAN,
        JOB_VERB_TABLES,
        JOB_VERB_MARK, /* read that of the image that is loaded (core/kexec-mark.h) */
        JOB_VERB_WATCH,
        _JOB_VERB_MAX,
} JobVerb;

#define JOB_FLAG_URGENT 1u /* with the priority of kdumpd itself; a scan: of devices, too */

typedef struct JobRequest {
        uint32_t magic;
        uint32_t version;
        uint32_t serial; /* of the caller's choice, in the answers too */
        uint32_t verb;   /* JobVerb */
        uint32_t flags;  /* JOB_FLAG_* */
} JobRequest;

/* An answer: pieces of what the job prints, as they come, and then its end. Behind each of these
 * are size bytes of text, in the same packet. */
typedef struct JobAnswer {
        uint32_t magic;
        uint32_t version;
        uint32_t serial;
        uint32_t is_end;
        int32_t error;  /* of the end: 0, or a negative errno if the job was not begun */
        int32_t code;   /* of the end: CLD_EXITED or CLD_KILLED, */
        int32_t status; /* and the exit status or the signal */
        uint32_t size;  /* at most JOB_PIECE_LONGEST */
} JobAnswer;

#define JOB_PIECE_LONGEST 16384u /* bytes */
