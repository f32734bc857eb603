/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and opening the kernel and its kdump initrd. */
#include "sys/locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "sys/kernel-file.h"

#define TOKEN_MAX   128u /* of /etc/kernel/entry-token; a machine ID has 32 characters */
#define TOKENS_MOST 2u

#define CMDLINE_LONGEST   (64u * 1024u) /* of /proc/cmdline; far above any COMMAND_LINE_SIZE */
#define UNIFIED_MOST      64            /* unified kernel images that are looked into */
#define FILE_SIZE_LARGEST (UINT64_C(1) << 40) /* keeps sums far from overflow */

typedef struct Search {
        int root_fd;
        const char *release;
        char tokens[TOKENS_MOST][TOKEN_MAX];
        size_t n_tokens;
        FILE *tried;
        char *tried_text;
        size_t tried_size;
        char *found;
        char *denied; /* the first of what could not be looked at; NULL: nothing */
} Search;

static void search_done(Search *s) {
        if (s->tried)
                (void)fclose(s->tried);
        free(s->tried_text);
        free(s->found);
        free(s->denied);
}

/* One path component, and not the one that leads up. */
static bool is_component(const char *s) {
        return s[0] != '\0' && !strchr(s, '/') && !streq(s, "..") && !streq(s, ".");
}

static void add_token(Search *s, const char *path) {
        char *token = s->tokens[s->n_tokens];

        if (read_line_below(s->root_fd, path, token, TOKEN_MAX) < 0 || !is_component(token))
                return;
        if (s->n_tokens > 0 && streq(token, s->tokens[0]))
                return;
        s->n_tokens++;
}

static int search_init(Search *s, int root_fd, const char *release) {
        *s = (Search){ .root_fd = root_fd, .release = release };
        s->tried = open_memstream(&s->tried_text, &s->tried_size);
        if (!s->tried)
                return -errno;
        add_token(s, "/etc/kernel/entry-token");
        add_token(s, "/etc/machine-id");
        return 0;
}

/* Replaces the two specifiers. Returns a fresh string or NULL for lack of memory. */
static char *expand(const char *place, const char *release, const char *token) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (const char *p = place; *p; p++) {
                if (p[0] != '%') {
                        (void)fputc(*p, f);
                        continue;
                }
                p++;
                (void)fputs(*p == 'r' ? release : token, f);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static void note_tried(Search *s, const char *path) {
        (void)fprintf(s->tried, "%s%s", ftell(s->tried) > 0 ? ", " : "", path);
}

/* Where one gets no further on the way to a path that this user may not follow: a directory, or
 * what it leads to itself. */
static char *closed_part(int root_fd, const char *path) {
        _cleanup_free_ char *part = strdup(path);

        /* From the end up to the first that can be seen: the directory that is closed. */
        while (part && !exists_below(root_fd, part) && errno == EACCES) {
                char *slash = strrchr(part, '/');

                if (!slash || slash == part)
                        return strdup("/");
                *slash = '\0';
        }
        return TAKE_PTR(part);
}

/* What is behind it, only others can say. */
static int note_denied(Search *s, const char *path) {
        if (!s->denied)
                s->denied = closed_part(s->root_fd, path);
        return s->denied ? 0 : -ENOMEM;
}

/* Returns 1 if it is there and now in found, 0 if not, or -ENOMEM. */
static int try_one(Search *s, const char *place, const char *token) {
        _cleanup_free_ char *path = expand(place, s->release, token);

        if (!path)
                return -ENOMEM;
        if (exists_below(s->root_fd, path)) {
                s->found = TAKE_PTR(path);
                return 1;
        }
        if (errno == EACCES)
                return note_denied(s, path);
        note_tried(s, path);
        return 0;
}

static int try_place(Search *s, const char *place) {
        int r = 0;

        if (!strstr(place, "%t"))
                return try_one(s, place, "");
        for (size_t i = 0; i < s->n_tokens && r == 0; i++)
                r = try_one(s, place, s->tokens[i]);
        return r;
}

static int search_finish(Search *s, int r, char **ret, char **ret_tried) {
        bool was_denied = s->denied;

        if (r < 0)
                return r;
        if (s->denied)
                *ret_tried = TAKE_PTR(s->denied);
        if (r > 0) {
                *ret = TAKE_PTR(s->found);
                return was_denied;
        }
        if (was_denied)
                return -EACCES;
        if (fclose(TAKE_PTR(s->tried)) != 0)
                return -ENOMEM;
        *ret_tried = TAKE_PTR(s->tried_text);
        return -ENOENT;
}

static bool has_word(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = list; (p = strstr(p, word)); p += n)
                if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
                        return true;
        return false;
}

/* Where the file that a boot loader names can be, by what it calls the root. */
static const char *const boot_roots[] = { "", "/boot", "/boot/efi", "/efi" };

