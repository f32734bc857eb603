/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the capture kernel. */
#include "load/cmdline.h"

#include <errno.h>

#include "base/string-util.h"
#include "load/cmdline-words.h"

typedef struct Need {
        const char *word;
        const char *architectures; /* with blanks between them; NULL for all */
        const char *instead;       /* other words for the same, whose presence is an answer, too */
        const char *not_vendor;    /* not on machines of this one (DMI) */
        bool initrd_is_own;        /* only for initrds of kdump-mkinitramfs */
} Need;

static const Need needs[] = {
        /* One CPU saves the memory of the others, and waking those in an unknown state can hang. */
        { "nr_cpus=1", "x86_64 aarch64 s390x riscv64 loongarch64", .instead = "maxcpus nosmp" },
        /* Before Linux 6.9 nr_cpus=1 fails there when the CPU that crashed is not the first. */
        { "maxcpus=1", "ppc64le", .instead = "nr_cpus nosmp" },
        /* Devices were left in the middle of work: poll when an interrupt has no taker. s390x
         * has no such interrupts. */
        { "irqpoll", "x86_64 ppc64le riscv64 loongarch64", .instead = "irqfixup" },
        /* On EC2's machines of this architecture polling takes so long that captures time out. */
        { "irqpoll", "aarch64", .instead = "irqfixup", .not_vendor = "Amazon EC2" },
        { "noirqdistrib", .architectures = "ppc64le" },
        /* Drivers then reset what they find running. */
        { .word = "reset_devices" },
        /* A capture kernel that panics must still reboot the machine; 10 s to read why. */
        { .word = "panic=10" },
        /* Otherwise ACPI shows it the hot-added memory, it takes that for its own RAM, and the
         * range cannot be dumped (seen on Linux 6.1 and 6.12). */
        { "acpi_no_memhotplug", .architectures = "x86_64 aarch64 riscv64 loongarch64" },
        /* Node tables for memory that it does not have. */
        { "numa=off", .architectures = "ppc64le" },
        /* Where the firmware describes memory that may be plugged in later, the kernel sets 32 to
         * 64 MiB aside to reach it, which is more than the rest of such a capture takes. It reads
         * that description for NUMA only. */
        { "numa=off", "x86_64", .initrd_is_own = true },
};

const char *command_line_needed(size_t i, const char **ret_architectures, bool *ret_initrd_is_own) {
        if (i >= ELEMENTSOF(needs))
                return NULL;
        *ret_initrd_is_own = needs[i].initrd_is_own;
        *ret_architectures = needs[i].architectures;
        return needs[i].word;
}

/* One word, as it stands in a text. */
typedef struct Word {
        const char *text;
        size_t length;
        bool open_quote; /* the text ended inside quotes */
} Word;

/* The kernel also takes 0xa0 for a blank, which would tear UTF-8 apart; it does not matter here. */
static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the next word off *text, as next_arg() in the kernel's lib/cmdline.c does: blanks
 * between double quotes belong to the word, quotes may stand anywhere in it, and there is no
 * escaping. Returns false at the end. */
static bool next_word(const char **text, Word *ret) {
        const char *p = strempty(*text);
        bool quoted = false;

        while (is_space(*p))
                p++;
        *ret = (Word){ .text = p };
        for (; *p && (quoted || !is_space(*p)); p++)
                if (*p == '"')
                        quoted = !quoted;
        *text = p;
        ret->length = (size_t)(p - ret->text);
        ret->open_quote = quoted;
        return ret->length > 0;
}

/* Name and value of a word. The kernel drops a quote at either end of a word that begins with
 * one, and at either end of a value. */
typedef struct Parameter {
        const char *name, *value; /* value is NULL if there is no "=" */
        size_t name_length, value_length;
} Parameter;

static Parameter parameter_of(const Word *word) {
        const char *start = word->text, *end = start + word->length, *equals;
        Parameter p;

        if (*start == '"') {
                start++;
                if (end > start && end[-1] == '"')
                        end--;
        }
        equals = memchr(start, '=', (size_t)(end - start));
        p = (Parameter){ .name = start, .name_length = (size_t)((equals ?: end) - start) };
        if (!equals)
                return p;
        p.value = equals + 1;
        if (p.value < end && *p.value == '"') {
                p.value++;
                if (end > p.value && end[-1] == '"')
                        end--;
        }
        p.value_length = (size_t)(end - p.value);
        return p;
}

static bool is_separator(const Word *word) {
        return word->length == 2 && memcmp(word->text, "--", 2) == 0;
}

/* Whether a list of words names this parameter; with values, words of the list that have a value
 * must have the same one. Without, the list is a command line: arguments for init do not count. */
static bool listed(const char *list, const Parameter *p, bool values) {
        Word word;

        while (next_word(&list, &word) && (values || !is_separator(&word))) {
                Parameter entry = parameter_of(&word);

                if (!word_same_name(p->name, p->name_length, entry.name, entry.name_length))
                        continue;
                if (!values || !entry.value)
                        return true;
                if (p->value && p->value_length == entry.value_length &&
                    memcmp(p->value, entry.value, entry.value_length) == 0)
                        return true;
        }
        return false;
}

