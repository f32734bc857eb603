/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at files in a process of its own. */
#include "daemon/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file-util.h"
#include "daemon/child.h"
#include "sys/conffile.h"
#include "sys/log.h"

struct Files {
        sd_event *event;
        FilesSetup setup;
        Child *child; /* NULL if none is running */
        sd_event_source *patience;
        uint64_t looked_usec; /* when the last look ended */
        bool is_slow;         /* somebody has waited for it in vain */
        bool is_given_up;     /* it was killed */
        bool was_told;        /* that it takes too long */
};

/* The child: reads all that the loop may, and says what changes by itself. */
static void look_at_files(void *userdata) {
        const Files *files = userdata;
        _cleanup_close_ int root_fd = open_root(*files->setup.root ? files->setup.root : "/");
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_free_ char *text = NULL;
        Error ignored;
        FilesSeen seen;

        if (root_fd < 0)
                return;
        seen = (FilesSeen){ .configuration = conffile_identity(root_fd) };
        (void)!conffile_read(files->setup.root, &settings, NULL, NULL, NULL, &ignored);
        if (files->setup.another)
                (void)!read_file_below(root_fd, files->setup.another, 1, &text, NULL);
        (void)!write_all(STDOUT_FILENO, &seen, sizeof(seen));
}

int files_new(sd_event *event, const FilesSetup *setup, Files **ret) {
        Files *files = calloc(1, sizeof(*files));

        if (!files)
                return -ENOMEM;
        *files = (Files){ .event = sd_event_ref(event), .setup = *setup };
        *ret = files;
        return 0;
}

Files *files_free(Files *files) {
        if (!files)
                return NULL;
        if (files->child)
                child_kill(files->child);
        child_free(files->child);
        sd_event_source_disable_unref(files->patience);
        sd_event_unref(files->event);
        free(files);
        return NULL;
}

static void on_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        Files *files = userdata;
        bool was_given_up = files->is_given_up;
        FilesSeen seen;

        files->child = child_free(files->child);
        files->patience = sd_event_source_disable_unref(files->patience);
        files->looked_usec = monotonic_usec();
        files->is_slow = files->is_given_up = false;
        if (size != sizeof(seen)) {
                if (!was_given_up)
                        files->setup.seen(files->setup.userdata, NULL);
                return;
        }
        if (files->was_told)
                log_notice("The files of kdumpd can be looked at again");
        files->was_told = false;
        memcpy(&seen, text, sizeof(seen));
        files->setup.seen(files->setup.userdata, &seen);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        Files *files = userdata;

        if (!files->was_told)
                log_warning("Looking at " KDUMPD_SYSCONFDIR "/kdumpd takes too long, so it is "
                            "given up for now: does a file system hang?");
        files->was_told = files->is_given_up = true;
        child_kill(files->child);
        files->setup.seen(files->setup.userdata, NULL);
        return 0;
}

void files_look(Files *files) {
        const ChildSetup setup = {
                .function = look_at_files,
                .most = sizeof(FilesSeen),
                .ended = on_ended,
                .userdata = files,
        };
        int r;

        if (files->child) {
                if (files->is_given_up)
                        files->setup.seen(files->setup.userdata, NULL);
                return;
        }
        r = child_start(files->event, &setup, &files->child);
        if (r >= 0)
                r = sd_event_add_time(files->event, &files->patience, CLOCK_MONOTONIC,
                                      monotonic_usec() + files->setup.patience_usec, 0, on_patience,
                                      files);
        if (r < 0) {
                log_warning("Cannot look at the files of kdumpd: %s", strerrordesc_np(-r));
                if (files->child)
                        child_kill(files->child);
        }
}

void files_watch(Files *files, bool is_due) {
        if (is_due || monotonic_usec() - files->looked_usec >= FILES_RARELY_USEC)
                files_look(files);
}

void files_glance(Files *files) {
        if (!files->child && monotonic_usec() - files->looked_usec >= FILES_FRESH_USEC)
                files_look(files);
        if (files->child && !files->is_slow)
                files->is_slow = !child_await(files->child, FILES_GLANCE_MSEC);
}
