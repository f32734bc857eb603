/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd: its command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/string-util.h"
#include "daemon/bus.h"
#include "daemon/daemon.h"
#include "daemon/scan.h"
#include "sys/options.h"

static const char help[] =
        "kdumpd [OPTIONS...]\n"
        "\n"
        "Load the crash kernel image, and keep it up to date through CPU and\n"
        "memory hotplug.\n"
        "\n"
        "  -h --help           Show this help\n"
        "     --version        Show the version\n"
        "     --root=DIR       Take all files and kernel interfaces from below DIR\n"
        "     --helper=PATH    Run PATH as kdump-load\n"
        "     --builder=PATH   Run PATH as kdump-mkinitramfs\n"
        "     --bus-introspect Print the D-Bus interface as XML\n"
        "\n"
        "See kdumpd(8), kdumpd.conf(5) and kdumpctl(8).\n";

/* Returns 1 to go on, 0 if all is done, -EINVAL for a wrong option, which has been complained
 * about; *ret is set only with 1. */
static int parse_arguments(int argc, char *argv[], Options *ret) {
        Options options = {
                .loader = KDUMPD_SBINDIR "/kdump-load",
                .builder = KDUMPD_SBINDIR "/kdump-mkinitramfs",
        };
        const Option table[] = {
                { .name = "root", .value = &options.root },
                { .name = "helper", .value = &options.loader },
                { .name = "builder", .value = &options.builder },
                { .name = "bus-introspect", .flag = &options.introspect },
                /* How it calls itself, and kdumpd-scan@.service does; in no help. */
                { .name = &SCAN_OPTION[2], .flag = &options.look_for_dumps },
                { .name = &SCAN_URGENT_OPTION[2], .flag = &options.is_urgent },
                { .name = &SCAN_SERVE_OPTION[2], .flag = &options.serve_scan },
        };
        int r;

        r = options_parse(argc, argv, "kdumpd", help, table, ELEMENTSOF(table));
        if (r <= 0)
                return r;
        if (optind < argc) {
                (void)fprintf(stderr, "kdumpd takes no arguments\n");
                return -EINVAL;
        }
        *ret = options;
        return 1;
}

static int introspect(void) {
        int r = bus_introspect(stdout);

        if (r < 0)
                (void)fprintf(stderr, "kdumpd: cannot describe the interface: %s\n", strerror(-r));
        else
                r = options_said("kdumpd");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        Options options;
        int r;

        r = parse_arguments(argc, argv, &options);
        if (r <= 0)
                return r == -EIO ? EXIT_FAILURE : r < 0 ? 2 : EXIT_SUCCESS;
        if (options.look_for_dumps)
                return scan_main(strempty(options.root), options.is_urgent);
        if (options.serve_scan)
                return scan_serve();
        if (options.introspect)
                return introspect();
        return daemon_main(&options);
}
