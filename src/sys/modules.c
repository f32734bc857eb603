/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel modules of one release below a root, through libkmod. */
#include "sys/modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file-util.h"
#include "base/string-util.h"
#include "core/module-words.h"
#include "sys/path.h"

struct Modules {
        struct kmod_ctx *kmod;
        struct kmod_ctx *line; /* without modprobe.d: what libkmod has from /proc/cmdline alone */
        size_t root_length;
        bool has_failed; /* libkmod told of an error */
        Module *list;
        size_t n;
        char **visited; /* names of modules, built-in ones too */
        size_t n_visited;
        ModuleName *firmware, *missing;
        size_t n_firmware, n_missing;
};

#define VISITS_MOST 4096u

static const char *const config_directories[] = {
        "/etc/modprobe.d",     "/run/modprobe.d", "/usr/local/lib/modprobe.d",
        "/usr/lib/modprobe.d", "/lib/modprobe.d",
};

/* Only that there was an error: what is not right here is told in other words. */
static void note_failure(void *data, int priority, const char *file, int line, const char *function,
                         const char *format, va_list args) {
        Modules *m = data;

        m->has_failed |= priority <= LOG_ERR;
}

static void names_free(ModuleName *names, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(names[i].name);
                free(names[i].module);
        }
        free(names);
}

Modules *modules_free(Modules *m) {
        if (!m)
                return NULL;
        names_free(m->firmware, m->n_firmware);
        names_free(m->missing, m->n_missing);
        for (size_t i = 0; i < m->n; i++) {
                free(m->list[i].name);
                free(m->list[i].path);
                free(m->list[i].options);
                free(m->list[i].why);
        }
        free(m->list);
        for (size_t i = 0; i < m->n_visited; i++)
                free(m->visited[i]);
        free(m->visited);
        if (m->kmod)
                kmod_unref(m->kmod);
        if (m->line)
                kmod_unref(m->line);
        free(m);
        return NULL;
}

