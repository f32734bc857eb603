/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crashkernel= by /etc/kernel/cmdline, and entries of systemd-boot that kernel-install(8) makes
 * anew. */
#include "setup/reserve-private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file-util.h"
#include "base/string-util.h"
#include "setup/entry-text.h"
#include "sys/efi.h"
#include "sys/kernel-state.h"
#include "sys/path.h"

#define CMDLINE        "/etc/kernel/cmdline"
#define VENDOR_CMDLINE "/usr/lib/kernel/cmdline"
#define INSTALL_CONF   "/etc/kernel/install.conf"
#define BOOT           "/boot"
#define KERNEL         "vmlinuz-"
#define INITRD         "initrd.img-"
#define ENTRIES        "loader/entries"
#define OSRELEASE      "/proc/sys/kernel/osrelease"

#define KERNELS_MOST 64u
#define NAME_LONGEST 256u

/* What is on the partition of a kernel before and after may differ by clusters and directories. */
#define SLACK (1u << 20)

/* A kernel in /boot, and its entry. */
typedef struct Kernel {
        char release[NAME_LONGEST];
        SavedFile entry; /* without a path if it has none */
} Kernel;

typedef struct Kernels {
        Kernel *kernel;
        size_t n;
        char *esp;
} Kernels;

static void kernels_done(Kernels *kernels) {
        for (size_t i = 0; i < kernels->n; i++)
                saved_file_done(&kernels->kernel[i].entry);
        free(kernels->kernel);
        free(kernels->esp);
        *kernels = (Kernels){ 0 };
}

/* The one that runs is the last: until then, the entry that is known to boot is as it was. */
static void move_running_last(int root_fd, Kernels *kernels) {
        char running[NAME_LONGEST];

        if (read_line_below(root_fd, OSRELEASE, running, sizeof(running)) < 0)
                return;
        for (size_t i = 0; i + 1 < kernels->n; i++) {
                Kernel kernel = kernels->kernel[i];

                if (!streq(kernel.release, running))
                        continue;
                kernels->kernel[i] = kernels->kernel[kernels->n - 1];
                kernels->kernel[kernels->n - 1] = kernel;
        }
}

/* A name with a suffix is a copy of a kernel that somebody keeps. */
static bool has_modules(int root_fd, const char *release) {
        char path[NAME_LONGEST + 32];

        strscpyf(path, sizeof(path), "/lib/modules/%s", release);
        return exists_below(root_fd, path);
}

static int find_kernels(int root_fd, Kernels *kernels) {
        _cleanup_closedir_ DIR *directory = NULL;
        const struct dirent *entry;

        if (open_directory_below(root_fd, BOOT, &directory) < 0)
                return 0;
        while ((entry = readdir(directory))) {
                const char *release = startswith(entry->d_name, KERNEL);
                Kernel *kernel;

                if (!release || !has_modules(root_fd, release) || kernels->n >= KERNELS_MOST)
                        continue;
                kernel = ARRAY_ADD(kernels->kernel, kernels->n);
                if (!kernel)
                        return -ENOMEM;
                strscpy(kernel->release, sizeof(kernel->release), release);
        }
        move_running_last(root_fd, kernels);
        return 0;
}

/* --- looking */

/* What stands in CMDLINE, or would. */
static int read_cmdline(int root_fd, char **ret, bool *ret_is_there) {
        _cleanup_free_ char *running = NULL;
        int r;

        r = read_file_below(root_fd, CMDLINE, BOOT_FILE_LONGEST, ret, NULL);
        *ret_is_there = r >= 0;
        if (r == -ENOENT)
                r = read_file_below(root_fd, VENDOR_CMDLINE, BOOT_FILE_LONGEST, ret, NULL);
        if (r != -ENOENT)
                return r;
        r = kernel_command_line(root_fd, &running);
        if (r < 0)
                return r;
        *ret = cmdline_from_running(running);
        return *ret ? 0 : -ENOMEM;
}

static int look_at_cmdline(int root_fd, const Asked *asked, ReservePlan *plan) {
        _cleanup_free_ char *text = NULL, *running = NULL, *words = NULL, *own = NULL;
        bool is_there;
        int r;

        r = read_cmdline(root_fd, &text, &is_there);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return reserve_refuse(plan, "\"" CMDLINE "\" cannot be read: %s",
                                      strerrordesc_np(-r));
        words = cmdline_words(text);
        if (!words || asprintf(&own, CRASHKERNEL_WORD "%s", asked->value) < 0)
                return -ENOMEM;
        if (is_there && asked->value[0] && streq(words, own)) {
                plan->own_word = TAKE_PTR(own);
                plan->back_word = strdup(strempty(asked->before));
        } else
                plan->back_word = TAKE_PTR(words);
        if (kernel_command_line(root_fd, &running) >= 0 && cmdline_has(running, "root=") &&
            !cmdline_has(text, "root="))
                return reserve_refuse(plan,
                                      "\"" CMDLINE "\" has no root=, which the running kernel "
                                      "has: the next entry would not boot; add it there");
        return plan->back_word ? 0 : -ENOMEM;
}

