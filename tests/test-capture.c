/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole capture on a made-up machine: a made-up dump, a directory for the target, shell scripts
 * for the collector. */
#include "test.h"

#include "capture/capture.h"
#include "capture/store.h"
#include "core/raw-dump.h"
#include "fake-vmcore.h"
#include "sys/capture-plan-json.h"
#include "sys/crash-json.h"
#include "tree.h"

#define TARGET MOUNT_POINT "/var/crash"
#define NAME   "box-2023-11-14-22:13:20" /* FAKE_CRASHED */
#define DUMP   TARGET "/" NAME

static Tree tree;
static CaptureShared shared;
static CaptureOps ops;
static char events[8192];   /* what was made durable, and what was there then */
static uint64_t free_space; /* that the fake says; UINT64_MAX: what is true */
static int sync_error;      /* of the file that is called: */
static const char *sync_failing;

static bool has(const char *path) {
        return exists_below(tree.fd, path);
}

static int fake_sync(Capture *c, int fd, const char *name) {
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

static int fake_free_bytes(Capture *c, int fd, uint64_t *ret) {
        if (free_space == UINT64_MAX)
                return capture_tree_ops.free_bytes(c, fd, ret);
        *ret = free_space;
        return 0;
}

static void setup(void) {
        FakeVmcore *fake = fake_vmcore_new(0);

        tree_init(&tree);
        ops = capture_tree_ops;
        ops.sync = fake_sync;
        ops.free_bytes = fake_free_bytes;
        events[0] = '\0';
        free_space = UINT64_MAX;
        sync_failing = NULL;
        shared = (CaptureShared){ 0 };
        fake_log(fake, 1000000, "Linux version 6.9.0-fake");
        fake_log(fake, 2000000, "Kernel panic - not syncing: because");
        fake_vmcore_finish(fake);
        tree_bytes(&tree, "/proc/vmcore", fake->file, fake->size);
        tree_dir(&tree, MOUNT_POINT);
        fake_vmcore_free(fake);
}

static void teardown(void) {
        tree_done(&tree);
}

/* A collector, as a script: $n is the name of the file to be written. Its command line, to be
 * freed. */
static char *collector(const char *script, const char *arguments) {
        char text[1024], path[128];
        char *line;

        strscpyf(text, sizeof(text), "#!/bin/sh\neval n='$'$#\n%s\n", script);
        tree_text(&tree, "/collector", text);
        ck_assert_int_eq(fchmodat(tree.fd, "collector", 0755, 0), 0);
        strscpyf(path, sizeof(path), "%s/collector", tree.path);
        ck_assert_int_gt(asprintf(&line, "%s %s", path, arguments), 0);
        return line;
}

static void write_plan(const CapturePlan *plan) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(capture_plan_to_json(plan, &text), 0);
        tree_text(&tree, CAPTURE_PLAN_PATH, text);
}

