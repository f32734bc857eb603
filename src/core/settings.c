/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration as values: every key of kdumpd.conf, its default, what it accepts. */
#include "core/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/time-util.h"

static const char *const loader_choice_table[_LOADER_CHOICE_MAX] = {
        [LOADER_AUTO] = "auto",
        [LOADER_KEXEC_FILE_LOAD] = "kexec_file_load",
        [LOADER_KEXEC_LOAD] = "kexec_load",
};
DEFINE_NAME_TABLE(loader_choice, LoaderChoice, _LOADER_CHOICE_MAX);

static const char *const replace_mode_table[_REPLACE_MODE_MAX] = {
        [REPLACE_ATOMIC] = "atomic",
        [REPLACE_EXPLICIT] = "explicit",
};
DEFINE_NAME_TABLE(replace_mode, ReplaceMode, _REPLACE_MODE_MAX);

static const char *const on_damage_table[_ON_DAMAGE_MAX] = {
        [ON_DAMAGE_RESET] = "reset",
        [ON_DAMAGE_HALT] = "halt",
};
DEFINE_NAME_TABLE(on_damage, OnDamage, _ON_DAMAGE_MAX);

static const char *const uevent_source_table[_UEVENT_SOURCE_MAX] = {
        [UEVENT_SOURCE_UDEV] = "udev",
        [UEVENT_SOURCE_KERNEL] = "kernel",
};
DEFINE_NAME_TABLE(uevent_source, UeventSource, _UEVENT_SOURCE_MAX);

static const char *const foreign_policy_table[_FOREIGN_POLICY_MAX] = {
        [FOREIGN_REPLACE] = "replace",
        [FOREIGN_ADOPT] = "adopt",
};
DEFINE_NAME_TABLE(foreign_policy, ForeignPolicy, _FOREIGN_POLICY_MAX);

static const char *const final_action_table[_FINAL_ACTION_MAX] = {
        [FINAL_REBOOT] = "reboot",
        [FINAL_POWEROFF] = "poweroff",
        [FINAL_HALT] = "halt",
        [FINAL_SHELL] = "shell",
};
DEFINE_NAME_TABLE(final_action, FinalAction, _FINAL_ACTION_MAX);

/* What is longer cannot be a path, and no kernel takes a longer command line. */
#define TEXT_LONGEST 4096u

typedef struct Key Key;
typedef int (*Parse)(const Key *key, const char *value, void *field, Error *reterr);
typedef void (*Format)(const Key *key, const void *field, char *buf);

struct Key {
        const char *section;
        const char *name;
        const char *preset; /* the default, as text */
        Parse parse;
        Format format;
        size_t offset;
        /* What parse and format need: a table of names, or limits in microseconds. */
        const char *const *names;
        size_t n_names;
        uint64_t least, most;
};

static int check_text(const char *value, Error *reterr) {
        if (strlen(value) > TEXT_LONGEST)
                return error_set(reterr, -ERANGE, "it takes at most %u bytes", TEXT_LONGEST);
        for (const char *p = value; *p; p++)
                if ((unsigned char)*p < ' ' && *p != '\t')
                        return error_set(reterr, -EINVAL, "it takes no control characters");
        return 0;
}

