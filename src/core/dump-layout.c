/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in the directories of dumps, whoever made them. */
#include "core/dump-layout.h"

#include <errno.h>

#include "base/string-util.h"

/* Endings of what was compressed, by Debian's KDUMP_COMPRESSION= or by hand. */
static const char *const packed_endings[] = { ".gz", ".bz2", ".lz4", ".xz", ".zst", ".lzo" };

/* The length of such an ending, 0 if there is none. */
static size_t packed_length(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(packed_endings); i++)
                if (endswith(name, packed_endings[i]))
                        return strlen(packed_endings[i]);
        return 0;
}

bool dump_is_packed(const char *name) {
        return packed_length(name) > 0;
}

static bool has_digits_behind(const char *name, const char *prefix) {
        const char *stamp = startswith(name, prefix);

        return stamp && *stamp && strspn(stamp, "0123456789") == strlen(stamp);
}

/* What may be compressed: name is without the ending for that. */
static DumpFile dump_of_name(const char *name) {
        static const struct {
                const char *name;
                DumpFile file;
        } names[] = {
                { CRASH_VMCORE_NAME, DUMP_FILE_DUMP },
                { "vmcore.flat", DUMP_FILE_DUMP }, /* Fedora, over ssh */
                { CRASH_INCOMPLETE_NAME, DUMP_FILE_INCOMPLETE },
                { "vmcore-incomplete", DUMP_FILE_INCOMPLETE }, /* Fedora, Debian's plain copy */
                { "dump-incomplete", DUMP_FILE_INCOMPLETE },   /* Debian */
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].name, name))
                        return names[i].file;
        /* Debian: "dump.202401020304", and "vmcore.202401020304" where makedumpfile failed. */
        if (has_digits_behind(name, "dump.") || has_digits_behind(name, "vmcore."))
                return DUMP_FILE_DUMP;
        return DUMP_FILE_NONE;
}

DumpFile dump_file_of_name(const char *name) {
        static const char *const logs[] = {
                CRASH_LOG_NAME,                /* Fedora's, too */
                "vmcore-dmesg-incomplete.txt", /* Fedora */
                "dmesg.txt",                   /* SUSE's kdump 1 */
                "dmesg",                       /* and 2 */
        };
        char plain[CRASH_NAME_MAX];

        if (streq(name, CRASH_INFO_NAME))
                return DUMP_FILE_SUMMARY;
        if (streq(name, "README.txt"))
                return DUMP_FILE_README;
        for (size_t i = 0; i < ELEMENTSOF(logs); i++)
                if (streq(logs[i], name))
                        return DUMP_FILE_LOG;
        if (has_digits_behind(name, "dmesg."))
                return DUMP_FILE_LOG;
        strscpy(plain, sizeof(plain), name);
        plain[strlen(plain) - packed_length(plain)] = '\0';
        return dump_of_name(plain);
}

bool dump_log_has_readme(const char *log) {
        return streq(log, "dmesg");
}

/* What is in front of a time: nothing, or "HOST-". */
static bool is_host(const char *s, size_t size) {
        return size == 0 || (size > 1 && s[size - 1] == '-' && s[0] != '.');
}

/* Fedora has the address of the machine there ("127.0.0.1"), and kdump-capture the host's name. */
static bool is_address(const char *s, size_t size) {
        return memchr(s, ':', size) || strspn(s, "0123456789.") >= size;
}

int dump_directory_time(const char *name, CivilTime *ret, bool *ret_is_local) {
        static const char *const patterns[] = {
                "YYYY-mm-dd-HH:MM:SS", /* Fedora, kdump-capture */
                "YYYY-mm-dd-HH:MM",    /* SUSE's kdump 1 */
                "YYYY-mm-dd-HH-MM",    /* and 2 */
                "YYYYmmddHHMM",        /* Debian */
        };
        char plain[CRASH_NAME_MAX];

        if (strlen(name) >= sizeof(plain))
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(patterns); i++) {
                size_t length = strlen(patterns[i]), before;

                strscpy(plain, sizeof(plain), name);
                if (i == 0)
                        crash_directory_cut_number(plain);
                if (strlen(plain) < length)
                        continue;
                before = strlen(plain) - length;
                if (!is_host(plain, before) || civil_parse(plain + before, patterns[i], ret) < 0)
                        continue;
                /* Those of others have /etc/localtime in their initramfs, or run in the system. */
                *ret_is_local = i > 0 || before == 0 || is_address(plain, before - 1);
                return 0;
        }
        return -EINVAL;
}

/* The rest of the line that begins so, blanks left out. False if there is none. */
static bool find_line(const char *text, size_t size, const char *begin,
                      char ret[static DUMP_README_LINE_MAX]) {
        const char *end = text + size;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text)) ?: end;
                char line[DUMP_README_LINE_MAX];
                size_t n = MIN((size_t)(newline - text), sizeof(line) - 1);
                const char *rest;

                memcpy(line, text, n);
                line[n] = '\0';
                rest = startswith(strstrip(line), begin);
                if (rest) {
                        memmove(line, rest, strlen(rest) + 1);
                        strscpy(ret, DUMP_README_LINE_MAX, strstrip(line));
                        utf8_mend(ret);
                        return true;
                }
                text = newline + 1;
        }
        return false;
}

static DumpWitness judge_words(const char *words) {
        static const struct {
                const char *word;
                DumpWitness witness;
        } table[] = {
                { "saved", DUMP_WITNESS_SAVED },
                { "skipped", DUMP_WITNESS_SKIPPED },
                { "deleted", DUMP_WITNESS_DELETED },
                { "error", DUMP_WITNESS_FAILED },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (startswith(words, table[i].word))
                        return table[i].witness;
        return *words ? DUMP_WITNESS_FAILED : DUMP_WITNESS_UNFINISHED;
}

void dump_readme(const char *text, size_t size, DumpReadme *ret) {
        DumpReadme readme = { 0 };

        if (!find_line(text, size, "Kernel version:", readme.release))
                (void)find_line(text, size, "Kernel version :", readme.release);
        if (find_line(text, size, "vmcore status:", readme.words))
                readme.witness = judge_words(readme.words);
        else if (memmem(text, size, "incomplete", strlen("incomplete")))
                readme.witness = DUMP_WITNESS_UNFINISHED;
        *ret = readme;
}

bool dump_is_flattened(const char head[static DUMP_HEAD]) {
        static const char signature[DUMP_HEAD] = "makedumpfile";

        return memcmp(head, signature, sizeof(signature)) == 0;
}
