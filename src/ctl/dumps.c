/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dumps that the configuration leads to. */
#include "ctl/dumps.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* A number counts dumps; what has more digits is the beginning of a name, as Debian's are. */
#define NUMBER_DIGITS_MOST 4u

static void source_done(DumpSource *source) {
        closep(&source->fd);
        free(source->path);
        free(source->clause);
        *source = (DumpSource){ .fd = -EBADF };
}

void dumps_done(Dumps *dumps) {
        for (size_t i = 0; i < dumps->n; i++) {
                free(dumps->items[i].dump.name);
                crash_info_done(&dumps->items[i].dump.info);
        }
        free(dumps->items);
        for (size_t i = 0; i < dumps->n_sources; i++)
                source_done(&dumps->sources[i]);
        *dumps = (Dumps){ 0 };
}

/* Moves the dumps of one source to the others. */
static int take_list(Dumps *dumps, const DumpSource *source, DumpList *list) {
        FoundDump *grown = reallocarray(dumps->items, dumps->n + list->n, sizeof(*grown));

        if (!grown && list->n > 0)
                return -ENOMEM;
        if (list->n > 0)
                dumps->items = grown;
        dumps->more |= list->more;
        for (size_t i = 0; i < list->n; i++) {
                FoundDump *found = &dumps->items[dumps->n];
                int r;

                *found = (FoundDump){ .dump = list->items[i], .source = source };
                list->items[i] = (Dump){ 0 };
                dumps->n++;
                r = dump_store_describe(source->fd, source->path, &found->dump);
                if (r == -ENOMEM)
                        return r;
                found->error = r;
        }
        return 0;
}

static int read_source(Dumps *dumps, DumpSource *source, int root_fd) {
        _cleanup_(dump_list_done) DumpList list = { 0 };

        source->error = source->fd = dump_store_open(root_fd, source->path);
        if (source->fd >= 0)
                source->error = dump_store_list(source->fd, &list);
        if (source->error == -ENOMEM)
                return source->error;
        if (source->error >= 0)
                return take_list(dumps, source, &list);
        source->clause = strdup(strerrordesc_np(-source->error) ?: "it cannot be read");
        return source->clause ? 0 : -ENOMEM;
}

static int compare_found(const void *a, const void *b) {
        const Dump *x = &((const FoundDump *)a)->dump, *y = &((const FoundDump *)b)->dump;

        if (x->when_usec != y->when_usec)
                return x->when_usec < y->when_usec ? -1 : 1;
        return strcmp(x->name, y->name);
}

/* Whether the last source is the first again. */
static bool is_double(const Dumps *dumps) {
        return dumps->n_sources > 1 && dumps->sources[1].path &&
               streq_ptr(dumps->sources[0].path, dumps->sources[1].path);
}

static int read_all(int root_fd, const Settings *settings, Dumps *dumps) {
        int r;

        for (DumpPlace place = 0; place < _DUMP_PLACE_MAX; place++) {
                DumpSource *source = &dumps->sources[dumps->n_sources];

                *source = (DumpSource){ .fd = -EBADF };
                r = dump_place(root_fd, settings, place, &source->path, &source->clause);
                if (r == -ENOMEM)
                        return r;
                dumps->n_sources++;
                if (r == -ENXIO || is_double(dumps)) {
                        source_done(source);
                        dumps->n_sources--;
                        continue;
                }
                source->error = MIN(r, 0);
                if (r < 0 && !source->clause)
                        source->clause = strdup("what is mounted cannot be found out");
                if (r < 0)
                        continue;
                r = read_source(dumps, source, root_fd);
                if (r < 0)
                        return r;
        }
        if (dumps->n > 0)
                qsort(dumps->items, dumps->n, sizeof(dumps->items[0]), compare_found);
        return 0;
}

int dumps_read(const char *root, const Settings *settings, Dumps *ret) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        Dumps dumps = { 0 };
        int r;

        if (root_fd < 0)
                return root_fd;
        *ret = dumps;
        r = read_all(root_fd, settings, ret);
        if (r < 0)
                dumps_done(ret);
        return r;
}

int dumps_find(const Dumps *dumps, const char *name) {
        uint64_t number;
        int found = -ENOENT;

        if (!name)
                return dumps->n > 0 ? (int)dumps->n - 1 : -ENOENT;
        for (size_t i = 0; i < dumps->n; i++)
                if (streq(dumps->items[i].dump.name, name))
                        return (int)i;
        if (strlen(name) <= NUMBER_DIGITS_MOST && parse_u64(name, 10, &number) >= 0)
                return number >= 1 && number <= dumps->n ? (int)(dumps->n - number) : -ENOENT;
        for (size_t i = 0; i < dumps->n && *name; i++) {
                if (!startswith(dumps->items[i].dump.name, name))
                        continue;
                if (found >= 0)
                        return -ENOTUNIQ;
                found = (int)i;
        }
        return found;
}