static CapturePlan plan_with(char *core_collector) {
        return (CapturePlan){
                .host = (char *)"box",
                .kernel_release = (char *)"6.9.0-fake",
                .target = { .type = PLAN_PLACE_FILE_SYSTEM,
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

static int run(void) {
        char root[64];
        Capture c = {
                .root_fd = tree.fd,
                .root = root,
                .ops = &ops,
                .shared = &shared,
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

/* The same with a collector, which is freed. */
static int run_with(char *core_collector) {
        CapturePlan plan = plan_with(core_collector);
        int r;

        write_plan(&plan);
        r = run();
        free(core_collector);
        return r;
}

static CrashInfo read_info(const char *path) {
        _cleanup_free_ char *text = NULL;
        CrashInfo info;
        size_t size;

        ck_assert_int_eq(read_file_below(tree.fd, path, CRASH_JSON_LONGEST, &text, &size), 0);
        ck_assert_int_eq(crash_info_from_json(text, size, &info), 0);
        return info;
}

static void check_text(const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(read_file_below(tree.fd, path, 1 << 20, &text, NULL), 0);
        ck_assert_str_eq(text, expected);
}

static void stat_in_tree(const char *path, struct stat *ret) {
        ck_assert_int_eq(fstatat(tree.fd, path + 1, ret, AT_SYMLINK_NOFOLLOW), 0);
}

START_TEST(everything) {
        struct stat st;
        CrashInfo info;

        ck_assert_int_eq(
                run_with(collector("echo \"dump $1 $2 ${3##*/} ${4##*/}\" >\"$n\"", "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_COMPLETE);
        ck_assert_ptr_null(info.message);
        ck_assert_uint_eq(info.crash_usec, FAKE_CRASHED * 1000000);
        ck_assert_str_eq(info.host, "box");
        ck_assert_str_eq(info.kernel_release, "6.9.0-fake");
        ck_assert_str_eq(info.panic_message, "Kernel panic - not syncing: because");
        ck_assert_uint_eq(info.panic_uptime_usec, 2000);
        ck_assert_uint_eq(info.n_cpus, FAKE_CPUS);
        ck_assert_uint_eq(info.memory_bytes, FAKE_MEMORY);
        ck_assert_uint_eq(info.n_ranges, 2);
        ck_assert_str_eq(info.vmcore, "vmcore");
        ck_assert_uint_eq(info.vmcore_bytes, strlen("dump -d 31 vmcore vmcore.incomplete\n"));
        ck_assert_str_eq(info.log, "vmcore-dmesg.txt");
        ck_assert_str_eq(info.target, "the target");
        ck_assert_int_eq(info.collector_status, 0);
        ck_assert(!info.kernel_unknown && !info.on_fallback);
        crash_info_done(&info);
        check_text(DUMP "/vmcore", "dump -d 31 vmcore vmcore.incomplete\n");
        check_text(DUMP "/vmcore-dmesg.txt",
                   "[    0.001000] Linux version 6.9.0-fake\n"
                   "[    0.002000] Kernel panic - not syncing: because\n");
        stat_in_tree(DUMP, &st);
        ck_assert_uint_eq(st.st_mode & 07777, 0700);
        stat_in_tree(DUMP "/vmcore-dmesg.txt", &st);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

/* Each file and its name, before the next begins. */
START_TEST(order) {
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        ck_assert_str_eq(events, "vmcore-dmesg.txt:l .:l "
                                 "kdump.json.new:ln .:lj "
                                 "vmcore.incomplete:lji .:ljv "
                                 "kdump.json.new:ljvn .:ljv ");
}
END_TEST

/* While the collector works, what is there says that the dump is not complete. */
START_TEST(incomplete_meanwhile) {
        CrashInfo info;

        ck_assert_int_eq(run_with(collector("cp \"${n%/*}/kdump.json\" \"$n\"", "")), 0);
        info = read_info(DUMP "/vmcore");
        ck_assert_uint_eq(info.result, CRASH_RESULT_INCOMPLETE);
        ck_assert_str_eq(info.panic_message, "Kernel panic - not syncing: because");
        ck_assert_ptr_null(info.vmcore);
        crash_info_done(&info);
}
END_TEST

static void check_copy(const char *why) {
        _cleanup_free_ char *dump = NULL, *memory = NULL;
        size_t size, other;
        struct stat st;
        CrashInfo info;

        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_COPIED);
        ck_assert_ptr_nonnull(strstr(info.message, why));
        ck_assert_str_eq(info.vmcore, "vmcore");
        crash_info_done(&info);
        ck_assert_int_eq(read_file_below(tree.fd, DUMP "/vmcore", 1 << 24, &dump, &size), 0);
        ck_assert_int_eq(read_file_below(tree.fd, "/proc/vmcore", 1 << 24, &memory, &other), 0);
        ck_assert_uint_eq(size, other);
        ck_assert_mem_eq(dump, memory, size);
        stat_in_tree(DUMP "/vmcore", &st);
        ck_assert_uint_lt((uint64_t)st.st_blocks * 512, size / 2);
        ck_assert(!has(DUMP "/vmcore.incomplete"));
}

START_TEST(collector_absent) {
        ck_assert_int_eq(run_with(strdup("/nowhere/makedumpfile -d 31")), 0);
        check_copy("is not in the initramfs");
}
END_TEST

START_TEST(collector_fails) {
        ck_assert_int_eq(run_with(collector("echo half >\"$n\"; exit 3", "")), 0);
        check_copy("exited with status 3");
}
END_TEST

START_TEST(collector_dies) {
        CrashInfo info;

        ck_assert_int_eq(run_with(collector("echo half >\"$n\"; kill -SEGV $$", "")), 0);
        check_copy("killed by signal 11");
        info = read_info(DUMP "/kdump.json");
        ck_assert_int_eq(info.collector_status, 256 + 11);
        crash_info_done(&info);
}
END_TEST

START_TEST(collector_writes_nothing) {
        ck_assert_int_eq(run_with(collector("exit 0", "")), 0);
        check_copy("left no usable dump");
}
END_TEST

START_TEST(collector_nonsense) {
        ck_assert_int_eq(run_with(strdup("'makedumpfile")), 0);
        check_copy("CoreCollector=");
}
END_TEST

/* Told at once, it does not have to finish: the second line would make it hang. */
static const char unknown[] = "echo \"$*\" >>\"${n%/*}/calls\"\n"
                              "echo 'The kernel version is not supported.'\n"
                              "case \"$*\" in *'-d 31'*) sleep 1000;; esac\n"
                              "echo good >\"$n\"";

START_TEST(kernel_unknown) {
        CrashInfo info;

        ck_assert_int_eq(run_with(collector(unknown, "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_COMPLETE);
        ck_assert(info.kernel_unknown);
        ck_assert_ptr_nonnull(strstr(info.collector, "-d 23"));
        ck_assert_ptr_null(info.message);
        crash_info_done(&info);
        check_text(DUMP "/vmcore", "good\n");
}
END_TEST

/* With a level that leaves out nothing in doubt there is no need for a second run. */
START_TEST(kernel_unknown_low_level) {
        CrashInfo info;

        ck_assert_int_eq(run_with(collector("echo The kernel version is not supported.\n"
                                            "[ ! -e \"${n%/*}/ran\" ] || exit 1\n"
                                            ": >\"${n%/*}/ran\"; echo x >\"$n\"",
                                            "-d 17")),
                         0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_COMPLETE);
        ck_assert(info.kernel_unknown);
        ck_assert_ptr_nonnull(strstr(info.collector, "-d 17"));
        crash_info_done(&info);
}
END_TEST

/* Output comes line by line although the program buffers: it sees a terminal. */
START_TEST(collector_sees_a_terminal) {
        ck_assert_int_eq(
                run_with(collector("[ -t 1 ] && [ -t 2 ] && [ ! -t 0 ] && echo x >\"$n\"", "")), 0);
        check_text(DUMP "/vmcore", "x\n");
}
END_TEST

/* The fallback is the same directory, but works. */
static int fail_second(Capture *c, const PlanPlace *place, uint64_t deadline_usec,
                       char ret_device[static 64], char reterr[static CAPTURE_ERROR_MAX]) {
        if (streq(place->label, "the other")) {
                ck_assert(!has(DUMP));
                sync_failing = NULL;
                free_space = UINT64_MAX;
                free(collector("echo on the other >\"$n\"", ""));
        }
        return capture_tree_ops.attach(c, place, deadline_usec, ret_device, reterr);
}

/* A file system that is full: the collector cannot write, and a copy would not fit either. */
START_TEST(target_full) {
        CrashInfo info;

        free_space = 1000;
        ck_assert_int_eq(run_with(collector("echo half >\"$n\"; exit 1", "")), -ENOSPC);
        ck_assert(!has(DUMP "/vmcore.incomplete") && !has(DUMP "/vmcore"));
        ck_assert(has(DUMP "/vmcore-dmesg.txt"));
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_LOG_ONLY);
        ck_assert_ptr_nonnull(strstr(info.message, "the target is full"));
        ck_assert_ptr_null(info.vmcore);
        crash_info_done(&info);
}
END_TEST

/* That it is full may show only when the data go to the disk. */
START_TEST(full_at_sync) {
        CrashInfo info;

        sync_failing = "vmcore.incomplete";
        sync_error = -ENOSPC;
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -ENOSPC);
        ck_assert(!has(DUMP "/vmcore.incomplete") && !has(DUMP "/vmcore"));
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_LOG_ONLY);
        crash_info_done(&info);
}
END_TEST

START_TEST(broken_disk) {
        CrashInfo info;

        sync_failing = "vmcore.incomplete";
        sync_error = -EIO;
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -EIO);
        ck_assert(!has(DUMP "/vmcore.incomplete") && !has(DUMP "/vmcore"));
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_LOG_ONLY);
        ck_assert_ptr_nonnull(strstr(info.message, "Input/output error"));
        crash_info_done(&info);
}
END_TEST

/* Nothing can be written at all: as if the target were not there. */
START_TEST(nothing_can_be_written) {
        CapturePlan plan = plan_with(collector("exit 1", ""));

        sync_failing = "vmcore-dmesg.txt";
        sync_error = -ENOSPC;
        free_space = 0;
        ops.attach = fail_second;
        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        check_text(DUMP "/vmcore", "on the other\n");
        free(plan.core_collector);
}
END_TEST

START_TEST(same_second) {
        tree_dir(&tree, DUMP);
        tree_dir(&tree, DUMP "-1");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        check_text(DUMP "-2/vmcore", "x\n");
        ck_assert(!has(DUMP "/vmcore") && !has(DUMP "-1/vmcore"));
}
END_TEST

static void old_dump(const char *name, const char *result) {
        char path[256], text[64];

        strscpyf(path, sizeof(path), TARGET "/%s/vmcore", name);
        tree_text(&tree, path, "old");
        strscpyf(path, sizeof(path), TARGET "/%s/vmcore-dmesg.txt", name);
        tree_text(&tree, path, "log");
        strscpyf(path, sizeof(path), TARGET "/%s/kdump.json", name);
        strscpyf(text, sizeof(text), "{\"Result\":\"%s\"}", result);
        tree_text(&tree, path, text);
}

static void old_dumps(void) {
        old_dump("box-2020-01-01-00:00:00", "complete");
        old_dump("box-2020-01-02-00:00:00", "incomplete");
        old_dump("box-2020-01-03-00:00:00", "copied");
        old_dump("box-2020-01-04-00:00:00", "complete");
        old_dump("other-2020-01-01-00:00:00", "complete");
        old_dump("whatever", "complete");
}

static bool has_old(const char *name) {
        char path[256];

        strscpyf(path, sizeof(path), TARGET "/%s", name);
        return has(path);
}

START_TEST(keep) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dumps();
        tree_text(&tree, TARGET "/box-2020-01-03-00:00:00/deeper/file", "somebody's");
        plan.keep = 2;
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        ck_assert(!has_old("box-2020-01-01-00:00:00"));
        ck_assert(has_old("box-2020-01-02-00:00:00/vmcore"));
        /* Doomed, but for what is not a dump's. */
        ck_assert(!has_old("box-2020-01-03-00:00:00/vmcore"));
        ck_assert(has_old("box-2020-01-03-00:00:00/deeper/file"));
        ck_assert(has_old("box-2020-01-04-00:00:00/vmcore"));
        ck_assert(has_old("other-2020-01-01-00:00:00/vmcore") && has_old("whatever/vmcore"));
        ck_assert(has(DUMP "/vmcore"));
        free(plan.core_collector);
}
END_TEST

START_TEST(keep_after_failure) {
        CapturePlan plan = plan_with(collector("exit 1", ""));

        old_dumps();
        plan.keep = 1;
        free_space = 0;
        write_plan(&plan);
        ck_assert_int_eq(run(), -ENOSPC);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
        ck_assert(has_old("box-2020-01-03-00:00:00/vmcore"));
        free(plan.core_collector);
}
END_TEST

/* The newest complete dump stays, however little is free. */
START_TEST(min_free) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dumps();
        plan.min_free_bytes = 1000;
        free_space = 999;
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        ck_assert(!has_old("box-2020-01-01-00:00:00"));
        ck_assert(has_old("box-2020-01-02-00:00:00/vmcore"));
        ck_assert(!has_old("box-2020-01-03-00:00:00"));
        ck_assert(has_old("box-2020-01-04-00:00:00/vmcore"));
        ck_assert(has_old("other-2020-01-01-00:00:00/vmcore"));
        free(plan.core_collector);
}
END_TEST

START_TEST(min_free_is_there) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dumps();
        plan.min_free_bytes = 1000;
        free_space = 1000;
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
        free(plan.core_collector);
}
END_TEST

/* A link is no directory of ours, whatever it is called. */
START_TEST(keep_follows_no_links) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dump("whatever", "complete");
        tree_link(&tree, TARGET "/box-2020-01-01-00:00:00", "whatever");
        plan.keep = 1;
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        ck_assert(has_old("whatever/vmcore"));
        free(plan.core_collector);
}
END_TEST

static int fail_attach(Capture *c, const PlanPlace *place, uint64_t deadline_usec,
                       char ret_device[static 64], char reterr[static CAPTURE_ERROR_MAX]) {
        if (streq(place->label, "the target")) {
                strscpy(reterr, CAPTURE_ERROR_MAX, "it is elsewhere");
                return -ENODEV;
        }
        return capture_tree_ops.attach(c, place, deadline_usec, ret_device, reterr);
}

START_TEST(fallback) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));
        CrashInfo info;

        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        ops.attach = fail_attach;
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, CRASH_RESULT_COMPLETE);
        ck_assert(info.on_fallback);
        ck_assert_str_eq(info.target, "the other");
        ck_assert_ptr_nonnull(strstr(info.message, "it is elsewhere"));
        crash_info_done(&info);
        free(plan.core_collector);
}
END_TEST

