/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd: its command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/string-util.h"
#include "daemon/daemon.h"
#include "daemon/scan.h"

static void help(void) {
        printf("kdumpd [OPTIONS...]\n\n"
               "Keep the crash kernel image loaded, and true to the machine, through CPU and\n"
               "memory hotplug.\n\n"
               "  -h --help           Show this help\n"
               "     --version        Show the version\n"
               "     --root=DIR       Take all files and kernel interfaces from below DIR\n"
               "     --helper=PATH    Run PATH as kdump-load\n"
               "     --builder=PATH   Run PATH as kdump-mkinitramfs\n"
               "\nSee kdumpd(8), kdumpd.conf(5) and kdumpctl(8).\n");
}

/* Returns 1 to go on, 0 if all is done, -EINVAL for a wrong option, which has been complained
 * about; *ret is set only with 1. */
static int parse_arguments(int argc, char *argv[], Options *ret) {
        enum {
                ARG_VERSION = 0x100,
                ARG_ROOT,
                ARG_HELPER,
                ARG_BUILDER,
                ARG_LOOK_FOR_DUMPS,
        };
        static const struct option table[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                { "root", required_argument, NULL, ARG_ROOT },
                { "helper", required_argument, NULL, ARG_HELPER },
                { "builder", required_argument, NULL, ARG_BUILDER },
                /* How it calls itself; in no help. */
                { &SCAN_OPTION[2], no_argument, NULL, ARG_LOOK_FOR_DUMPS },
                {},
        };
        Options options = {
                .helper = KDUMPD_SBINDIR "/kdump-load",
                .builder = KDUMPD_SBINDIR "/kdump-mkinitramfs",
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", table, NULL)) >= 0)
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case ARG_VERSION:
                        printf("kdumpd %s\n", PACKAGE_VERSION);
                        return 0;
                case ARG_ROOT:
                        options.root = optarg;
                        break;
                case ARG_HELPER:
                        options.helper = optarg;
                        break;
                case ARG_BUILDER:
                        options.builder = optarg;
                        break;
                case ARG_LOOK_FOR_DUMPS:
                        options.look_for_dumps = true;
                        break;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                (void)fprintf(stderr, "kdumpd takes no arguments\n");
                return -EINVAL;
        }
        *ret = options;
        return 1;
}

int main(int argc, char *argv[]) {
        Options options;
        int r;

        r = parse_arguments(argc, argv, &options);
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (options.look_for_dumps)
                return scan_main(strempty(options.root));
        return daemon_main(&options);
}
