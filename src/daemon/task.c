/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that somebody does for kdumpd. */
#include "daemon/task.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "daemon/child.h"
#include "daemon/remote.h"
#include "sys/log.h"

struct Task {
        sd_event *event;
        TaskSetup setup;
        Remote *remote; /* NULL before the first time, or without a service */
        bool is_remote_running;
        bool was_told; /* that the service does not do it */
        Child *child;  /* NULL if none is running */
        sd_event_source *patience;
};

int task_new(sd_event *event, const TaskSetup *setup, Task **ret) {
        Task *task = calloc(1, sizeof(*task));

        if (!task)
                return -ENOMEM;
        *task = (Task){ .event = sd_event_ref(event), .setup = *setup };
        *ret = task;
        return 0;
}

static void kill_it(Task *task) {
        if (task->child)
                child_kill(task->child);
        if (task->is_remote_running)
                remote_kill(task->remote);
}

Task *task_free(Task *task) {
        if (!task)
                return NULL;
        kill_it(task);
        child_free(task->child);
        remote_free(task->remote);
        sd_event_source_disable_unref(task->patience);
        sd_event_unref(task->event);
        free(task);
        return NULL;
}

bool task_is_running(const Task *task) {
        return task->child || task->is_remote_running;
}

static void on_child_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        Task *task = userdata;

        task->child = child_free(task->child);
        task->patience = sd_event_source_disable_unref(task->patience);
        task->setup.ended(task->setup.userdata, text, size);
}

static void on_remote_ended(void *userdata, RemoteEnd *end) {
        Task *task = userdata;

        task->is_remote_running = false;
        task->patience = sd_event_source_disable_unref(task->patience);
        if (end->error < 0 && !task->was_told)
                log_warning("The service at %s does not do its work: %s", task->setup.service,
                            strerrordesc_np(-end->error));
        task->was_told = end->error < 0;
        task->setup.ended(task->setup.userdata, end->text, end->size);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        Task *task = userdata;

        kill_it(task);
        task->setup.late(task->setup.userdata);
        return 0;
}

static int start_remote(Task *task, uint32_t flags) {
        const RemoteCall call = { .verb = task->setup.verb,
                                  .flags = flags,
                                  .most = task->setup.most,
                                  .ended = on_remote_ended,
                                  .userdata = task };
        int r = 0;

        if (!task->remote)
                r = remote_new(task->event, task->setup.service, &task->remote);
        if (r >= 0)
                r = remote_start(task->remote, &call);
        task->is_remote_running = r >= 0;
        return r;
}

static int start_child(Task *task) {
        const ChildSetup setup = { .argv = task->setup.argv,
                                   .most = task->setup.most,
                                   .ended = on_child_ended,
                                   .userdata = task };

        return child_start(task->event, &setup, &task->child);
}

int task_start(Task *task, uint32_t flags) {
        int r;

        if (task_is_running(task))
                return -EBUSY;
        r = task->setup.service ? start_remote(task, flags) : start_child(task);
        if (r < 0)
                return r;
        r = sd_event_add_time(task->event, &task->patience, CLOCK_MONOTONIC,
                              monotonic_usec() + task->setup.patience_usec, 0, on_patience, task);
        if (r < 0) {
                log_debug("Cannot bound a task: %s", strerrordesc_np(-r));
                kill_it(task);
        }
        return 0;
}