START_TEST(no_target) {
        _cleanup_free_ char *text = NULL;

        ops.attach = fail_attach;
        tree_text(&tree, "/dev/pmsg0", "");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -ENODEV);
        ck_assert(!has(TARGET));
        ck_assert_int_eq(read_file_below(tree.fd, "/dev/pmsg0", 1 << 16, &text, NULL), 0);
        ck_assert_ptr_nonnull(strstr(text, "Kernel panic - not syncing: because\n"));
}
END_TEST

START_TEST(no_vmcore) {
        tree_unlink(&tree, "/proc/vmcore");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -ENXIO);
        ck_assert(!has(TARGET));
        /* What to do then is known. */
        ck_assert(shared.knows_actions);
}
END_TEST

START_TEST(damaged_vmcore) {
        /* To us; whoever wrote the collector may know more. */
        tree_text(&tree, "/proc/vmcore", "no dump");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        ck_assert(has(TARGET) && !has(DUMP));
}
END_TEST

START_TEST(no_plan) {
        ck_assert_int_eq(run(), -ENOENT);
        ck_assert(!shared.knows_actions);
        tree_text(&tree, CAPTURE_PLAN_PATH, "{");
        ck_assert_int_eq(run(), -EBADMSG);
}
END_TEST

/* The log is lost, but the dump need not be. */
START_TEST(no_log) {
        FakeVmcore *fake = fake_vmcore_new(0);

        fake->info[0] = '\0';
        fake_vmcore_finish(fake);
        tree_bytes(&tree, "/proc/vmcore", fake->file, fake->size);
        fake_vmcore_free(fake);
        /* Nor is the time of the crash known: the directory has that of the capture. */
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        ck_assert(has(TARGET) && !has(DUMP));
}
END_TEST

