/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where distributions keep the kernel and its kdump initrd. */
#include "sys/locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/paths.h"
#include "sys/kernel-file.h"
#include "sys/path.h"

#define TOKEN_MAX   128u /* of /etc/kernel/entry-token; a machine ID has 32 characters */
#define TOKENS_MOST 2u

#define SETTINGS_LONGEST (64u * 1024u) /* of a file in /etc/default */
#define CMDLINE_LONGEST  (64u * 1024u) /* of /proc/cmdline; far above any COMMAND_LINE_SIZE */
#define UNIFIED_MOST     64            /* unified kernel images that are looked into */

typedef struct Place {
        const char *path;
        const char *architectures; /* NULL for all */
} Place;

/* What x86 loads is a bzImage; elsewhere it is an Image or an ELF file too. Not here: the
 * directories below /boot/ostree, since ostree systems have /usr/lib/modules/%r/vmlinuz. */
#define NOT_X86 "aarch64 ppc64le s390x riscv64 loongarch64"
/* On riscv64 the ELF file comes first: kexec_file_load takes nothing else before Linux 6.16. */
#define NOT_X86_NOR_RISCV "aarch64 ppc64le s390x loongarch64"
static const Place kernel_places[] = {
        { "/boot/vmlinux-%r", "riscv64" },
        { "/usr/lib/modules/%r/vmlinux", "riscv64" },
        { "/boot/vmlinuz-%r", NULL },
        { "/usr/lib/modules/%r/vmlinuz", NULL },
        { "/efi/%t/%r/linux", NULL },
        { "/boot/efi/%t/%r/linux", NULL },
        { "/boot/%t/%r/linux", NULL },
        { "/efi/%t/%r/vmlinuz", NULL },
        { "/boot/efi/%t/%r/vmlinuz", NULL },
        { "/boot/%t/%r/vmlinuz", NULL },
        { "/boot/kernel-%r", NULL },
        { "/boot/Image-%r", NOT_X86 },
        { "/usr/lib/modules/%r/Image", NOT_X86 },
        { "/boot/image-%r", NOT_X86 },
        { "/usr/lib/modules/%r/image", NOT_X86 },
        { "/boot/vmlinux-%r", NOT_X86_NOR_RISCV },
        { "/usr/lib/modules/%r/vmlinux", NOT_X86_NOR_RISCV },
};

/* What there is to know of the initrds of one maker. */
typedef struct InitrdMaker {
        bool knows_root;   /* they have the devices and mounts of their own */
        const char *words; /* the maker's own tool passes them on the command line; may be NULL */
        const char *unit;  /* of the system that they boot, and what captures; NULL: they do */
        const char *unmasked; /* another one that must not be masked; may be missing */
        const char *settings; /* of that unit: a file with a variable that can be 0 */
        const char *variable;
} InitrdMaker;

#define KDUMP_TOOLS_UNIT "kdump-tools-dump.service"

static const InitrdMaker own = { .knows_root = true };
/* With no root= systemd in the initrd looks for partitions by their types, and waits for them. */
static const InitrdMaker fedora = { .knows_root = true, .words = "rd.systemd.gpt_auto=no" };
static const InitrdMaker suse = { .knows_root = true,
                                  .words = "root=kdump rootflags=bind rd.udev.children-max=8" };
/* Smaller than the ordinary one, and else as that. Without the word the whole system boots, inside
 * the reservation; with the variable at 0 the unit does nothing. Either leaves no dump, and the
 * machine there. So does a mask on the other unit of the package: the script that both run asks for
 * that one by its own name, and ends (/lib/lsb/init-functions.d/40-systemd). The tool also turns
 * USB off, which can be where the disk is. */
static const InitrdMaker debian = { .words = "systemd.unit=" KDUMP_TOOLS_UNIT,
                                    .unit = KDUMP_TOOLS_UNIT,
                                    .unmasked = "kdump-tools.service",
                                    .settings = "/etc/default/kdump-tools",
                                    .variable = "USE_KDUMP" };

