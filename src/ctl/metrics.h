/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What monitoring reads: the status as numbers. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "core/status.h"

typedef enum MetricsFormat {
        METRICS_OPENMETRICS, /* OpenMetrics 1.0, which ends in "# EOF" */
        METRICS_PROMETHEUS,  /* Prometheus' text format 0.0.4, which node_exporter reads */
} MetricsFormat;

/* Writes them. What kdumpd does not tell, and points in time that were never, are left out. With
 * is_up false only that, and whether an image is loaded if the status has it. */
void print_metrics(FILE *f, const Status *status, bool is_up, MetricsFormat format);