/* A file under any name: it has to say itself that it is of this release. */
static int try_file(Search *s, const char *path) {
        char release[KERNEL_RELEASE_MAX];
        int r = kernel_file_release(s->root_fd, path, release);

        if (r >= 0 && streq(release, s->release)) {
                s->found = strdup(path);
                return s->found ? 1 : -ENOMEM;
        }
        if (r == -ENOMEM)
                return r;
        if (r == -EACCES)
                return note_denied(s, path);
        note_tried(s, path);
        if (r >= 0)
                (void)fprintf(s->tried, " (it is %s)", release);
        else if (r != -ENOENT)
                (void)fprintf(s->tried, " (%s)",
                              r == -ENODATA ? "it does not tell its release" : strerror(-r));
        return 0;
}

/* The value of BOOT_IMAGE=, without GRUB's name of the disk in front: "(hd0,gpt2)/vmlinuz". */
static char *boot_image(int root_fd) {
        _cleanup_free_ char *line = NULL;
        char *rest, *word;

        if (read_file_below(root_fd, "/proc/cmdline", CMDLINE_LONGEST, &line, NULL) < 0)
                return NULL;
        rest = line;
        while ((word = strsep(&rest, " \n"))) {
                const char *path = startswith(word, "BOOT_IMAGE=");

                if (path && *path == '(')
                        path = strchr(path, ')') ? strchr(path, ')') + 1 : NULL;
                if (path && *path == '/')
                        return strdup(path);
        }
        return NULL;
}

static int try_boot_image(Search *s) {
        _cleanup_free_ char *image = boot_image(s->root_fd);
        int r = 0;

        for (size_t i = 0; image && i < ELEMENTSOF(boot_roots) && r == 0; i++) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s%s", boot_roots[i], image) < 0)
                        return -ENOMEM;
                r = try_file(s, path);
        }
        return r;
}

static int is_unified(const struct dirent *entry) {
        size_t n = strlen(entry->d_name);

        return n > 4 && strcasecmp(entry->d_name + n - 4, ".efi") == 0;
}

/* In the order of their names, so that the answer is the same each time. */
static int try_unified(Search *s, const char *directory) {
        _cleanup_close_ int fd = open_below(s->root_fd, directory, O_RDONLY | O_DIRECTORY);
        struct dirent **entries = NULL;
        int n = fd < 0 ? fd : scandirat(fd, ".", &entries, is_unified, alphasort), r = 0;
        char pattern[64];

        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = NULL;

                if (r == 0 && i < UNIFIED_MOST)
                        r = asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0
                                    ? -ENOMEM
                                    : try_file(s, path);
                free(entries[i]);
        }
        free(entries);
        if (n > 0)
                return r;
        if (n == -EACCES)
                return note_denied(s, directory);
        strscpyf(pattern, sizeof(pattern), "%s/*.efi", directory);
        note_tried(s, pattern);
        return 0;
}

int locate_kernel(int root_fd, const char *release, const char *architecture, char **ret,
                  char **ret_tried) {
        _cleanup_(search_done) Search s = { 0 };
        const char *place, *architectures;
        int r;

        r = search_init(&s, root_fd, release);
        for (size_t i = 0; r == 0 && (place = places_kernel(i, &architectures)); i++)
                if (!architectures || has_word(architectures, architecture))
                        r = try_place(&s, place);
        if (r == 0)
                r = try_boot_image(&s);
        for (size_t i = 0; r == 0 && (place = places_unified(i)); i++)
                r = try_unified(&s, place);
        return search_finish(&s, r, ret, ret_tried);
}

int locate_initrd(int root_fd, const char *release, char **ret, char **ret_tried) {
        _cleanup_(search_done) Search s = { 0 };
        const char *place, *words;
        int r;

        r = search_init(&s, root_fd, release);
        for (size_t i = 0; r == 0 && (place = places_initrd(i, &words)); i++) {
                Error why;

                r = try_place(&s, place);
                if (r <= 0 || places_initrd_captures(root_fd, s.found, &why))
                        continue;
                note_tried(&s, s.found);
                (void)fprintf(s.tried, " (%s)", why.text);
                free(TAKE_PTR(s.found));
                r = 0;
        }
        return search_finish(&s, r, ret, ret_tried);
}

/* --- the file of a setting */

/* What a user without privileges cannot look at may be the right one. What was found all the same
 * is good enough for loading it, but not for saying what would be loaded. */
static Failure check_closed(const LocateRequest *request, int r, Failure failure, const char *what,
                            const LocatedFile *file, Error *reterr) {
        if (r >= 0 && !(file->closed && request->must_be_sure))
                return FAILURE_NONE;
        return error_set(reterr, failure,
                         "%s is not known, as \"%s\" cannot be looked at: run as root", what,
                         file->closed);
}

