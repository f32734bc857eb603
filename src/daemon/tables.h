/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of how logical volumes are put together, which kdump-mkinitramfs reads: kdumpd may not
 * ask the kernel for that, and has it asked anew. */
#pragma once

#include <systemd/sd-event.h>

#include "base/macro.h"
#include "base/time-util.h"

/* Some system calls for each volume; of one that is suspended they hang. */
#define TABLES_PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Tables Tables;

typedef struct TablesSetup {
        int root_fd;            /* where the kernel says whether there are any */
        const char *service;    /* the socket of who makes the note, or NULL: */
        const char *program;    /* kdump-mkinitramfs */
        uint64_t patience_usec; /* TABLES_PATIENCE_USEC */
        /* It was made, or it cannot be. why: of all who have asked meanwhile. */
        void (*noted)(void *userdata, unsigned why);
        void *userdata;
} TablesSetup;

/* What setup points to must stay valid. Returns 0 or -ENOMEM. */
int tables_new(sd_event *event, const TablesSetup *setup, Tables **ret) _must_check_;
Tables *tables_free(Tables *tables);
DEFINE_CLEANUP(Tables *, tables_free);

/* Has the note made. Where the device mapper is not in use, noted() is called at once. why: bits of
 * the caller's, not 0. */
void tables_note(Tables *tables, unsigned why);
