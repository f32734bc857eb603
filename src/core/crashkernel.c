/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why crashkernel= has led to no reservation. */
#include "core/crashkernel.h"

#include "base/string-util.h"

#define MIB UINT64_C(1048576)

/* What the kernel takes off the memory before anybody sees it, at most: a 64th for its list of
 * pages, and itself. */
#define HIDDEN_SHARE 16u
#define HIDDEN_BYTES (256 * MIB)

/* One value, up to the blank or the end. */
typedef struct Value {
        const char *text;
        size_t length;
} Value;

static bool has_suffix(const Value *value, const char *suffix) {
        size_t n = strlen(suffix);

        return value->length >= n && memcmp(value->text + value->length - n, suffix, n) == 0;
}

/* The last value with the suffix; with NULL, the last that has none of the kernel's. */
static bool find_last(const char *line, const char *suffix, bool knows_cma, Value *ret) {
        static const char word[] = CRASHKERNEL_WORD;
        bool found = false;

        for (const char *p = line; (p = strstr(p, word));) {
                bool begins = p == line || p[-1] == ' ' || p[-1] == '\t' || p[-1] == '"';
                Value value = { .text = p + strlen(word) };

                value.length = strcspn(value.text, " \t\n\"");
                p = value.text + value.length;
                if (!begins ||
                    (suffix ? !has_suffix(&value, suffix)
                            : has_suffix(&value, ",high") || has_suffix(&value, ",low") ||
                                      (knows_cma && has_suffix(&value, ",cma"))))
                        continue;
                *ret = value;
                found = true;
        }
        return found;
}

/* memparse() in the kernel's lib/cmdline.c: a number as C writes them, and a unit. What is too
 * large is taken for the largest. Returns false if there is no number. */
static bool take_size(const char **p, uint64_t *ret) {
        static const char units[] = "KMGTPE";
        const char *unit;
        uint64_t value;
        char *end;

        if (**p < '0' || **p > '9')
                return false;
        value = strtoull(*p, &end, 0);
        unit = *end ? strchr(units, *end & ~0x20) : NULL;
        for (const char *u = units; unit && u <= unit; u++)
                if (__builtin_mul_overflow(value, UINT64_C(1024), &value))
                        value = UINT64_MAX;
        *p = end + (unit ? 1 : 0);
        *ret = value;
        return true;
}

/* Where in memory; it changes nothing here. */
static bool take_offset(const char **p) {
        uint64_t offset;

        if (**p != '@')
                return true;
        (*p)++;
        return take_size(p, &offset);
}

static CrashkernelVerdict judge_size(uint64_t size, uint64_t memory, uint64_t *ret_bytes) {
        *ret_bytes = size;
        if (size == 0)
                return CRASHKERNEL_NOTHING;
        return memory > 0 && size >= memory ? CRASHKERNEL_TOO_MUCH : CRASHKERNEL_NO_PLACE;
}

/* "START-[END]:SIZE[,...][@OFFSET]". The first range that the memory is in counts, and what stands
 * behind it is not read. */
static CrashkernelVerdict judge_ranges(const Value *value, uint64_t memory, uint64_t *ret_bytes) {
        uint64_t most = add_saturated(memory, memory / HIDDEN_SHARE + HIDDEN_BYTES);
        const char *p = value->text;

        do {
                uint64_t start, end = UINT64_MAX, size;

                if (!take_size(&p, &start) || *p++ != '-')
                        return CRASHKERNEL_NOT_KNOWN;
                if (*p != ':' && (!take_size(&p, &end) || end <= start))
                        return CRASHKERNEL_NOT_KNOWN;
                if (*p++ != ':' || !take_size(&p, &size))
                        return CRASHKERNEL_NOT_KNOWN;
                if (memory == 0 || (most >= start && memory < end))
                        return judge_size(size, memory, ret_bytes);
        } while (*p++ == ',');
        return CRASHKERNEL_OTHER_MEMORY;
}

static CrashkernelVerdict judge_simple(const Value *value, const char *suffix, uint64_t memory,
                                       uint64_t *ret_bytes) {
        const char *p = value->text, *end = value->text + value->length - strlen(suffix);
        uint64_t size;

        if (!take_size(&p, &size) || !take_offset(&p) || p != end)
                return CRASHKERNEL_NOT_KNOWN;
        return judge_size(size, memory, ret_bytes);
}