static Failure no_memory(Error *reterr) {
        (void)error_set_memory(reterr);
        return FAILURE_SYSTEM;
}

static Failure find_kernel(const LocateRequest *request, LocatedFile *file, Error *reterr) {
        const char *setting = request->settings->kernel;
        _cleanup_free_ char *tried = NULL;
        int r;

        if (!streq(setting, "auto")) {
                file->identity.path = strdup(setting);
                return file->identity.path ? FAILURE_NONE : no_memory(reterr);
        }
        r = locate_kernel(request->root_fd, request->release, request->architecture,
                          &file->identity.path, &tried);
        if (r == -ENOENT)
                return error_set(reterr, FAILURE_NO_KERNEL,
                                 "no image of the running kernel %s was found: set Kernel= in "
                                 "kdumpd.conf (tried %s)",
                                 request->release, tried);
        if (r < 0 && r != -EACCES)
                return no_memory(reterr);
        file->closed = TAKE_PTR(tried);
        return check_closed(request, r, FAILURE_NO_KERNEL,
                            "which image of the running kernel is found", file, reterr);
}

static Failure find_initrd(const LocateRequest *request, const char *release, LocatedFile *file,
                           Error *reterr) {
        const char *setting = request->settings->initrd;
        _cleanup_free_ char *tried = NULL;
        int r;

        if (!streq(setting, "auto")) {
                file->identity.path = strdup(setting);
                return file->identity.path ? FAILURE_NONE : no_memory(reterr);
        }
        r = locate_initrd(request->root_fd, release, &file->identity.path, &tried);
        if (r == -ENOENT)
                return error_set(reterr, FAILURE_NO_INITRD,
                                 "no kdump initrd for kernel %s was found: make one with "
                                 "\"kdump-mkinitramfs\", or set Initrd= in kdumpd.conf (tried %s)",
                                 release, tried);
        if (r < 0 && r != -EACCES)
                return no_memory(reterr);
        file->closed = TAKE_PTR(tried);
        return check_closed(request, r, FAILURE_NO_INITRD, "which kdump initrd is found", file,
                            reterr);
}

static void path_of_descriptor(int fd, char ret[static PATH_MAX]) {
        char link[64];
        ssize_t n;

        strscpyf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, ret, PATH_MAX - 1);
        ret[n < 0 ? 0 : n] = '\0';
}

static void note_resolved(int root_fd, LocatedFile *file) {
        char root[PATH_MAX], path[PATH_MAX];
        const char *below;

        path_of_descriptor(root_fd, root);
        path_of_descriptor(file->fd, path);
        below = startswith(path, root);
        strscpy(file->resolved, sizeof(file->resolved), below && *below == '/' ? below : path);
}

static void note_identity(const struct stat *st, LocatedFile *file) {
        FileIdentity *identity = &file->identity;

        identity->device = st->st_dev;
        identity->inode = st->st_ino;
        identity->mtime_nsec =
                (uint64_t)st->st_mtim.tv_sec * 1000 * USEC_PER_SEC + (uint64_t)st->st_mtim.tv_nsec;
        identity->size = file->size = (uint64_t)st->st_size;
}

/* Of a file that only root may read, as initrds often are, everybody sees the size. */
static Failure fail_denied(int root_fd, const char *what, Failure missing, LocatedFile *file,
                           Error *reterr) {
        _cleanup_close_ int fd = open_below(root_fd, file->identity.path, O_PATH);
        struct stat st;

        file->is_denied = fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode);
        if (file->is_denied)
                note_identity(&st, file);
        return error_set(reterr, missing, "the %s \"%s\" cannot be read: run as root", what,
                         file->identity.path);
}

