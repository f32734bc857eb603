/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration as values: every key of kdumpd.conf, its default, what it accepts. Where the
 * values come from (files, drop-ins) is sys/conffile's business. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/hotplug.h"
#include "core/target.h"

typedef enum LoaderChoice {
        LOADER_AUTO,
        LOADER_KEXEC_FILE_LOAD,
        LOADER_KEXEC_LOAD,
        _LOADER_CHOICE_MAX,
} LoaderChoice;

typedef enum ReplaceMode {
        REPLACE_ATOMIC,   /* one system call, which unloads and loads */
        REPLACE_EXPLICIT, /* two: unload, then load */
        _REPLACE_MODE_MAX,
} ReplaceMode;

typedef enum UeventSource {
        UEVENT_SOURCE_UDEV,
        UEVENT_SOURCE_KERNEL,
        _UEVENT_SOURCE_MAX,
} UeventSource;

typedef enum ForeignPolicy {
        FOREIGN_REPLACE, /* load ours over it */
        FOREIGN_ADOPT,   /* let it be until a hotplug makes it stale */
        _FOREIGN_POLICY_MAX,
} ForeignPolicy;

typedef enum OnDamage {
        ON_DAMAGE_RESET,
        ON_DAMAGE_HALT,
        _ON_DAMAGE_MAX,
} OnDamage;

/* What the capture kernel does at its end. */
typedef enum FinalAction {
        FINAL_REBOOT,
        FINAL_POWEROFF,
        FINAL_HALT,
        FINAL_SHELL, /* on the console, then reboot */
        _FINAL_ACTION_MAX,
} FinalAction;

DECLARE_NAME_TABLE(loader_choice, LoaderChoice);
DECLARE_NAME_TABLE(replace_mode, ReplaceMode);
DECLARE_NAME_TABLE(on_damage, OnDamage);
DECLARE_NAME_TABLE(uevent_source, UeventSource);
DECLARE_NAME_TABLE(foreign_policy, ForeignPolicy);
DECLARE_NAME_TABLE(final_action, FinalAction);

/* Which uevents of a subsystem count: those of the architecture's table, or the ones in actions. */
typedef struct TriggerSetting {
        bool automatic;
        unsigned actions;
} TriggerSetting;

typedef struct Settings {
        /* [Image] */
        char *kernel;              /* "auto" or an absolute path */
        char *initrd;              /* "auto", "none" or an absolute path */
        char *command_line;        /* "" is: from /proc/cmdline */
        char *command_line_remove; /* words, besides the built-in ones */
        char *command_line_append; /* words, behind the built-in ones */
        LoaderChoice loader;
        ReplaceMode replace;
        OnDamage on_damage; /* only of images that kexec_load(2) loads */

        /* [Hotplug] */
        TriggerSetting triggers[_SUBSYSTEM_MAX];
        UeventSource source;
        uint64_t settle_usec;
        uint64_t max_delay_usec;
        bool reload_when_stale;

        /* [Service] */
        bool unload_on_stop;
        ForeignPolicy foreign;
        uint64_t load_timeout_usec;
        uint64_t alert_after_usec; /* 0: never */

        /* [Capture] */
        Target target, fallback_target;
        char *capture_path;            /* absolute */
        char *core_collector;          /* command line of makedumpfile */
        uint64_t unknown_kernel_level; /* 0 to 31 */
        uint64_t keep;                 /* dumps; 0: all */
        uint64_t min_free_bytes;       /* UINT64_MAX: auto */
        uint64_t target_timeout_usec;
        FinalAction final_action, failure_action;
        char *extra_modules;            /* names, separated by blanks */
        char *extra_files;              /* absolute paths, separated by blanks */
        char *pre_script, *post_script; /* absolute paths, or "" */
} Settings;

/* Limits that parsing enforces. */
#define SETTLE_LONGEST_USEC         (UINT64_C(60) * 1000000)
#define MAX_DELAY_LONGEST_USEC      (UINT64_C(600) * 1000000)
#define LOAD_TIMEOUT_SHORTEST_USEC  (UINT64_C(5) * 1000000)
#define LOAD_TIMEOUT_LONGEST_USEC   (UINT64_C(3600) * 1000000)
#define ALERT_AFTER_LONGEST_USEC    (UINT64_C(7 * 24 * 3600) * 1000000)
#define TARGET_TIMEOUT_LONGEST_USEC (UINT64_C(3600) * 1000000)
#define KEEP_MOST                   1000000u
#define DUMP_LEVEL_MOST             31u

/* Fills in the defaults. Returns 0 or -ENOMEM. settings_done() frees; it accepts a zeroed
 * struct. */
int settings_init(Settings *s) _must_check_;
void settings_done(Settings *s);

/* Sets one key from its text; an empty value sets the default. Returns 0; -ENOENT (no such section
 * or key), -EINVAL (not a value for this key), -ERANGE (beyond a limit), -ENOMEM. On the first
 * three, reterr holds a clause without a full stop that says what is accepted, and the setting
 * keeps its value. */
int settings_set(Settings *s, const char *section, const char *key, const char *value,
                 Error *reterr) _must_check_;

/* Mends what is wrong only in combination (MaxDelay below Settle). Returns true if it changed
 * something, with a clause in reterr. */
bool settings_reconcile(Settings *s, Error *reterr);

/* The keys in the order of the manual: calls with i = 0, 1, ... until it returns false. Any of the
 * results may be NULL. */
bool settings_key(size_t i, const char **ret_section, const char **ret_key,
                  const char **ret_default);

#define SETTINGS_VALUE_MAX 4200

/* Writes the i-th key's present value as text that settings_set() accepts. Returns buf. */
const char *settings_format(const Settings *s, size_t i, char buf[static SETTINGS_VALUE_MAX]);

/* The actions that count for a subsystem on an architecture (uname's machine) with these
 * settings. */
unsigned settings_actions(const Settings *s, Subsystem subsystem, const char *architecture);