static CrashkernelVerdict judge(const char *command_line, uint64_t memory_bytes, bool knows_cma,
                                char ret_value[static CRASHKERNEL_VALUE_MAX], uint64_t *ret_bytes) {
        CrashkernelVerdict verdict;
        Value value = { 0 };

        *ret_bytes = 0;
        if (find_last(command_line, NULL, knows_cma, &value))
                verdict = memchr(value.text, ':', value.length)
                                  ? judge_ranges(&value, memory_bytes, ret_bytes)
                                  : judge_simple(&value, "", memory_bytes, ret_bytes);
        else if (find_last(command_line, ",high", knows_cma, &value))
                verdict = judge_simple(&value, ",high", memory_bytes, ret_bytes);
        else if (find_last(command_line, ",low", knows_cma, &value) ||
                 find_last(command_line, ",cma", knows_cma, &value))
                verdict = CRASHKERNEL_WRONG_KIND;
        else
                verdict = CRASHKERNEL_ABSENT;
        strscpyf(ret_value, CRASHKERNEL_VALUE_MAX, "%.*s", (int)value.length, strempty(value.text));
        return verdict;
}

CrashkernelVerdict crashkernel_judge(const char *command_line, uint64_t memory_bytes,
                                     bool knows_cma, char ret_value[static CRASHKERNEL_VALUE_MAX]) {
        uint64_t bytes;

        return judge(command_line, memory_bytes, knows_cma, ret_value, &bytes);
}

uint64_t crashkernel_bytes(const char *command_line, uint64_t memory_bytes, bool knows_cma) {
        char value[CRASHKERNEL_VALUE_MAX];
        CrashkernelVerdict verdict;
        uint64_t bytes;

        verdict = judge(command_line, memory_bytes, knows_cma, value, &bytes);
        return verdict == CRASHKERNEL_NO_PLACE || verdict == CRASHKERNEL_TOO_MUCH ? bytes : 0;
}

char *crashkernel_pick(const char *line, const char *prefix, bool is_wanted) {
        char *picked = calloc(1, strlen(line) + 1), *to = picked;

        if (!picked)
                return NULL;
        for (const char *p = line; *(p += strspn(p, " \t\n"));) {
                const char *start = p;
                bool is_quoted = false;

                for (; *p && (is_quoted || !strchr(" \t\n", *p)); p++)
                        is_quoted ^= *p == '"';
                if ((startswith(*start == '"' ? start + 1 : start, prefix) != NULL) != is_wanted)
                        continue;
                if (to > picked)
                        *to++ = ' ';
                to = mempcpy(to, start, (size_t)(p - start));
        }
        return picked;
}

char *crashkernel_words(const char *line) {
        return crashkernel_pick(line, CRASHKERNEL_WORD, true);
}

char *crashkernel_strip(const char *line) {
        return crashkernel_pick(line, CRASHKERNEL_WORD, false);
}

bool crashkernel_asks_cma(const char *command_line) {
        Value value;

        return find_last(command_line, ",cma", true, &value);
}

#define NOTHING_IS_RESERVED "no memory is reserved for a capture kernel"

#define WRITE_SIZE "run \"kdumpctl reserve --write\", which writes crashkernel=SIZE, and reboot"

void crashkernel_explain(const char *command_line, uint64_t memory_bytes, bool knows_cma,
                         Error *reterr) {
        char value[CRASHKERNEL_VALUE_MAX], memory[32];

        strscpyf(memory, sizeof(memory), "%.1f GiB of memory", (double)memory_bytes / (1u << 30));
        switch (crashkernel_judge(command_line, memory_bytes, knows_cma, value)) {
        case CRASHKERNEL_ABSENT:
                (void)error_set(reterr, 0, NOTHING_IS_RESERVED ": " WRITE_SIZE);
                return;
        case CRASHKERNEL_NOT_KNOWN:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED ", as this kernel does not know what "
                                                    "crashkernel=%s means: " WRITE_SIZE,
                                value);
                return;
        case CRASHKERNEL_OTHER_MEMORY:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED
                                ", as none of the ranges in crashkernel=%s is for a "
                                "machine that has %s: " WRITE_SIZE,
                                value, memory);
                return;
        case CRASHKERNEL_TOO_MUCH:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED
                                ", as crashkernel=%s is more than this machine has, "
                                "%s: " WRITE_SIZE,
                                value, memory);
                return;
        case CRASHKERNEL_WRONG_KIND:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED ", as crashkernel=%s only adds to what another "
                                                    "crashkernel= reserves: " WRITE_SIZE,
                                value);
                return;
        case CRASHKERNEL_NOTHING:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED
                                ", as crashkernel=%s asks for none: " WRITE_SIZE,
                                value);
                return;
        case CRASHKERNEL_NO_PLACE:
                (void)error_set(reterr, 0,
                                NOTHING_IS_RESERVED
                                " although crashkernel=%s is on the kernel command "
                                "line: ask for less, or look for \"crashkernel\" in "
                                "the kernel's boot messages",
                                value);
                return;
        }
}
