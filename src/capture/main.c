/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-capture: saves the memory of the kernel that crashed. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/capture.h"
#include "capture/run.h"
#include "capture/supervise.h"
#include "sys/options.h"

static const char *arg_root;

static const char help[] =
        "kdump-capture --root=DIR\n"
        "\n"
        "Saves the memory of the kernel that crashed, as the first program of the\n"
        "initramfs that kdump-mkinitramfs makes. By hand it only works on a tree.\n"
        "\n"
        "Options:\n"
        "     --root=DIR  take all from below DIR, mount nothing, restart nothing\n"
        "  -h --help      print this text and exit\n"
        "     --version   print the version and exit\n";

/* Returns 1 to go on, 0 to exit well, or -EINVAL. */
static int parse_arguments(int argc, char **argv) {
        static const Option options[] = { { .name = "root", .value = &arg_root } };
        int r;

        r = options_parse(argc, argv, "kdump-capture", help, options, ELEMENTSOF(options));
        if (r <= 0)
                return r;
        if (optind < argc) {
                (void)fprintf(stderr, "kdump-capture: \"%s\" is not expected here\n", argv[optind]);
                return -EINVAL;
        }
        if (!arg_root || arg_root[0] != '/') {
                (void)fputs("kdump-capture: this is the first program of a capture initramfs; by "
                            "hand it needs --root=DIR, an absolute path\n",
                            stderr);
                return -EINVAL;
        }
        return 1;
}

static int run_on_tree(void) {
        _cleanup_close_ int root_fd = open_root(arg_root);
        _cleanup_free_ char *root = strdup(arg_root);
        CaptureShared shared = { 0 };
        Capture c = {
                .root_fd = root_fd,
                .root = root,
                .ops = &capture_tree_ops,
                .shared = &shared,
                .vmcore_fd = -EBADF,
                .base_fd = -EBADF,
                .dir_fd = -EBADF,
        };
        int r;

        if (root_fd < 0 || !root) {
                (void)fprintf(stderr, "kdump-capture: \"%s\" cannot be opened: %s\n", arg_root,
                              strerror(root_fd < 0 ? -root_fd : ENOMEM));
                return 1;
        }
        for (size_t n = strlen(root); n > 0 && root[n - 1] == '/'; n--)
                root[n - 1] = '\0';
        r = capture_run(&c);
        capture_done(&c);
        return r < 0;
}

int main(int argc, char **argv) {
        int r;

        /* The words that the kernel hands over here are those that it did not know itself. */
        if (getpid() == 1) {
                supervise(&system_supervisor);
                /* Nobody feeds the watchdogs any more. A process 1 that ends makes the kernel
                 * panic, and that restarts the machine as well. */
                return 1;
        }
        r = parse_arguments(argc, argv);
        if (r <= 0)
                return r < 0 ? 2 : 0;
        return run_on_tree();
}