static int set_text(char **field, const char *value, Error *reterr) {
        char *copy;
        int r;

        r = check_text(value, reterr);
        if (r < 0)
                return r;
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int parse_text(const Key *key, const char *value, void *field, Error *reterr) {
        return set_text(field, value, reterr);
}

/* Other kdump configurations are read by a shell and have all of their words in quotes, which are
 * then no part of them. Quotes that belong to the words are more than these two. */
static bool is_quoted(const char *value) {
        size_t n = strlen(value);
        char quote = value[0];

        return n >= 2 && (quote == '"' || quote == '\'') && value[n - 1] == quote &&
               memchr(value + 1, quote, n - 2) == NULL;
}

static int parse_words(const Key *key, const char *value, void *field, Error *reterr) {
        _cleanup_free_ char *inside = NULL;

        if (!is_quoted(value))
                return set_text(field, value, reterr);
        inside = strndup(value + 1, strlen(value) - 2);
        return inside ? set_text(field, inside, reterr) : -ENOMEM;
}

/* A comma in the name of a word stands between words in somebody's mind. What the word is does not
 * stand in the message, which more people read than the file. */
static int parse_names(const Key *key, const char *value, void *field, Error *reterr) {
        for (const char *p = value; *p; p += strspn(p, " \t")) {
                size_t n = strcspn(p, " \t"), name = strcspn(p, "= \t\"");

                if (memchr(p, ',', name))
                        return error_set(
                                reterr, -EINVAL,
                                "commas make one word of several: put blanks between words");
                p += n;
        }
        return parse_words(key, value, field, reterr);
}

static int parse_file(const Key *key, const char *value, void *field, Error *reterr) {
        if (name_table_lookup(key->names, key->n_names, value) < 0 && value[0] != '/')
                return error_set(reterr, -EINVAL, "it takes %s%s or an absolute path",
                                 key->names[0], key->n_names > 1 ? ", none" : "");
        return set_text(field, value, reterr);
}

static void format_text(const Key *key, const void *field, char *buf) {
        strscpy(buf, SETTINGS_VALUE_MAX, strempty(*(char *const *)field));
}

static int parse_name(const Key *key, const char *value, void *field, Error *reterr) {
        int v = name_table_lookup(key->names, key->n_names, value);

        if (v < 0) {
                for (size_t i = 0; i < key->n_names; i++)
                        (void)error_set(reterr, 0, "%s%s%s", i > 0 ? reterr->text : "it takes ",
                                        i > 0 ? ", " : "", key->names[i]);
                return -EINVAL;
        }
        /* Every enum here is an unsigned int (GCC's and clang's choice for enums without
         * negatives). */
        *(unsigned *)field = (unsigned)v;
        return 0;
}

static void format_name(const Key *key, const void *field, char *buf) {
        strscpy(buf, SETTINGS_VALUE_MAX, key->names[*(const unsigned *)field]);
}

static int parse_bool(const Key *key, const char *value, void *field, Error *reterr) {
        int b = parse_boolean(value);

        if (b < 0)
                return error_set(reterr, -EINVAL, "it takes yes or no");
        *(bool *)field = b;
        return 0;
}

static void format_bool(const Key *key, const void *field, char *buf) {
        strscpy(buf, SETTINGS_VALUE_MAX, *(const bool *)field ? "yes" : "no");
}

static int parse_span(const Key *key, const char *value, void *field, Error *reterr) {
        char least[TIMESPAN_MAX], most[TIMESPAN_MAX];
        uint64_t usec;
        int r;

        r = parse_timespan(value, &usec);
        if (r == -EINVAL)
                return error_set(reterr, r,
                                 "it takes a time span such as 500ms, 10s or \"1min 30s\"");
        if (r < 0 || usec < key->least || usec > key->most)
                return error_set(reterr, -ERANGE, "it takes %s to %s",
                                 format_timespan(least, key->least),
                                 format_timespan(most, key->most));
        *(uint64_t *)field = usec;
        return 0;
}

static void format_span(const Key *key, const void *field, char *buf) {
        uint64_t usec = *(const uint64_t *)field;

        if (usec % USEC_PER_SEC == 0)
                strscpyf(buf, SETTINGS_VALUE_MAX, "%" PRIu64 "s", usec / USEC_PER_SEC);
        else if (usec % USEC_PER_MSEC == 0)
                strscpyf(buf, SETTINGS_VALUE_MAX, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
        else
                strscpyf(buf, SETTINGS_VALUE_MAX, "%" PRIu64 "us", usec);
}

static int parse_number(const Key *key, const char *value, void *field, Error *reterr) {
        uint64_t n;

        if (parse_u64(value, 10, &n) < 0 || n < key->least || n > key->most)
                return error_set(reterr, -ERANGE, "it takes a number from %" PRIu64 " to %" PRIu64,
                                 key->least, key->most);
        *(uint64_t *)field = n;
        return 0;
}

static void format_number(const Key *key, const void *field, char *buf) {
        strscpyf(buf, SETTINGS_VALUE_MAX, "%" PRIu64, *(const uint64_t *)field);
}

static const char size_units[] = "KMGT";

/* Bytes, with K, M, G and T for powers of 1024, as systemd takes them. */
static const char *const auto_words[] = { "auto" };

static int parse_bytes(const Key *key, const char *value, void *field, Error *reterr) {
        char digits[24];
        size_t n = strspn(value, "0123456789");
        const char *unit = value[n] ? strchr(size_units, value[n]) : NULL;
        uint64_t bytes;

        if (key->names && streq(value, key->names[0])) {
                *(uint64_t *)field = UINT64_MAX;
                return 0;
        }
        if (n == 0 || n >= sizeof(digits) || (value[n] && (!unit || value[n + 1])))
                return error_set(reterr, -EINVAL, "it takes %sa size such as 500M or 2G",
                                 key->names ? "\"auto\" or " : "");
        memcpy(digits, value, n);
        digits[n] = '\0';
        if (parse_u64(digits, 10, &bytes) < 0)
                return error_set(reterr, -ERANGE, "it takes at most %" PRIu64 " bytes", UINT64_MAX);
        for (const char *u = size_units; unit && u <= unit; u++)
                if (__builtin_mul_overflow(bytes, UINT64_C(1024), &bytes))
                        return error_set(reterr, -ERANGE, "it takes at most %" PRIu64 " bytes",
                                         UINT64_MAX);
        *(uint64_t *)field = bytes;
        return 0;
}

static void format_bytes(const Key *key, const void *field, char *buf) {
        uint64_t bytes = *(const uint64_t *)field;
        const char *unit = "";

        if (key->names && bytes == UINT64_MAX) {
                strscpy(buf, SETTINGS_VALUE_MAX, key->names[0]);
                return;
        }
        for (size_t i = 0; size_units[i] && bytes > 0 && bytes % 1024 == 0; i++) {
                bytes /= 1024;
                unit = &size_units[i];
        }
        strscpyf(buf, SETTINGS_VALUE_MAX, "%" PRIu64 "%.1s", bytes, unit);
}

/* Absolute paths only, as many as the key takes (least is 1 if it takes none, too). */
static int parse_paths(const Key *key, const char *value, void *field, Error *reterr) {
        uint64_t n = 0;

        for (const char *p = value + strspn(value, " \t"); *p; n++) {
                if (*p != '/')
                        return error_set(reterr, -EINVAL, "it takes %s",
                                         key->most > 1 ? "absolute paths, separated by blanks"
                                                       : "an absolute path");
                p += strcspn(p, " \t");
                p += strspn(p, " \t");
        }
        if (n < key->least || n > key->most)
                return error_set(reterr, -EINVAL, "it takes one absolute path without blanks");
        return set_text(field, value, reterr);
}

static int parse_target(const Key *key, const char *value, void *field, Error *reterr) {
        Target *target = field, parsed;
        int r;

        r = check_text(value, reterr);
        if (r < 0)
                return r;
        r = target_parse(value, &parsed);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || (parsed.type == TARGET_AUTO && isempty(key->names[0]))) {
                if (r >= 0)
                        target_done(&parsed);
                return error_set(
                        reterr, -EINVAL,
                        "it takes %sa path below /dev, UUID=, LABEL=, PARTUUID= or PARTLABEL= "
                        "without blanks and quotes, with raw: before it for a partition to "
                        "write over",
                        isempty(key->names[0]) ? "" : "auto, ");
        }
        target_done(target);
        *target = parsed;
        return 0;
}

static void format_target(const Key *key, const void *field, char *buf) {
        strscpy(buf, SETTINGS_VALUE_MAX, strempty(((const Target *)field)->text));
}

static int parse_action_list(const char *value, unsigned *ret) {
        unsigned actions = 0;

        value += strspn(value, " \t,");
        while (*value) {
                size_t n = strcspn(value, " \t,");
                char word[16];
                int action;

                if (n >= sizeof(word))
                        return -EINVAL;
                memcpy(word, value, n);
                word[n] = '\0';
                action = hotplug_action_from_string(word);
                if (action < 0)
                        return action;
                actions |= ACTION_BIT((unsigned)action);
                value += n;
                value += strspn(value, " \t,");
        }
        *ret = actions;
        return 0;
}

static int parse_trigger(const Key *key, const char *value, void *field, Error *reterr) {
        TriggerSetting *trigger = field;
        unsigned actions;
        int b;

        if (streq(value, "auto")) {
                *trigger = (TriggerSetting){ .automatic = true };
                return 0;
        }
        b = parse_boolean(value);
        if (b >= 0)
                actions = b ? ACTIONS_ALL : 0;
        else if (parse_action_list(value, &actions) < 0)
                return error_set(
                        reterr, -EINVAL,
                        "it takes auto, yes, no, or words out of add, remove, online, offline");
        *trigger = (TriggerSetting){ .actions = actions };
        return 0;
}

static void format_trigger(const Key *key, const void *field, char *buf) {
        const TriggerSetting *trigger = field;

        if (trigger->automatic)
                strscpy(buf, SETTINGS_VALUE_MAX, "auto");
        else if (trigger->actions == ACTIONS_ALL || trigger->actions == 0)
                strscpy(buf, SETTINGS_VALUE_MAX, trigger->actions ? "yes" : "no");
        else {
                buf[0] = '\0';
                for (unsigned a = 0; a < _HOTPLUG_ACTION_MAX; a++) {
                        size_t used = strlen(buf);

                        if (trigger->actions & ACTION_BIT(a))
                                strscpyf(buf + used, SETTINGS_VALUE_MAX - used, "%s%s",
                                         used > 0 ? " " : "", hotplug_action_to_string(a));
                }
        }
}

static const char *const kernel_words[] = { "auto" };
static const char *const initrd_words[] = { "auto", "none" };
static const char *const target_words[] = { "auto" };
static const char *const no_words[] = { "" };

/* A field of another type than the parser writes is an error of the compiler. */
#define AT(field, type) .offset = OFFSET_OF(Settings, field, type)
#define TEXT(f)         .parse = parse_text, .format = format_text, AT(f, char *)
#define WORDS(f)        .parse = parse_words, .format = format_text, AT(f, char *)
#define NAMES(f)        .parse = parse_names, .format = format_text, AT(f, char *)
#define PATH(f, words)                                                               \
        .parse = parse_file, .format = format_text, AT(f, char *), .names = (words), \
        .n_names = ELEMENTSOF(words)
#define NAME(f, type, table)                                                       \
        .parse = parse_name, .format = format_name, .names = (table), AT(f, type), \
        .n_names = ELEMENTSOF(table)
#define SPAN(f, low, high) \
        .parse = parse_span, .format = format_span, AT(f, uint64_t), .least = (low), .most = (high)
#define TRIGGER(which) \
        .parse = parse_trigger, .format = format_trigger, AT(triggers[which], TriggerSetting)
#define NUMBER(f, high) \
        .parse = parse_number, .format = format_number, AT(f, uint64_t), .most = (high)
#define BYTES(f, words) \
        .parse = parse_bytes, .format = format_bytes, AT(f, uint64_t), .names = (words)
#define PATHS(f, low, high) \
        .parse = parse_paths, .format = format_text, AT(f, char *), .least = (low), .most = (high)
#define TARGET(f, words)                                                                 \
        .parse = parse_target, .format = format_target, AT(f, Target), .names = (words), \
        .n_names = ELEMENTSOF(words)
#define BOOL(f) .parse = parse_bool, .format = format_bool, AT(f, bool)

static const Key keys[] = {
        { "Image", "Kernel", "auto", PATH(kernel, kernel_words) },
        { "Image", "Initrd", "auto", PATH(initrd, initrd_words) },
        { "Image", "CommandLine", "", WORDS(command_line) },
        { "Image", "CommandLineRemove", "", NAMES(command_line_remove) },
        { "Image", "CommandLineAppend", "", WORDS(command_line_append) },
        { "Image", "Loader", "auto", NAME(loader, LoaderChoice, loader_choice_table) },
        { "Image", "Replace", "atomic", NAME(replace, ReplaceMode, replace_mode_table) },
        { "Image", "OnDamage", "reset", NAME(on_damage, OnDamage, on_damage_table) },
        { "Hotplug", "Cpu", "auto", TRIGGER(SUBSYSTEM_CPU) },
        { "Hotplug", "Memory", "auto", TRIGGER(SUBSYSTEM_MEMORY) },
        { "Hotplug", "Source", "udev", NAME(source, UeventSource, uevent_source_table) },
        { "Hotplug", "Settle", "500ms", SPAN(settle_usec, 0, SETTLE_LONGEST_USEC) },
        { "Hotplug", "MaxDelay", "10s", SPAN(max_delay_usec, 0, MAX_DELAY_LONGEST_USEC) },
        { "Hotplug", "ReloadWhenStale", "no", BOOL(reload_when_stale) },
        { "Service", "UnloadOnStop", "no", BOOL(unload_on_stop) },
        { "Service", "Foreign", "replace", NAME(foreign, ForeignPolicy, foreign_policy_table) },
        { "Service", "LoadTimeout", "2min",
          SPAN(load_timeout_usec, LOAD_TIMEOUT_SHORTEST_USEC, LOAD_TIMEOUT_LONGEST_USEC) },
        { "Service", "AlertAfter", "5min", SPAN(alert_after_usec, 0, ALERT_AFTER_LONGEST_USEC) },
        { "Capture", "Target", "auto", TARGET(target, target_words) },
        { "Capture", "FallbackTarget", "", TARGET(fallback_target, no_words) },
        { "Capture", "Path", "/var/crash", PATHS(capture_path, 1, 1) },
        { "Capture", "CoreCollector", "makedumpfile -l -d 31", TEXT(core_collector) },
        { "Capture", "UnknownKernelLevel", "23", NUMBER(unknown_kernel_level, DUMP_LEVEL_MOST) },
        { "Capture", "Keep", "0", NUMBER(keep, KEEP_MOST) },
        { "Capture", "MinFree", "auto", BYTES(min_free_bytes, auto_words) },
        { "Capture", "TargetTimeout", "1min",
          SPAN(target_timeout_usec, 0, TARGET_TIMEOUT_LONGEST_USEC) },
        { "Capture", "FinalAction", "reboot", NAME(final_action, FinalAction, final_action_table) },
        { "Capture", "FailureAction", "reboot",
          NAME(failure_action, FinalAction, final_action_table) },
        { "Capture", "ExtraModules", "", TEXT(extra_modules) },
        { "Capture", "ExtraFiles", "", PATHS(extra_files, 0, UINT64_MAX) },
        { "Capture", "PreScript", "", PATHS(pre_script, 0, 1) },
        { "Capture", "PostScript", "", PATHS(post_script, 0, 1) },
};

static int set_key(Settings *s, const Key *key, const char *value, Error *reterr) {
        if (isempty(value))
                value = key->preset;
        return key->parse(key, value, (char *)s + key->offset, reterr);
}

int settings_init(Settings *s) {
        Error error;
        int r;

        *s = (Settings){ 0 };
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                r = set_key(s, &keys[i], keys[i].preset, &error);
                if (r < 0) {
                        settings_done(s);
                        return r;
                }
        }
        return 0;
}

