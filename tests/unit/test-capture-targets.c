/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole capture on a fake machine: targets that are not there, scripts, raw devices. */
#include "test.h"

#include "capture/capture.h"
#include "capture/run.h"
#include "core/raw-dump.h"
#include "fake-capture.h"

static char loaded[256];

static int note_module(Capture *c, const PlanModule *module) {
        size_t n = strlen(loaded);

        strscpyf(loaded + n, sizeof(loaded) - n, "%s(%s)", path_name(module->path),
                 module->options);
        return 0;
}

/* What the command line of the capture kernel says of modules reaches them. */
START_TEST(module_parameters) {
        PlanModule modules[] = { { (char *)"/lib/sd-mod.ko.gz", (char *)"" },
                                 { (char *)"/lib/disk.ko.gz", (char *)"a=1" },
                                 { (char *)"/lib/other.ko", (char *)"b=2" },
                                 { (char *)"/lib/bad.ko", (char *)"" } };
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        plan.modules = modules;
        plan.n_modules = ELEMENTSOF(modules);
        ops.load_module = note_module;
        loaded[0] = '\0';
        tree_text(&tree, "/proc/cmdline",
                  "ro disk.a=3 sd_mod.x=\"y z\" modprobe.blacklist=bad,worse disk.q\n");
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert_str_eq(loaded, "sd-mod.ko.gz(x=\"y z\")disk.ko.gz(a=1 a=3 q)other.ko(b=2)");
}
END_TEST

static int fail_attach(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                       char ret_device[static 64], Error *reterr) {
        ck_assert_uint_eq(shared.attaching, streq(target->label, "the target") ? 1 : 2);
        if (streq(target->label, "the target")) {
                ck_assert_uint_eq(skip.targets, 0);
                (void)error_set(reterr, 0, "it is elsewhere");
                return -ENODEV;
        }
        return capture_tree_ops.attach(c, target, deadline_usec, ret_device, reterr);
}

START_TEST(fallback) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));
        DumpInfo info;

        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        ops.attach = fail_attach;
        ck_assert_int_eq(run_plan(&plan), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert(info.on_fallback);
        ck_assert_str_eq(info.target, "the other");
        ck_assert_ptr_nonnull(strstr(info.message, "it is elsewhere"));
        dump_info_done(&info);
}
END_TEST

static int fail_both(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                     char ret_device[static 64], Error *reterr) {
        return error_set(reterr, -ENODEV, "%s hides", target->label);
}

/* Where there is a fallback, both are told of: in the summary, if there is one, and else where the
 * firmware keeps it. */
START_TEST(both_reasons) {
        CapturePlan plan = plan_with(collector("exit 3", ""));
        _cleanup_free_ char *text = NULL;
        DumpInfo info;

        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        ops.attach = fail_attach;
        free_space = 0;
        ck_assert_int_lt(run_plan(&plan), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_LOG_ONLY);
        ck_assert_ptr_nonnull(strstr(info.message, "the target the target is not there: it is "
                                                   "elsewhere; "));
        ck_assert_ptr_nonnull(strstr(info.message, "exited with status 3"));
        dump_info_done(&info);
        ops.attach = fail_both;
        tree_text(&tree, "/dev/pmsg0", "");
        ck_assert_int_eq(run_plan(&plan), -ENODEV);
        ck_assert_int_eq(read_file_below(tree.fd, "/dev/pmsg0", 1 << 16, &text, NULL), 0);
        ck_assert_ptr_nonnull(
                strstr(text, "nothing could be kept: the target the target is not there: the "
                             "target hides; the target the other is not there: the other hides\n"));
        ck_assert_ptr_nonnull(strstr(text, "Kernel panic - not syncing: because\n"));
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

/* A target that has hung one worker is not asked by the next. */
START_TEST(target_left_out) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));
        DumpInfo info;

        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        ops.attach = fail_attach;
        skip.targets = 1;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert_uint_eq(shared.attaching, 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert(info.on_fallback);
        ck_assert_ptr_nonnull(strstr(info.message, "the target the target is not there: "));
        dump_info_done(&info);
}
END_TEST

START_TEST(targets_left_out) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));
        _cleanup_free_ char *text = NULL;

        plan.fallback = plan.target;
        tree_text(&tree, "/dev/pmsg0", "");
        skip.targets = 2;
        ck_assert_int_eq(run_plan(&plan), -ENODEV);
        ck_assert(!has(TARGET));
        ck_assert_int_eq(read_file_below(tree.fd, "/dev/pmsg0", 1 << 16, &text, NULL), 0);
        ck_assert_ptr_nonnull(strstr(text, "Kernel panic - not syncing: because\n"));
}
END_TEST

