/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan to put crashkernel= somewhere, as a value. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/string-util.h"
#include "setup/reserve-private.h"

#define MIB UINT64_C(1048576)

/* No capture kernel runs in less: a size without its unit is what this finds. */
#define LEAST (16 * MIB)

void reserve_plan_done(ReservePlan *plan) {
        free(plan->value);
        free(plan->new_word);
        free(plan->old_words);
        free(plan->own_word);
        free(plan->back_word);
        free(plan->place);
        free(plan->obstacle);
        free(plan->commands);
        *plan = (ReservePlan){ 0 };
}

void reserve_result_done(ReserveResult *result) {
        free(result->word);
        free(result->note);
        *result = (ReserveResult){ 0 };
}

int reserve_refuse(ReservePlan *plan, const char *format, ...) {
        va_list ap;
        int n;

        if (plan->obstacle)
                return 0;
        va_start(ap, format);
        n = vasprintf(&plan->obstacle, format, ap);
        va_end(ap);
        if (n < 0)
                plan->obstacle = NULL;
        return n < 0 ? -ENOMEM : 0;
}

char *reserve_path(const char *directory, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

int reserve_check_value(const char *value, uint64_t memory_bytes, uint64_t reserved_bytes,
                        Error *reterr) {
        uint64_t all = memory_bytes == 0 ? 0 : add_saturated(memory_bytes, reserved_bytes), bytes;
        char word[CRASHKERNEL_VALUE_MAX + sizeof(CRASHKERNEL_WORD)], counts[CRASHKERNEL_VALUE_MAX];
        CrashkernelVerdict verdict;

        /* It becomes a part of files that a shell runs. */
        if (strlen(value) >= CRASHKERNEL_VALUE_MAX || *value == '\0' ||
            value[strspn(value, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                ",:@-")] != '\0')
                return error_set(
                        reterr, -EINVAL,
                        "\"%s\" is no size of a reservation: write 192M, auto, or what else "
                        "the kernel takes behind crashkernel=",
                        value);
        strscpyf(word, sizeof(word), CRASHKERNEL_WORD "%s", value);
        verdict = crashkernel_judge(word, all, false, counts);
        bytes = crashkernel_bytes(word, all, false);
        if (verdict == CRASHKERNEL_NOTHING)
                return error_set(reterr, -EINVAL,
                                 "\"%s\" reserves nothing: \"kdumpctl reserve --remove\" takes a "
                                 "reservation away",
                                 value);
        if (verdict == CRASHKERNEL_OTHER_MEMORY)
                return error_set(reterr, -ERANGE,
                                 "none of the ranges in \"%s\" is for a machine with %" PRIu64
                                 " MiB of memory",
                                 value, all / MIB);
        if (verdict != CRASHKERNEL_NO_PLACE && verdict != CRASHKERNEL_TOO_MUCH)
                return error_set(reterr, -EINVAL,
                                 "\"%s\" is nothing that the kernel understands behind "
                                 "crashkernel=: write 192M or the like",
                                 value);
        if (bytes < LEAST)
                return error_set(reterr, -ERANGE,
                                 "\"%s\" is %" PRIu64
                                 " bytes, in which no capture kernel runs: write 192M or the like",
                                 value, bytes);
        if (all > 0 && bytes > all / 2)
                return error_set(
                        reterr, -ERANGE,
                        "\"%s\" is more than half of the memory of this machine, which has "
                        "%" PRIu64 " MiB: ask for less",
                        value, all / MIB);
        return 0;
}