void settings_done(Settings *s) {
        free(s->kernel);
        free(s->initrd);
        free(s->command_line);
        free(s->command_line_remove);
        free(s->command_line_append);
        target_done(&s->target);
        target_done(&s->fallback_target);
        free(s->capture_path);
        free(s->core_collector);
        free(s->extra_modules);
        free(s->extra_files);
        free(s->pre_script);
        free(s->post_script);
        *s = (Settings){ 0 };
}

int settings_set(Settings *s, const char *section, const char *key, const char *value,
                 Error *reterr) {
        bool section_known = false;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(keys[i].section, section))
                        continue;
                section_known = true;
                if (streq(keys[i].name, key))
                        return set_key(s, &keys[i], value, reterr);
        }
        if (!section_known)
                return error_set(reterr, -ENOENT, "there is no section [%.40s]", section);
        return error_set(reterr, -ENOENT, "section [%s] has no key %.60s=", section, key);
}

bool settings_reconcile(Settings *s, Error *reterr) {
        if (s->max_delay_usec >= s->settle_usec)
                return false;
        s->max_delay_usec = s->settle_usec;
        return error_set(reterr, true, "MaxDelay= is shorter than Settle=, using Settle= for both");
}

bool settings_key(size_t i, const char **ret_section, const char **ret_key,
                  const char **ret_default) {
        if (i >= ELEMENTSOF(keys))
                return false;
        if (ret_section)
                *ret_section = keys[i].section;
        if (ret_key)
                *ret_key = keys[i].name;
        if (ret_default)
                *ret_default = keys[i].preset;
        return true;
}

const char *settings_format(const Settings *s, size_t i, char buf[static SETTINGS_VALUE_MAX]) {
        keys[i].format(&keys[i], (const char *)s + keys[i].offset, buf);
        return buf;
}

unsigned settings_actions(const Settings *s, Subsystem subsystem, const char *architecture) {
        const TriggerSetting *trigger = &s->triggers[subsystem];

        return trigger->automatic ? architecture_triggers(architecture)->actions[subsystem]
                                  : trigger->actions;
}
