/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crashkernel= by a drop-in of /etc/default/grub, and a grub.cfg that is made anew. */
#include "setup/reserve-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "setup/grub-cfg.h"
#include "sys/path.h"

#define DEFAULTS  "/etc/default/grub"
#define DIRECTORY DEFAULTS ".d"
#define DROPIN    DIRECTORY "/zz-kdumpd.cfg"

#define BOOT     "/boot/grub"
#define CFG      BOOT "/grub.cfg"
#define CFG_NEW  CFG ".kdumpd"
#define CFG_OLD  CFG ".kdumpd-old"
#define CFG_TEMP CFG_NEW ".new" /* grub-mkconfig's own */

/* What the largest file can have grown by, and what a directory takes. */
#define SLACK (64u * 1024u)

/* --- looking */

/* The word that the files have which are there without ours, in the order of their names. */
static int look_at_others(int root_fd, ReservePlan *plan) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent **entries = NULL;
        bool is_default = false;
        int n = 0, r = 0;

        if (open_directory_below(root_fd, DIRECTORY, &directory) >= 0)
                n = scandirat(dirfd(directory), ".", &entries, NULL, alphasort);
        for (int i = -1; i < n; i++) {
                const char *name = i < 0 ? NULL : entries[i]->d_name;
                _cleanup_free_ char *path = NULL, *text = NULL, *word = NULL;
                bool sets_default = false;

                if (name && (!endswith(name, ".cfg") || streq(name, path_name(DROPIN))))
                        continue;
                path = name ? reserve_path(DIRECTORY, name) : strdup(DEFAULTS);
                if (!path)
                        r = -ENOMEM;
                else if (read_file_below(root_fd, path, BOOT_FILE_LONGEST, &text, NULL) >= 0)
                        word = grub_defaults_word(text, &sets_default);
                /* Those of ..._DEFAULT come behind the others. */
                if (!word || sets_default < is_default)
                        continue;
                is_default = sets_default;
                free(plan->back_word);
                plan->back_word = TAKE_PTR(word);
        }
        for (int i = 0; i < n; i++)
                free(entries[i]);
        free(entries);
        return r;
}

static int look(int root_fd, const Helper *helper, const Asked *asked, ReservePlan *plan,
                Error *reterr) {
        static const char *const programs[] = { "grub-mkconfig", "grub-script-check" };
        _cleanup_free_ char *text = NULL, *real = NULL;
        int r;

        r = read_file_below(root_fd, DROPIN, BOOT_FILE_LONGEST, &text, NULL);
        if (r < 0 && r != -ENOENT)
                return error_set(reterr, r, "\"" DROPIN "\" cannot be read: %s",
                                 strerrordesc_np(-r));
        plan->own_word = grub_dropin_word(strempty(text));
        if (!plan->own_word)
                return -ENOMEM;
        r = look_at_others(root_fd, plan);
        for (size_t i = 0; i < ELEMENTSOF(programs) && r >= 0; i++) {
                _cleanup_free_ char *program = NULL;

                if (path_find_program(root_fd, programs[i], &program) < 0)
                        r = reserve_refuse(plan, "\"%s\" is not installed", programs[i]);
        }
        /* A new file would take the place of the link, and GRUB may not see the other's any
         * more. */
        if (r >= 0 && path_resolve(root_fd, CFG, &real) >= 0 && !streq(real, CFG))
                r = reserve_refuse(plan, "\"" CFG "\" is a link to \"%s\"", real);
        return r;
}

/* --- writing */

typedef struct Write {
        int root_fd;
        const Helper *helper;
        const ReservePlan *plan;
        SavedFile dropin;
        bool made_directory, is_in;
        struct stat cfg; /* as it is */
} Write;

static void take_back(Write *w) {
        (void)!remove_below(w->root_fd, CFG_NEW);
        (void)!remove_below(w->root_fd, CFG_TEMP);
        if (w->is_in)
                return;
        saved_file_restore(w->root_fd, &w->dropin);
        if (w->made_directory)
                (void)!unlinkat(w->root_fd, &DIRECTORY[1], AT_REMOVEDIR);
}

static int write_dropin(Write *w, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = saved_file_take(w->root_fd, DROPIN, &w->dropin, reterr);
        if (r < 0)
                return r;
        if (!w->plan->new_word)
                return boot_file_remove(w->root_fd, DROPIN, reterr);
        text = grub_dropin_make(w->plan->new_word);
        if (!text)
                return error_set_memory(reterr);
        w->made_directory = make_directory_below(w->root_fd, DIRECTORY, 0755) >= 0;
        return saved_file_replace(w->root_fd, &w->dropin, text, reterr);
}