START_TEST(again) {
        CaptureShared left = { 0 };
        CaptureSkip less = { 0 };

        ck_assert(!capture_again(&left, true, &less));
        ck_assert(!capture_again(&left, false, &less));
        left.is_reading = true;
        ck_assert(capture_again(&left, true, &less));
        less.summary = false;
        ck_assert(capture_again(&left, false, &less));
        ck_assert(less.summary && less.targets == 0);
        ck_assert(!capture_again(&left, false, &less));
        left = (CaptureShared){ .attaching = 1 };
        ck_assert(!capture_again(&left, false, &less));
        ck_assert(capture_again(&left, true, &less));
        ck_assert_uint_eq(less.targets, 1);
        ck_assert(!capture_again(&left, true, &less));
        left.attaching = 2;
        ck_assert(capture_again(&left, true, &less));
        ck_assert(less.summary && less.targets == 2);
        ck_assert(!capture_again(&left, true, &less));
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

START_TEST(log_left_out) {
        skip.summary = true;
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
        ck_assert_int_eq(run_plan(&plan), 0);
        check_text(DUMP "/pre", "pre\n");
        check_text(DUMP "/post", "complete kdump.json pre vmcore vmcore-dmesg.txt \n");
}
END_TEST

/* A link on the target is meant as on the system that it belongs to. */
START_TEST(absolute_link) {
        tree_dir(&tree, MOUNT_POINT "/data");
        tree_link(&tree, MOUNT_POINT "/var", "/data");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        check_text(MOUNT_POINT "/data/crash/" NAME "/vmcore", "x\n");
}
END_TEST

START_TEST(link_out_of_the_target) {
        tree_dir(&tree, "/outside");
        tree_dir(&tree, MOUNT_POINT "/outside");
        tree_link(&tree, MOUNT_POINT "/var", "../../../../outside");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        ck_assert(!has("/outside/crash"));
        check_text(MOUNT_POINT "/outside/crash/" NAME "/vmcore", "x\n");
}
END_TEST

START_TEST(way_out_of_the_target) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        plan.target.directory = (char *)"/var/../../crash";
        ck_assert_int_eq(run_plan(&plan), -ENODEV);
}
END_TEST

static CapturePlan raw_plan(char *core_collector) {
        CapturePlan plan = plan_with(core_collector);

        plan.target.type = PLAN_TARGET_RAW;
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
        DumpInfo info;
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
        ck_assert_int_eq(dump_info_from_json(device + raw.info.offset, raw.info.size, &info), 0);
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_uint_eq(info.vmcore_bytes, raw.dump.size);
        dump_info_done(&info);
        free(command);
}
END_TEST

/* What is known is on the device before the dump is begun. */
START_TEST(raw_order) {
        char script[256];
        char *command;
        _cleanup_free_ char *device = NULL;
        DumpInfo info;
        RawDump raw;
        size_t size;

        strscpyf(script, sizeof(script), "cp %s/dev/disk %s/before; echo dump", tree.path,
                 tree.path);
        command = collector(script, "");
        tree_text(&tree, "/dev/disk", "");
        (void)raw_plan(command);
        ck_assert_int_eq(run(), 0);
        ck_assert_int_eq(read_file_below(tree.fd, "/before", 1 << 25, &device, &size), 0);
        ck_assert_int_eq(raw_dump_unpack((const uint8_t *)device, &raw), 0);
        ck_assert(!raw.is_complete);
        ck_assert_uint_eq(raw.dump.size, 0);
        ck_assert_mem_eq(device + raw.log.offset, "[    0.001000] Linux", 20);
        ck_assert_int_eq(dump_info_from_json(device + raw.info.offset, raw.info.size, &info), 0);
        ck_assert_uint_eq(info.result, DUMP_RESULT_INCOMPLETE);
        ck_assert_ptr_nonnull(info.panic_message);
        ck_assert_uint_eq(info.log_bytes, raw.log.size);
        dump_info_done(&info);
        free(command);
}
END_TEST

/* Somebody has made swap of the device since; an older dump may look like that, too. */
START_TEST(raw_in_use) {
        static const char version[] = "\1\0\0\0\377\0\0\0";
        char *command = collector("echo dump", "");
        _cleanup_free_ char *device = calloc(1, 1 << 20), *after = NULL;
        RawDump raw = { .is_complete = true };
        size_t size;

        memcpy(device + 1024, version, 8);
        memcpy(device + 1024 + 12, "0123456789abcdef", 16);
        memcpy(device + 4086, "SWAPSPACE2", 10);
        tree_bytes(&tree, "/dev/disk", device, 1 << 20);
        (void)raw_plan(command);
        ck_assert_int_lt(run(), 0);
        ck_assert_int_eq(read_file_below(tree.fd, "/dev/disk", 1 << 25, &after, &size), 0);
        ck_assert_uint_eq(size, 1 << 20);
        ck_assert_mem_eq(after, device, size);

        raw_dump_pack(&raw, (uint8_t *)device);
        memcpy(device + 65536 + 64, "_BHRfS_M", 8);
        tree_bytes(&tree, "/dev/disk", device, 1 << 20);
        ck_assert_int_eq(run(), 0);
        free(command);
}
END_TEST

