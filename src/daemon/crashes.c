/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What panics before this boot have left. */
#include "daemon/crashes.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "sys/crash-test-json.h"
#include "sys/kernel-state.h"
#include "sys/log.h"

static const char *const told_paths[_DUMP_PLACE_MAX] = CRASHES_TOLD_PATHS;

/* Of the names in one such file: more than that many dumps are not listed. */
#define TOLD_LONGEST (DUMPS_MOST * 256u)

/* How many of the newest dumps are searched for the mark of a test. */
#define TEST_DUMPS_MOST 8u

void crashes_init(Crashes *c, int root_fd, const CrashesOps *ops, void *userdata) {
        *c = (Crashes){ .root_fd = root_fd, .ops = ops, .userdata = userdata };
        if (kernel_boot_id(root_fd, c->boot_id) < 0)
                c->boot_id[0] = '\0';
}

void crashes_done(Crashes *c) {
        for (DumpPlace place = 0; place < _DUMP_PLACE_MAX; place++)
                free(c->places[place].path);
        *c = (Crashes){ 0 };
}

/* The lines of a file of names: the first is the directory that they are in. */
static bool has_line(const char *text, const char *line) {
        size_t n = strlen(line);

        for (const char *p = text; (p = strstr(p, line)); p += n)
                if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}

/* Returns the names, or NULL if nothing is known of this directory: then what is there already is
 * no news. */
static char *read_told(const Crashes *c, DumpPlace place, const char *path) {
        _cleanup_free_ char *text = NULL;
        const char *rest;

        if (read_file_below(c->root_fd, told_paths[place], TOLD_LONGEST, &text, NULL) < 0)
                return NULL;
        rest = startswith(text, path);
        return rest && *rest == '\n' ? TAKE_PTR(text) : NULL;
}

static void write_told(const Crashes *c, DumpPlace place, const char *path, const DumpList *list) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r = -ENOMEM;

        if (f) {
                (void)fprintf(f, "%s\n", path);
                for (size_t i = 0; i < list->n; i++)
                        (void)fprintf(f, "%s\n", list->items[i].name);
                if (fclose(f) == 0)
                        r = write_file_below(c->root_fd, told_paths[place], text, size);
        }
        if (r < 0)
                log_warning("Cannot write %s, so dumps may be told of again: %s", told_paths[place],
                            strerrordesc_np(-r));
}

/* Tells of those that are new, the oldest first. */
static void tell(Crashes *c, int fd, const char *path, const char *told, DumpList *list) {
        size_t news = 0, skipped = 0;

        for (size_t i = 0; i < list->n; i++)
                news += !has_line(told, list->items[i].name);
        for (size_t i = 0; i < list->n; i++) {
                Dump *d = &list->items[i];

                if (has_line(told, d->name))
                        continue;
                if (news-- > CRASHES_NEWS_MOST)
                        skipped++;
                else if (dump_store_describe(fd, path, d) >= 0)
                        c->ops->found(c->userdata, d);
        }
        if (skipped > 0)
                c->ops->more(c->userdata, skipped);
}

static void note_last(CrashesPlace *p, int fd, DumpList *list) {
        Dump *d;

        p->last = (LastCrash){ 0 };
        if (list->n == 0)
                return;
        d = &list->items[list->n - 1];
        if (!d->described && dump_store_describe(fd, p->path, d) < 0)
                return;
        p->last.usec = d->when_usec;
        strscpy(p->last.directory, sizeof(p->last.directory), d->info.directory);
        strscpy(p->last.message, sizeof(p->last.message), strempty(d->info.panic_message));
        p->last.state = dump_state_to_string(d->state);
        p->last.complete = d->state == DUMP_COMPLETE || d->state == DUMP_COPIED;
}

/* Whether one of the newest dumps is that of the test; then the test is judged by it. */
static bool judge_by(const CrashTest *test, int fd, const char *path, DumpList *list,
                     CrashTest *judged) {
        char line[CRASH_TEST_LINE_MAX];
        size_t first = sub_saturated(list->n, TEST_DUMPS_MOST);

        crash_test_line(line, test);
        for (size_t i = list->n; i-- > first;) {
                Dump *d = &list->items[i];

                if ((!d->described && dump_store_describe(fd, path, d) < 0) ||
                    !dump_store_log_has(fd, d, line))
                        continue;
                judged->result = d->state == DUMP_COMPLETE || d->state == DUMP_COPIED
                                         ? CRASH_TEST_COMPLETE
                                         : CRASH_TEST_INCOMPLETE;
                free(judged->directory);
                judged->directory = strdup(d->info.directory);
                return true;
        }
        return false;
}

