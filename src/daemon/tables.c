/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of how logical volumes are put together. */
#include "daemon/tables.h"

#include <errno.h>
#include <stdlib.h>

#include "base/string-util.h"
#include "daemon/task.h"
#include "sys/dm.h"
#include "sys/log.h"

struct Tables {
        TablesSetup setup;
        const char *argv[3];
        Task *task;
        unsigned why;   /* 0: nobody waits for it */
        bool is_wanted; /* again: what runs may have read before that was asked for */
        bool was_told;  /* that it takes too long */
};

static void tell(Tables *tables) {
        unsigned why = tables->why;

        tables->why = 0;
        tables->setup.noted(tables->setup.userdata, why);
}

static void start(Tables *tables) {
        int r = task_start(tables->task, 0);

        if (r >= 0)
                return;
        /* One that cannot be killed was told of. */
        if (r != -EBUSY)
                log_warning("Cannot have the tables of volumes noted: %s", strerrordesc_np(-r));
        tell(tables);
}

static void on_ended(void *userdata, char *text, size_t size) {
        Tables *tables = userdata;

        if (tables->why == 0)
                return;
        tables->was_told = false;
        if (tables->is_wanted) {
                tables->is_wanted = false;
                start(tables);
        } else
                tell(tables);
}

/* It may be beyond killing; then nobody waits for it. */
static void on_late(void *userdata) {
        Tables *tables = userdata;

        if (!tables->was_told)
                log_warning("Asking the kernel for the tables of volumes takes too long, so it is "
                            "given up for now; is one of them suspended?");
        tables->was_told = true;
        tables->is_wanted = false;
        tell(tables);
}

int tables_new(sd_event *event, const TablesSetup *setup, Tables **ret) {
        _cleanup_(tables_freep) Tables *tables = calloc(1, sizeof(*tables));
        TaskSetup task_setup = {
                .service = setup->service,
                .verb = JOB_VERB_TABLES,
                .most = 1,
                .patience_usec = setup->patience_usec,
                .late = on_late,
                .ended = on_ended,
                .userdata = tables,
        };
        int r;

        if (!tables)
                return -ENOMEM;
        *tables = (Tables){ .setup = *setup, .argv = { setup->program, "--note-tables" } };
        task_setup.argv = tables->argv;
        r = task_new(event, &task_setup, &tables->task);
        if (r >= 0)
                *ret = TAKE_PTR(tables);
        return r;
}

Tables *tables_free(Tables *tables) {
        if (!tables)
                return NULL;
        task_free(tables->task);
        free(tables);
        return NULL;
}

void tables_note(Tables *tables, unsigned why) {
        bool is_awaited = tables->why != 0;

        tables->why |= why;
        if (!dm_is_there(tables->setup.root_fd))
                tell(tables);
        else if (is_awaited)
                tables->is_wanted = true;
        else
                start(tables);
}
