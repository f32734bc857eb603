/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The few macros that every file uses: cleanup attributes, handing over, array sizes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _must_check_   __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _const_        __attribute__((const))
#define _pure_         __attribute__((pure))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b)                       \
        __extension__({                 \
                __typeof__(a) _a = (a); \
                __typeof__(b) _b = (b); \
                _a < _b ? _a : _b;      \
        })
#define MAX(a, b)                       \
        __extension__({                 \
                __typeof__(a) _a = (a); \
                __typeof__(b) _b = (b); \
                _a > _b ? _a : _b;      \
        })

/* 0 if a holds at compile time, else an error of the compiler. For initializers. */
#define ZERO_OR_ERROR(a) (0 * sizeof(char[(a) ? 1 : -1]))

/* The type of a member, and its offset if it is of a type: for tables of members. */
#define TYPE_OF_MEMBER(structure, member) __typeof__(((structure *)NULL)->member)
#define OFFSET_OF(structure, member, type) \
        (offsetof(structure, member) +     \
         ZERO_OR_ERROR(__builtin_types_compatible_p(TYPE_OF_MEMBER(structure, member), type)))

/* Hands the value of a _cleanup_ variable to somebody else and disarms the variable. */
#define TAKE_GENERIC(var, type, empty) \
        __extension__({                \
                type *_p = &(var);     \
                type _v = *_p;         \
                *_p = (empty);         \
                _v;                    \
        })
#define TAKE_PTR(ptr) TAKE_GENERIC(ptr, __typeof__(ptr), NULL)
#define TAKE_FD(fd)   TAKE_GENERIC(fd, int, -EBADF)

/* Defines the function that _cleanup_(func##p) calls when the variable goes out of scope; func
 * takes the pointer itself, and must accept NULL. */
#define DEFINE_CLEANUP(type, func)            \
        static inline void func##p(type *p) { \
                if (*p)                       \
                        func(*p);             \
        }                                     \
        struct swallow_semicolon_##func

/* Saturating arithmetic for points in time, where "never" is UINT64_MAX. */
static inline uint64_t add_saturated(uint64_t a, uint64_t b) {
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t sub_saturated(uint64_t a, uint64_t b) {
        return a > b ? a - b : 0;
}