static int look_at_layout(int root_fd, ReservePlan *plan) {
        _cleanup_free_ char *text = NULL, *layout = NULL;

        if (read_file_below(root_fd, INSTALL_CONF, BOOT_FILE_LONGEST, &text, NULL) < 0)
                return 0;
        layout = ini_value(text, NULL, "layout");
        if (!layout)
                return -ENOMEM;
        if (layout[0] == '\0' || streq(layout, "bls") || streq(layout, "auto"))
                return 0;
        return reserve_refuse(plan,
                              "\"" INSTALL_CONF
                              "\" has layout=%s, and an entry of another kind has "
                              "started this machine",
                              layout);
}

/* The entry that has started the machine lies where kernel-install(8) writes. Who may not look has
 * to believe it, and may not write, either. */
static int look_at_entry(int root_fd, const char *esp, ReservePlan *plan) {
        char name[EFI_TEXT_MAX], path[EFI_TEXT_MAX * 2];
        struct stat st;

        if (efi_read_loader_text(root_fd, "LoaderEntrySelected", name) < 0 || strchr(name, '/'))
                return reserve_refuse(plan, "the boot loader does not say which entry has started "
                                            "this machine");
        strscpyf(path, sizeof(path), "%s/" ENTRIES "/%s", esp, name);
        if (stat_below(root_fd, path, &st) != -ENOENT)
                return 0;
        return reserve_refuse(plan,
                              "the entry that has started this machine, %s, is not in \"%s/" ENTRIES
                              "\": mount the partition where it is",
                              name, esp);
}

static int look(int root_fd, const Helper *helper, const Asked *asked, ReservePlan *plan,
                Error *reterr) {
        _cleanup_(kernels_done) Kernels kernels = { 0 };
        _cleanup_free_ char *program = NULL;
        Error error;
        int r;

        r = look_at_cmdline(root_fd, asked, plan);
        if (r >= 0)
                r = look_at_layout(root_fd, plan);
        if (r >= 0)
                r = find_kernels(root_fd, &kernels);
        if (r >= 0 && kernels.n == 0)
                r = reserve_refuse(plan, "there is no kernel \"" BOOT "/" KERNEL "...\"");
        if (r >= 0 && path_find_program(root_fd, "kernel-install", &program) < 0)
                r = reserve_refuse(plan, "\"kernel-install\" is not installed");
        if (r < 0 || plan->obstacle)
                return r;
        r = helper_find_esp(root_fd, helper, &kernels.esp, &error);
        if (r < 0)
                return r == -ENOMEM ? r : reserve_refuse(plan, "%s", error.text);
        return look_at_entry(root_fd, kernels.esp, plan);
}

/* --- writing */

/* The entry of a release: "TOKEN-RELEASE.conf", or with a count of tries, "TOKEN-
 * RELEASE+3.conf". */
static bool is_entry_of(const char *name, const char *release) {
        const char *at = strstr(name, release);

        return at && at > name && at[-1] == '-' && endswith(name, ".conf") &&
               (streq(at + strlen(release), ".conf") || at[strlen(release)] == '+');
}

static int save_entry(int root_fd, const char *esp, Kernel *kernel, Error *reterr) {
        _cleanup_free_ char *entries = reserve_path(esp, ENTRIES), *path = NULL;
        _cleanup_closedir_ DIR *directory = NULL;
        const struct dirent *entry;
        int r;

        if (!entries)
                return error_set_memory(reterr);
        r = open_directory_below(root_fd, entries, &directory);
        if (r < 0)
                return error_set(reterr, r, "\"%s\" cannot be read: %s", entries,
                                 strerrordesc_np(-r));
        while ((entry = readdir(directory)))
                if (!path && is_entry_of(entry->d_name, kernel->release))
                        path = reserve_path(entries, entry->d_name);
        return path ? saved_file_take(root_fd, path, &kernel->entry, reterr) : 0;
}

