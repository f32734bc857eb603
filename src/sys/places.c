/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where kernels and initrds are kept, and what a place tells of a file. */
#include "sys/places.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/paths.h"
#include "sys/path.h"

#define SETTINGS_LONGEST (64u * 1024u) /* of a file in /etc/default */

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

const char *places_kernel(size_t i, const char **ret_architectures) {
        if (i >= ELEMENTSOF(kernel_places))
                return NULL;
        *ret_architectures = kernel_places[i].architectures;
        return kernel_places[i].path;
}

const char *places_initrd(size_t i, const char **ret_words) {
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
                char path[128];

                strscpyf(path, sizeof(path), "%s/%s", directories[i], unit);
                if (is_masked_below(root_fd, path))
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

const char *places_initrd_words(const char *path) {
        const InitrdMaker *maker = maker_of(path);

        return maker ? strempty(maker->words) : "";
}

bool places_initrd_captures(int root_fd, const char *path, Error *reterr) {
        const InitrdMaker *maker = maker_of(path);

        return !maker || maker_is_ready(maker, root_fd, reterr);
}

/* Where unified kernel images are put, under any name (UAPI Group: Boot Loader Specification, type
 * #2). */
static const char *const unified_directories[] = { "/efi/EFI/Linux", "/boot/efi/EFI/Linux",
                                                   "/boot/EFI/Linux" };

const char *places_unified(size_t i) {
        return i < ELEMENTSOF(unified_directories) ? unified_directories[i] : NULL;
}

/* Versions of Linux begin "6.1": anything else ("kdump", "linux-lts", "generic") is a name that
 * somebody gave. */
static bool looks_like_release(const char *s, size_t n) {
        size_t digits = strspn(s, "0123456789");

        return digits > 0 && n > digits + 1 && s[digits] == '.' && s[digits + 1] >= '0' &&
               s[digits + 1] <= '9';
}

static bool give_release(const char *s, size_t n, char ret[static PLACES_RELEASE_MAX]) {
        if (n >= PLACES_RELEASE_MAX || !looks_like_release(s, n))
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
                             char ret[static PLACES_RELEASE_MAX]) {
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
bool places_release(const char *path, char ret[static PLACES_RELEASE_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(initrd_places); i++)
                if (release_by_place(initrd_places[i].path, path, ret))
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(kernel_places); i++)
                if (release_by_place(kernel_places[i].path, path, ret))
                        return true;
        return false;
}

bool places_initrd_knows_root(const char *path) {
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
        return places_initrd_is_own(path);
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
        if (places_initrd_is_own(path))
                return INITRD_OWN;
        if (maker_of(path) || places_initrd_knows_root(path))
                return INITRD_KDUMP;
        for (size_t i = 0; i < ELEMENTSOF(system_initrds); i++)
                if (match_path(system_initrds[i], path))
                        return INITRD_SYSTEM;
        return INITRD_UNKNOWN;
}

InitrdKind places_initrd_kind(int root_fd, const char *path) {
        InitrdKind kind = kind_by_name(path), found;
        _cleanup_free_ char *resolved = NULL;

        if ((kind != INITRD_SYSTEM && kind != INITRD_UNKNOWN) ||
            path_resolve(root_fd, path, &resolved) < 0)
                return kind;
        found = kind_by_name(resolved);
        return found == INITRD_UNKNOWN ? kind : found;
}

bool places_initrd_is_own(const char *path) {
        size_t before = (size_t)(strstr(OWN_INITRD, "%r") - OWN_INITRD);
        const char *after = &OWN_INITRD[before + strlen("%r")], *release, *end;

        if (strncmp(path, OWN_INITRD, before) != 0)
                return false;
        release = path + before;
        end = strchr(release, '/');
        return end && end > release && streq(end, after);
}

bool places_releases_match(const char *a, const char *b) {
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
