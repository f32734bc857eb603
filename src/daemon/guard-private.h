/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the guard share with each other and with nobody else. They stand in the
 * order in which they follow here: each calls only what comes before it. */
#pragma once

#include "daemon/guard.h"

/* One step under way: the guard, the moment, and the list of actions that grows. */
typedef struct Step {
        Guard *g;
        const Moment *now;
        Actions *out;
        bool is_over; /* a job or a look is: the step ends with what waited for that */
} Step;

/* The kernel's own update takes the image away for 1.5 ms as seen in sysfs, so one look that
 * finds nothing proves nothing. */
#define SECOND_LOOK_USEC (50 * USEC_PER_MSEC)

/* guard-step.c: the ground. */
Action *step_emit(Step *s, ActionType type);
/* An answer to all callers of these requests. */
void step_answer(Step *s, unsigned requests, Failure failure, const char *text);
/* The first load has ended, either way, or there is to be none. */
void step_ready(Step *s);
/* Asks for facts; what a look of this kind reads is known here. Always the last action. */
void step_look(Step *s, Look look);
/* Subsystems whose events count here and in which the latest facts differ from since. */
unsigned guard_moved(const Guard *g, const Fingerprint *since);
/* Takes the image that is loaded as covering the machine of the latest facts. */
void step_covered(Step *s);
void step_save(Step *s);
void step_forget(Step *s);
/* Empties the record but for what is counted over the whole boot. */
void guard_reset_record(Guard *g);

/* guard-calls.c: who has called kexec_load(2) and kexec_file_load(2). */
void step_calls_watched(Step *s, const CallsWatched *watched);
void step_called(Step *s, const KexecCall *call);
void step_marked(Step *s, const MarkRead *read);
/* An image of ours was loaded. */
void guard_mark_anew(Guard *g);
/* Finds out which notes were those of a job that has ended. */
void guard_judge_calls(Guard *g, const LoadReport *report, Job job);
/* And what the others mean, by the latest facts. */
typedef enum CallsMeaning {
        CALLS_MEAN_NOTHING, /* what is loaded is the image from before, if there is one */
        CALLS_MEAN_WAIT,    /* it is too early to say */
        CALLS_MEAN_LOAD,    /* or may: somebody else has loaded an image */
} CallsMeaning;
CallsMeaning step_judge_called(Step *s);
/* The latest facts may know of calls that were not told. */
void guard_compare_calls(Guard *g);
/* When to look for that; USEC_INFINITY if there is nothing to be found out. */
uint64_t guard_calls_due(const Guard *g);

/* guard-batch.c: what the kernel tells. */
void step_uevent(Step *s, const Input *in);
void step_overflow(Step *s);
void step_look_again(Step *s);
void step_kernel_log(Step *s, bool was_lost);
/* Something speaks for a line of the kernel's log: an event near it, or that CPUs or memory have
 * moved. Its batch reloads, within LOG_RELOADS_MAX. */
void step_believe_log(Step *s, bool moved);
/* Whether the image that is loaded goes on listing memory that is removed. */
bool guard_lists_removed(const Guard *g);
void guard_touch_batch(Guard *g, uint64_t now_usec);
/* When the pending batch may be decided; USEC_INFINITY if there is none. */
uint64_t guard_batch_due(const Guard *g);

/* guard-job.c: what runs as a process. Always the last action: the next step may come before it
 * is done. */
void step_start(Step *s, const JobOrder *order);
/* Starts a build; the first only if it is due and nothing is more urgent, and says whether it did.
 * If there is something to be loaded after it, that is for reason. */
bool step_build_if_due(Step *s, Reason reason);
void step_build(Step *s, bool force);
/* Kills a build that runs, to be done again later. */
void step_overtake_build(Step *s);
/* The job ended, or is given up. Takes the contents of the report. */
void step_ended(Step *s, JobReport *report);
/* Kills the job that runs, once. */
void step_kill(Step *s);
/* It did not end after that. */
void step_give_up(Step *s);
/* But then a build did. */
void step_build_unstuck(Step *s);

/* guard-load.c. Records a decision that is complete as it is made. */
void step_decided(Step *s, Verdict verdict, Reason reason, const char *remark, const char *result,
                  const char *details);
/* Opens a decision for a load, taking what the batch has counted, and starts it as soon as facts
 * are at hand. */
void step_begin(Step *s, Verdict verdict, Reason reason, const char *remark);
/* The same, but not in the middle of a burst, which is unsafe on today's kernels: then the batch
 * does it. */
void step_begin_settled(Step *s, Reason reason, const char *remark);
void step_launch(Step *s);
void step_plan(Step *s);
void step_unload(Step *s, Reason reason);
/* Sets the time of the next try, or of the next plan. */
void step_set_retry(Step *s);
/* There is nothing to be tried again. */
void guard_forget_failure(Guard *g);
void step_judge_load(Step *s);
void step_judge_unload(Step *s);
/* Why the load, plan or unload that ended last failed. */
const char *step_failure_text(const Guard *g);

/* guard-look.c: goes on when the facts come that were asked for. */
void step_facts(Step *s, const Facts *facts);

/* The answer to whoever waited for a load that an unload overtook. */
#define UNLOAD_OVERTOOK "somebody asked for the image to be unloaded meanwhile"
