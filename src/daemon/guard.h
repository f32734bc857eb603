/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: a state machine. It is told what happened and what was seen,
 * and answers with what is to be done; it does nothing itself. Time, randomness and facts are
 * parameters, so that every course of events can be played through in a test. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time-util.h"
#include "core/backoff.h"
#include "core/build-report.h"
#include "core/dump-level.h"
#include "core/failure.h"
#include "core/fingerprint.h"
#include "core/hotplug.h"
#include "core/kexec-calls.h"
#include "core/kexec-mark.h"
#include "core/report.h"
#include "core/settings.h"
#include "daemon/batch.h"
#include "daemon/decision.h"

typedef enum ImageState {
        IMAGE_UNAVAILABLE, /* nothing can be loaded as the machine is */
        IMAGE_UNLOADED,    /* nothing is loaded, because somebody asked for that */
        IMAGE_LOADING,     /* kdump-load is at work */
        IMAGE_ARMED,       /* an image is loaded */
        IMAGE_FAILED,      /* the last load failed; it is tried again */
        _IMAGE_STATE_MAX,
} ImageState;

DECLARE_NAME_TABLE(image_state, ImageState);

/* What the clocks and the dice say at the moment of a step. */
typedef struct Moment {
        uint64_t monotonic_usec;
        uint64_t realtime_usec;
        uint32_t random;
} Moment;

#define FACTS_TEXT_MAX 320

/* What one look at the kernel gave. */
typedef struct Facts {
        int loaded; /* 0 or 1; negative errno if the kernel does not say */
        uint64_t reservation_bytes;
        uint64_t reservation_cma_bytes; /* that the capture kernel has besides */
        uint64_t elfcorehdr_bytes;      /* 0 on a kernel that updates no image */
        Failure obstacle;
        char obstacle_text[FACTS_TEXT_MAX];
        uint64_t uevent_seqnum; /* 0 if not known */
        uint64_t calls;         /* notes of kexec calls that there are; 0 if none are made */
        bool kexec_is_busy;     /* somebody holds the kexec lock; asked only if nothing is loaded */
        bool ftrace_is_off;     /* kernel.ftrace_enabled=0: calls are not noted */
        HotplugAnswer answers[_SUBSYSTEM_MAX];
        bool has_fingerprint; /* it was asked for, and could be read */
        Fingerprint fingerprint;
} Facts;

/* In the order in which those that had to wait are carried out. */
typedef enum Request {
        REQUEST_UNLOAD,
        REQUEST_LOAD,
        REQUEST_RELOAD,
        REQUEST_REBUILD, /* build the capture initramfs in any case */
        _REQUEST_MAX,
} Request;

#define REQUEST_BIT(request) (1u << (request))

/* What runs as a process of its own, one at a time. */
typedef enum Job {
        JOB_NONE,
        JOB_PLAN,   /* kdump-load --dry-run */
        JOB_LOAD,   /* kdump-load */
        JOB_UNLOAD, /* kdump-load --unload */
        JOB_BUILD,  /* kdump-mkinitramfs */
        _JOB_MAX,
} Job;

/* The program that does it. */
const char *job_program(Job job) _const_;

typedef struct JobOrder {
        Job job;
        bool force;  /* BUILD: even if nothing has changed */
        bool urgent; /* BUILD: nothing is loaded before it has ended */
} JobOrder;

/* How one ended. */
typedef struct JobReport {
        Job job;
        union {
                LoadReport load;   /* PLAN, LOAD, UNLOAD */
                BuildReport build; /* BUILD */
        };
} JobReport;

static inline void job_report_done(JobReport *report) {
        if (report->job == JOB_BUILD)
                build_report_done(&report->build);
        else
                load_report_done(&report->load);
}

typedef enum InputType {
        INPUT_START,        /* once, first; record is what the last process left, or NULL */
        INPUT_UEVENT,       /* of a cpu or memory device */
        INPUT_OVERFLOW,     /* uevents were lost */
        INPUT_LOOK_AGAIN,   /* resume: events may have been missed */
        INPUT_RECONFIGURED, /* guard_set_settings() was called: look at everything again */
        INPUT_MOUNTED,      /* something was mounted that kernels or initrds may be on: the same */
        INPUT_REFRESH,      /* what goes into the initramfs may have changed: find out */
        INPUT_KERNEL_LOG,   /* a line that says that an update of the image failed, or may have */
        INPUT_TIMER,        /* guard_deadline() has passed; harmless at any other time */
        INPUT_WATCH,        /* now and then, to notice what nobody tells */
        INPUT_GLANCE, /* somebody asks whether an image is loaded: this is what the kernel says */
        INPUT_CALLS_WATCHED, /* kexec calls are noted from now on, or cannot be */
        INPUT_CALLED,        /* the note of one */
        INPUT_MARK,          /* the mark of what is loaded was read, as guard_mark_wanted() said */
        INPUT_FACTS,         /* the answer to ACTION_LOOK */
        INPUT_ENDED,         /* the job of ACTION_START ended, or could not be started */
        INPUT_UNSTUCK,       /* the build of ACTION_STUCK ended at last */
        INPUT_REQUEST,       /* a method call; answered by ACTION_ANSWER, perhaps later */
        INPUT_STOP,          /* the service is to end; answered by ACTION_EXIT */
} InputType;

