/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture initramfs holds. */
#include "mkinitramfs/contents.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "base/file-util.h"
#include "core/collector.h"
#include "mkinitramfs/drivers.h"
#include "mkinitramfs/firmware.h"
#include "mkinitramfs/kernel.h"
#include "mkinitramfs/libraries.h"
#include "mkinitramfs/target.h"
#include "sys/capture-plan-json.h"
#include "sys/path.h"

/* Whatever directory a loader or a script looks into, it finds the one that there is. */
static const struct {
        const char *path, *target; /* a directory if target is NULL */
} skeleton[] = {
        { "/dev", NULL },        { "/etc", NULL },       { "/proc", NULL },
        { "/run", NULL },        { "/sys", NULL },       { "/tmp", NULL },
        { "/usr", NULL },        { "/usr/bin", NULL },   { "/usr/lib", NULL },
        { "/bin", "usr/bin" },   { "/sbin", "usr/bin" }, { "/lib", "usr/lib" },
        { "/lib64", "usr/lib" }, { "/usr/sbin", "bin" }, { "/usr/lib64", "lib" },
};

static int add_skeleton(Builder *b) {
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(skeleton) && r >= 0; i++)
                r = skeleton[i].target ? builder_add_link(b, skeleton[i].path, skeleton[i].target)
                                       : builder_add_directory(b, skeleton[i].path);
        /* For what the first program says before it has mounted /dev. */
        return r < 0 ? r : builder_add_console(b);
}

/* What the collector would be wrong with, which is told before a panic does. */
static void check_options(Builder *b, char *const *words) {
        const char *use = collector_other_use(words);

        if (use)
                warn(b,
                     "CoreCollector= has %s, with which makedumpfile writes no dump into a file: "
                     "leave it out",
                     use);
        for (; *words; words++)
                if (startswith(*words, "--num-threads"))
                        warn(b,
                             "CoreCollector= has --num-threads, and the capture kernel one CPU, on "
                             "which a dump takes many times as long with threads: leave it out");
}

static int add_collector(Builder *b) {
        _cleanup_words_ char **words = NULL;
        _cleanup_free_ char *found = NULL;
        int r;

        r = collector_split(b->settings->core_collector, &words);
        if (r == -ENOMEM)
                return fail_memory(b);
        if (r < 0)
                return fail(b, r, "CoreCollector=%s is no command line: %s",
                            b->settings->core_collector,
                            r == -E2BIG ? "it has too many words" : "a quote does not end");
        r = program_find(b, words[0], "of CoreCollector=", &found);
        if (r == -ENOENT) {
                /* A plain copy is better than no capture. */
                warn(b, "%s: dumps will be copies of the whole memory", b->error.text);
                b->error = (Error){ 0 };
                return 0;
        }
        check_options(b, words);
        return r < 0 ? r : program_add(b, found, found, "of CoreCollector=");
}

static int add_script(Builder *b, const char *path, const char *why, char **planned) {
        int r;

        if (path[0] == '\0')
                return 0;
        r = program_add(b, path, path, why);
        if (r < 0)
                return r;
        free(*planned);
        *planned = builder_path(path);
        return *planned ? 0 : fail_memory(b);
}

static int add_extra_files(Builder *b) {
        _cleanup_free_ char *copy = strdup(b->settings->extra_files);
        char *rest = NULL;

        if (!copy)
                return fail_memory(b);
        for (char *w = strtok_r(copy, " \t", &rest); w; w = strtok_r(NULL, " \t", &rest)) {
                int r = program_add(b, w, w, "of ExtraFiles=");

                if (r < 0)
                        return r;
        }
        return 0;
}

/* For people at the console: busybox, which is many tools in one file, or the shell alone. */
static int add_shell(Builder *b) {
        static const char why[] = "for the action \"shell\"";
        _cleanup_free_ char *busybox = NULL;
        const Settings *s = b->settings;
        int r;

        if (s->final_action != FINAL_SHELL && s->failure_action != FINAL_SHELL)
                return 0;
        r = program_find(b, "busybox", why, &busybox);
        if (r == -ENOENT) {
                b->error = (Error){ 0 };
                return program_add(b, "/bin/sh", "/bin/sh", why);
        }
        if (r >= 0)
                r = program_add(b, "/bin/busybox", busybox, why);
        return r < 0 ? r : builder_add_link(b, "/bin/sh", "busybox");
}

static int add_programs(Builder *b) {
        int r;

        r = program_add(b, "/init", b->capture_program, "the first program");
        if (r >= 0)
                r = add_collector(b);
        if (r >= 0)
                r = add_script(b, b->settings->pre_script, "of PreScript=", &b->plan.pre_script);
        if (r >= 0)
                r = add_script(b, b->settings->post_script, "of PostScript=", &b->plan.post_script);
        if (r >= 0)
                r = add_shell(b);
        return r < 0 ? r : add_extra_files(b);
}

/* --- modules */

/* What a module goes by in the initramfs. It stays packed there, since memory is what a capture
 * kernel is short of; with gzip, because makedumpfile needs zlib anyway. */
