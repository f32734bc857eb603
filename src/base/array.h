/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow by one element at a time. Pure: core/ may use it. */
#pragma once

#include <stdlib.h>
#include <string.h>

/* Adds a zeroed element to an array and its count. Returns a pointer to it, or NULL for lack of
 * memory; the array is as it was then. The pointer holds until the next element is added. */
#define ARRAY_ADD(array, n)                                                        \
        __extension__({                                                            \
                __typeof__(array) _grown;                                          \
                _grown = reallocarray((array), (size_t)(n) + 1, sizeof(*(array))); \
                if (_grown) {                                                      \
                        (array) = _grown;                                          \
                        memset(&(array)[n], 0, sizeof(*(array)));                  \
                        _grown = &(array)[(n)++];                                  \
                }                                                                  \
                _grown;                                                            \
        })
