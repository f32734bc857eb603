/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What monitoring reads. */
#include "ctl/metrics.h"

#include <inttypes.h>

#include "base/string-util.h"
#include "base/time-util.h"

typedef enum MetricType {
        METRIC_GAUGE,
        METRIC_COUNTER,
} MetricType;

typedef enum MetricValue {
        VALUE_PLAIN,
        VALUE_SECONDS, /* of microseconds */
        VALUE_TIME,    /* the same, and left out if it is 0 */
        VALUE_LINES,   /* how many there are */
} MetricValue;

/* Names are without the "_total" of counters; the unit is the end of the name. */
static const struct {
        const char *name, *unit;
        MetricType type;
        MetricValue value;
        StatusIndex index;
        const char *help;
} metrics[] = {
        { "kdumpd_armed", NULL, METRIC_GAUGE, VALUE_PLAIN, STATUS_INDEX_Armed,
          "Whether a crash kernel image is loaded." },
        { "kdumpd_stale", NULL, METRIC_GAUGE, VALUE_PLAIN, STATUS_INDEX_Stale,
          "Whether the image is known to differ from the machine." },
        { "kdumpd_foreign", NULL, METRIC_GAUGE, VALUE_PLAIN, STATUS_INDEX_Foreign,
          "Whether the image was loaded by another program." },
        { "kdumpd_reservation_bytes", "bytes", METRIC_GAUGE, VALUE_PLAIN,
          STATUS_INDEX_ReservationBytes, "Memory that is reserved for crash kernel images." },
        { "kdumpd_events", NULL, METRIC_COUNTER, VALUE_PLAIN, STATUS_INDEX_EventsReceived,
          "Uevents of CPUs and memory since kdumpd started." },
        { "kdumpd_reloads", NULL, METRIC_COUNTER, VALUE_PLAIN, STATUS_INDEX_Reloads,
          "Loads over an image that was there, since kdumpd started." },
        { "kdumpd_load_failures", NULL, METRIC_COUNTER, VALUE_PLAIN, STATUS_INDEX_LoadFailures,
          "Loads that failed, since kdumpd started." },
        { "kdumpd_unprotected_seconds", "seconds", METRIC_COUNTER, VALUE_SECONDS,
          STATUS_INDEX_TotalUnprotectedUSec,
          "Time without an image through loads, since kdumpd started." },
        { "kdumpd_last_load_timestamp_seconds", "seconds", METRIC_GAUGE, VALUE_TIME,
          STATUS_INDEX_LastLoadUSec, "When the last load succeeded." },
        { "kdumpd_last_crash_timestamp_seconds", "seconds", METRIC_GAUGE, VALUE_TIME,
          STATUS_INDEX_LastCrashUSec, "When the newest crash was of which there is a trace." },
        { "kdumpd_last_crash_complete", NULL, METRIC_GAUGE, VALUE_PLAIN,
          STATUS_INDEX_LastCrashComplete, "Whether there is a whole dump of that." },
        { "kdumpd_configuration_problems", NULL, METRIC_GAUGE, VALUE_LINES,
          STATUS_INDEX_ConfigurationProblems, "Lines of kdumpd.conf that were not understood." },
};

/* Prometheus' format has the whole name of a counter in front, and does not know units. */
static void put_head(FILE *f, MetricsFormat format, const char *name, const char *unit,
                     MetricType type, const char *help) {
        const char *suffix = type == METRIC_COUNTER && format == METRICS_PROMETHEUS ? "_total" : "";

        (void)fprintf(f, "# HELP %s%s %s\n", name, suffix, help);
        (void)fprintf(f, "# TYPE %s%s %s\n", name, suffix,
                      type == METRIC_COUNTER ? "counter" : "gauge");
        if (unit && format == METRICS_OPENMETRICS)
                (void)fprintf(f, "# UNIT %s %s\n", name, unit);
}

/* In a label, what would end it is written with a backslash. */
static void put_labelled(FILE *f, const char *name, const char *label, const char *value) {
        (void)fprintf(f, "%s{%s=\"", name, label);
        for (const char *p = value; *p; p++)
                if (*p == '\n')
                        (void)fputs("\\n", f);
                else
                        (void)fprintf(f, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
        (void)fputs("\"} 1\n", f);
}

static uint64_t number_of(const Status *status, StatusIndex index) {
        const StatusProperty *property = status_property(index);
        const void *member = status_member_const(status, property);
        char *const *lines;
        uint64_t n = 0;

        switch (property->kind) {
        case STATUS_BOOL:
                return *(const bool *)member;
        case STATUS_NUMBER:
                return *(const uint64_t *)member;
        case STATUS_STRINGS:
                lines = *(char **const *)member;
                while (lines && lines[n])
                        n++;
                return n;
        case STATUS_STRING:
        default:
                return 0;
        }
}

static void put_metric(FILE *f, const Status *status, size_t i, MetricsFormat format) {
        uint64_t n = number_of(status, metrics[i].index);
        bool is_span = metrics[i].value == VALUE_SECONDS || metrics[i].value == VALUE_TIME;

        if (!status_has(status, metrics[i].index) || (metrics[i].value == VALUE_TIME && n == 0))
                return;
        put_head(f, format, metrics[i].name, metrics[i].unit, metrics[i].type, metrics[i].help);
        (void)fprintf(f, "%s%s ", metrics[i].name,
                      metrics[i].type == METRIC_COUNTER ? "_total" : "");
        if (is_span)
                (void)fprintf(f, "%" PRIu64 ".%06" PRIu64 "\n", n / USEC_PER_SEC, n % USEC_PER_SEC);
        else
                (void)fprintf(f, "%" PRIu64 "\n", n);
}

void print_metrics(FILE *f, const Status *status, bool is_up, MetricsFormat format) {
        put_head(f, format, "kdumpd_up", NULL, METRIC_GAUGE, "Whether kdumpd could be asked.");
        (void)fprintf(f, "kdumpd_up %d\n", is_up);
        if (status_has(status, STATUS_INDEX_Version)) {
                put_head(f, format, "kdumpd_build_info", NULL, METRIC_GAUGE,
                         "The version of kdumpd.");
                put_labelled(f, "kdumpd_build_info", "version", strempty(status->version));
        }
        if (status_has(status, STATUS_INDEX_State)) {
                put_head(f, format, "kdumpd_state", NULL, METRIC_GAUGE,
                         "The state: unavailable, unloaded, loading, armed or failed.");
                put_labelled(f, "kdumpd_state", "state", strempty(status->state));
        }
        for (size_t i = 0; i < ELEMENTSOF(metrics); i++)
                put_metric(f, status, i, format);
        if (format == METRICS_OPENMETRICS)
                (void)fputs("# EOF\n", f);
}