static char *module_path(const char *path) {
        static const char *const suffixes[] = { ".gz", ".xz", ".zst" };
        size_t n = strlen(path);
        char *packed;

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (endswith(path, suffixes[i])) {
                        n -= strlen(suffixes[i]);
                        break;
                }
        return asprintf(&packed, "%.*s.gz", (int)n, path) < 0 ? NULL : packed;
}

static int add_module(Builder *b, const Module *module) {
        _cleanup_free_ char *path = NULL;
        PlanModule *planned;
        Entry *entry;
        int r;

        path = module_path(module->path);
        if (!path)
                return fail_memory(b);
        r = builder_add_file(b, path, module->path, module->why, &entry);
        if (r < 0)
                return r;
        if (!entry)
                return fail(b, -EEXIST, "the initramfs has no place for the module \"%s\"", path);
        entry->coding = CODING_GZIP;
        planned = ARRAY_ADD(b->plan.modules, b->plan.n_modules);
        if (!planned)
                return fail_memory(b);
        planned->path = strdup(entry->path);
        planned->options = strdup(module->options);
        return planned->path && planned->options ? 0 : fail_memory(b);
}

static void warn_of_missing(Builder *b) {
        const ModuleName *names;
        size_t n;

        names = modules_missing(b->modules, &n);
        for (size_t i = 0; i < n; i++)
                warn(b,
                     "kernel %s has no module \"%s\", which the module \"%s\" wants, but does not "
                     "insist on",
                     b->release, names[i].name, names[i].module);
}

static int add_modules(Builder *b) {
        const Module *list;
        size_t n;
        int r = 0;

        list = modules_list(b->modules, &n);
        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_module(b, &list[i]);
        if (r >= 0)
                warn_of_missing(b);
        return r;
}

/* --- the plan */

static int set_host(Builder *b) {
        char host[256] = "";
        struct utsname name;

        if (b->root[0] == '\0' && uname(&name) == 0)
                b->plan.host = strdup(name.nodename);
        else if (read_line_below(b->root_fd, "/etc/hostname", host, sizeof(host)) >= 0)
                b->plan.host = strdup(host);
        else
                b->plan.host = strdup("localhost");
        return b->plan.host ? 0 : fail_memory(b);
}

static int set_plan(Builder *b) {
        int r;

        if (capture_plan_set(&b->plan, b->settings) < 0 ||
            !(b->plan.kernel_release = strdup(b->release)))
                return fail_memory(b);
        r = set_host(b);
        if (r >= 0)
                r = target_resolve(b, "Target", &b->settings->target, &b->plan.target);
        if (r >= 0)
                r = target_resolve(b, "FallbackTarget", &b->settings->fallback_target,
                                   &b->plan.fallback);
        return r;
}

static int compare_modules(const void *a, const void *b) {
        return strcmp(((const PlanModule *)a)->path, ((const PlanModule *)b)->path);
}

static int compare_devices(const void *a, const void *b) {
        const PlanDevice *x = a, *y = b;
        int r = strcmp(x->uuid, y->uuid);

        return r != 0 ? r : strcmp(x->name, y->name);
}

/* The plan without what changes when disks only get other names at a boot: what people are told of
 * the target, the kernel's names of arrays, and the order of what does not depend on each other. */
static int identity_of_plan(const CapturePlan *plan, char **ret) {
        _cleanup_free_ PlanModule *modules = calloc(plan->n_modules + 1, sizeof(*modules));
        _cleanup_free_ PlanDevice *devices = calloc(plan->n_devices + 1, sizeof(*devices));
        static char nothing[] = "";
        CapturePlan same = *plan;

        if (!modules || !devices)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_modules; i++)
                modules[i] = plan->modules[i];
        for (size_t i = 0; i < plan->n_devices; i++) {
                devices[i] = plan->devices[i];
                if (devices[i].type == PLAN_DEVICE_MD)
                        devices[i].name = nothing;
        }
        qsort(modules, plan->n_modules, sizeof(*modules), compare_modules);
        qsort(devices, plan->n_devices, sizeof(*devices), compare_devices);
        same.modules = modules;
        same.devices = devices;
        same.target.label = same.fallback.label = nothing;
        return capture_plan_to_json(&same, ret);
}

static int add_plan(Builder *b) {
        _cleanup_free_ char *text = NULL, *identity = NULL;
        Entry *entry;
        int r;

        if (capture_plan_to_json(&b->plan, &text) < 0 || identity_of_plan(&b->plan, &identity) < 0)
                return fail_memory(b);
        r = builder_add_text(b, CAPTURE_PLAN_PATH, text, "what the first program is to do");
        entry = r < 0 ? NULL : builder_find(b, CAPTURE_PLAN_PATH);
        if (entry && entry->type == ENTRY_TEXT)
                entry->identity = TAKE_PTR(identity);
        return r;
}

int contents_collect(Builder *b) {
        int r;

        r = kernel_open(b);
        if (r >= 0)
                r = add_skeleton(b);
        if (r >= 0)
                r = set_plan(b);
        if (r >= 0)
                r = drivers_besides(b);
        if (r >= 0)
                r = add_modules(b);
        if (r >= 0)
                r = firmware_add(b);
        if (r >= 0)
                r = add_programs(b);
        return r < 0 ? r : add_plan(b);
}
