/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was decided about the image, why, and how it went; and the policy. */
#include "daemon/decision.h"

#include <errno.h>
#include <inttypes.h>

#include "base/time-util.h"
#include "core/backoff.h"

static const char *const verdict_table[_VERDICT_MAX] = {
        [VERDICT_NONE] = "none",     [VERDICT_SKIP] = "skip", [VERDICT_KEEP] = "keep",
        [VERDICT_ADOPT] = "adopt",   [VERDICT_LOAD] = "load", [VERDICT_RELOAD] = "reload",
        [VERDICT_UNLOAD] = "unload",
};
DEFINE_NAME_TABLE(verdict, Verdict, _VERDICT_MAX);

static const char *const reason_table[_REASON_MAX] = {
        [REASON_NONE] = "nothing happened",
        [REASON_KERNEL_UPDATES] = "crash_hotplug reads 1: the kernel updates the image itself",
        [REASON_IDLE] = "no CPU or memory came or went, and the events change nothing in the image",
        [REASON_NOT_UPDATED] = "crash_hotplug reads 0: the kernel does not update this image",
        [REASON_ATTRIBUTE_ABSENT] = "crash_hotplug is absent: this kernel cannot update the image",
        [REASON_ATTRIBUTE_UNREADABLE] =
                "crash_hotplug cannot be read, so the kernel may not update the image",
        [REASON_ATTRIBUTE_GARBAGE] =
                "crash_hotplug reads neither 0 nor 1, so the kernel may not update the image",
        [REASON_MET_LOAD] = "events met a load, during which the kernel drops its own update",
        [REASON_KERNEL_LOG] = "the kernel logged that it could not update the image",
        [REASON_LOG_LOST] = "records of the kernel's log were lost, and an update of the image may "
                            "have failed",
        [REASON_LOG_UNFOUNDED] = "the kernel's log says that an update of the image failed, but no "
                                 "CPU or memory came or went",
        [REASON_STALE] = "memory is gone that the image still lists, and ReloadWhenStale=yes",
        [REASON_CHANGED_DURING_LOAD] = "CPUs or memory changed during the load",
        [REASON_CHANGED_UNSEEN] = "CPUs or memory changed, and no event had told of it",
        [REASON_CONFIGURED] = "what is loaded is what is configured",
        [REASON_CHANGED_AWAY] = "CPUs or memory changed while kdumpd did not read the kernel's log",
        [REASON_UNCHANGED] = "the image still covers the machine",
        [REASON_START] = "no crash kernel image is loaded",
        [REASON_REQUEST] = "asked for",
        [REASON_STOP] = "the service stops, and UnloadOnStop=yes",
        [REASON_RETRY] = "trying again after a failure",
        [REASON_FOREIGN_IMAGE] = "the image that is loaded was loaded by somebody else",
        [REASON_FOREIGN_UNLOAD] = "somebody else unloaded the image",
        [REASON_RECORD_STALE] = "the image was left stale when kdumpd ended",
        [REASON_CONFIGURATION] = "the image is another than the one that is configured",
        [REASON_UNPLANNABLE] = "what is configured cannot be loaded, so what is loaded stays",
        [REASON_AVAILABLE] = "loading has become possible",
        [REASON_MOUNTED] = "a file system was mounted that kernels or initrds may be on",
};
DEFINE_NAME_TABLE(reason, Reason, _REASON_MAX);

bool reason_is_hotplug(Reason reason) {
        switch (reason) {
        case REASON_NOT_UPDATED:
        case REASON_ATTRIBUTE_ABSENT:
        case REASON_ATTRIBUTE_UNREADABLE:
        case REASON_ATTRIBUTE_GARBAGE:
        case REASON_MET_LOAD:
        case REASON_KERNEL_LOG:
        case REASON_LOG_LOST:
        case REASON_CHANGED_DURING_LOAD:
        case REASON_CHANGED_UNSEEN:
        case REASON_CHANGED_AWAY:
                return true;
        default:
                return false;
        }
}

