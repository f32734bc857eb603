/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for programs. The client's only user of json-c. */
#pragma once

#include <stdio.h>

#include "core/settings.h"
#include "ctl/client.h"
#include "ctl/dumps.h"
#include "setup/checks.h"
#include "setup/import.h"
#include "sys/needs.h"

/* Writes one object whose keys are the names of the properties that were received. Returns 0 or
 * -ENOMEM. */
int json_print_status(FILE *f, const Status *status) _must_check_;

/* Writes an array with one object for each decision, its keys named as the arguments of the signal
 * Decided, but in CamelCase as all other keys. Returns 0 or -ENOMEM. */
int json_print_decisions(FILE *f, const DaemonDecisions *decisions) _must_check_;

/* Writes an array with one object for each dump: the keys of kdump.json, as strings, numbers and
 * booleans, and Name, Directory, State; what is not known is left out. Returns 0 or -ENOMEM. */
int json_print_dumps(FILE *f, const Dumps *dumps) _must_check_;

/* Writes the object of one. Returns 0 or -ENOMEM. */
int json_print_dump(FILE *f, const FoundDump *found) _must_check_;

/* Writes an object with Name, Directory and Lines, an array of the log's lines. Returns 0 or
 * -ENOMEM. */
int json_print_log(FILE *f, const FoundDump *found, const char *log, size_t size) _must_check_;

/* Writes an object with the sizes of an estimate, in bytes, and what is reserved. Returns 0 or
 * -ENOMEM. */
int json_print_estimate(FILE *f, const Needs *needs) _must_check_;

/* Writes an array with one object for each key of the configuration: Section, Key, Value and, where
 * one has set it, File; see print_settings() for the arguments. Returns 0 or -ENOMEM. */
int json_print_settings(FILE *f, const Settings *settings, const char *const *origins,
                        size_t n_origins) _must_check_;

/* Writes an object with ReservationBytes. Returns 0 or -ENOMEM. */
int json_print_reservation(FILE *f, uint64_t bytes) _must_check_;

/* Writes an object with PanicOnOops, Off and Items, an array with one object for each key of the
 * other service: File, Line, Key, Value and, where it became one, Section, Setting, SettingValue;
 * Note says why not, or what else. Returns 0 or -ENOMEM. */
int json_print_import(FILE *f, const Import *import) _must_check_;

/* Writes an object with the array Checks of objects with Name, State and Text, and the booleans
 * Changed, RebootNeeded and Done. Returns 0 or -ENOMEM. */
int json_print_checks(FILE *f, const Checks *checks, bool needs_reboot) _must_check_;
