/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-watch: has the kernel note kexec calls, and hands the notes to kdumpd. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/string-util.h"
#include "sys/job-server.h"
#include "sys/log.h"
#include "sys/options.h"
#include "watch/attach.h"

static const char help[] =
        "kdump-watch --serve\n"
        "\n"
        "Have the kernel note whoever loads or unloads a crash kernel image, for kdumpd.\n"
        "\n"
        "     --serve     Serve a connection that systemd passes\n"
        "  -h --help      Show this help\n"
        "     --version   Show the version\n";

/* The maps stay open to the end of the process. */
static int watch(int fds[static JOB_FDS_MOST], const char **ret_text) {
        NoteMaps maps;
        WatchFault fault;
        int r;

        r = watch_attach(&maps, &fault);
        if (r < 0) {
                log_notice("This kernel's kexec calls cannot be noted: %s: %s", fault.text,
                           strerrordesc_np(-r));
                *ret_text = fault.text;
                return fault.is_for_ever ? KEXEC_NOTES_NEVER : EXIT_FAILURE;
        }
        fds[0] = maps.array_fd;
        fds[1] = maps.ring_fd;
        return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        bool serve = false;
        const Option options[] = { { .name = "serve", .flag = &serve } };
        int r;

        r = options_parse(argc, argv, "kdump-watch", help, options, ELEMENTSOF(options));
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (optind < argc || !serve) {
                (void)fputs("kdump-watch: systemd starts it, with --serve\n", stderr);
                return 2;
        }
        return job_server_hand_out("kdump-watch", JOB_VERB_WATCH, watch);
}