typedef struct CallsWatched {
        const char *why; /* they cannot be, as a clause; NULL: they are */
        uint64_t count;  /* the notes that there were before */
} CallsWatched;

typedef struct MarkRead {
        const char *expected; /* what guard_mark_wanted() returned then */
        const MarkAnswer *answer;
} MarkRead;

typedef struct Input {
        InputType type;
        union {
                struct {                     /* START */
                        ImageRecord *record; /* its contents move into the guard */
                        /* The kernel's log is at hand from where the record knows it on: lines that
                         * came since follow as KERNEL_LOG. */
                        bool log_is_whole;
                };
                struct {
                        Subsystem subsystem;
                        HotplugAction action;
                        uint64_t seqnum; /* 0 if not known */
                        bool synthetic;  /* somebody wrote to a uevent file: nothing was plugged */
                        bool ignored;    /* a udev rule says KDUMPD_IGNORE=1 */
                } uevent;
                bool log_was_lost; /* KERNEL_LOG: records were overwritten before they were read */
                int loaded;        /* GLANCE: as in Facts */
                CallsWatched watched;
                KexecCall called;
                MarkRead mark;
                const Facts *facts;
                JobReport *ended; /* its contents move into the guard */
                Request request;
                bool going_down; /* STOP: the whole system ends, not only the service */
        };
} Input;

typedef enum ActionType {
        ACTION_LOOK,  /* gather facts and feed them back as INPUT_FACTS before anything else */
        ACTION_START, /* start a job */
        ACTION_KILL,  /* kill the job that is running; its end is still awaited */
        ACTION_STUCK, /* it did not end: say so, and wait for the end of a build aside */
        ACTION_SAVE_RECORD, /* write guard.record where the next process will find it */
        ACTION_DROP_RECORD, /* and remove it */
        ACTION_DECIDED,     /* a decision is complete: log it, tell it */
        ACTION_BUILT,       /* a build ended with something new to tell, see guard.build_state */
        ACTION_SHORT,       /* guard.record's image takes more than is reserved: say so */
        ACTION_ANSWER,      /* reply to all callers of some requests */
        ACTION_READY,       /* the first load ended, either way */
        ACTION_EXIT,        /* the process may end */
} ActionType;

typedef struct Action {
        ActionType type;
        union {
                struct {
                        unsigned attributes; /* SUBSYSTEM_BIT()s whose crash_hotplug to read */
                        bool fingerprint;
                } look;
                JobOrder start;
                Job stuck; /* BUILD: its end is INPUT_UNSTUCK, and others run beside it */
                const Decision *decision; /* valid until the next step */
                struct {
                        unsigned requests; /* REQUEST_BIT()s */
                        Failure failure;   /* FAILURE_NONE: done */
                        const char *text;  /* valid until the next step */
                } answer;
        };
} Action;

/* No step comes near it, says test-explore, which measures the longest. */
#define ACTIONS_MAX 16

typedef struct Actions {
        size_t n;
        Action items[ACTIONS_MAX];
} Actions;

/* What is to be done with the facts that a look will bring. */
typedef enum Look {
        LOOK_NOTHING,
        LOOK_START,
        LOOK_PLANNED,
        LOOK_DECIDE,
        LOOK_LAUNCH,
        LOOK_VERIFY,
        LOOK_UNLOADED,
        LOOK_WATCH,
        LOOK_WATCH_CLOSELY,
        LOOK_CALLED,
} Look;

/* Whether kexec calls are noted. */
typedef enum CallWatch {
        CALL_WATCH_NONE,  /* not known yet */
        CALL_WATCH_BLIND, /* they cannot be */
        CALL_WATCH_SEES,
        CALL_WATCH_DEAF, /* they are not, though they should be: a load of ours was not */
} CallWatch;

/* Notes that are kept until it is known whose they are: a load of ours that is tried by both system
 * calls, with an unload before it and what was there loaded again, leaves nine. */