typedef struct InitrdPlace {
        const char *path;
        const InitrdMaker *maker;
} InitrdPlace;

/* Names with the release come before those without. */
#define OWN_INITRD STATE_DIRECTORY "/%r/initramfs.img"
static const InitrdPlace initrd_places[] = {
        { OWN_INITRD, &own }, /* kdump-mkinitramfs */
        { "/boot/initramfs-%rkdump.img", &fedora },
        { "/var/lib/kdump/initramfs-%rkdump.img", &fedora }, /* if /boot is read-only */
        { "/boot/initrd-%r-kdump", &suse },                  /* older ones */
        { "/var/lib/kdump/initrd.img-%r", &debian },
        { "/efi/%t/%r/initrdkdump", &fedora }, /* with BLS directories */
        { "/boot/efi/%t/%r/initrdkdump", &fedora },
        { "/boot/%t/%r/initrdkdump", &fedora },
        { "/var/lib/kdump/initrd", &suse },
        { "/var/lib/kdump/initrd.img", &debian },
};

const char *locate_kernel_place(size_t i, const char **ret_architectures) {
        if (i >= ELEMENTSOF(kernel_places))
                return NULL;
        *ret_architectures = kernel_places[i].architectures;
        return kernel_places[i].path;
}

const char *locate_initrd_place(size_t i, const char **ret_words) {
        if (i >= ELEMENTSOF(initrd_places))
                return NULL;
        *ret_words = strempty(initrd_places[i].maker->words);
        return initrd_places[i].path;
}

typedef enum UnitState {
        UNIT_MISSING,
        UNIT_MASKED,
        UNIT_INSTALLED,
} UnitState;

/* What systemd finds of a unit when it boots the system. */
static UnitState unit_state(int root_fd, const char *unit) {
        static const char *const directories[] = { "/etc/systemd/system",
                                                   "/usr/local/lib/systemd/system",
                                                   "/usr/lib/systemd/system",
                                                   "/lib/systemd/system" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                char path[128], target[sizeof("/dev/null") + 1];
                ssize_t n;

                strscpyf(path, sizeof(path), "%s/%s", directories[i], unit);
                n = readlinkat(root_fd, &path[1], target, sizeof(target) - 1);
                target[n < 0 ? 0 : n] = '\0';
                if (streq(target, "/dev/null"))
                        return UNIT_MASKED;
                if (exists_below(root_fd, path))
                        return UNIT_INSTALLED;
        }
        return UNIT_MISSING;
}

/* Whether a shell's file sets a variable to 0, or to nothing. The last line counts. */
static bool is_set_to_zero(int root_fd, const char *file, const char *variable) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        bool zero = false;

        if (read_file_below(root_fd, file, SETTINGS_LONGEST, &text, NULL) < 0)
                return false;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *value = startswith(line + strspn(line, " \t"), variable);

                if (!value || *value != '=')
                        continue;
                value += 1 + strspn(value + 1, "\"'");
                zero = value[strspn(value, "0")] == '\0' ||
                       strchr(" \t\"'#;", value[strspn(value, "0")]);
        }
        return zero;
}

/* Whether what captures after such an initrd will do so. */
static bool maker_is_ready(const InitrdMaker *maker, int root_fd, Error *reterr) {
        if (!maker->unit)
                return true;
        if (unit_state(root_fd, maker->unit) != UNIT_INSTALLED) {
                (void)error_set(reterr, 0,
                                "%s, which captures there, is not installed or is masked",
                                maker->unit);
                return false;
        }
        if (unit_state(root_fd, maker->unmasked) == UNIT_MASKED) {
                (void)error_set(
                        reterr, 0,
                        "%s is masked, with which nothing captures there: disable it instead",
                        maker->unmasked);
                return false;
        }
        if (is_set_to_zero(root_fd, maker->settings, maker->variable)) {
                (void)error_set(reterr, 0, "%s has %s=0, with which nothing captures",
                                maker->settings, maker->variable);
                return false;
        }
        return true;
}

