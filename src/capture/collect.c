/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running the core collector. */
#include "capture/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/child.h"
#include "capture/say.h"
#include "core/collector.h"
#include "sys/vmcoreinfo.h"

/* With all of the memory, and no option of the configuration. */
#define PLAIN_OPTIONS (char *)"-l", (char *)"-d", (char *)"0"

#define VERSION_SILENCE_USEC (UINT64_C(10) * 1000000)

/* What the level became, and why, for whoever reads the summary. */
static void tell_level(const Collector *k) {
        char reason[LEVEL_REASON_MAX];
        Capture *c = k->capture;

        (void)level_reason(&k->check, k->level, reason);
        free(c->info.level_reason);
        c->info.level_reason = reason[0] != '\0' ? strdup(reason) : NULL;
        if (k->first != UINT64_MAX && k->first != k->level)
                capture_say("%s: -d %d", reason, (int)k->first);
        else if (reason[0] != '\0')
                capture_say("%s", reason);
}

int collector_init(Collector *k, Capture *c) {
        uint64_t unknown = c->plan.unknown_kernel_level;
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        *k = (Collector){
                .capture = c,
                .level = UINT64_MAX,
                .first = UINT64_MAX,
                .lower = UINT64_MAX,
        };
        r = collector_split(c->plan.core_collector, &k->words);
        if (r < 0) {
                capture_blame(c, "CoreCollector= is no command line: %s", c->plan.core_collector);
                return r;
        }
        if (collector_level(k->words, &k->level) < 0)
                return 0;
        /* The bits of the level say what to leave out: drop those that may not be. What can be
         * known beforehand is better than what the collector says, which is about its version. */
        root_fd = open_root("/"); /* where execvpe() finds it, whatever c->root_fd is */
        vmcoreinfo_check_program(root_fd, k->words[0], strempty(c->vmcore.info), &k->check);
        if (k->check.verdict == LEVEL_LOSES_PAGES)
                k->first = level_safe(&k->check, k->level);
        else if (k->check.verdict == LEVEL_NOT_KNOWN && (k->level & ~unknown) != 0)
                k->lower = k->level & unknown;
        tell_level(k);
        return 0;
}

void collector_done(Collector *k) {
        words_free(k->words);
        k->words = NULL;
}

typedef struct Attempt {
        Collector *collector;
        bool may_stop; /* at the line about an unknown kernel */
        int (*on_data)(void *userdata, const char *data, size_t size);
        void *data_userdata;
} Attempt;

static bool on_line(void *userdata, const char *line) {
        Attempt *attempt = userdata;

        /* Programs run with LC_ALL=C. */
        if (strstr(line, strerror(ENOSPC)) || strstr(line, strerror(EDQUOT)))
                attempt->collector->is_full = true;
        if (attempt->collector->check.verdict != LEVEL_NOT_KNOWN || !collector_says_unknown(line))
                return false;
        attempt->collector->capture->info.kernel_unknown = true;
        return attempt->may_stop;
}

static int pass_data(void *userdata, const char *data, size_t size) {
        Attempt *attempt = userdata;

        return attempt->on_data(attempt->data_userdata, data, size);
}

