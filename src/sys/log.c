/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: to the journal with fields, or to stderr when run by hand. */
#include "sys/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The line numbers of this file would be logged otherwise. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define MESSAGE_MAX 1536
#define FIELD_MAX   1024

static int log_level_now = LOG_INFO;
static LogTarget log_target_now = LOG_TARGET_AUTO;
static const char *log_identifier_now = "kdumpd";
static const char *log_unit_now;

static const char *const log_target_table[_LOG_TARGET_MAX] = {
        [LOG_TARGET_AUTO] = "auto",
        [LOG_TARGET_JOURNAL] = "journal",
        [LOG_TARGET_CONSOLE] = "console",
        [LOG_TARGET_NULL] = "null",
};
DEFINE_NAME_TABLE(log_target, LogTarget, _LOG_TARGET_MAX);

static const char *const log_level_table[] = {
        [LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",     [LOG_CRIT] = "crit",
        [LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
        [LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};
DEFINE_NAME_TABLE(log_level, int, ELEMENTSOF(log_level_table));

void log_set_level(int level) {
        log_level_now = level;
}

int log_get_level(void) {
        return log_level_now;
}

void log_set_target(LogTarget target) {
        log_target_now = target;
}

LogTarget log_get_target(void) {
        return log_target_now;
}

void log_set_identifier(const char *identifier) {
        log_identifier_now = identifier;
}

const char *log_get_identifier(void) {
        return log_identifier_now;
}

void log_set_unit(const char *unit) {
        log_unit_now = unit;
}

/* What is started from a service's shell inherits the variable, but perhaps not the stream: it has
 * the device and the inode of that (systemd.exec(5)). */
static bool stderr_is_journal(void) {
        const char *stream = secure_getenv("JOURNAL_STREAM");
        char text[64];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        strscpyf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        return streq(stream, text);
}

static bool to_journal(void) {
        if (log_target_now == LOG_TARGET_AUTO)
                return stderr_is_journal();
        return log_target_now == LOG_TARGET_JOURNAL;
}

static void log_fields(int level, const char *message_id, const LogField *fields, size_t n_fields,
                       const char *message) {
        char text[LOG_FIELDS_MAX + 5][FIELD_MAX];
        struct iovec iov[LOG_FIELDS_MAX + 5];
        char line[MESSAGE_MAX + sizeof("MESSAGE=")];
        int n = 0;

        if (!to_journal()) {
                if (log_target_now != LOG_TARGET_NULL)
                        (void)fprintf(stderr, "%s: %s\n", log_identifier_now, message);
                return;
        }
        strscpyf(line, sizeof(line), "MESSAGE=%s", message);
        iov[n++] = (struct iovec){ line, strlen(line) };
        strscpyf(text[n], FIELD_MAX, "PRIORITY=%d", level);
        n++;
        strscpyf(text[n], FIELD_MAX, "SYSLOG_IDENTIFIER=%s", log_identifier_now);
        n++;
        if (log_unit_now) {
                strscpyf(text[n], FIELD_MAX, "OBJECT_SYSTEMD_UNIT=%s", log_unit_now);
                n++;
        }
        if (message_id) {
                strscpyf(text[n], FIELD_MAX, "MESSAGE_ID=%s", message_id);
                n++;
        }
        for (size_t i = 0; i < MIN(n_fields, (size_t)LOG_FIELDS_MAX); i++, n++)
                if (fields[i].text)
                        strscpyf(text[n], FIELD_MAX, "%s=%s", fields[i].name, fields[i].text);
                else
                        strscpyf(text[n], FIELD_MAX, "%s=%" PRIu64, fields[i].name,
                                 fields[i].number);
        for (int i = 1; i < n; i++)
                iov[i] = (struct iovec){ text[i], strlen(text[i]) };
        (void)sd_journal_sendv(iov, n);
}

void log_line(int level, const char *format, ...) {
        char message[MESSAGE_MAX];
        va_list ap;

        if (level > log_level_now)
                return;
        va_start(ap, format);
        (void)vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        log_fields(level, NULL, NULL, 0, message);
}

void log_struct(int level, const char *message_id, const LogField *fields, size_t n_fields,
                const char *format, ...) {
        char message[MESSAGE_MAX];
        va_list ap;

        if (level > log_level_now)
                return;
        va_start(ap, format);
        (void)vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        log_fields(level, message_id, fields, n_fields, message);
}