static Reason answer_reason(HotplugAnswer answer) {
        switch (answer) {
        case HOTPLUG_KERNEL_UPDATES:
                return REASON_KERNEL_UPDATES;
        case HOTPLUG_NOT_UPDATED:
                return REASON_NOT_UPDATED;
        case HOTPLUG_ABSENT:
        case HOTPLUG_NO_SUBSYSTEM:
                return REASON_ATTRIBUTE_ABSENT;
        case HOTPLUG_GARBAGE:
                return REASON_ATTRIBUTE_GARBAGE;
        default:
                return REASON_ATTRIBUTE_UNREADABLE;
        }
}

Verdict decide(const Observation *o, Reason *ret_reason) {
        unsigned concerned = o->subsystems | (o->look_again ? o->moved : 0);
        unsigned idle = o->idle & ~o->moved;
        bool all_update = true;

        /* These two hold whatever the attribute says: it tells that the kernel can update this
         * image, and nothing of an update that it dropped. */
        if (o->kernel_log) {
                *ret_reason = o->log_lost ? REASON_LOG_LOST : REASON_KERNEL_LOG;
                return VERDICT_RELOAD;
        }
        if (o->met_load) {
                *ret_reason = o->subsystems == 0 && o->moved != 0 ? REASON_CHANGED_DURING_LOAD
                                                                  : REASON_MET_LOAD;
                return VERDICT_RELOAD;
        }
        if (o->stale) {
                *ret_reason = REASON_STALE;
                return VERDICT_RELOAD;
        }
        if (concerned == 0) {
                *ret_reason = REASON_UNCHANGED;
                return VERDICT_KEEP;
        }
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                if (concerned & SUBSYSTEM_BIT(s) && o->answers[s] != HOTPLUG_KERNEL_UPDATES) {
                        all_update = false;
                        if (idle & SUBSYSTEM_BIT(s))
                                continue;
                        *ret_reason = answer_reason(o->answers[s]);
                        return VERDICT_RELOAD;
                }
        /* 1 says that the kernel updates this image, not that it has: when it failed to, only a
         * line in its log tells. */
        if (o->away && o->moved != 0) {
                *ret_reason = REASON_CHANGED_AWAY;
                return VERDICT_RELOAD;
        }
        *ret_reason = all_update ? REASON_KERNEL_UPDATES : REASON_IDLE;
        return VERDICT_SKIP;
}

static Decision *slot(History *h, size_t i) {
        return &h->ring[(h->n_total - 1 - i) % HISTORY_MAX];
}

static bool has_failed(const Decision *d) {
        return streq(d->result, "failed") || streq(d->result, "impossible");
}

/* Failures that take turns are looked for so far back. */
#define TURNS_MAX 8

/* Finds which decision this one repeats. */
static bool find_repeated(const History *h, const Decision *d, size_t *ret) {
        const Decision *before;

        for (size_t i = 0; has_failed(d) && i < TURNS_MAX; i++) {
                before = history_get(h, i);
                if (!before || !has_failed(before))
                        return false;
                if (before->verdict == d->verdict && before->cause == d->cause &&
                    before->failure == d->failure && streq(before->result, d->result) &&
                    streq(before->details, d->details)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

static void add_up(Decision *d, const Decision *before) {
        char span[TIMESPAN_MAX];
        size_t used = strlen(d->reason);

        d->times = add_saturated(before->times, 1);
        d->first_realtime_usec = before->first_realtime_usec;
        /* Who asks is told each time. */
        d->is_repeat = !backoff_tells(d->times) && d->cause != REASON_REQUEST;
        format_timespan(span, sub_saturated(d->realtime_usec, d->first_realtime_usec) /
                                      USEC_PER_SEC * USEC_PER_SEC);
        strscpyf(d->reason + used, sizeof(d->reason) - used, ", %" PRIu64 " times in %s", d->times,
                 span);
}

const Decision *history_add(History *h, const Decision *d) {
        Decision added = *d;
        size_t i;

        added.times = 1;
        added.first_realtime_usec = d->realtime_usec;
        if (find_repeated(h, d, &i)) {
                add_up(&added, slot(h, i));
                for (; i > 0; i--)
                        *slot(h, i) = *slot(h, i - 1);
        } else
                h->n_total++;
        *slot(h, 0) = added;
        return slot(h, 0);
}

const Decision *history_get(const History *h, size_t i) {
        if (i >= MIN(h->n_total, (size_t)HISTORY_MAX))
                return NULL;
        return &h->ring[(h->n_total - 1 - i) % HISTORY_MAX];
}