static bool file_grows(void *userdata) {
        Collector *k = ((Attempt *)userdata)->collector;
        struct stat st;

        if (!k->file || fstatat(k->capture->dir_fd, k->file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (uint64_t)st.st_blocks == k->size)
                return false;
        k->size = (uint64_t)st.st_blocks;
        return true;
}

/* base are the words of the configuration, or others. */
static int run_once(Attempt *attempt, char *const *base, uint64_t level, const char *const *more,
                    size_t n_more) {
        Collector *k = attempt->collector;
        Capture *c = k->capture;
        _cleanup_words_ char **words = NULL;
        Child child = {
                .capture = c,
                .on_data = attempt->on_data ? pass_data : NULL,
                .on_line = on_line,
                .has_progressed = file_grows,
                .userdata = attempt,
                .silence_usec = c->silence_usec ?: COLLECTOR_SILENCE_USEC,
        };
        int r;

        r = collector_with(base, level, more, n_more, &words);
        if (r < 0)
                return r;
        free(c->info.collector);
        c->info.collector = collector_join(words);
        capture_say("running %s", strempty(c->info.collector));
        c->info.collector_status = -1;
        child.words = words;
        return child_run(&child, &c->info.collector_status);
}

static bool take_version(void *userdata, const char *line) {
        char **version = userdata;

        if (!*version && startswith(line, "makedumpfile: version "))
                *version = strdup(line);
        return false;
}

static void ask_version(Capture *c, const char *program) {
        const char *name = strrchr(program, '/');
        char *words[] = { (char *)program, (char *)"-v", NULL };
        Child child = {
                .capture = c,
                .words = words,
                .on_line = take_version,
                .userdata = &c->info.collector_version,
                .silence_usec = VERSION_SILENCE_USEC,
                .is_quiet = true,
        };
        int64_t status;

        /* Other programs may take -v for something else. */
        if (streq(name ? name + 1 : program, "makedumpfile") && child_run(&child, &status) < 0)
                capture_say("%s does not tell its version", program);
}

/* Says in one sentence how it ended. */
static int judge(Capture *c, const char *name, int r) {
        int64_t status = c->info.collector_status;

        if (r == -ENOENT)
                capture_blame(c, "%s is not in the initramfs", name);
        else if (r == -ETIME)
                capture_blame(c, "%s made no progress and was killed", name);
        else if (r < 0 && r != -ENOSPC) /* which the caller explains */
                capture_blame(c, "%s did not work: %s", name, strerror(-r));
        else if (status >= 256)
                capture_blame(c, "%s was killed by signal %d", name, (int)(status - 256));
        else if (status != 0)
                capture_blame(c, "%s exited with status %d", name, (int)status);
        return r < 0 ? r : status != 0 ? -EIO : 0;
}

int collector_run(Collector *k, const char *const *more, size_t n_more,
                  int (*on_data)(void *userdata, const char *data, size_t size),
                  int (*again)(void *userdata), void *userdata) {
        Attempt attempt = { k, k->lower != UINT64_MAX, on_data, userdata };
        Capture *c = k->capture;
        int r;

        k->is_plain = false;
        r = run_once(&attempt, k->words, k->first, more, n_more);
        /* A collector that had ended before its words were seen is run again as well. */
        if (c->info.kernel_unknown && attempt.may_stop && (r == -ECANCELED || r >= 0)) {
                capture_say("%s does not know this kernel: once more with -d %d", k->words[0],
                            (int)k->lower);
                attempt.may_stop = false;
                r = again ? again(userdata) : 0;
                if (r >= 0)
                        r = run_once(&attempt, k->words, k->lower, more, n_more);
        }
        r = judge(c, k->words[0], r);
        if (r >= 0)
                ask_version(c, k->words[0]);
        return r;
}

bool collector_is_makedumpfile(const Collector *k) {
        return k->words && streq(path_name(k->words[0]), "makedumpfile");
}

int collector_run_plain(Collector *k, const char *const *more, size_t n_more,
                        int (*on_data)(void *userdata, const char *data, size_t size),
                        void *userdata) {
        char *words[] = { k->words[0], PLAIN_OPTIONS, NULL };
        Attempt attempt = { k, false, on_data, userdata };
        Capture *c = k->capture;
        int r;

        capture_say("once more, and with all of the memory");
        k->is_plain = true;
        r = run_once(&attempt, words, UINT64_MAX, more, n_more);
        if (r >= 0 && c->info.collector_status != 0)
                r = -EIO;
        if (r >= 0) {
                capture_add(c, "it worked with -d 0, all of the memory");
                ask_version(c, k->words[0]);
        }
        return r;
}

static bool take_written(void *userdata, const char *line) {
        (void)collector_written(line, userdata);
        return false;
}

int collector_size(Collector *k, const char *from, const char *to, uint64_t *ret) {
        /* Its progress, by which it is known to be alive, and the report. */
        const char *const more[] = { "--dry-run", "--message-level", "17", from, to };
        char *plain[] = { k->words[0], PLAIN_OPTIONS, NULL };
        bool is_lower = k->capture->info.kernel_unknown && k->lower != UINT64_MAX;
        _cleanup_words_ char **words = NULL;
        uint64_t written = 0;
        Child child = {
                .capture = k->capture,
                .on_line = take_written,
                .userdata = &written,
                .is_quiet = true,
                .silence_usec = k->capture->silence_usec ?: COLLECTOR_SILENCE_USEC,
        };
        int64_t status = 0;
        int r;

        if (!collector_is_makedumpfile(k))
                return -EOPNOTSUPP;
        r = k->is_plain ? collector_with(plain, UINT64_MAX, more, ELEMENTSOF(more), &words)
                        : collector_with(k->words, is_lower ? k->lower : k->first, more,
                                         ELEMENTSOF(more), &words);
        if (r < 0)
                return r;
        capture_say("looking how large the dump will be");
        child.words = words;
        r = child_run(&child, &status);
        if (r >= 0 && (status != 0 || written == 0))
                r = -ENODATA;
        if (r < 0) {
                capture_say("makedumpfile --dry-run does not tell how large the dump will be");
                return r;
        }
        *ret = written;
        return 0;
}
