/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a random marker into a page whose physical address lies in a given range.
 *
 * marker START END (hexadecimal): takes memory until a page of it lies in the range, gives the other
 * pages back, fills the page with the marker, pins it, and prints "ADDRESS MARKER" (both in
 * hexadecimal). Then it waits, and keeps the page, until somebody kills it. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define CHUNK (16UL << 20)
#define CHUNKS_MAX 96
#define MARKER_SIZE 32

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN ((UINT64_C(1) << 55) - 1)

static void die(const char *what) {
        perror(what);
        exit(EXIT_FAILURE);
}

/* The page of a chunk that lies in the range, or NULL. */
static unsigned char *find_page(int pagemap, unsigned char *chunk, uint64_t start, uint64_t end,
                                uint64_t *ret_address) {
        static uint64_t entries[CHUNK / PAGE];
        off_t offset = (off_t) ((uintptr_t) chunk / PAGE * sizeof(uint64_t));

        if (pread(pagemap, entries, sizeof(entries), offset) != (ssize_t) sizeof(entries))
                die("marker: pagemap");
        for (size_t i = 0; i < CHUNK / PAGE; i++) {
                uint64_t address = (entries[i] & PAGEMAP_PFN) * PAGE;

                if ((entries[i] & PAGEMAP_PRESENT) && address >= start && address < end) {
                        *ret_address = address;
                        return chunk + i * PAGE;
                }
        }
        return NULL;
}

/* A page in a pipe has one reference more than its mapping: the kernel cannot migrate it. */
static void pin(unsigned char *page) {
        struct iovec part = { .iov_base = page, .iov_len = PAGE };
        int ends[2];

        if (pipe(ends) < 0 || vmsplice(ends[1], &part, 1, 0) != (ssize_t) PAGE)
                die("marker: vmsplice");
}

int main(int argc, char **argv) {
        unsigned char *chunks[CHUNKS_MAX], *page = NULL, marker[MARKER_SIZE];
        uint64_t start, end, address = 0, again = 0;
        size_t n = 0;
        int pagemap;

        if (argc != 3) {
                fputs("marker START END\n", stderr);
                return 2;
        }
        start = strtoull(argv[1], NULL, 16);
        end = strtoull(argv[2], NULL, 16);
        pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
        if (pagemap < 0)
                die("marker: pagemap");

        while (!page && n < CHUNKS_MAX) {
                chunks[n] = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (chunks[n] == MAP_FAILED)
                        break;
                madvise(chunks[n], CHUNK, MADV_NOHUGEPAGE);
                for (size_t i = 0; i < CHUNK; i += PAGE)
                        chunks[n][i] = 1;
                page = find_page(pagemap, chunks[n++], start, end, &address);
        }
        if (!page) {
                fprintf(stderr, "marker: none of %zu MiB lies in the range\n", n * (CHUNK >> 20));
                return EXIT_FAILURE;
        }
        if (mlock(page, PAGE) < 0)
                die("marker: mlock");
        pin(page);
        for (size_t i = 0; i + 1 < n; i++)
                munmap(chunks[i], CHUNK);

        if (getrandom(marker, sizeof(marker), 0) != sizeof(marker))
                die("marker: getrandom");
        for (size_t i = 0; i < PAGE; i += sizeof(marker))
                memcpy(page + i, marker, sizeof(marker));

        if (find_page(pagemap, chunks[n - 1], address, address + PAGE, &again) != page) {
                fputs("marker: the page moved\n", stderr);
                return EXIT_FAILURE;
        }
        printf("%llx ", (unsigned long long) address);
        for (size_t i = 0; i < sizeof(marker); i++)
                printf("%02x", marker[i]);
        printf("\n");
        fflush(stdout);
        for (;;)
                pause();
}