static Failure open_found(int root_fd, const char *what, Failure missing, LocatedFile *file,
                          Error *reterr) {
        const char *path = file->identity.path;
        struct stat st;

        /* A FIFO or a terminal at that path must not stop us. */
        file->fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (file->fd == -EACCES)
                return fail_denied(root_fd, what, missing, file, reterr);
        if (file->fd < 0)
                return error_set(reterr, missing, "the %s \"%s\" cannot be opened: %s", what, path,
                                 strerror(-file->fd));
        if (fstat(file->fd, &st) < 0)
                return error_set(reterr, FAILURE_SYSTEM, "the %s \"%s\" cannot be examined: %s",
                                 what, path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return error_set(reterr, missing, "the %s \"%s\" is %s", what, path,
                                 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
        if (st.st_size == 0 || (uint64_t)st.st_size > FILE_SIZE_LARGEST)
                return error_set(reterr, missing, "the %s \"%s\" is %s", what, path,
                                 st.st_size == 0 ? "empty" : "too large");
        note_identity(&st, file);
        note_resolved(root_fd, file);
        return FAILURE_NONE;
}

/* A file that will not do is named together with the setting that names it. */
static Failure blame_setting(Failure failure, const char *key, const char *value, Error *reterr) {
        char named[32];

        strscpyf(named, sizeof(named), "%s=", key);
        if (failure == FAILURE_NONE || failure == FAILURE_SYSTEM || streq(value, "auto") ||
            strstr(reterr->text, named))
                return failure;
        return error_set(reterr, failure, "%s (%s in kdumpd.conf)", reterr->text, named);
}

Failure locate_open_kernel(const LocateRequest *request, LocatedFile *file, Error *reterr) {
        Failure failure;

        failure = find_kernel(request, file, reterr);
        if (failure == FAILURE_NONE)
                failure = open_found(request->root_fd, "kernel", FAILURE_NO_KERNEL, file, reterr);
        return blame_setting(failure, "Kernel", request->settings->kernel, reterr);
}

Failure locate_open_initrd(const LocateRequest *request, const char *release, LocatedFile *file,
                           Error *reterr) {
        Failure failure;

        if (streq(request->settings->initrd, "none"))
                return FAILURE_NONE;
        failure = find_initrd(request, release, file, reterr);
        if (failure == FAILURE_NONE)
                failure = open_found(request->root_fd, "initrd", FAILURE_NO_INITRD, file, reterr);
        return blame_setting(failure, "Initrd", request->settings->initrd, reterr);
}

bool located_file_named(const LocatedFile *file, char ret[static PLACES_RELEASE_MAX]) {
        return places_release(file->resolved, ret) || places_release(file->identity.path, ret);
}

/* A kernel can come in a file with other things, or packed. */
static Failure unwrap(const LocateRequest *request, LocatedFile *kernel, Error *reterr) {
        const char *why;
        int r = kernel_file_unwrap(request->architecture, &kernel->fd, &kernel->size, &why);

        kernel->is_inner = r > 0;
        if (r >= 0)
                return FAILURE_NONE;
        return error_set(reterr, r == -EBADMSG ? FAILURE_BAD_KERNEL : FAILURE_SYSTEM,
                         "the kernel cannot be taken out of \"%s\": %s", kernel->identity.path,
                         r == -EBADMSG ? why : strerror(-r));
}

static Failure parse(const LocateRequest *request, LocatedFile *kernel, KernelImage *ret,
                     Error *reterr) {
        _cleanup_free_ char *head = NULL;
        const char *why;
        size_t n;
        int r;

        r = kernel_head_read(kernel->fd, 0, &head, &n);
        if (r == -ENOMEM)
                return no_memory(reterr);
        if (r < 0)
                return error_set(reterr, FAILURE_NO_KERNEL, "the kernel \"%s\" cannot be read: %s",
                                 kernel->identity.path, strerror(-r));
        if (kernel_image_parse(request->architecture, head, n, kernel->size, ret, &why) < 0)
                return error_set(reterr, FAILURE_BAD_KERNEL,
                                 "the kernel %s\"%s\" cannot be loaded: %s",
                                 kernel->is_inner ? "in " : "", kernel->identity.path, why);
        return FAILURE_NONE;
}

Failure locate_read_kernel(const LocateRequest *request, LocatedFile *kernel, KernelImage *ret,
                           Error *reterr) {
        Failure failure;

        failure = unwrap(request, kernel, reterr);
        if (failure == FAILURE_NONE)
                failure = parse(request, kernel, ret, reterr);
        if (failure == FAILURE_NONE && !isempty(ret->release))
                strscpy(kernel->release, sizeof(kernel->release), ret->release);
        else if (failure == FAILURE_NONE)
                (void)located_file_named(kernel, kernel->release);
        return blame_setting(failure, "Kernel", request->settings->kernel, reterr);
}

Failure locate_kernel_release(const LocateRequest *request, char ret[static PLACES_RELEASE_MAX],
                              Error *reterr) {
        _cleanup_(located_file_done) LocatedFile kernel = LOCATED_FILE_INIT;
        char in_header[KERNEL_RELEASE_MAX];
        Failure failure;

        if (streq(request->settings->kernel, "auto")) {
                strscpy(ret, PLACES_RELEASE_MAX, request->release);
                return FAILURE_NONE;
        }
        failure = locate_open_kernel(request, &kernel, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        if (kernel_file_release(request->root_fd, kernel.identity.path, in_header) >= 0)
                strscpy(ret, PLACES_RELEASE_MAX, in_header);
        else if (!located_file_named(&kernel, ret))
                return error_set(reterr, FAILURE_BAD_KERNEL,
                                 "the kernel \"%s\" does not tell its release (Kernel= in "
                                 "kdumpd.conf)",
                                 kernel.identity.path);
        return FAILURE_NONE;
}