static int make_cfg(Write *w, Error *reterr) {
        const char *make[] = { "grub-mkconfig", "-o", CFG_NEW, NULL };
        const char *check[] = { "grub-script-check", CFG_NEW, NULL };
        int r;

        (void)!remove_below(w->root_fd, CFG_NEW);
        r = helper_run(w->root_fd, w->helper, make, NULL, reterr);
        if (r == -EPROTO && strstr(reterr->text, "without a word"))
                return error_set(reterr, r,
                                 "%s: a command in \"" DEFAULTS "\" or \"" DIRECTORY "\" fails",
                                 reterr->text);
        if (r < 0)
                return r;
        /* An "exit 0" in the files that it reads ends it early, as if all were well. */
        if (!exists_below(w->root_fd, CFG_NEW))
                return error_set(reterr, -EPROTO,
                                 "\"grub-mkconfig\" has made no file: something in \"" DEFAULTS
                                 "\" or \"" DIRECTORY "\" ends it early");
        return helper_run(w->root_fd, w->helper, check, NULL, reterr);
}

static int read_back(Write *w, ReserveResult *result, Error *reterr) {
        _cleanup_(grub_entries_done) GrubEntries entries = { 0 };
        _cleanup_free_ char *text = NULL;
        const char *word = w->plan->new_word;
        int r;

        r = read_file_below(w->root_fd, CFG_NEW, BOOT_FILE_LONGEST, &text, NULL);
        if (r < 0)
                return error_set(reterr, r, "\"" CFG_NEW "\" cannot be read: %s",
                                 strerrordesc_np(-r));
        r = grub_entries_count(text, strempty(word), &entries);
        if (r < 0)
                return error_set_memory(reterr);
        if (entries.n == 0)
                return error_set(reterr, -EPROTO,
                                 "\"grub-mkconfig\" has made a boot menu without a kernel");
        if (word && entries.n_right == 0)
                return error_set(reterr, -EPROTO,
                                 "\"grub-mkconfig\" has made a boot menu without %s, with %s "
                                 "instead: something behind \"" DROPIN "\" sets it",
                                 word, isempty(entries.first) ? "nothing" : entries.first);
        result->word = word ? strdup(word) : TAKE_PTR(entries.first);
        if (!result->word)
                return error_set_memory(reterr);
        if (word && entries.n_right < entries.n &&
            asprintf(
                    &result->note,
                    "%zu of %zu entries of the boot menu do not have it, which something else than "
                    "\"" DEFAULTS "\" makes",
                    entries.n - entries.n_right, entries.n) < 0) {
                result->note = NULL;
                return error_set_memory(reterr);
        }
        return 0;
}

/* The mode and owner of the old one, and the disk has it before the name is its. */
static int keep_like(Write *w) {
        _cleanup_close_ int fd = open_below(w->root_fd, CFG_NEW, O_RDWR);

        if (fd < 0)
                return fd;
        if (fchown(fd, w->cfg.st_uid, w->cfg.st_gid) < 0 && errno != EPERM)
                return -errno;
        return fchmod(fd, w->cfg.st_mode & 07777) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int replace_cfg(Write *w, Error *reterr) {
        _cleanup_free_ char *old = NULL;
        size_t size = 0;
        int r;

        r = read_file_below(w->root_fd, CFG, BOOT_FILE_LONGEST, &old, &size);
        if (r >= 0)
                r = write_durable_as_below(w->root_fd, CFG_OLD, old, size, 0600);
        if (r >= 0)
                r = keep_like(w);
        if (r >= 0)
                r = rename_below(w->root_fd, CFG_NEW, CFG);
        w->is_in = r >= 0;
        return r < 0 ? error_set(reterr, r, "\"" CFG "\" cannot be replaced: %s",
                                 strerrordesc_np(-r))
                     : 0;
}

static int write_all_of_it(Write *w, ReserveResult *result, Error *reterr) {
        int r;

        r = stat_below(w->root_fd, CFG, &w->cfg);
        if (r < 0)
                return error_set(reterr, r, "\"" CFG "\" cannot be looked at: %s",
                                 strerrordesc_np(-r));
        /* Two while grub-mkconfig works, and the copy of the old one. */
        r = boot_file_room(w->root_fd, BOOT, 3 * ((uint64_t)w->cfg.st_size + SLACK), reterr);
        if (r >= 0)
                r = write_dropin(w, reterr);
        if (r >= 0)
                r = make_cfg(w, reterr);
        if (r >= 0)
                r = read_back(w, result, reterr);
        if (r >= 0)
                r = replace_cfg(w, reterr);
        return r;
}

static int write_grub(int root_fd, const Helper *helper, const ReservePlan *plan, Asked *asked,
                      ReserveResult *result, Error *reterr) {
        Write w = { .root_fd = root_fd, .helper = helper, .plan = plan };
        int r;

        r = write_all_of_it(&w, result, reterr);
        take_back(&w);
        saved_file_done(&w.dropin);
        return r;
}

const ReserveMethod reserve_by_grub = { .look = look, .write = write_grub };