#define CALLS_HELD_MAX 16

/* After a call that is still under way is looked again so often at least. */
#define CALLS_WAIT_MAX_USEC (5 * USEC_PER_SEC)

#define CALLS_WHY_MAX 256

/* What is known of kexec calls by the notes that the kernel makes. */
typedef struct Calls {
        CallWatch watch;
        char why[CALLS_WHY_MAX];
        uint64_t since_usec; /* the watch began then */
        uint64_t seen;       /* the number of the last note that was told */
        uint64_t judged;     /* and of the last of which it is known what it meant */
        bool is_pending;     /* there are others after that */
        bool are_lost;       /* some of them were not told */
        KexecCall before;    /* the note before these */
        KexecCall held[CALLS_HELD_MAX];
        size_t n_held;
        uint64_t look_usec, look_wait_usec; /* when to look again, after which wait */
        uint64_t window_usec; /* from the first note of our last load to its last; 0: not known */

        /* Of the mark of our image, by which it is known where calls are not seen. */
        bool mark_is_due;            /* it is to be read once, whatever is seen from now on */
        bool mark_is_proven;         /* it was read in this image */
        unsigned marks_missed;       /* images of ours in a row in which it was not, ever */
        char mark_why[MARK_WHY_MAX]; /* why it cannot be known */
} Calls;

/* So many images without the mark that they should have are taken for somebody else's. Then it is
 * the mark that cannot be found, and no more images are dropped for that. */
#define MARKS_MISSED_MAX 2

/* How the last build of the capture initramfs ended. */
typedef enum BuildState {
        BUILD_NONE, /* there was none */
        BUILD_FRESH,
        BUILD_BUILT,
        BUILD_FAILED,
        _BUILD_STATE_MAX,
} BuildState;

DECLARE_NAME_TABLE(build_state, BuildState);

/* So many reloads in a boot that only a line of the log and an event near it ask for. A line can be
 * somebody's doing, and each reload costs time without an image, and kernel.kexec_load_limit_panic.
 * Where CPUs or memory have changed, there is no limit: that is nobody's doing. */
#define LOG_RELOADS_MAX 3

/* An event and a line are of one matter if no more than Settle= lies between them, or this. */
#define LOG_NEAR_MIN_USEC (500 * USEC_PER_MSEC)

/* A build that takes longer is killed. */
#define BUILD_TIMEOUT_USEC (5 * USEC_PER_MINUTE)

/* What was killed and has not ended by then hangs in the kernel. */
#define KILL_PATIENCE_USEC (5 * USEC_PER_SEC)

/* That a capture takes more than is reserved is said again only if it takes so much more: it
 * moves a little with each hotplug. */
#define SHORT_STEP_BYTES (UINT64_C(8) << 20)

#define STUCK_LOAD_TEXT                                                                 \
        "kdump-load hangs in the kernel and cannot be killed (does a file system or a " \
        "disk hang?); nothing can be loaded or unloaded before it has ended"

