/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of device-mapper tables. */
#include "core/dm-table.h"

#include <errno.h>

#include "base/string-util.h"

#define NOT_UNDERSTOOD "has a table that is not understood"

typedef struct Word {
        const char *text;
        size_t length;
} Word;

/* Takes the next word; an empty one at the end. */
static Word next_word(const char **p) {
        Word word;

        *p += strspn(*p, " ");
        word.text = *p;
        word.length = strcspn(*p, " ");
        *p += word.length;
        return word;
}

static bool word_is(Word word, const char *text) {
        return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static bool word_begins(Word word, const char *prefix) {
        size_t n = strlen(prefix);

        return word.length >= n && memcmp(word.text, prefix, n) == 0;
}

static bool word_number(Word word, uint64_t *ret) {
        char text[24];

        if (word.length == 0 || word.length >= sizeof(text))
                return false;
        memcpy(text, word.text, word.length);
        text[word.length] = '\0';
        return parse_u64(text, 10, ret) >= 0;
}

static int refuse(const char *why, const char **reterr_why) {
        *reterr_why = why;
        return -EOPNOTSUPP;
}

static void add_module(DmLine *line, const char *prefix, Word name) {
        char *module = line->modules[line->n_modules++];

        strscpyf(module, DM_LINE_MODULE_MAX, "%s%.*s", prefix, (int)MIN(name.length, (size_t)24),
                 name.text);
}

/* --- raid */

/* The words that follow the size of the chunks. In this order, as the kernel writes them. */
typedef struct RaidTable {
        Word level, chunk;
        const char *options; /* up to devices */
        Word n_devices;
        const char *devices; /* the pairs */
        uint64_t n;
} RaidTable;

/* The count of the options, which the kernel has got wrong at times, is not needed: none of them is
 * a number, and the count of the devices is one. */
static bool parse_raid(const char *parameters, RaidTable *ret) {
        const char *p = parameters;
        RaidTable t = { 0 };
        uint64_t number;
        Word word;

        t.level = next_word(&p);
        if (!word_number(next_word(&p), &number))
                return false;
        t.chunk = next_word(&p);
        if (!word_number(t.chunk, &number))
                return false;
        t.options = p;
        for (;;) {
                word = next_word(&p);
                if (word.length == 0)
                        return false;
                if (word_number(word, &t.n))
                        break;
                if (!word_is(word, "sync") && !word_is(word, "nosync") && next_word(&p).length == 0)
                        return false;
        }
        t.n_devices = word;
        t.devices = p;
        if (t.n == 0 || t.n > DM_RAID_DEVICES_MOST)
                return false;
        for (uint64_t i = 0; i < 2 * t.n; i++)
                if (next_word(&p).length == 0)
                        return false;
        if (next_word(&p).length != 0)
                return false;
        *ret = t;
        return true;
}

/* Which personality of MD is behind a level. */
static const char *raid_module(Word level) {
        static const struct {
                const char *level, *alias;
        } table[] = {
                { "raid10", "md-raid10" }, { "raid0", "md-raid0" }, { "raid1", "md-raid1" },
                { "raid4", "md-raid4" },   { "raid5", "md-raid5" }, { "raid6", "md-raid6" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (word_begins(level, table[i].level))
                        return table[i].alias;
        return NULL;
}

/* Appends a word, after a blank if it is not the first one, to what has room for it. */
static void append(char *text, Word word) {
        size_t n = strlen(text);

        if (n > 0)
                text[n++] = ' ';
        memcpy(text + n, word.text, word.length);
        text[n + word.length] = '\0';
}

/* The options, less those that are an order given once: what was to be rebuilt is in the metadata
 * since, and told again it would make the kernel throw away a good leg. Returns how many words they
 * are. */
static unsigned append_raid_options(char *text, const RaidTable *t) {
        const char *p = t->options;
        unsigned n = 0;

        for (;;) {
                Word word = next_word(&p), value = { 0 };

                if (word.text == t->n_devices.text)
                        return n;
                if (!word_is(word, "sync") && !word_is(word, "nosync"))
                        value = next_word(&p);
                if (word_is(word, "sync") || word_is(word, "rebuild"))
                        continue;
                append(text, word);
                n++;
                if (value.length == 0)
                        continue;
                append(text, value);
                n++;
        }
}

static bool has_option(const RaidTable *t, const char *name) {
        const char *p = t->options;

        while (p < t->n_devices.text) {
                Word word = next_word(&p);

                if (word_is(word, name))
                        return true;
        }
        return false;
}

static int carry_raid(const char *parameters, DmLine *line, const char **reterr_why) {
        _cleanup_free_ char *options = calloc(1, strlen(parameters) + 1);
        char count[24];
        RaidTable t;

        if (!options)
                return -ENOMEM;
        if (!parse_raid(parameters, &t) || !raid_module(t.level))
                return refuse(NOT_UNDERSTOOD, reterr_why);
        if (has_option(&t, "delta_disks") || has_option(&t, "data_offset"))
                return refuse("is being reshaped, or keeps room for that", reterr_why);
        line->parameters = calloc(1, strlen(parameters) + sizeof(count) + 1);
        if (!line->parameters)
                return -ENOMEM;
        strscpyf(count, sizeof(count), "%u", append_raid_options(options, &t) + 1);
        append(line->parameters, t.level);
        append(line->parameters, (Word){ count, strlen(count) });
        append(line->parameters, t.chunk);
        if (options[0] != '\0')
                append(line->parameters, (Word){ options, strlen(options) });
        append(line->parameters, (Word){ t.n_devices.text, strlen(t.n_devices.text) });
        strscpy(line->modules[line->n_modules++], DM_LINE_MODULE_MAX, raid_module(t.level));
        return 0;
}

/* 1 if the word is of a device that is missing, 0 if not. */
static int word_missing(Word word, const bool *is_missing, size_t n) {
        uint64_t index;

        if (word.length < 2 || word.text[0] != '%')
                return 0;
        if (!word_number((Word){ word.text + 1, word.length - 1 }, &index) || index >= n)
                return -EBADMSG;
        return is_missing[index];
}

static int append_pairs(char *text, const char *p, const bool *is_missing, size_t n) {
        const Word none = { "- -", 3 };

        for (Word meta = next_word(&p); meta.length > 0; meta = next_word(&p)) {
                Word data = next_word(&p);
                int a = word_missing(meta, is_missing, n), b = word_missing(data, is_missing, n);

                if (a < 0 || b < 0)
                        return -EBADMSG;
                if (a || b) {
                        append(text, none);
                        continue;
                }
                append(text, meta);
                append(text, data);
        }
        return 0;
}

int dm_raid_without(const char *parameters, const bool *is_missing, size_t n, char **ret) {
        _cleanup_free_ char *text = NULL;
        RaidTable t;
        int r = 0;

        if (!parse_raid(parameters, &t) || word_begins(t.level, "raid0"))
                return -EBADMSG;
        /* A journal: what is in it is in no other place. */
        for (const char *p = t.options; p < t.n_devices.text && r == 0;)
                r = word_missing(next_word(&p), is_missing, n);
        if (r != 0)
                return r < 0 ? r : -ENODEV;
        text = calloc(1, 2 * strlen(parameters) + 1);
        if (!text)
                return -ENOMEM;
        append(text, (Word){ parameters, (size_t)(t.devices - parameters) });
        r = append_pairs(text, t.devices, is_missing, n);
        if (r == 0)
                *ret = TAKE_PTR(text);
        return r;
}

/* --- others */

/* The policy stands behind the metadata, the cache and the origin, the size of the blocks, and as
 * many features as a number says. Its module is asked for by name: dm-cache does not depend on
 * it. */
static int carry_cache(const char *parameters, DmLine *line, const char **reterr_why) {
        const char *p = parameters;
        uint64_t features;
        Word policy;

        for (unsigned i = 0; i < 4; i++)
                (void)next_word(&p);
        if (!word_number(next_word(&p), &features) || features > strlen(p))
                return refuse(NOT_UNDERSTOOD, reterr_why);
        for (uint64_t i = 0; i < features; i++)
                (void)next_word(&p);
        policy = next_word(&p);
        if (policy.length == 0)
                return refuse(NOT_UNDERSTOOD, reterr_why);
        /* Other names of the same, which have no module of their own. */
        if (word_is(policy, "mq") || word_is(policy, "default"))
                policy = (Word){ "smq", 3 };
        add_module(line, "dm-cache-", policy);
        return 0;
}

static int carry_mirror(const char *parameters, DmLine *line, const char **reterr_why) {
        const char *p = parameters;
        Word log = next_word(&p);

        if (!word_is(log, "core") && !word_is(log, "disk"))
                return refuse("keeps its log by a program that runs", reterr_why);
        return 0;
}

static int carry_pool(const char *parameters, DmLine *line, const char **reterr_why) {
        const char *p = parameters;

        for (Word word = next_word(&p); word.length > 0; word = next_word(&p))
                if (word_is(word, "read_only"))
                        return refuse("is read-only", reterr_why);
        return 0;
}

static int carry_snapshot(const char *parameters, DmLine *line, const char **reterr_why) {
        const char *p = parameters;

        (void)next_word(&p);
        (void)next_word(&p);
        if (!word_begins(next_word(&p), "P"))
                return refuse("does not outlive the kernel that runs", reterr_why);
        return 0;
}

static int carry_merge(const char *parameters, DmLine *line, const char **reterr_why) {
        return refuse("is there only until its snapshot is merged: wait for that", reterr_why);
}

static int carry_writecache(const char *parameters, DmLine *line, const char **reterr_why) {
        const char *p = parameters;

        if (!word_is(next_word(&p), "s"))
                return refuse("caches in persistent memory", reterr_why);
        return 0;
}

/* What is not in here is not carried, and its table not shown: there may be keys in it. */
static const struct {
        const char *type, *module;
        bool has_devices;
        int (*carry)(const char *parameters, DmLine *line, const char **reterr_why);
} types[] = {
        { "linear", NULL, true, NULL },
        { "striped", NULL, true, NULL },
        { "error", NULL, false, NULL },
        { "zero", "dm-zero", false, NULL },
        { "raid", "dm-raid", true, carry_raid },
        { "mirror", "dm-mirror", true, carry_mirror },
        { "thin-pool", "dm-thin-pool", true, carry_pool },
        { "thin", "dm-thin-pool", true, NULL },
        { "cache", "dm-cache", true, carry_cache },
        { "writecache", "dm-writecache", true, carry_writecache },
        { "snapshot", "dm-snapshot", true, carry_snapshot },
        { DM_ORIGIN_TYPE, "dm-snapshot", true, NULL },
        { "snapshot-merge", "dm-snapshot", true, carry_merge },
};

int dm_line_carry(const char *type, const char *parameters, DmLine *ret, const char **reterr_why) {
        DmLine line = { 0 };
        size_t i = 0;
        int r = 0;

        while (i < ELEMENTSOF(types) && !streq(types[i].type, type))
                i++;
        if (i == ELEMENTSOF(types))
                return refuse("is not carried into the initramfs", reterr_why);
        line.has_devices = types[i].has_devices;
        if (types[i].module)
                strscpy(line.modules[line.n_modules++], DM_LINE_MODULE_MAX, types[i].module);
        if (types[i].carry)
                r = types[i].carry(parameters, &line, reterr_why);
        if (r >= 0 && !line.parameters) {
                line.parameters = strdup(parameters);
                if (!line.parameters)
                        r = -ENOMEM;
        }
        if (r < 0) {
                dm_line_done(&line);
                return r;
        }
        *ret = line;
        return 0;
}

void dm_line_done(DmLine *line) {
        free(line->parameters);
        *line = (DmLine){ 0 };
}

bool dm_type_is_harmless(const char *type) {
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].type, type))
                        return true;
        return streq(type, "multipath");
}

bool dm_line_is_snapshot_of(const char *type, const char *parameters, const char *origin) {
        const char *p = parameters;

        return (streq(type, "snapshot") || streq(type, "snapshot-merge")) &&
               word_is(next_word(&p), origin);
}