static bool is_pending(const Crashes *c, const CrashTest *test) {
        return test->id[0] != '\0' && test->result == CRASH_TEST_PENDING &&
               !streq(test->boot_id, c->boot_id);
}

static bool same_directory(const CrashesPlace *p, const char *path, const struct stat *st) {
        return streq_ptr(p->path, path) && p->device == st->st_dev && p->inode == st->st_ino &&
               p->changed_nsec ==
                       (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

static void note_directory(CrashesPlace *p, char *path, const struct stat *st) {
        free(p->path);
        p->path = path;
        p->device = st->st_dev;
        p->inode = st->st_ino;
        p->changed_nsec =
                (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

/* Returns 1 if there was something new to look at, 0 if not, negative errno if the place cannot be
 * read. */
static int look_at(Crashes *c, const Settings *settings, DumpPlace place, Aftermath *a) {
        _cleanup_free_ char *path = NULL, *clause = NULL, *told = NULL;
        _cleanup_(dump_list_done) DumpList list = { 0 };
        CrashesPlace *p = &c->places[place];
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = dump_place(c->root_fd, settings, place, &path, &clause);
        if (r < 0)
                return r;
        /* Both lead to the same directory: one is enough. */
        if (place > 0 && streq_ptr(path, c->places[0].path))
                return -ENXIO;
        fd = dump_store_open(c->root_fd, path);
        if (fd == -ENOENT) {
                /* So that the first dump of all is news. */
                told = read_told(c, place, path);
                if (!told)
                        write_told(c, place, path, &list);
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (same_directory(p, path, &st))
                return 0;
        r = dump_store_list(fd, &list);
        if (r < 0)
                return r;
        told = read_told(c, place, path);
        if (told)
                tell(c, fd, path, told, &list);
        write_told(c, place, path, &list);
        if (is_pending(c, &a->test))
                (void)judge_by(&a->test, fd, path, &list, &a->test);
        note_directory(p, TAKE_PTR(path), &st);
        note_last(p, fd, &list);
        return 1;
}

/* It is not there any more, or not any more by the configuration. */
static bool forget(CrashesPlace *p) {
        bool knew = p->path;

        free(p->path);
        *p = (CrashesPlace){ 0 };
        return knew;
}

static void read_test(Crashes *c, Aftermath *a) {
        CrashTest test = { 0 };
        int r;

        if (c->test_read)
                return;
        c->test_read = true;
        r = crash_test_read(c->root_fd, &test);
        if (r < 0 && r != -ENOENT)
                log_warning("Cannot read %s, ignoring it: %s", CRASH_TEST_PATH,
                            strerrordesc_np(-r));
        if (r < 0)
                return;
        crash_test_done(&a->test);
        a->test = test;
}

static void keep_judgement(Crashes *c, uint64_t now_usec, Aftermath *a) {
        int r;

        a->test.judged_usec = now_usec;
        r = crash_test_write(c->root_fd, &a->test);
        if (r < 0)
                log_warning("Cannot write %s: %s", CRASH_TEST_PATH, strerrordesc_np(-r));
        c->ops->judged(c->userdata, &a->test);
}

static bool is_raw(const Settings *settings, DumpPlace place) {
        _cleanup_free_ char *device = NULL;

        return dump_place_device(settings, place, &device) != -ENXIO;
}

bool crashes_look(Crashes *c, const Settings *settings, uint64_t now_usec, Aftermath *aftermath) {
        bool changed = false, all = true, pending;
        const LastCrash *newest = NULL;

        read_test(c, aftermath);
        pending = is_pending(c, &aftermath->test);
        for (DumpPlace place = 0; place < _DUMP_PLACE_MAX; place++) {
                CrashesPlace *p = &c->places[place];
                int r = look_at(c, settings, place, aftermath);

                changed |= r > 0;
                if (r < 0)
                        changed |= forget(p);
                /* A directory that nobody has made yet is one without dumps, but what is on a
                 * device may still be recovered into it. */
                all &= (r >= 0 || r == -ENXIO || r == -ENOENT) && !is_raw(settings, place);
                if (p->last.usec > 0 && (!newest || p->last.usec > newest->usec))
                        newest = &p->last;
        }
        if (changed)
                aftermath->crash = newest ? *newest : (LastCrash){ 0 };
        if (pending && aftermath->test.result == CRASH_TEST_PENDING && all)
                aftermath->test.result = CRASH_TEST_NOTHING;
        if (pending && aftermath->test.result != CRASH_TEST_PENDING) {
                keep_judgement(c, now_usec, aftermath);
                changed = true;
        }
        return changed;
}