START_TEST(scripts) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        tree_text(&tree, "/pre", "#!/bin/sh\nls \"$1\" >\"$1/pre\"; exit 7\n");
        tree_text(&tree, "/post",
                  "#!/bin/sh\necho \"$2 $(ls \"$1\" | tr '\\n' ' ')\" >\"$1/post\"\n");
        ck_assert_int_eq(fchmodat(tree.fd, "pre", 0755, 0), 0);
        ck_assert_int_eq(fchmodat(tree.fd, "post", 0755, 0), 0);
        plan.pre_script = (char *)"/pre";
        plan.post_script = (char *)"/post";
        write_plan(&plan);
        ck_assert_int_eq(run(), 0);
        check_text(DUMP "/pre", "pre\n");
        check_text(DUMP "/post", "complete kdump.json pre vmcore vmcore-dmesg.txt \n");
        free(plan.core_collector);
}
END_TEST

static CapturePlan raw_plan(char *core_collector) {
        CapturePlan plan = plan_with(core_collector);

        plan.target.type = PLAN_PLACE_RAW;
        plan.target.device = (DeviceId){ DEVICE_BY_PARTUUID, (char *)"disk" };
        write_plan(&plan);
        return plan;
}

static RawDump read_raw(char **ret_device, size_t *ret_size) {
        RawDump raw;

        ck_assert_int_eq(read_file_below(tree.fd, "/dev/disk", 1 << 25, ret_device, ret_size), 0);
        ck_assert_uint_gt(*ret_size, RAW_DUMP_HEADER);
        ck_assert_int_eq(raw_dump_unpack((const uint8_t *)*ret_device, &raw), 0);
        return raw;
}

