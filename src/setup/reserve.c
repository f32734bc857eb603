/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where this system keeps crashkernel=, and how another one gets there. */
#include "setup/reserve.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "setup/boot-facts.h"
#include "setup/reserve-private.h"
#include "sys/asked-json.h"
#include "sys/kernel-state.h"

static const ReserveMethod *const methods[] = {
        [BOOT_BY_GRUB] = &reserve_by_grub,
        [BOOT_BY_ENTRIES] = &reserve_by_entries,
        [BOOT_BY_ADDON] = &reserve_by_addon,
        [BOOT_BY_HAND] = NULL,
};

/* Whether there is nothing to write: ours is there, and this boot has it or can have it yet. */
static bool is_done(int root_fd, const Asked *asked, const ReservePlan *plan) {
        char boot_id[37];

        if (!plan->new_word)
                return plan->own_word[0] == '\0';
        if (!streq(plan->own_word, plan->new_word))
                return false;
        return streq(plan->old_words, plan->new_word) ||
               (kernel_boot_id(root_fd, boot_id) >= 0 && streq(asked->boot_id, boot_id));
}

static int finish_plan(int root_fd, const Asked *asked, ReservePlan *plan) {
        plan->own_word = plan->own_word ?: strdup("");
        plan->back_word = plan->back_word ?: strdup("");
        plan->place = plan->place ?: strdup(plan->loader->place);
        plan->is_writable = plan->loader->method != BOOT_BY_HAND && !plan->obstacle;
        if (!plan->own_word || !plan->back_word || !plan->place)
                return -ENOMEM;
        plan->is_done = plan->is_writable && is_done(root_fd, asked, plan);
        if (plan->is_writable)
                return 0;
        plan->commands =
                boot_loader_commands(plan->loader, !plan->value, plan->new_word, plan->old_words);
        return plan->commands ? 0 : -ENOMEM;
}

int reserve_plan(int root_fd, const char *value, const Helper *helper, ReservePlan *ret,
                 Error *reterr) {
        _cleanup_(boot_facts_done) BootFacts facts = { 0 };
        _cleanup_(reserve_plan_done) ReservePlan plan = { 0 };
        _cleanup_(asked_done) Asked asked = { 0 };
        const ReserveMethod *method;
        int r;

        r = boot_facts_read(root_fd, &facts, reterr);
        if (r < 0)
                return r;
        if (asked_read(root_fd, &asked) < 0)
                asked = (Asked){ 0 };
        plan.loader = boot_loader_find(&facts);
        plan.old_words = crashkernel_words(facts.command_line);
        if (!plan.old_words)
                return error_set_memory(reterr);
        if (value) {
                plan.value = strdup(value);
                if (!plan.value || asprintf(&plan.new_word, CRASHKERNEL_WORD "%s", value) < 0) {
                        plan.new_word = NULL;
                        return error_set_memory(reterr);
                }
        }
        method = methods[plan.loader->method];
        r = method ? method->look(root_fd, helper, &asked, &plan, reterr) : 0;
        if (r >= 0)
                r = finish_plan(root_fd, &asked, &plan);
        if (r == -ENOMEM)
                return error_set_memory(reterr);
        if (r < 0)
                return r;
        *ret = plan;
        plan = (ReservePlan){ 0 };
        return 0;
}

/* What was written is written, whether it can be noted or not. */
static int note_asked(int root_fd, const ReservePlan *plan, Asked *asked, ReserveResult *result) {
        int r;

        if (!plan->value)
                r = remove_below(root_fd, ASKED_PATH);
        else {
                strscpy(asked->value, sizeof(asked->value), plan->value);
                strscpy(asked->loader, sizeof(asked->loader), plan->loader->name);
                asked->usec = realtime_usec();
                if (kernel_boot_id(root_fd, asked->boot_id) < 0)
                        asked->boot_id[0] = '\0';
                r = asked_write(root_fd, asked);
        }
        if (r >= 0 || r == -ENOENT || result->note)
                return 0;
        if (asprintf(&result->note, "that this was asked for cannot be noted in \"%s\": %s",
                     ASKED_PATH, strerrordesc_np(-r)) < 0) {
                result->note = NULL;
                return -ENOMEM;
        }
        return 0;
}

int reserve_write(int root_fd, const ReservePlan *plan, const Helper *helper, ReserveResult *ret,
                  Error *reterr) {
        _cleanup_(reserve_result_done) ReserveResult result = { 0 };
        _cleanup_(asked_done) Asked asked = { 0 };
        int r;

        if (!plan->is_writable)
                return error_set(reterr, -EOPNOTSUPP, "%s",
                                 plan->obstacle ?: "this boot loader is configured by hand");
        if (plan->is_done) {
                result.word = strdup(plan->new_word ?: plan->back_word);
                r = result.word ? 0 : error_set_memory(reterr);
        } else {
                if (asked_read(root_fd, &asked) < 0)
                        asked = (Asked){ 0 };
                r = methods[plan->loader->method]->write(root_fd, helper, plan, &asked, &result,
                                                         reterr);
                if (r >= 0 && note_asked(root_fd, plan, &asked, &result) < 0)
                        r = error_set_memory(reterr);
        }
        if (r < 0)
                return r;
        *ret = result;
        result = (ReserveResult){ 0 };
        return 0;
}