/* Whether a path is one that a place stands for. Each specifier is a piece of one component. */
static bool match_path(const char *place, const char *path) {
        for (; *place; place++, path++) {
                if (*place == '%') {
                        for (; *path != '\0' && *path != '/'; path++)
                                if (match_path(place + 2, path + 1))
                                        return true;
                        return false;
                }
                if (*place != *path)
                        return false;
        }
        return *path == '\0';
}

static const InitrdMaker *maker_of(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(initrd_places); i++)
                if (match_path(initrd_places[i].path, path))
                        return initrd_places[i].maker;
        return NULL;
}

const char *locate_initrd_words(const char *path) {
        const InitrdMaker *maker = maker_of(path);

        return maker ? strempty(maker->words) : "";
}

bool locate_initrd_captures(int root_fd, const char *path, Error *reterr) {
        const InitrdMaker *maker = maker_of(path);

        return !maker || maker_is_ready(maker, root_fd, reterr);
}

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

/* Where unified kernel images are put, under any name (UAPI Group: Boot Loader Specification, type
 * #2). */
static const char *const unified_directories[] = { "/efi/EFI/Linux", "/boot/efi/EFI/Linux",
                                                   "/boot/EFI/Linux" };

const char *locate_unified_directory(size_t i) {
        return i < ELEMENTSOF(unified_directories) ? unified_directories[i] : NULL;
}

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
        int r;

        r = search_init(&s, root_fd, release);
        for (size_t i = 0; i < ELEMENTSOF(kernel_places) && r == 0; i++)
                if (!kernel_places[i].architectures ||
                    has_word(kernel_places[i].architectures, architecture))
                        r = try_place(&s, kernel_places[i].path);
        if (r == 0)
                r = try_boot_image(&s);
        for (size_t i = 0; i < ELEMENTSOF(unified_directories) && r == 0; i++)
                r = try_unified(&s, unified_directories[i]);
        return search_finish(&s, r, ret, ret_tried);
}

int locate_initrd(int root_fd, const char *release, char **ret, char **ret_tried) {
        _cleanup_(search_done) Search s = { 0 };
        int r;

        r = search_init(&s, root_fd, release);
        for (size_t i = 0; i < ELEMENTSOF(initrd_places) && r == 0; i++) {
                Error why;

                r = try_place(&s, initrd_places[i].path);
                if (r <= 0 || maker_is_ready(initrd_places[i].maker, root_fd, &why))
                        continue;
                note_tried(&s, s.found);
                (void)fprintf(s.tried, " (%s)", why.text);
                free(TAKE_PTR(s.found));
                r = 0;
        }
        return search_finish(&s, r, ret, ret_tried);
}

/* Versions of Linux begin "6.1": anything else ("kdump", "linux-lts", "generic") is a name that
 * somebody gave. */
static bool looks_like_release(const char *s, size_t n) {
        size_t digits = strspn(s, "0123456789");

        return digits > 0 && n > digits + 1 && s[digits] == '.' && s[digits + 1] >= '0' &&
               s[digits + 1] <= '9';
}

static bool give_release(const char *s, size_t n, char ret[static LOCATE_RELEASE_MAX]) {
        if (n >= LOCATE_RELEASE_MAX || !looks_like_release(s, n))
                return false;
        memcpy(ret, s, n);
        ret[n] = '\0';
        return true;
}

/* Matches a name against the last component of a place. Returns true with what stands for %r, an
 * empty piece if the component has none. */
static bool match_name(const char *place, const char *name, const char **ret_start, size_t *ret_n) {
        const char *pattern = path_name(place), *specifier = strstr(pattern, "%r");
        size_t before, after, n = strlen(name);

        if (!specifier) {
                *ret_start = name;
                *ret_n = 0;
                return streq(pattern, name);
        }
        before = (size_t)(specifier - pattern);
        after = strlen(specifier + 2);
        if (n <= before + after || strncmp(pattern, name, before) != 0 ||
            !streq(specifier + 2, name + n - after))
                return false;
        *ret_start = name + before;
        *ret_n = n - before - after;
        return true;
}

