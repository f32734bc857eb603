/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makedumpfile says of the running kernel. */
#pragma once

typedef enum CollectorKnows {
        COLLECTOR_SILENT, /* it could not be asked: not root, another program, no answer */
        COLLECTOR_KNOWS,
        COLLECTOR_DOES_NOT_KNOW,
} CollectorKnows;

/* Asks the program that core_collector begins with, if it is makedumpfile, about the kernel that
 * runs. Takes some seconds at most. */
CollectorKnows collector_knows_kernel(const char *core_collector);