static uint64_t size_of(int root_fd, const char *prefix, const char *release) {
        char path[NAME_LONGEST + 32];
        struct stat st;

        strscpyf(path, sizeof(path), BOOT "/%s%s", prefix, release);
        return stat_below(root_fd, path, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/* Kernel and initrd are written anew beside or over those that are there: at worst, with one pair
 * of them more. */
static int check_room(int root_fd, const Kernels *kernels, Error *reterr) {
        uint64_t most = 0;

        for (size_t i = 0; i < kernels->n; i++) {
                const char *release = kernels->kernel[i].release;
                uint64_t bytes =
                        size_of(root_fd, KERNEL, release) + size_of(root_fd, INITRD, release);

                most = MAX(most, bytes);
        }
        return boot_file_room(root_fd, kernels->esp, most + SLACK, reterr);
}

static int read_entry_back(int root_fd, const ReservePlan *plan, const char *esp,
                           const char *release, char **ret_words, Error *reterr) {
        Kernel now = { 0 };
        int r;

        strscpy(now.release, sizeof(now.release), release);
        r = save_entry(root_fd, esp, &now, reterr);
        if (r >= 0 && !now.entry.data)
                r = error_set(reterr, -EPROTO,
                              "\"kernel-install\" has made no entry for %s in \"%s/" ENTRIES "\"",
                              release, esp);
        if (r >= 0) {
                _cleanup_free_ char *words = entry_words(now.entry.data);

                if (!words)
                        r = error_set_memory(reterr);
                else if (plan->new_word && !streq(words, plan->new_word))
                        r = error_set(reterr, -EPROTO,
                                      "\"kernel-install\" has made an entry for %s with %s instead "
                                      "of %s",
                                      release, *words ? words : "nothing", plan->new_word);
                else {
                        free(*ret_words);
                        *ret_words = TAKE_PTR(words);
                }
        }
        saved_file_done(&now.entry);
        return r;
}

static int make_entry(int root_fd, const Helper *helper, const char *release, Error *reterr) {
        char image[NAME_LONGEST + 32];
        const char *argv[] = { "kernel-install", "add", release, image, NULL };

        strscpyf(image, sizeof(image), BOOT "/" KERNEL "%s", release);
        return helper_run(root_fd, helper, argv, NULL, reterr);
}

/* Replaces the text where kernel-install(8) reads it, or removes what we have made. */
static int write_cmdline(int root_fd, const ReservePlan *plan, const SavedFile *saved,
                         const Asked *asked, Error *reterr) {
        const char *word = plan->new_word ?: (plan->back_word[0] ? plan->back_word : NULL);
        _cleanup_free_ char *text = NULL, *made = NULL;
        bool is_there;
        int r;

        if (!plan->new_word && asked->made_place)
                return boot_file_remove(root_fd, CMDLINE, reterr);
        r = read_cmdline(root_fd, &text, &is_there);
        if (r < 0)
                return error_set(reterr, r, "\"" CMDLINE "\" cannot be read: %s",
                                 strerrordesc_np(-r));
        made = cmdline_with(text, word);
        return made ? saved_file_replace(root_fd, saved, made, reterr) : error_set_memory(reterr);
}

static int save_entries(int root_fd, Kernels *kernels, Error *reterr) {
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < kernels->n && r >= 0; i++) {
                r = save_entry(root_fd, kernels->esp, &kernels->kernel[i], reterr);
                n += kernels->kernel[i].entry.path != NULL;
        }
        if (r >= 0 && n == 0)
                r = error_set(reterr, -ENOENT,
                              "no kernel of \"" BOOT "\" has an entry in \"%s/" ENTRIES "\"",
                              kernels->esp);
        return r;
}

static int write_all_of_it(int root_fd, const Helper *helper, const ReservePlan *plan,
                           Kernels *kernels, SavedFile *cmdline, const Asked *asked,
                           char **ret_words, Error *reterr) {
        int r;

        r = find_kernels(root_fd, kernels) < 0
                    ? error_set_memory(reterr)
                    : helper_find_esp(root_fd, helper, &kernels->esp, reterr);
        if (r >= 0)
                r = save_entries(root_fd, kernels, reterr);
        if (r >= 0)
                r = check_room(root_fd, kernels, reterr);
        if (r >= 0)
                r = saved_file_take(root_fd, CMDLINE, cmdline, reterr);
        if (r >= 0)
                r = write_cmdline(root_fd, plan, cmdline, asked, reterr);
        for (size_t i = 0; i < kernels->n && r >= 0; i++) {
                const Kernel *kernel = &kernels->kernel[i];

                /* What has no entry is started by somebody else, or not at all. */
                if (!kernel->entry.path)
                        continue;
                r = make_entry(root_fd, helper, kernel->release, reterr);
                if (r >= 0)
                        r = read_entry_back(root_fd, plan, kernels->esp, kernel->release, ret_words,
                                            reterr);
        }
        return r;
}

static int write_entries(int root_fd, const Helper *helper, const ReservePlan *plan, Asked *asked,
                         ReserveResult *result, Error *reterr) {
        _cleanup_(saved_file_done) SavedFile cmdline = { 0 };
        _cleanup_(kernels_done) Kernels kernels = { 0 };
        bool is_first = plan->own_word[0] == '\0';
        int r;

        r = write_all_of_it(root_fd, helper, plan, &kernels, &cmdline, asked, &result->word,
                            reterr);
        if (r < 0) {
                /* The kernels themselves are the same ones, wherever it stopped. */
                saved_file_restore(root_fd, &cmdline);
                for (size_t i = 0; i < kernels.n; i++)
                        saved_file_restore(root_fd, &kernels.kernel[i].entry);
                return r;
        }
        if (is_first) {
                free(asked->before);
                asked->before = strdup(plan->back_word);
                asked->made_place = !cmdline.data;
        }
        return 0;
}

const ReserveMethod reserve_by_entries = { .look = look, .write = write_entries };