/* A path as libkmod takes it, which knows no root, without links that would lead out of it. */
static int resolve(int root_fd, const char *root, const char *path, char **ret) {
        _cleanup_free_ char *resolved = NULL;
        int r;

        r = path_resolve(root_fd, path, &resolved);
        if (r < 0)
                return r;
        if (asprintf(ret, "%s%s", root, resolved) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* Where the modules are; the release directory is below one of two. */
static int find_directory(int root_fd, const char *root, const char *release, char **ret) {
        static const char *const places[] = { "/lib/modules", "/usr/lib/modules" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *place = NULL, *directory = NULL, *index = NULL, *list = NULL;
                struct stat st;
                int r;

                if (asprintf(&place, "%s/%s", places[i], release) < 0) {
                        place = NULL;
                        return -ENOMEM;
                }
                r = resolve(root_fd, root, place, &directory);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        continue;
                if (asprintf(&index, "%s/modules.dep.bin", directory) < 0 ||
                    asprintf(&list, "%s/modules.dep", directory) < 0)
                        return -ENOMEM;
                /* depmod makes an index also where there is nothing to put into it. */
                if (stat(list, &st) >= 0 && st.st_size == 0)
                        continue;
                if (access(index, R_OK) == 0) {
                        *ret = TAKE_PTR(directory);
                        return 0;
                }
        }
        return -ENOENT;
}

typedef struct Configs {
        char **paths; /* NULL behind the last */
        size_t n;
} Configs;

static void configs_done(Configs *configs) {
        for (size_t i = 0; i < configs->n; i++)
                free(configs->paths[i]);
        free(configs->paths);
}

/* Takes the path, even if that fails. */
static int add_config(Configs *configs, char *path) {
        char **paths = reallocarray(configs->paths, configs->n + 2, sizeof(char *));

        if (!paths) {
                free(path);
                return -ENOMEM;
        }
        configs->paths = paths;
        paths[configs->n++] = path;
        paths[configs->n] = NULL;
        return 0;
}

static bool has_name(char *const *names, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (streq(names[i], name))
                        return true;
        return false;
}

/* The files of one directory, each without links; not those whose names an earlier directory has,
 * if only to mask them. */
static int add_files(int root_fd, const char *root, const char *directory, Configs *names,
                     Configs *configs) {
        _cleanup_closedir_ DIR *dir = NULL;
        size_t n_before = names->n;
        struct dirent *entry;
        int r;

        r = open_directory_below(root_fd, directory, &dir);
        while (r >= 0 && (entry = readdir(dir))) {
                _cleanup_free_ char *path = NULL;
                char *name, *config;

                if (!endswith(entry->d_name, ".conf") ||
                    has_name(names->paths, n_before, entry->d_name))
                        continue;
                name = strdup(entry->d_name);
                r = name ? add_config(names, name) : -ENOMEM;
                if (r >= 0 && asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
                        path = NULL;
                        r = -ENOMEM;
                }
                if (r < 0)
                        break;
                if (is_masked_below(root_fd, path) || resolve(root_fd, root, path, &config) < 0)
                        continue;
                r = add_config(configs, config);
        }
        return r == -ENOMEM ? r : 0;
}

/* What modprobe is configured by. libkmod knows no root: below one it gets files that it cannot
 * follow a link out of. */
static int find_configs(int root_fd, const char *root, Configs *ret) {
        _cleanup_(configs_done) Configs names = { 0 };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(config_directories) && r >= 0; i++) {
                char *directory;

                if (*root)
                        r = add_files(root_fd, root, config_directories[i], &names, ret);
                else {
                        r = resolve(root_fd, root, config_directories[i], &directory);
                        r = r >= 0 ? add_config(ret, directory) : r == -ENOMEM ? r : 0;
                }
        }
        return r;
}

int modules_new(const char *root, const char *release, Modules **ret) {
        _cleanup_(configs_done) Configs configs = { 0 };
        static const char *const nothing[] = { NULL };
        _cleanup_(modules_freep) Modules *m = NULL;
        _cleanup_free_ char *directory = NULL;
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = open_root(*root ? root : "/");
        if (root_fd < 0)
                return root_fd;
        r = find_directory(root_fd, root, release, &directory);
        if (r >= 0)
                r = find_configs(root_fd, root, &configs);
        if (r < 0)
                return r;
        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->root_length = strlen(root);
        m->kmod = kmod_new(directory, configs.n > 0 ? (const char *const *)configs.paths : nothing);
        m->line = kmod_new(directory, nothing);
        if (!m->kmod || !m->line)
                return -ENOMEM;
        kmod_set_log_fn(m->kmod, note_failure, m);
        kmod_set_log_priority(m->kmod, LOG_ERR);
        kmod_set_log_fn(m->line, note_failure, m);
        /* Only faster: not all of the files need be there. */
        (void)kmod_load_resources(m->kmod);
        *ret = TAKE_PTR(m);
        return 0;
}

static bool is_visited(const Modules *m, const char *name) {
        for (size_t i = 0; i < m->n_visited; i++)
                if (streq(m->visited[i], name))
                        return true;
        return false;
}

static int note_visit(Modules *m, const char *name) {
        char **visited;

        if (m->n_visited >= VISITS_MOST)
                return -E2BIG;
        visited = ARRAY_ADD(m->visited, m->n_visited);
        if (!visited)
                return -ENOMEM;
        *visited = strdup(name);
        if (!*visited) {
                m->n_visited--;
                return -ENOMEM;
        }
        return 0;
}

/* libkmod puts those of the running kernel's command line behind those of modprobe.d, whatever root
 * it looks at: but they are for that kernel, not for the one that captures. What it takes for them
 * it knows best itself. Returns a fresh string or NULL. */
static char *options_of(const Modules *m, const struct kmod_module *module) {
        struct kmod_module *same = NULL;
        char *options = strdup(strempty(kmod_module_get_options(module)));

        if (!options ||
            kmod_module_new_from_name(m->line, kmod_module_get_name(module), &same) < 0) {
                free(options);
                return NULL;
        }
        module_words_cut(options, strempty(kmod_module_get_options(same)));
        kmod_module_unref(same);
        return options;
}

static int add_one(Modules *m, const struct kmod_module *module, const char *why) {
        const char *path = kmod_module_get_path(module);
        Module *added;

        if (!path) /* built in */
                return 0;
        if (access(path, R_OK) < 0)
                return -ELIBBAD;
        if (m->n >= MODULES_MOST)
                return -E2BIG;
        added = ARRAY_ADD(m->list, m->n);
        if (!added)
                return -ENOMEM;
        added->name = strdup(kmod_module_get_name(module));
        added->path = strdup(path + m->root_length);
        added->options = options_of(m, module);
        added->why = strdup(why);
        return added->name && added->path && added->options && added->why ? 0 : -ENOMEM;
}

static int add_name(ModuleName **names, size_t *n, const char *name, const struct kmod_module *of) {
        ModuleName *added;

        for (size_t i = 0; i < *n; i++)
                if (streq((*names)[i].name, name) &&
                    streq((*names)[i].module, kmod_module_get_name(of)))
                        return 0;
        if (*n >= MODULE_NAMES_MOST)
                return -E2BIG;
        added = ARRAY_ADD(*names, *n);
        if (!added)
                return -ENOMEM;
        added->name = strdup(name);
        added->module = strdup(kmod_module_get_name(of));
        return added->name && added->module ? 0 : -ENOMEM;
}

static int visit(Modules *m, struct kmod_module *module, const char *why);

/* Takes the list over. What is_soft may be missing, with all that it needs. */
static int visit_all(Modules *m, struct kmod_list *list, const char *kind, bool is_soft,
                     const struct kmod_module *of) {
        _cleanup_free_ char *why = NULL;
        struct kmod_list *l;
        int r = 0;

        if (asprintf(&why, "%s %s", kind, kmod_module_get_name(of)) < 0) {
                why = NULL;
                r = -ENOMEM;
        }
        kmod_list_foreach(l, list) {
                struct kmod_module *module = kmod_module_get_module(l);

                if (r >= 0)
                        r = visit(m, module, why);
                if (r == -ELIBBAD && is_soft)
                        r = add_name(&m->missing, &m->n_missing, kmod_module_get_name(module), of);
                kmod_module_unref(module);
        }
        kmod_module_unref_list(list);
        return r;
}

/* libkmod has no dependencies where the file of one of them is missing, and says so to its log
 * alone. */
static int visit_needed(Modules *m, const struct kmod_module *module) {
        struct kmod_list *needed;

        m->has_failed = false;
        needed = kmod_module_get_dependencies(module);
        if (!needed && m->has_failed)
                return -ELIBBAD;
        return visit_all(m, needed, "needed by", false, module);
}

static int visit_weak(Modules *m, const struct kmod_module *module) {
#ifdef HAVE_KMOD_MODULE_GET_WEAKDEPS
        struct kmod_list *weak = NULL;
        int r;

        r = kmod_module_get_weakdeps(module, &weak);
        return r < 0 ? r : visit_all(m, weak, "may be wanted by", true, module);
#else
        return 0;
#endif
}

/* "pre: a b post: c": those of one of both kinds. */
static int visit_soft_words(Modules *m, const char *value, const char *kind,
                            const struct kmod_module *of) {
        _cleanup_free_ char *copy = strdup(value);
        char *rest = copy, *word;
        bool is_wanted = false;

        if (!copy)
                return -ENOMEM;
        while ((word = strsep(&rest, " \t"))) {
                struct kmod_list *found = NULL;
                int r;

                if (endswith(word, ":"))
                        is_wanted = streq(word, kind);
                if (!is_wanted || *word == '\0' || endswith(word, ":"))
                        continue;
                r = kmod_module_new_from_lookup(m->kmod, word, &found);
                if (r >= 0)
                        r = found ? visit_all(m, found, "goes with", true, of)
                                  : add_name(&m->missing, &m->n_missing, word, of);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* All that a module says itself: of several lines about soft dependencies libkmod, like modprobe,
 * takes one. */
static int visit_soft_own(Modules *m, const struct kmod_list *info, const char *kind,
                          const struct kmod_module *of) {
        const struct kmod_list *l;
        int r = 0;

        kmod_list_foreach(l, info) if (r >= 0 && streq(kmod_module_info_get_key(l), "softdep")) r =
                visit_soft_words(m, kmod_module_info_get_value(l), kind, of);
        return r;
}

static int add_firmware(Modules *m, const struct kmod_list *info, const struct kmod_module *of) {
        const struct kmod_list *l;
        int r = 0;

        kmod_list_foreach(l, info) if (r >= 0 && streq(kmod_module_info_get_key(l), "firmware")) r =
                add_name(&m->firmware, &m->n_firmware, kmod_module_info_get_value(l), of);
        return r;
}

static void unref_listp(struct kmod_list **list) {
        kmod_module_unref_list(*list);
}

static void info_freep(struct kmod_list **info) {
        kmod_module_info_free_list(*info);
}

/* What could not be added is no more there for whoever needs it next. */
static void forget_visit(Modules *m, const char *name) {
        for (size_t i = 0; i < m->n_visited; i++)
                if (streq(m->visited[i], name)) {
                        free(m->visited[i]);
                        m->visited[i] = m->visited[--m->n_visited];
                        return;
                }
}

static int visit_once(Modules *m, struct kmod_module *module, const char *why);

static int visit(Modules *m, struct kmod_module *module, const char *why) {
        const char *name = kmod_module_get_name(module);
        int r;

        if (is_visited(m, name))
                return 0;
        r = note_visit(m, name);
        if (r >= 0)
                r = visit_once(m, module, why);
        if (r < 0)
                forget_visit(m, name);
        return r;
}

/* In the order in which modprobe loads: soft dependencies "pre", hard ones, the module itself, soft
 * ones "post". Each module is visited once, so that circles among soft ones do no harm. */
static int visit_once(Modules *m, struct kmod_module *module, const char *why) {
        _cleanup_(unref_listp) struct kmod_list *after = NULL;
        _cleanup_(info_freep) struct kmod_list *info = NULL;
        struct kmod_list *before = NULL;
        int r;

        r = kmod_module_get_softdeps(module, &before, &after);
        if (r < 0)
                return r;
        /* Old indexes do not tell it of what is built in. */
        if (kmod_module_get_info(module, &info) < 0)
                info = NULL;
        r = visit_all(m, before, "goes with", true, module);
        if (r >= 0)
                r = visit_soft_own(m, info, "pre:", module);
        if (r >= 0)
                r = visit_needed(m, module);
        if (r >= 0)
                r = add_one(m, module, why);
        if (r >= 0)
                r = add_firmware(m, info, module);
        if (r >= 0)
                r = visit_all(m, TAKE_PTR(after), "goes with", true, module);
        if (r >= 0)
                r = visit_soft_own(m, info, "post:", module);
        return r < 0 ? r : visit_weak(m, module);
}

int modules_add(Modules *m, const char *name_or_alias, const char *why) {
        struct kmod_list *found = NULL, *l;
        int r;

        r = kmod_module_new_from_lookup(m->kmod, name_or_alias, &found);
        if (r < 0)
                return r;
        if (!found)
                return 0;
        kmod_list_foreach(l, found) {
                struct kmod_module *module = kmod_module_get_module(l);

                if (r >= 0)
                        r = visit(m, module, strempty(why));
                kmod_module_unref(module);
        }
        kmod_module_unref_list(found);
        return r < 0 ? r : 1;
}

const Module *modules_list(const Modules *m, size_t *ret_n) {
        *ret_n = m ? m->n : 0;
        return m ? m->list : NULL;
}

const ModuleName *modules_firmware(const Modules *m, size_t *ret_n) {
        *ret_n = m ? m->n_firmware : 0;
        return m ? m->firmware : NULL;
}

const ModuleName *modules_missing(const Modules *m, size_t *ret_n) {
        *ret_n = m ? m->n_missing : 0;
        return m ? m->missing : NULL;
}