/* What is to be said of a word of the running kernel's: _WORD_MEANING_MAX if nothing. It is left
 * out unless it is unknown. *ret_reason is set where there is something to say. */
static WordMeaning judge(const CommandLineInput *input, const Parameter *p,
                         const char **ret_reason) {
        const WordRow *row = word_find(p->name, p->name_length, p->value, p->value_length);

        if (row && (input->initrd_knows_root || !row->if_initrd_knows_root)) {
                *ret_reason = row->reason;
                return row->meaning;
        }
        if (listed(input->remove, p, true)) {
                *ret_reason = "CommandLineRemove= in kdumpd.conf names it";
                return WORD_OF_CONFIGURATION;
        }
        if (listed(input->initrd_words, p, false)) {
                *ret_reason = "The initrd needs a word of that name itself";
                return WORD_OF_BOOT_LOADER;
        }
        if (listed(input->driver_words, p, false)) {
                *ret_reason = "What a watchdog does before its time is up can be a panic of the "
                              "capture kernel";
                return WORD_MAKES_PANICS;
        }
        if (word_is_sysctl(p->name, p->name_length)) {
                *ret_reason = "What it does to a capture is not known, and it stays; "
                              "CommandLineRemove= in kdumpd.conf would leave it out";
                return WORD_UNKNOWN;
        }
        return _WORD_MEANING_MAX;
}

static bool is_removal(const CommandLineInput *input, const Parameter *p) {
        const char *reason;
        WordMeaning meaning = judge(input, p, &reason);

        return meaning != _WORD_MEANING_MAX && meaning != WORD_UNKNOWN;
}

typedef struct Line {
        char *text;
        size_t length;
} Line;

static void line_done(Line *line) {
        free(line->text);
}

/* Room for all words that there are, which is more than what becomes of them. */
static int line_init(Line *line, const CommandLineInput *input) {
        const char *const texts[] = { input->fixed, input->running, input->initrd_words,
                                      input->driver_words, input->append };
        size_t room = sizeof(" -- ");

        /* A blank and a quote that is missing come to each text. */
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                room += strlen(strempty(texts[i])) + 2;
        for (size_t i = 0; i < ELEMENTSOF(needs); i++)
                room += strlen(needs[i].word) + 1;
        *line = (Line){ .text = malloc(room) };
        return line->text ? 0 : -ENOMEM;
}

static void add_bytes(Line *line, const char *bytes, size_t n) {
        memcpy(line->text + line->length, bytes, n);
        line->length += n;
}

static void add_word(Line *line, const Word *word) {
        if (line->length > 0)
                add_bytes(line, " ", 1);
        add_bytes(line, word->text, word->length);
        /* The kernel would take all that follows for a part of it. */
        if (word->open_quote)
                add_bytes(line, "\"", 1);
}

/* Adds the words before a "--". */
static void add_words(Line *line, const char *text, const CommandLineInput *less) {
        Word word;

        while (next_word(&text, &word) && !is_separator(&word)) {
                Parameter p = parameter_of(&word);

                if (!less || !is_removal(less, &p))
                        add_word(line, &word);
        }
}

/* Adds the words behind a "--", and that before the first of them. */
static void add_init_arguments(Line *line, const char *text, bool *separated) {
        Word word;

        while (next_word(&text, &word))
                if (is_separator(&word))
                        break;
        while (next_word(&text, &word)) {
                if (!*separated)
                        add_word(line, &(Word){ .text = "--", .length = 2 });
                *separated = true;
                add_word(line, &word);
        }
}

/* What is configured is meant so, as a whole command line or as words behind it. */
static bool is_configured(const CommandLineInput *input, const Parameter *p) {
        return listed(input->remove, p, true) || listed(input->fixed, p, false) ||
               listed(input->append, p, false);
}

static bool has_alternative(const CommandLineInput *input, const Need *need) {
        const char *text = need->instead;
        Word word;

        while (next_word(&text, &word)) {
                Parameter p = parameter_of(&word);

                if (listed(input->fixed, &p, false) || listed(input->append, &p, false))
                        return true;
        }
        return false;
}

static bool is_needed(const CommandLineInput *input, const Need *need) {
        Word architecture = { .text = input->architecture, .length = strlen(input->architecture) };
        Parameter here = parameter_of(&architecture);

        return (!need->architectures || listed(need->architectures, &here, false)) &&
               (!need->initrd_is_own || input->initrd_is_own) &&
               (!need->not_vendor || !streq_ptr(need->not_vendor, input->vendor)) &&
               !has_alternative(input, need);
}

static void add_needs(Line *line, const CommandLineInput *input) {
        for (size_t i = 0; i < ELEMENTSOF(needs); i++) {
                const char *text = needs[i].word;
                Parameter p;
                Word word;

                if (!is_needed(input, &needs[i]) || !next_word(&text, &word))
                        continue;
                p = parameter_of(&word);
                if (!is_configured(input, &p))
                        add_word(line, &word);
        }
}