/* The release in a path that matches a place: in its name, or in the name of its directory
 * (".../%r/linux"). */
static bool release_by_place(const char *place, const char *path,
                             char ret[static LOCATE_RELEASE_MAX]) {
        const char *name = path_name(path), *start, *directory_end, *directory;
        size_t n;

        if (!match_name(place, name, &start, &n))
                return false;
        if (n > 0)
                return give_release(start, n, ret);
        if (!strstr(place, "/%r/") || name == path)
                return false;
        directory_end = directory = name - 1;
        while (directory > path && directory[-1] != '/')
                directory--;
        return give_release(directory, (size_t)(directory_end - directory), ret);
}

/* "initramfs-%rkdump.img" before the names of kernels, which end in anything. */
bool locate_release_of_path(const char *path, char ret[static LOCATE_RELEASE_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(initrd_places); i++)
                if (release_by_place(initrd_places[i].path, path, ret))
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(kernel_places); i++)
                if (release_by_place(kernel_places[i].path, path, ret))
                        return true;
        return false;
}

bool locate_initrd_knows_root(const char *path) {
        const char *start;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(initrd_places); i++) {
                const char *place = initrd_places[i].path;

                /* A name without a release ("initrd") says something only in its own directory. */
                if (initrd_places[i].maker->knows_root && !streq(place, OWN_INITRD) &&
                    (strstr(place, "%r") ? match_name(place, path_name(path), &start, &n)
                                         : streq(place, path)))
                        return true;
        }
        return locate_initrd_is_own(path);
}

/* Where distributions keep the initrds that they boot with. Without a release in its name only
 * where a link leads tells. */
static const char *const system_initrds[] = {
        "/boot/initrd.img-%r",
        "/boot/initramfs-%r.img",
        "/boot/initrd-%r",
        "/boot/initrd-%r.img",
        "/boot/initramfs-%r",
        "/usr/lib/modules/%r/initrd",
        "/usr/lib/modules/%r/initramfs.img",
        "/efi/%t/%r/initrd",
        "/boot/efi/%t/%r/initrd",
        "/boot/%t/%r/initrd",
};

static InitrdKind kind_by_name(const char *path) {
        if (locate_initrd_is_own(path))
                return INITRD_OWN;
        if (maker_of(path) || locate_initrd_knows_root(path))
                return INITRD_KDUMP;
        for (size_t i = 0; i < ELEMENTSOF(system_initrds); i++)
                if (match_path(system_initrds[i], path))
                        return INITRD_SYSTEM;
        return INITRD_UNKNOWN;
}

InitrdKind locate_initrd_kind(int root_fd, const char *path) {
        InitrdKind kind = kind_by_name(path), found;
        _cleanup_free_ char *resolved = NULL;

        if ((kind != INITRD_SYSTEM && kind != INITRD_UNKNOWN) ||
            path_resolve(root_fd, path, &resolved) < 0)
                return kind;
        found = kind_by_name(resolved);
        return found == INITRD_UNKNOWN ? kind : found;
}

bool locate_initrd_is_own(const char *path) {
        size_t before = (size_t)(strstr(OWN_INITRD, "%r") - OWN_INITRD);
        const char *after = &OWN_INITRD[before + strlen("%r")], *release, *end;

        if (strncmp(path, OWN_INITRD, before) != 0)
                return false;
        release = path + before;
        end = strchr(release, '/');
        return end && end > release && streq(end, after);
}

bool locate_releases_match(const char *a, const char *b) {
        size_t n = 0;

        while (a[n] != '\0' && a[n] == b[n])
                n++;
        if (a[n] == '\0' && b[n] == '\0')
                return true;
        /* One goes on where the other ends. "-" and "." begin something of their own there; a
         * digit would be another number, and "+debug" another kernel with other modules. */
        if (a[n] == '\0')
                return b[n] == '.' || b[n] == '-' || b[n] == '_';
        if (b[n] == '\0')
                return a[n] == '.' || a[n] == '-' || a[n] == '_';
        return false;
}
