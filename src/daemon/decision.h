/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was decided about the image, why, and how it went: the unit of the journal, of the
 * Decided signal and of ListDecisions(). And the policy itself, as a function of what was seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/hotplug.h"

typedef enum Verdict {
        VERDICT_NONE,   /* nothing happened that asks for anything */
        VERDICT_SKIP,   /* hotplug, and the image is true: by the kernel, or as it lists no less */
        VERDICT_KEEP,   /* looked again, and the image still covers the machine */
        VERDICT_ADOPT,  /* an image from before this process started stays */
        VERDICT_LOAD,   /* nothing (of ours) is loaded: load */
        VERDICT_RELOAD, /* the image does not cover the machine any more: unload, load */
        VERDICT_UNLOAD, /* somebody asked for it */
        _VERDICT_MAX,
} Verdict;

typedef enum Reason {
        REASON_NONE,
        REASON_KERNEL_UPDATES,   /* crash_hotplug reads 1 */
        REASON_IDLE,             /* nothing came or went, and the events change no image */
        REASON_NOT_UPDATED,      /* crash_hotplug reads 0 */
        REASON_ATTRIBUTE_ABSENT, /* and what else it may be instead of 1 */
        REASON_ATTRIBUTE_UNREADABLE,
        REASON_ATTRIBUTE_GARBAGE,
        REASON_MET_LOAD,            /* events while a load held the kernel's lock */
        REASON_KERNEL_LOG,          /* the kernel logged that it could not update the image */
        REASON_LOG_LOST,            /* it may have: records were lost */
        REASON_LOG_UNFOUNDED,       /* the same, but nothing speaks for it */
        REASON_STALE,               /* memory is gone that the image still lists */
        REASON_CHANGED_DURING_LOAD, /* the fingerprint moved between before and after a load */
        REASON_CHANGED_UNSEEN,      /* the fingerprint moved, and no event told us */
        REASON_CHANGED_AWAY,        /* it moved while nobody read the kernel's log */
        REASON_UNCHANGED,
        REASON_CONFIGURED, /* what is loaded is what is configured */
        REASON_START,
        REASON_REQUEST, /* Load(), Reload() or Unload() */
        REASON_STOP,    /* UnloadOnStop=yes */
        REASON_RETRY,
        REASON_FOREIGN_IMAGE,  /* somebody else loaded what is there */
        REASON_FOREIGN_UNLOAD, /* somebody else unloaded ours */
        REASON_RECORD_STALE,   /* it was known stale when the last process wrote its record */
        REASON_CONFIGURATION,  /* files or settings are others than those it was loaded from */
        REASON_UNPLANNABLE,    /* what is configured cannot be loaded: what is loaded stays */
        REASON_AVAILABLE,      /* what made loading impossible is gone */
        REASON_MOUNTED,        /* a place where kernels and initrds are looked for came late */
        _REASON_MAX,
} Reason;

/* Whether a load for it is one without which the image does not cover the machine. */
bool reason_is_hotplug(Reason reason) _const_;

DECLARE_NAME_TABLE(verdict, Verdict); /* "skip", "reload" ... */
DECLARE_NAME_TABLE(reason, Reason);   /* a clause for people, without a full stop */

#define DECISION_REASON_MAX  320
#define DECISION_RESULT_MAX  16
#define DECISION_DETAILS_MAX 512

typedef struct Decision {
        uint64_t realtime_usec; /* when it was made */
        unsigned subsystems;    /* SUBSYSTEM_BIT()s of the events behind it */
        uint32_t events;        /* how many; saturates */
        Verdict verdict;
        Reason cause;
        Failure failure; /* of a load that failed */
        char reason[DECISION_REASON_MAX];
        char result[DECISION_RESULT_MAX];   /* "ok", "failed", "impossible" */
        char details[DECISION_DETAILS_MAX]; /* durations, or the error */
        /* Of a failure that lasts; history_add() sets them. */
        uint64_t times, first_realtime_usec;
        bool is_repeat; /* one of those that are not worth a line */
} Decision;

/* What a batch of events looked like when its time came. */
typedef struct Observation {
        unsigned subsystems; /* with events that count in the batch */
        unsigned idle;   /* of these, those whose events change no image, unless they have moved */
        bool met_load;   /* one of them, or a line of the kernel's log, fell into a load */
        bool stale;      /* the image lists memory that is gone, and that is to be mended */
        bool kernel_log; /* the kernel logged that it could not update the image */
        bool log_lost;   /* or may have: what it logged was lost */
        bool away;       /* what moved did so while nobody read the kernel's log */
        bool look_again; /* an overflow, a start or a SIGHUP: compare the fingerprints */
        unsigned moved;  /* subsystems in which the fingerprint differs from the image's */
        HotplugAnswer answers[_SUBSYSTEM_MAX]; /* for those in subsystems or moved */
} Observation;

/* The policy. Returns VERDICT_SKIP only if every subsystem concerned answered 1 or has had only
 * events that change no image, and nothing says that the kernel missed an update, or could have
 * while nobody was there to be told; VERDICT_KEEP if nothing concerns the image; else
 * VERDICT_RELOAD. Sets *ret_reason. */
Verdict decide(const Observation *o, Reason *ret_reason);

/* The last HISTORY_MAX decisions. */
#define HISTORY_MAX 64
typedef struct History {
        Decision ring[HISTORY_MAX];
        size_t n_total; /* ever added */
} History;

/* Remembers a decision. One that failed, or was impossible, in the same words as one before, with
 * nothing but such since, takes the place of that one, and its reason says how many
 * times it was that. Returns the decision as it is remembered, which is the newest. */
const Decision *history_add(History *h, const Decision *d);

/* The i-th newest decision (0 is the newest), or NULL if there are not as many. */
const Decision *history_get(const History *h, size_t i) _pure_;
