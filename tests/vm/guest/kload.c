/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that loads a capture kernel: kexec_file_load() and nothing around it.
 *
 * kload load KERNEL INITRD COMMAND-LINE, kload unload: prints how long the call took. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FILE_UNLOAD   0x1UL
#define FILE_ON_CRASH 0x2UL

static double now_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
        long kernel = -1, initrd = -1, length = 0, r;
        unsigned long flags = FILE_ON_CRASH;
        const char *command_line = NULL;
        double start;

        if (argc == 5 && strcmp(argv[1], "load") == 0) {
                kernel = open(argv[2], O_RDONLY | O_CLOEXEC);
                initrd = open(argv[3], O_RDONLY | O_CLOEXEC);
                command_line = argv[4];
                length = (long)strlen(command_line) + 1; /* the NUL counts */
                if (kernel < 0 || initrd < 0) {
                        perror("kload: open");
                        return EXIT_FAILURE;
                }
        } else if (argc == 2 && strcmp(argv[1], "unload") == 0)
                flags |= FILE_UNLOAD;
        else {
                fputs("kload load KERNEL INITRD COMMAND-LINE | kload unload\n", stderr);
                return 2;
        }

        start = now_ms();
        r = syscall(SYS_kexec_file_load, kernel, initrd, length, command_line, flags);
        if (r < 0) {
                perror("kload: kexec_file_load");
                return EXIT_FAILURE;
        }
        printf("%.1f ms\n", now_ms() - start);
        return EXIT_SUCCESS;
}
