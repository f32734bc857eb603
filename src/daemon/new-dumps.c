/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What panics before this boot have left. */
#include "daemon/new-dumps.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "sys/crash-test-json.h"
#include "sys/kernel-state.h"
#include "sys/log.h"
#include "sys/raw-store.h"

static const char *const told_paths[_DUMP_TARGET_MAX] = NEW_DUMPS_TOLD_PATHS;

/* Of the names in one such file: more than that many dumps are not listed. */
#define TOLD_LONGEST (DUMPS_MOST * 256u)

/* How many of the newest dumps are searched for the mark of a test. */
#define TEST_DUMPS_MOST 8u

/* One look, and what it has found so far. */
typedef struct Look {
        int root_fd;
        char boot_id[37];
        const Settings *settings;
        const NewDumpsOps *ops;
        void *userdata;
        dev_t target_device; /* the directory with the dumps of the target, 0 if there is none */
        ino_t target_inode;
        CrashTest test;
        LastCrash newest;
        size_t n_new;         /* dumps that were not told of before */
        uint64_t uptime_usec; /* of kdumpd, in this boot */
} Look;

/* The lines of a file of names: the first is the directory that they are in. */
static bool has_line(const char *text, const char *line) {
        size_t n = strlen(line);

        for (const char *p = text; (p = strstr(p, line)); p += n)
                if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}

/* Returns the names, or NULL if nothing is known of this directory: then what is there already is
 * no news. A file that is damaged knows no names, so that all is news: rather twice than never. */
static char *read_told(const Look *c, DumpTarget target, const char *path) {
        _cleanup_free_ char *text = NULL;
        const char *rest;
        int r;

        r = read_file_below(c->root_fd, told_paths[target], TOLD_LONGEST, &text, NULL);
        if (r == -ENOENT)
                return NULL;
        if (r < 0 || text[0] != '/' || !strchr(text, '\n')) {
                log_warning("%s is damaged, so dumps may be told of again", told_paths[target]);
                return strdup("");
        }
        rest = startswith(text, path);
        return rest && *rest == '\n' ? TAKE_PTR(text) : NULL;
}

/* told is what read_told() returned: as this is done at each look, mostly nothing has changed. */
static void write_told(const Look *c, DumpTarget target, const char *path, const char *told,
                       const DumpList *list) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r = -ENOMEM;

        if (f) {
                (void)fprintf(f, "%s\n", path);
                for (size_t i = 0; i < list->n; i++)
                        (void)fprintf(f, "%s\n", list->items[i].name);
                r = fclose(f) == 0 ? 0 : -ENOMEM;
        }
        if (r >= 0 && !streq_ptr(told, text)) {
                /* What is mounted there late need not have it. */
                (void)make_directory_below(c->root_fd, STATE_DIRECTORY, 0700);
                r = write_durable_below(c->root_fd, told_paths[target], text, size);
        }
        if (r < 0)
                log_warning("Cannot write %s, so dumps may be told of again: %s",
                            told_paths[target], strerrordesc_np(-r));
}

/* Tells of those that are new, the oldest first. */
static void tell(Look *c, int fd, const char *path, const char *told, DumpList *list) {
        size_t news = 0, skipped = 0;

        for (size_t i = 0; i < list->n; i++)
                news += !has_line(told, list->items[i].name);
        c->n_new += news;
        for (size_t i = 0; i < list->n; i++) {
                Dump *d = &list->items[i];

                if (has_line(told, d->name))
                        continue;
                if (news-- > NEW_DUMPS_MOST)
                        skipped++;
                else if (dump_store_describe(fd, path, d) >= 0)
                        c->ops->found(c->userdata, d);
        }
        if (skipped > 0)
                c->ops->more(c->userdata, skipped);
}

/* Whether this target has the newest so far. */
static bool note_newest(Look *c, int fd, const char *path, DumpList *list) {
        LastCrash *newest = &c->newest;
        Dump *d;

        if (list->n == 0)
                return false;
        d = &list->items[list->n - 1];
        if (!d->described && dump_store_describe(fd, path, d) < 0)
                return false;
        if (d->when_usec <= newest->usec)
                return false;
        newest->usec = d->when_usec;
        strscpy(newest->directory, sizeof(newest->directory), d->info.directory);
        strscpy(newest->message, sizeof(newest->message), strempty(d->info.panic_message));
        newest->state = dump_state_to_string(d->state);
        newest->complete = d->state == DUMP_COMPLETE || d->state == DUMP_COPIED;
        return true;
}

/* Whether one of the newest dumps is that of the test; then the test is judged by it. */
static bool judge_by(CrashTest *test, int fd, const char *path, DumpList *list) {
        char line[CRASH_TEST_LINE_MAX];
        size_t first = sub_saturated(list->n, TEST_DUMPS_MOST);

        crash_test_line(line, test);
        for (size_t i = list->n; i-- > first;) {
                Dump *d = &list->items[i];

                if ((!d->described && dump_store_describe(fd, path, d) < 0) ||
                    !dump_store_log_has(fd, d, line))
                        continue;
                test->result = d->state == DUMP_COMPLETE || d->state == DUMP_COPIED
                                       ? CRASH_TEST_COMPLETE
                                       : CRASH_TEST_INCOMPLETE;
                free(test->directory);
                test->directory = strdup(d->info.directory);
                return true;
        }
        return false;
}