START_TEST(raw_target) {
        char *command =
                collector("[ -t 1 ] || echo \"flat $1 $2 $3 ${4##*/}\"; echo said >&2", "-d 31");
        _cleanup_free_ char *device = NULL;
        CrashInfo info;
        RawDump raw;
        size_t size;

        tree_text(&tree, "/dev/disk", "what was there");
        (void)raw_plan(command);
        ck_assert_int_eq(run(), 0);
        raw = read_raw(&device, &size);
        ck_assert(raw.is_complete && raw.is_flat);
        ck_assert_uint_eq(raw.dump.size, strlen("flat -d 31 -F vmcore\n"));
        ck_assert_mem_eq(device + raw.dump.offset, "flat -d 31 -F vmcore\n", raw.dump.size);
        ck_assert_mem_eq(device + raw.log.offset, "[    0.001000] Linux", 20);
        ck_assert_int_eq(crash_info_from_json(device + raw.info.offset, raw.info.size, &info), 0);
        ck_assert_uint_eq(info.result, CRASH_RESULT_COMPLETE);
        ck_assert_uint_eq(info.vmcore_bytes, raw.dump.size);
        crash_info_done(&info);
        free(command);
}
END_TEST

START_TEST(raw_copy) {
        char *command = collector("echo half; exit 2", "");
        _cleanup_free_ char *device = NULL, *memory = NULL;
        size_t size, other;
        RawDump raw;

        tree_text(&tree, "/dev/disk", "");
        (void)raw_plan(command);
        ck_assert_int_eq(run(), 0);
        raw = read_raw(&device, &size);
        ck_assert(raw.is_complete && !raw.is_flat);
        ck_assert_int_eq(read_file_below(tree.fd, "/proc/vmcore", 1 << 24, &memory, &other), 0);
        ck_assert_uint_eq(raw.dump.size, other);
        ck_assert_mem_eq(device + raw.dump.offset, memory, other);
        free(command);
}
END_TEST

