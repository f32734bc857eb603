/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake machine on which a whole capture runs: a fake dump, a directory for the target,
 * shell scripts for the collector. */
#pragma once

#include <check.h>

#include "capture/capture.h"
#include "capture/run.h"
#include "capture/store.h"
#include "fake-vmcore.h"
#include "sys/capture-plan-json.h"
#include "sys/dump-json.h"
#include "tree.h"

#define TARGET MOUNT_POINT "/var/crash"
#define NAME   "box-2023-11-14-22:13:20" /* FAKE_CRASHED */
#define DUMP   TARGET "/" NAME

#define MEMORY_AT 16384u                  /* in /proc/vmcore */
#define LAST_PAGE (MEMORY_AT + FAKE_LAST) /* where it is not zero */

static Tree tree;
static CaptureShared shared;
static CaptureOps ops;
static char events[8192];       /* what was made durable, and what was there then */
static uint64_t free_space;     /* that the fake says; UINT64_MAX: what is true */
static uint64_t free_meanwhile; /* the same once there is something of the dump; 0: no other */
static int sync_error;          /* of the file that is called: */
static const char *sync_failing;
static CaptureSkip skip;
static uint64_t bad_start, bad_end; /* of /proc/vmcore, where it cannot be read for a copy */
static uint64_t silence_usec;       /* of the collector; 0: as on a real machine */
static void (*on_log)(void);        /* called when the text of the log is read, unless NULL */

static inline bool has(const char *path) {
        return exists_below(tree.fd, path);
}

static inline int fake_sync(Capture *c, int fd, const char *name) {
        if (sync_failing && streq(name, sync_failing))
                return sync_error;
        if (c->dir_fd >= 0 && fd != c->base_fd)
                strscpyf(events + strlen(events), 64, "%s:%s%s%s%s%s ", name,
                         has(DUMP "/vmcore-dmesg.txt") ? "l" : "",
                         has(DUMP "/kdump.json") ? "j" : "",
                         has(DUMP "/vmcore.incomplete") ? "i" : "", has(DUMP "/vmcore") ? "v" : "",
                         has(DUMP "/kdump.json.new") ? "n" : "");
        return fsync(fd) < 0 ? -errno : 0;
}

static inline int fake_free_bytes(Capture *c, int fd, uint64_t *ret) {
        if (free_space == UINT64_MAX)
                return capture_tree_ops.free_bytes(c, fd, ret);
        *ret = free_meanwhile > 0 && has(DUMP "/vmcore.incomplete") ? free_meanwhile : free_space;
        return 0;
}

/* As the kernel does it: all that was asked for, or an error. */
static inline ssize_t fake_read_memory(Capture *c, void *buf, size_t size, uint64_t offset) {
        if (offset < bad_end && offset + size > bad_start)
                return -EIO;
        if (on_log && offset < MEMORY_AT + FAKE_DATA + FAKE_SIZE &&
            offset + size > MEMORY_AT + FAKE_DATA)
                on_log();
        return capture_tree_ops.read_memory(c, buf, size, offset);
}

static inline void setup(void) {
        FakeVmcore *fake = fake_vmcore_new(0);

        tree_init(&tree);
        ops = capture_tree_ops;
        ops.sync = fake_sync;
        ops.free_bytes = fake_free_bytes;
        ops.read_memory = fake_read_memory;
        bad_start = bad_end = 0;
        on_log = NULL;
        silence_usec = 0;
        events[0] = '\0';
        free_space = UINT64_MAX;
        free_meanwhile = 0;
        sync_failing = NULL;
        skip = (CaptureSkip){ 0 };
        shared = (CaptureShared){ 0 };
        fake_log(fake, 1000000, "Linux version 6.9.0-fake");
        fake_log(fake, 2000000, "Kernel panic - not syncing: because");
        fake_vmcore_finish(fake);
        tree_bytes(&tree, "/proc/vmcore", fake->file, fake->size);
        tree_dir(&tree, MOUNT_POINT);
        fake_vmcore_free(fake);
}

static inline void teardown(void) {
        tree_done(&tree);
}

/* A collector, as a script: $n is the name of the file to be written. Its command line, to be
 * freed. */
static inline char *collector(const char *script, const char *arguments) {
        char text[1024], path[128];
        char *line;

        strscpyf(text, sizeof(text), "#!/bin/sh\neval n='$'$#\n%s\n", script);
        tree_text(&tree, "/collector", text);
        ck_assert_int_eq(fchmodat(tree.fd, "collector", 0755, 0), 0);
        strscpyf(path, sizeof(path), "%s/collector", tree.path);
        ck_assert_int_gt(asprintf(&line, "%s %s", path, arguments), 0);
        return line;
}

static inline void write_plan(const CapturePlan *plan) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(capture_plan_to_json(plan, &text), 0);
        tree_text(&tree, CAPTURE_PLAN_PATH, text);
}

static inline CapturePlan plan_with(char *core_collector) {
        return (CapturePlan){
                .host = (char *)"box",
                .kernel_release = (char *)"6.9.0-fake",
                .target = { .type = PLAN_TARGET_FILE_SYSTEM,
                            .device = { DEVICE_BY_UUID, (char *)"u" },
                            .file_system = (char *)"ext4",
                            .options = (char *)"",
                            .directory = (char *)"/var/crash",
                            .label = (char *)"the target" },
                .core_collector = core_collector,
                .unknown_kernel_level = 23,
                .target_timeout_usec = 1,
                .pre_script = (char *)"",
                .post_script = (char *)"",
        };
}

static inline int run(void) {
        char root[64];
        Capture c = {
                .root_fd = tree.fd,
                .root = root,
                .ops = &ops,
                .shared = &shared,
                .skip = skip,
                .log_limit_usec = on_log ? 100000 : 0,
                .silence_usec = silence_usec,
                .vmcore_fd = -EBADF,
                .base_fd = -EBADF,
                .dir_fd = -EBADF,
        };
        int r;

        strscpy(root, sizeof(root), tree.path);
        r = capture_run(&c);
        capture_done(&c);
        ck_assert_int_eq(shared.is_complete, r >= 0);
        return r;
}

/* The same by a plan, whose collector is freed. */
static inline int run_plan(CapturePlan *plan) {
        int r;

        write_plan(plan);
        r = run();
        free(plan->core_collector);
        plan->core_collector = NULL;
        return r;
}

/* And by a plan with a collector, which is freed. */
static inline int run_with(char *core_collector) {
        CapturePlan plan = plan_with(core_collector);

        return run_plan(&plan);
}

static inline DumpInfo read_info(const char *path) {
        _cleanup_free_ char *text = NULL;
        DumpInfo info;
        size_t size;

        ck_assert_int_eq(read_file_below(tree.fd, path, DUMP_JSON_LONGEST, &text, &size), 0);
        ck_assert_int_eq(dump_info_from_json(text, size, &info), 0);
        return info;
}

static inline void check_text(const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(read_file_below(tree.fd, path, 1 << 20, &text, NULL), 0);
        ck_assert_str_eq(text, expected);
}

static inline void stat_in_tree(const char *path, struct stat *ret) {
        ck_assert_int_eq(fstatat(tree.fd, path + 1, ret, AT_SYMLINK_NOFOLLOW), 0);
}
