/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target over its corpus where there is no fuzzing engine: every file of
 * tests/fuzz/corpus/NAME, whole and cut to half, for the program fuzz-NAME. Prints TAP. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file-util.h"
#include "base/string-util.h"

#define INPUT_LONGEST (1024u * 1024u)

/* A copy of just that size: a read beyond the end is then seen by the sanitizers. */
static int run(const char *data, size_t size) {
        char *copy = malloc(size ?: 1);

        if (!copy)
                return -ENOMEM;
        memcpy(copy, data, size);
        (void)LLVMFuzzerTestOneInput((const uint8_t *)copy, size);
        free(copy);
        return 0;
}

static int replay(const char *directory, const char *name) {
        _cleanup_close_ int fd = open_root(directory);
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return fd;
        r = read_file_below(fd, name, INPUT_LONGEST, &data, &size);
        if (r >= 0)
                r = run(data, size);
        if (r >= 0)
                r = run(data, size / 2);
        return r;
}

int main(int argc, char **argv) {
        const char *name = strrchr(argv[0], '/'), *srcdir = secure_getenv("srcdir");
        _cleanup_free_ char *directory = NULL;
        const struct dirent *entry;
        unsigned n = 0, failed = 0;
        DIR *dir;

        name = name ? name + 1 : argv[0];
        name = startswith(name, "lt-") ?: name;
        name = startswith(name, "fuzz-") ?: name;
        if (asprintf(&directory, "%s/tests/fuzz/corpus/%.*s", srcdir ?: ".",
                     (int)strcspn(name, "."), name) < 0)
                return EXIT_FAILURE;
        dir = opendir(directory);
        if (!dir) {
                (void)printf("Bail out! %s: %s\n", directory, strerror(errno));
                return EXIT_FAILURE;
        }
        while ((entry = readdir(dir))) {
                int r;

                if (entry->d_name[0] == '.')
                        continue;
                r = replay(directory, entry->d_name);
                failed += r < 0;
                (void)printf("%s %u - %s\n", r < 0 ? "not ok" : "ok", ++n, entry->d_name);
                (void)fflush(stdout);
        }
        (void)closedir(dir);
        (void)printf("1..%u\n", n);
        return n == 0 || failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