/* Fields are for reading by status.c and by tests; only guard*.c writes them. */
typedef struct Guard {
        const Settings *settings;
        const ArchitectureTriggers *triggers;
        unsigned actions[_SUBSYSTEM_MAX]; /* which uevents count */
        unsigned idle[_SUBSYSTEM_MAX];    /* and which of these only if CPUs or memory have moved */

        bool started, ready, stopping;
        bool log_is_whole; /* as START said */
        bool going_down;   /* and the machine with it: a panic on the way must give a dump */
        bool wanted;       /* an image is wanted; false after Unload() */

        Job job;
        uint64_t job_deadline_usec;
        bool job_killed;
        bool job_stuck;   /* it did not end although it was killed: nobody waits for it */
        bool build_stuck; /* the same of a build, which is no job any more */
        bool replan;      /* settings changed while a job ran: plan when it is over */

        bool build_due;       /* something that goes into the initramfs may have changed */
        bool build_refreshes; /* nobody has asked for it: if nothing has changed, nothing follows */
        bool build_overtaken; /* the build that runs was killed for something more urgent */
        Reason build_for;     /* why there is to be a load after it */
        BuildState build_state;
        char build_text[DECISION_DETAILS_MAX];
        uint64_t unpacked_bytes; /* of the initramfs that is there; 0 if not known */
        uint64_t dump_level;     /* of the dumps that it makes; UINT64_MAX if not known */
        char level_reason[LEVEL_REASON_MAX];

        Look look;
        Facts facts;        /* the latest */
        bool facts_are_new; /* they came in this step */
        bool second_look;   /* this look is the second, after one that found no image */
        uint64_t second_look_usec;

        Calls calls;

        bool have_record; /* an image is loaded that is ours, and record says which */
        ImageRecord record;
        uint64_t short_told_bytes;       /* what was said that a capture takes, of too little */
        LoadReport report;               /* of the job that ended last, until it was judged */
        bool foreign;                    /* what is loaded is not ours */
        char note[DECISION_DETAILS_MAX]; /* what else to say while armed */

        HotplugAnswer answers[_SUBSYSTEM_MAX]; /* as last read */

        Failure failure; /* of the last attempt */
        char failure_text[DECISION_DETAILS_MAX];
        Backoff backoff;
        uint64_t retry_usec;
        /* An image is loaded, and another try could only cost it: until something has changed, what
         * is due at retry_usec is a plan, which costs nothing. */
        bool awaits_change;
        LoadReport refused; /* what is not tried again by itself; no kernel: that is not known */

        Batch batch;
        Reason requested_for; /* what batch.requested is for */
        /* Of the last event that counts, and of the last line on a failed update; USEC_INFINITY:
         * there was none. */
        uint64_t hotplug_usec, log_line_usec;
        bool log_line_told; /* that there was one for which nothing speaks */

        /* Of the load that runs or was last: it follows a hotplug that the image does not, and the
         * image was stale before it. */
        bool for_hotplug, was_stale;
        bool removal_untried; /* memory went away, or events were lost, since the last load began */
        bool untold;          /* it told nothing, so that nobody knows which image is loaded */

        bool decision_open; /* a load was decided, and its end is awaited */
        Decision decision;
        History history;

        Fingerprint before; /* the machine, right before the load that is running or was last */
        uint64_t before_seqnum, after_seqnum; /* of the last uevent before and after that load */
        uint64_t first_removed_seqnum;        /* lowest of the removed blocks' */
        uint64_t watched_seqnum;              /* and at the last close look */
        Fingerprint covered;                  /* the machine that the loaded image covers */

        unsigned waiting; /* REQUEST_BIT()s that the running job answers */
        unsigned queued;  /* and those that wait for it to end first */

        /* When our own load took the old image away; USEC_INFINITY: it did not. */
        uint64_t unprotected_since_usec;

        /* Counters and times for D-Bus; realtime for points in time, durations in microseconds. */
        uint64_t events_received, batches, batches_skipped, reloads, load_failures, overflows;
        uint64_t actions_lost; /* beyond ACTIONS_MAX; a fault of ours, and never seen */
        uint64_t last_event_usec, last_load_usec, last_load_duration_usec;
        uint64_t last_unprotected_usec, total_unprotected_usec;
        uint64_t retry_realtime_usec;
} Guard;

/* Sets up a guard; settings must outlive it or be replaced. architecture is uname's machine. */
void guard_init(Guard *g, const Settings *settings, const char *architecture);
void guard_done(Guard *g);

/* Takes new settings; INPUT_RECONFIGURED is to follow. */
void guard_set_settings(Guard *g, const Settings *settings, const char *architecture);

/* Moves the guard by one input, for which guard_timer_is_first() has been asked. Fills *ret
 * with what is to be done, in this order. If there is an ACTION_LOOK, it is the last one. Inputs
 * that make no sense at the moment are ignored. */
void guard_step(Guard *g, const Input *input, const Moment *now, Actions *ret);

/* The monotonic time at which INPUT_TIMER is wanted, USEC_INFINITY if at none. */
uint64_t guard_deadline(const Guard *g);

/* Whether INPUT_TIMER is due before this input: what prolongs a batch comes too late for one whose
 * time has come, or a flood of events would put the decision off until it is over. */
bool guard_timer_is_first(const Guard *g, const Input *input, const Moment *now);

ImageState guard_state(const Guard *g);

/* Whether our own load runs, or did until a moment ago and was not judged yet. */
bool guard_load_runs(const Guard *g) _pure_;

/* Whether a subsystem of the pending batch is one that the kernel does not follow by itself, by its
 * latest answer. */
bool guard_needs_reload(const Guard *g);

/* Whether the initramfs is one that is to be built here (Initrd=auto). */
bool guard_builds(const Guard *g);

/* Why loads by others are not seen when they happen, as a clause; "" if they are. */
const char *guard_calls_unseen(const Guard *g) _pure_;

/* The mark that what is loaded should have, if it is to be read back because calls are not seen, or
 * were not for a while; else NULL. Valid until the next step. */
const char *guard_mark_wanted(const Guard *g) _pure_;

/* Whether an image is loaded, by the latest look that can be trusted. */
bool guard_is_armed(const Guard *g);