/* Words for the initrd or for drivers. */
static void add_more(Line *line, const CommandLineInput *input, const char *text) {
        Word word;

        while (next_word(&text, &word) && !is_separator(&word)) {
                Parameter p = parameter_of(&word);

                if (!is_configured(input, &p))
                        add_word(line, &word);
        }
}

int command_line_make(const CommandLineInput *input, char **ret) {
        _cleanup_(line_done) Line line = { 0 };
        bool separated = false;

        if (line_init(&line, input) < 0)
                return -ENOMEM;
        if (!isempty(input->fixed))
                add_words(&line, input->fixed, NULL);
        else
                add_words(&line, input->running, input);
        add_needs(&line, input);
        add_more(&line, input, input->initrd_words);
        add_more(&line, input, input->driver_words);
        add_words(&line, input->append, NULL);
        add_init_arguments(&line, input->fixed, &separated);
        add_init_arguments(&line, input->append, &separated);
        add_bytes(&line, "", 1);
        *ret = TAKE_PTR(line.text);
        return 0;
}

/* What kernels take in all (COMMAND_LINE_SIZE in arch/.../include/uapi/asm/setup.h, with its NUL),
 * and what comes to it on the way. */
typedef struct Limit {
        const char *architecture;
        uint64_t size;     /* where the kernel does not tell */
        uint64_t reserved; /* for the NUL, and for what kexec_file_load writes in front */
} Limit;

static const Limit limits[] = {
        { "x86_64", 2047, 1 + COMMAND_LINE_KERNEL_ADDS },
        /* The elfcorehdr has a property in the device tree. Whatever is longer is cut off without
         * a word (drivers/of/fdt.c, early_init_dt_scan_chosen()). */
        { "aarch64", 2048, 1 },
        { "ppc64le", 2048, 1 + COMMAND_LINE_KERNEL_ADDS },
        { "riscv64", 1024, 1 + COMMAND_LINE_KERNEL_ADDS },
        /* It has to be shorter than the size, with its NUL. */
        { "s390x", 4096, 1 + 1 },
        /* "kexec_file ", initrd=, elfcorehdr= and twice mem=, each with two numbers
         * (arch/loongarch/kernel/machine_kexec_file.c). */
        { "loongarch64", 4096, 1 + 11 + 45 + 49 + 2 * 42 },
};

size_t command_line_limit(const char *architecture, uint64_t told_size) {
        uint64_t size = COMMAND_LINE_LONGEST, reserved = 0;

        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                if (streq(limits[i].architecture, architecture)) {
                        size = told_size ?: limits[i].size;
                        reserved = limits[i].reserved;
                }
        return (size_t)MIN(sub_saturated(size, reserved), (uint64_t)COMMAND_LINE_LONGEST);
}

/* Puts a word among the n longest that there are so far, the longest first. */
static void note_longest(Word *longest, size_t n, const Word *word) {
        size_t i = n;

        while (i > 0 && word->length > longest[i - 1].length)
                i--;
        if (i == n)
                return;
        memmove(&longest[i + 1], &longest[i], (n - i - 1) * sizeof(*longest));
        longest[i] = *word;
}

void command_line_longest_words(const char *line, char ret[static LONGEST_WORDS_MAX]) {
        Word longest[3] = { 0 }, word;
        size_t n = 0;

        while (next_word(&line, &word))
                note_longest(longest, ELEMENTSOF(longest), &word);
        ret[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(longest) && longest[i].length > 0; i++) {
                Parameter p = parameter_of(&longest[i]);
                char name[LONGEST_NAME_MAX];

                strscpyf(name, sizeof(name), "%.*s", (int)MIN(p.name_length, sizeof(name)), p.name);
                strscpyf(ret + n, LONGEST_WORDS_MAX - n, "%s%s%s (%zu)", i > 0 ? ", " : "", name,
                         p.value ? "=" : "", longest[i].length);
                n = strlen(ret);
        }
}

static int note_word(const Word *word, WordMeaning meaning, const char *reason, WordNote *ret) {
        *ret = (WordNote){
                .word = strndup(word->text, MIN(word->length, (size_t)WORD_NOTE_LONGEST)),
                .meaning = strdup(word_meaning_to_string(meaning)),
                .reason = strdup(reason),
        };
        return ret->word && ret->meaning && ret->reason ? 0 : -ENOMEM;
}

int command_line_notes(const CommandLineInput *input, WordNote **ret, size_t *ret_n) {
        const char *text = isempty(input->fixed) ? input->running : NULL, *reason;
        WordNote *notes = calloc(WORD_NOTES_MOST, sizeof(*notes));
        size_t n = 0;
        int r = notes ? 0 : -ENOMEM;
        Word word;

        while (r == 0 && n < WORD_NOTES_MOST && next_word(&text, &word) && !is_separator(&word)) {
                Parameter p = parameter_of(&word);
                WordMeaning meaning = judge(input, &p, &reason);

                if (meaning != _WORD_MEANING_MAX)
                        r = note_word(&word, meaning, reason, &notes[n++]);
        }
        if (r < 0) {
                for (size_t i = 0; i < n; i++)
                        word_note_done(&notes[i]);
                free(notes);
                return r;
        }
        *ret = notes;
        *ret_n = n;
        return 0;
}