static bool is_pending(const Look *c) {
        const CrashTest *test = &c->test;

        return test->id[0] != '\0' && test->result == CRASH_TEST_PENDING &&
               !streq(test->boot_id, c->boot_id);
}

/* Returns 0, or negative errno if the target cannot be read. */
static int look_at(Look *c, DumpTarget target) {
        _cleanup_free_ char *path = NULL, *told = NULL;
        _cleanup_(dump_list_done) DumpList list = { 0 };
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        Error error;
        int r;

        r = dump_target_path(c->root_fd, c->settings, target, &path, &error);
        if (r < 0)
                return r;
        told = read_told(c, target, path);
        fd = dump_store_open(c->root_fd, path);
        /* So that the first dump of all is news. */
        if (fd == -ENOENT && isempty(told))
                write_told(c, target, path, told, &list);
        if (fd < 0)
                return fd;
        /* Both lead to the same directory, by whatever names: one is enough. */
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_dev == c->target_device && st.st_ino == c->target_inode)
                return -ENXIO;
        if (target == DUMP_TARGET_MAIN) {
                c->target_device = st.st_dev;
                c->target_inode = st.st_ino;
        }
        r = dump_store_list(fd, c->root_fd, &list);
        if (r < 0)
                return r;
        if (told)
                tell(c, fd, path, told, &list);
        write_told(c, target, path, told, &list);
        if (is_pending(c))
                (void)judge_by(&c->test, fd, path, &list);
        if (note_newest(c, fd, path, &list))
                c->ops->newest(c->userdata, &c->newest);
        return 0;
}

static void read_test(Look *c) {
        int r;

        r = crash_test_read(c->root_fd, &c->test);
        if (r < 0 && r != -ENOENT)
                log_warning("Cannot read %s, ignoring it: %s", CRASH_TEST_PATH,
                            strerrordesc_np(-r));
        if (r >= 0)
                c->ops->tested(c->userdata, &c->test);
}

static void keep_judgement(Look *c, uint64_t now_usec) {
        int r;

        c->test.judged_usec = now_usec;
        r = crash_test_write(c->root_fd, &c->test);
        if (r < 0)
                log_warning("Cannot write %s: %s", CRASH_TEST_PATH, strerrordesc_np(-r));
        c->ops->judged(c->userdata, &c->test);
        c->ops->tested(c->userdata, &c->test);
}

/* By the clock a dump may lie a little before the boot that it is of: names tell minutes. */
#define CLOCK_SLACK_USEC (2 * USEC_PER_MINUTE)

/* So long may places be missing that will still come. */
#define PLACES_PATIENCE_USEC (15 * USEC_PER_MINUTE)

/* What a dump tells of, or the end of a crash test, needs no other line. */
static bool is_explained(const Look *c, const LastBoot *boot) {
        return c->n_new > 0 || c->newest.usec + CLOCK_SLACK_USEC >= boot->started_usec ||
               (streq(c->test.boot_id, boot->boot_id) && c->test.result != CRASH_TEST_PENDING);
}

static void settle_last_boot(Look *c, bool is_whole) {
        LastBoot boot;

        if (!last_boot_unclean(c->root_fd, &boot))
                return;
        if (!is_explained(c, &boot)) {
                if (!is_whole && c->uptime_usec < PLACES_PATIENCE_USEC)
                        return;
                c->ops->unclean(c->userdata, &boot, is_whole,
                                last_boot_pstore(c->root_fd, boot.started_usec));
        }
        last_boot_told(c->root_fd);
}

bool new_dumps_look(int root_fd, const Settings *settings, uint64_t now_usec,
                    const NewDumpsOps *ops, void *userdata) {
        Look look = { .root_fd = root_fd, .settings = settings, .ops = ops, .userdata = userdata };
        bool all_read = true, is_clear, pending;

        /* The dump that counts is not there yet: nothing is judged, and nothing counts as told. */
        if (kernel_is_capture(root_fd))
                return false;
        if (kernel_boot_id(root_fd, look.boot_id) < 0)
                look.boot_id[0] = '\0';
        look.uptime_usec = sub_saturated(now_usec, last_boot_begin(root_fd, now_usec));
        read_test(&look);
        pending = is_pending(&look);
        /* Before the directories are: what is taken from a device after that is found next time. */
        is_clear = !dump_target_any_device(settings) || exists_below(root_fd, RAW_STORE_CLEAR_PATH);
        for (DumpTarget target = 0; target < _DUMP_TARGET_MAX; target++) {
                int r = look_at(&look, target);

                /* A directory that nobody has made yet is one without dumps. */
                all_read &= r >= 0 || r == -ENXIO || r == -ENOENT;
        }
        if (look.newest.usec == 0 && all_read)
                ops->newest(userdata, &look.newest);
        if (is_pending(&look) && all_read && is_clear)
                look.test.result = CRASH_TEST_NOTHING;
        if (pending && !is_pending(&look))
                keep_judgement(&look, now_usec);
        settle_last_boot(&look, all_read && is_clear);
        crash_test_done(&look.test);
        return all_read && is_clear;
}
