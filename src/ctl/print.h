/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of what kdumpctl prints for people. Text that came from elsewhere (paths, messages, logs)
 * goes through here: control characters would act on the terminal, and others make a line read as
 * another one (utf8_mend()). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"

#define GREEN  "\x1b[1;32m"
#define RED    "\x1b[1;31m"
#define YELLOW "\x1b[1;33m"
#define BOLD   "\x1b[1m"
#define NORMAL "\x1b[0m"

/* Prints "kdumpctl: ...", on stderr: a sentence like those of core/failure.h. Returns
 * EXIT_FAILURE. */
int complain(const char *format, ...) _printf_(1, 2);

/* Asks on the terminal that standard input is. Returns true if the answer is yes. */
bool confirm(const char *question);

void put_text(FILE *f, const char *text);
/* Lines, which keep their tabs; a NUL ends its line. */
void put_lines(FILE *f, const char *text, size_t size);
void put_label(FILE *f, const char *label);
void put_highlighted(FILE *f, const char *text, const char *escape, bool colour);

/* "256 MiB", "12.3 MiB" */
void put_mib(FILE *f, uint64_t bytes);
/* "61.0 KiB", "12.3 MiB", "1.5 GiB" */
#define SIZE_TEXT_MAX 32
const char *size_text(char buf[static SIZE_TEXT_MAX], uint64_t bytes);

void put_span(FILE *f, uint64_t usec);
/* A span without the precision that nobody wants of "how long ago". */
void put_coarse_span(FILE *f, uint64_t usec);
void put_ago(FILE *f, uint64_t then_usec, uint64_t now_usec);
void put_count(FILE *f, uint64_t n, const char *one, const char *many);

#define DATE_TEXT_MAX 64
/* Local time: "2026-11-22 11:29:58", and as coredumpctl has it, "Sun 2026-11-22 11:29:58 UTC". */
const char *date_text(char buf[static DATE_TEXT_MAX], uint64_t usec);
const char *long_date_text(char buf[static DATE_TEXT_MAX], uint64_t usec);

/* "label: value (note)", or nothing if there is no value. */
void put_noted(FILE *f, const char *label, const char *value, const char *note);

/* A cell of a table, with blanks to width and two more. */
void put_cell(FILE *f, const char *text, size_t width);

/* Columns that a terminal needs for what put_text() prints, as far as one for each character is
 * true. */
size_t text_width(const char *text);
