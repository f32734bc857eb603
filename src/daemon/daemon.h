/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: one event loop that connects uevents, the log of the kernel, signals, the children
 * and the bus to the manager. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the command line says, whose strings are its own, and what tests say beyond it. */
typedef struct Options {
        const char *root;    /* NULL: the real one */
        const char *loader;  /* path of kdump-load */
        const char *builder; /* path of kdump-mkinitramfs */
        bool look_for_dumps; /* to be the child of another kdumpd that does so, */
        bool is_urgent;      /* on devices, too */
        bool serve_scan;     /* to be the service that does so */
        bool introspect;     /* to print the interface on the bus, and end */

        const char *program;          /* kdumpd, to look for dumps; NULL: what this process is */
        uint64_t refresh_soon_usec;   /* 0: REFRESH_SOON_USEC */
        uint64_t files_patience_usec; /* 0: FILES_PATIENCE_USEC */
        const char *another_file;     /* see FilesSetup; NULL: none */
} Options;

/* Runs until the service is to end. Returns the exit status of the process. */
int daemon_main(const Options *options);