START_TEST(raw_unknown_kernel) {
        char *command = collector("echo 'The kernel version is not supported.' >&2\n"
                                  "case \"$*\" in *'-d 31'*) echo much more; sleep 1000;; esac\n"
                                  "echo less",
                                  "-d 31");
        _cleanup_free_ char *device = NULL;
        size_t size;
        RawDump raw;

        tree_text(&tree, "/dev/disk", "");
        (void)raw_plan(command);
        ck_assert_int_eq(run(), 0);
        raw = read_raw(&device, &size);
        ck_assert_uint_eq(raw.dump.size, 5);
        ck_assert_mem_eq(device + raw.dump.offset, "less\n", 5);
        free(command);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, everything);
        ADD_FIXTURE_TEST(s, order);
        ADD_FIXTURE_TEST(s, incomplete_meanwhile);
        ADD_FIXTURE_TEST(s, collector_absent);
        ADD_FIXTURE_TEST(s, collector_fails);
        ADD_FIXTURE_TEST(s, collector_dies);
        ADD_FIXTURE_TEST(s, collector_writes_nothing);
        ADD_FIXTURE_TEST(s, collector_nonsense);
        ADD_FIXTURE_TEST(s, kernel_unknown);
        ADD_FIXTURE_TEST(s, kernel_unknown_low_level);
        ADD_FIXTURE_TEST(s, collector_sees_a_terminal);
        ADD_FIXTURE_TEST(s, target_full);
        ADD_FIXTURE_TEST(s, full_at_sync);
        ADD_FIXTURE_TEST(s, broken_disk);
        ADD_FIXTURE_TEST(s, nothing_can_be_written);
        ADD_FIXTURE_TEST(s, same_second);
        ADD_FIXTURE_TEST(s, keep);
        ADD_FIXTURE_TEST(s, keep_after_failure);
        ADD_FIXTURE_TEST(s, min_free);
        ADD_FIXTURE_TEST(s, min_free_is_there);
        ADD_FIXTURE_TEST(s, keep_follows_no_links);
        ADD_FIXTURE_TEST(s, fallback);
        ADD_FIXTURE_TEST(s, no_target);
        ADD_FIXTURE_TEST(s, no_vmcore);
        ADD_FIXTURE_TEST(s, damaged_vmcore);
        ADD_FIXTURE_TEST(s, no_plan);
        ADD_FIXTURE_TEST(s, no_log);
        ADD_FIXTURE_TEST(s, scripts);
        ADD_FIXTURE_TEST(s, raw_target);
        ADD_FIXTURE_TEST(s, raw_copy);
        ADD_FIXTURE_TEST(s, raw_unknown_kernel);
}

TEST_MAIN("capture", add_cases)
