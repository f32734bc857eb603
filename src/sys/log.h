/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: to the journal with fields, or to stderr when run by hand. The level and the target are
 * the only mutable state at file scope in all of kdumpd, besides the arguments in main.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "base/string-util.h"

typedef enum LogTarget {
        LOG_TARGET_AUTO, /* the journal if stderr leads there, else the console */
        LOG_TARGET_JOURNAL,
        LOG_TARGET_CONSOLE,
        LOG_TARGET_NULL,
        _LOG_TARGET_MAX,
} LogTarget;

DECLARE_NAME_TABLE(log_target, LogTarget);
DECLARE_NAME_TABLE(log_level, int); /* "emerg" ... "debug", LOG_EMERG ... LOG_DEBUG */

void log_set_level(int level);
int log_get_level(void);
void log_set_target(LogTarget target);
LogTarget log_get_target(void);

/* What the journal and the console call us; a string that stays valid. */
void log_set_identifier(const char *identifier);
const char *log_get_identifier(void);

/* For whom we work: 'journalctl -u' of that unit shows our lines, too. A string that stays valid,
 * or NULL. */
void log_set_unit(const char *unit);

/* Logs one line. */
void log_line(int level, const char *format, ...) _printf_(2, 3);

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

/* A field of a structured line: NAME and its value as text, or as a number if text is NULL. */
typedef struct LogField {
        const char *name;
        const char *text;
        uint64_t number;
} LogField;

#define LOG_FIELDS_MAX 16

/* Logs one line with a message ID (32 hex digits, sys/message-ids.h; NULL for none) and fields. The
 * console shows the message alone. Fields beyond LOG_FIELDS_MAX are left out. */
void log_struct(int level, const char *message_id, const LogField *fields, size_t n_fields,
                const char *format, ...) _printf_(5, 6);
