/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl start, stop and restart, as Fedora's kdumpctl has them. systemctl does it, and asks for
 * a password where that takes one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/kernel-state.h"

#define UNIT "kdumpd.service"

/* TimeoutStartSec= of the unit, and a bit. */
#define SILENCE_USEC (UINT64_C(66) * 60 * USEC_PER_SEC)

static int run_systemctl(const char *verb) {
        const char *const argv[] = { "systemctl", verb, UNIT, NULL };
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .on_output = command_pass_on,
                .silence_usec = SILENCE_USEC,
                .most = COMMAND_PASSED_MOST,
        };
        Error error;
        int status;

        if (command_run(&command, &status, &error) < 0)
                return complain("%s", error.text);
        /* It has said why not. */
        return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_start(const Options *options) {
        return run_systemctl("start");
}

int verb_restart(const Options *options) {
        return run_systemctl("restart");
}

int verb_stop(const Options *options) {
        _cleanup_close_ int root_fd = -EBADF;
        int status;

        status = run_systemctl("stop");
        if (status != EXIT_SUCCESS)
                return status;
        root_fd = open_root("/");
        if (root_fd >= 0 && kernel_crash_loaded(root_fd) > 0)
                (void)puts("The crash kernel image stays loaded, and nobody keeps it up to date: "
                           "\"kdumpctl unload\" before a stop unloads it");
        return EXIT_SUCCESS;
}
