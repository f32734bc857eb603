/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as text for people. */
#pragma once

#include <stdio.h>

#include "core/report.h"

typedef enum LoadWhat {
        LOAD_WHAT_LOAD,
        LOAD_WHAT_DRY_RUN,
        LOAD_WHAT_UNLOAD,
} LoadWhat;

/* Writes what a run used and how it went to f; its failure, if any, is not part of it. */
void report_print(FILE *f, const LoadReport *report, LoadWhat what);
