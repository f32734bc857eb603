/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the ways to write crashkernel= have in common. */
#pragma once

#include "core/asked.h"
#include "setup/boot-file.h"
#include "setup/reserve.h"

/* One way: reserve-grub.c, reserve-entries.c, reserve-addon.c. */
typedef struct ReserveMethod {
        /* Fills in own_word, back_word and obstacle of the plan, by what asked (or nothing) says
         * was written before. Returns 0 or negative errno. */
        int (*look)(int root_fd, const Helper *helper, const Asked *asked, ReservePlan *plan,
                    Error *reterr);
        /* Writes plan->new_word, or takes ours away; fills in before and made_place of asked,
         * and the result. On failure all is as it was. */
        int (*write)(int root_fd, const Helper *helper, const ReservePlan *plan, Asked *asked,
                     ReserveResult *result, Error *reterr);
} ReserveMethod;

extern const ReserveMethod reserve_by_grub, reserve_by_entries, reserve_by_addon;

/* Says why it cannot be written; the first that is found counts. Returns 0 or -ENOMEM. */
int reserve_refuse(ReservePlan *plan, const char *format, ...) _printf_(2, 3);

/* The path of a file in a directory, fresh or NULL. */
char *reserve_path(const char *directory, const char *name);