/* Scripts run as they do for files, but for the directory that there is not. */
START_TEST(raw_scripts) {
        char *command = collector("echo x", "");
        CapturePlan plan = raw_plan(command);
        char script[256];

        tree_text(&tree, "/dev/disk", "");
        for (unsigned i = 0; i < 2; i++) {
                strscpyf(script, sizeof(script), "#!/bin/sh\necho \"$# <$1> $2\" >%s/%s.ran\n",
                         tree.path, i == 0 ? "pre" : "post");
                tree_text(&tree, i == 0 ? "/pre" : "/post", script);
        }
        ck_assert_int_eq(fchmodat(tree.fd, "pre", 0755, 0), 0);
        ck_assert_int_eq(fchmodat(tree.fd, "post", 0755, 0), 0);
        plan.pre_script = (char *)"/pre";
        plan.post_script = (char *)"/post";
        ck_assert_int_eq(run_plan(&plan), 0);
        check_text("/pre.ran", "1 <> \n");
        check_text("/post.ran", "2 <> complete\n");
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

static DumpInfo copy_to_raw(int expected, RawDump *ret_raw, char **ret_device) {
        char *command = collector("echo half; exit 2", "");
        DumpInfo info;
        size_t size;

        tree_text(&tree, "/dev/disk", "");
        (void)raw_plan(command);
        ck_assert_int_eq(run(), expected);
        *ret_raw = read_raw(ret_device, &size);
        ck_assert_int_eq(
                dump_info_from_json(*ret_device + ret_raw->info.offset, ret_raw->info.size, &info),
                0);
        free(command);
        return info;
}

/* A page that cannot be read is zeros, and does not cost the rest. */
START_TEST(raw_page_unreadable) {
        _cleanup_free_ char *device = NULL, *memory = NULL;
        DumpInfo info;
        size_t size;
        RawDump raw;

        bad_start = MEMORY_AT + FAKE_DATA;
        bad_end = bad_start + 1;
        info = copy_to_raw(0, &raw, &device);
        ck_assert(raw.is_complete);
        ck_assert_uint_eq(info.result, DUMP_RESULT_COPIED);
        ck_assert_uint_eq(info.unreadable_bytes, 4096);
        ck_assert_int_eq(read_file_below(tree.fd, "/proc/vmcore", 1 << 24, &memory, &size), 0);
        memset(memory + bad_start, 0, 4096);
        ck_assert_uint_eq(raw.dump.size, size);
        ck_assert_mem_eq(device + raw.dump.offset, memory, size);
        dump_info_done(&info);
}
END_TEST

START_TEST(raw_pages_unreadable) {
        _cleanup_free_ char *device = NULL;
        DumpInfo info;
        RawDump raw;

        bad_start = MEMORY_AT;
        bad_end = UINT64_MAX;
        info = copy_to_raw(-EIO, &raw, &device);
        ck_assert(!raw.is_complete);
        ck_assert_uint_eq(info.result, DUMP_RESULT_INCOMPLETE);
        ck_assert_uint_eq(info.unreadable_bytes, FAKE_MEMORY);
        dump_info_done(&info);
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
        ADD_FIXTURE_TEST(s, module_parameters);
        ADD_FIXTURE_TEST(s, fallback);
        ADD_FIXTURE_TEST(s, both_reasons);
        ADD_FIXTURE_TEST(s, no_target);
        ADD_FIXTURE_TEST(s, target_left_out);
        ADD_FIXTURE_TEST(s, targets_left_out);
        ADD_FIXTURE_TEST(s, again);
        ADD_FIXTURE_TEST(s, no_vmcore);
        ADD_FIXTURE_TEST(s, damaged_vmcore);
        ADD_FIXTURE_TEST(s, no_plan);
        ADD_FIXTURE_TEST(s, no_log);
        ADD_FIXTURE_TEST(s, log_left_out);
        ADD_FIXTURE_TEST(s, scripts);
        ADD_FIXTURE_TEST(s, absolute_link);
        ADD_FIXTURE_TEST(s, link_out_of_the_target);
        ADD_FIXTURE_TEST(s, way_out_of_the_target);
        ADD_FIXTURE_TEST(s, raw_target);
        ADD_FIXTURE_TEST(s, raw_order);
        ADD_FIXTURE_TEST(s, raw_in_use);
        ADD_FIXTURE_TEST(s, raw_scripts);
        ADD_FIXTURE_TEST(s, raw_copy);
        ADD_FIXTURE_TEST(s, raw_page_unreadable);
        ADD_FIXTURE_TEST(s, raw_pages_unreadable);
        ADD_FIXTURE_TEST(s, raw_unknown_kernel);
}

TEST_MAIN("capture-targets", add_cases)
