/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole capture on a fake machine: what is written, in which order, and what becomes of a
 * collector that does not work. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/time-util.h"
#include "capture/capture.h"
#include "fake-capture.h"

START_TEST(everything) {
        struct stat st;
        DumpInfo info;

        ck_assert_int_eq(
                run_with(collector("echo \"dump $1 $2 ${3##*/} ${4##*/}\" >\"$n\"", "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
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
        dump_info_done(&info);
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
        DumpInfo info;

        ck_assert_int_eq(run_with(collector("cp \"${n%/*}/kdump.json\" \"$n\"", "")), 0);
        info = read_info(DUMP "/vmcore");
        ck_assert_uint_eq(info.result, DUMP_RESULT_INCOMPLETE);
        ck_assert_str_eq(info.panic_message, "Kernel panic - not syncing: because");
        ck_assert_ptr_null(info.vmcore);
        dump_info_done(&info);
}
END_TEST

static void check_copy(const char *why) {
        _cleanup_free_ char *dump = NULL, *memory = NULL;
        size_t size, other;
        struct stat st;
        DumpInfo info;

        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COPIED);
        ck_assert_ptr_nonnull(strstr(info.message, why));
        ck_assert_str_eq(info.vmcore, "vmcore");
        dump_info_done(&info);
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
        DumpInfo info;

        ck_assert_int_eq(run_with(collector("echo half >\"$n\"; kill -SEGV $$", "")), 0);
        check_copy("killed by signal 11");
        info = read_info(DUMP "/kdump.json");
        ck_assert_int_eq(info.collector_status, 256 + 11);
        dump_info_done(&info);
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

/* As much as a hundredth of it may be bad. */
START_TEST(page_unreadable) {
        _cleanup_free_ char *dump = NULL, *memory = NULL;
        size_t size, other;
        DumpInfo info;

        bad_start = LAST_PAGE + 1000;
        bad_end = bad_start + 1;
        ck_assert_int_eq(run_with(collector("exit 1", "")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COPIED);
        ck_assert_uint_eq(info.unreadable_bytes, 4096);
        ck_assert_ptr_nonnull(strstr(info.message, "exited with status 1; 4096 of "));
        dump_info_done(&info);
        ck_assert_int_eq(read_file_below(tree.fd, DUMP "/vmcore", 1 << 24, &dump, &size), 0);
        ck_assert_int_eq(read_file_below(tree.fd, "/proc/vmcore", 1 << 24, &memory, &other), 0);
        memset(memory + LAST_PAGE, 0, 4096);
        ck_assert_uint_eq(size, other);
        ck_assert_mem_eq(dump, memory, size);
}
END_TEST

/* More is no dump, but may be of use to somebody. */
START_TEST(pages_unreadable) {
        DumpInfo info;
        struct stat st;

        bad_start = LAST_PAGE - 1;
        bad_end = UINT64_MAX;
        ck_assert_int_eq(run_with(collector("exit 1", "")), -EIO);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_INCOMPLETE);
        ck_assert_uint_eq(info.unreadable_bytes, 8192);
        ck_assert_str_eq(info.vmcore, "vmcore.incomplete");
        dump_info_done(&info);
        ck_assert(!has(DUMP "/vmcore"));
        stat_in_tree(DUMP "/vmcore.incomplete", &st);
        ck_assert_uint_eq((uint64_t)st.st_size, LAST_PAGE + 4096);
}
END_TEST

/* Whoever neither says nor writes anything has hung, and a plain copy is better than that. */
START_TEST(collector_silent) {
        DumpInfo info;

        silence_usec = USEC_PER_SEC / 2;
        ck_assert_int_eq(run_with(collector("exec sleep 20", "")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COPIED);
        ck_assert_ptr_nonnull(strstr(info.message, "made no progress and was killed"));
        ck_assert_int_eq(info.collector_status, 256 + SIGKILL);
        dump_info_done(&info);
}
END_TEST

/* It says nothing, but its file grows; or the other way round. */
START_TEST(collector_slow) {
        static const char *const scripts[] = {
                "for i in 1 2 3 4 5 6 7 8; do sleep .5; head -c 8192 /dev/urandom >>\"$n\"; done",
                "for i in 1 2 3 4 5 6 7 8; do sleep .5; echo $i; done; echo x >\"$n\"",
        };
        DumpInfo info;

        silence_usec = 3 * USEC_PER_SEC;
        ck_assert_int_eq(run_with(collector(scripts[_i], "")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_null(info.message);
        ck_assert_int_eq(info.collector_status, 0);
        dump_info_done(&info);
}
END_TEST

/* Told at once, it does not have to finish: the second line would make it hang. */
static const char unknown[] = "echo \"$*\" >>\"${n%/*}/calls\"\n"
                              "echo 'The kernel version is not supported.'\n"
                              "case \"$*\" in *'-d 31'*) sleep 1000;; esac\n"
                              "echo good >\"$n\"";

START_TEST(kernel_unknown) {
        DumpInfo info;

        ck_assert_int_eq(run_with(collector(unknown, "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert(info.kernel_unknown);
        ck_assert_ptr_nonnull(strstr(info.collector, "-d 23"));
        ck_assert_ptr_null(info.message);
        dump_info_done(&info);
        check_text(DUMP "/vmcore", "good\n");
}
END_TEST

/* With a level that leaves out nothing in doubt there is no need for a second run. */
START_TEST(kernel_unknown_low_level) {
        DumpInfo info;

        ck_assert_int_eq(run_with(collector("echo The kernel version is not supported.\n"
                                            "[ ! -e \"${n%/*}/ran\" ] || exit 1\n"
                                            ": >\"${n%/*}/ran\"; echo x >\"$n\"",
                                            "-d 17")),
                         0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert(info.kernel_unknown);
        ck_assert_ptr_nonnull(strstr(info.collector, "-d 17"));
        dump_info_done(&info);
}
END_TEST

/* What the kernel tells of its pages, and whether makedumpfile's file has these names, decides: not
 * what it says, and nothing is tried first. */
static DumpInfo run_with_names(const char *names) {
        FakeVmcore *fake = fake_vmcore_new(0);
        char text[512];

        fake_info(fake, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\nOFFSET(page.new)=8\n");
        fake_vmcore_finish(fake);
        tree_bytes(&tree, "/proc/vmcore", fake->file, fake->size);
        fake_vmcore_free(fake);
        strscpyf(text, sizeof(text),
                 "# makedumpfile: version 1.7.8 %s\n"
                 "echo 'The kernel version is not supported.'\n"
                 "[ ! -e \"${n%%/*}/ran\" ] || exit 1\n"
                 ": >\"${n%%/*}/ran\"; echo \"$1 $2\" >\"$n\"",
                 names);
        ck_assert_int_eq(run_with(collector(text, "-d 31")), 0);
        return read_info(DUMP "/kdump.json");
}

START_TEST(kernel_is_known) {
        DumpInfo info = run_with_names("PAGE_OFFLINE_MAPCOUNT_VALUE page.new");

        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert(!info.kernel_unknown);
        ck_assert_ptr_null(info.level_reason);
        check_text(DUMP "/vmcore", "-d 31\n");
        dump_info_done(&info);
}
END_TEST

START_TEST(kernel_has_new_names) {
        DumpInfo info = run_with_names("PAGE_OFFLINE_MAPCOUNT_VALUE page.newer");

        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_nonnull(strstr(info.level_reason, "does not know page.new of"));
        check_text(DUMP "/vmcore", "-d 23\n");
        dump_info_done(&info);
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
static int fail_second(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                       char ret_device[static 64], Error *reterr) {
        if (streq(target->label, "the other")) {
                ck_assert(!has(DUMP));
                sync_failing = NULL;
                free_space = UINT64_MAX;
                free(collector("echo on the other >\"$n\"", ""));
        }
        return capture_tree_ops.attach(c, target, deadline_usec, ret_device, reterr);
}

/* Of the dump there is nothing, and why not is said. */
static void check_log_only(const char *why) {
        DumpInfo info = read_info(DUMP "/kdump.json");

        ck_assert(!has(DUMP "/vmcore.incomplete") && !has(DUMP "/vmcore"));
        ck_assert(has(DUMP "/vmcore-dmesg.txt"));
        ck_assert_uint_eq(info.result, DUMP_RESULT_LOG_ONLY);
        ck_assert_ptr_nonnull(strstr(info.message, why));
        ck_assert_ptr_null(info.vmcore);
        dump_info_done(&info);
}

/* A file system that is full: the collector cannot write, and a copy would not fit either. */
START_TEST(target_full) {
        free_space = 5 << 20;
        free_meanwhile = 1000;
        ck_assert_int_eq(run_with(collector("echo half >\"$n\"; exit 1", "")), -ENOSPC);
        check_log_only("exited with status 1; the target is full: the dump does not fit into the 5 "
                       "MiB that were free");
}
END_TEST

/* Its word is enough: of what is free, a file system keeps some for itself. */
START_TEST(target_said_full) {
        ck_assert_int_eq(run_with(collector("echo \"cannot write $n. No space left on device\"\n"
                                            "exit 1",
                                            "")),
                         -ENOSPC);
        check_log_only("exited with status 1; the target is full: the dump does not fit");
}
END_TEST

/* Why there had to be a copy is still the first reason. */
START_TEST(full_for_a_copy) {
        free_space = 5 << 20;
        sync_failing = "vmcore.incomplete";
        sync_error = -ENOSPC;
        ck_assert_int_eq(run_with(strdup("/nowhere/makedumpfile -d 31")), -ENOSPC);
        check_log_only("is not in the initramfs; the target is full: a plain copy does not fit "
                       "into the 5 MiB that were free");
}
END_TEST

/* A copy is not begun that cannot end. */
START_TEST(no_room_for_a_copy) {
        free_space = 4096;
        ck_assert_int_eq(run_with(strdup("/nowhere/makedumpfile -d 31")), -ENOSPC);
        check_log_only("is not in the initramfs; the target is full: a plain copy does not fit "
                       "into the 0 MiB that were free");
        ck_assert_ptr_null(strstr(events, "vmcore.incomplete"));
}
END_TEST

/* Most of the memory is zeros, which take no room. */
START_TEST(room_for_a_copy) {
        free_space = FAKE_MEMORY / 2;
        ck_assert_int_eq(run_with(strdup("/nowhere/makedumpfile -d 31")), 0);
        check_copy("is not in the initramfs");
}
END_TEST

/* makedumpfile that understands too little of the kernel: then with as little as can be. */
START_TEST(once_more_with_all) {
        _cleanup_free_ char *line = collector(
                "case \"$*\" in *'-d 31'*) exit 1;; -v) exit;; esac\necho \"$*\" >\"$n\"", "");
        _cleanup_free_ char *dump = NULL;
        DumpInfo info;

        free(line);
        ck_assert_int_eq(renameat(tree.fd, "collector", tree.fd, "makedumpfile"), 0);
        ck_assert_int_gt(asprintf(&line, "%s/makedumpfile --option -d 31", tree.path), 0);
        ck_assert_int_eq(run_with(strdup(line)), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_nonnull(strstr(info.message, "exited with status 1; it worked with -d 0"));
        ck_assert_ptr_nonnull(strstr(info.collector, "makedumpfile -l -d 0 /"));
        ck_assert_int_eq(info.collector_status, 0);
        dump_info_done(&info);
        ck_assert_int_eq(read_file_below(tree.fd, DUMP "/vmcore", 4096, &dump, NULL), 0);
        ck_assert_ptr_nonnull(strstr(dump, "-l -d 0 "));
}
END_TEST

/* That it is full may show only when the data go to the disk. */
START_TEST(full_at_sync) {
        sync_failing = "vmcore.incomplete";
        sync_error = -ENOSPC;
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -ENOSPC);
        check_log_only("the target is full");
}
END_TEST

START_TEST(broken_disk) {
        sync_failing = "vmcore.incomplete";
        sync_error = -EIO;
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), -EIO);
        check_log_only("Input/output error");
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
        ck_assert_int_eq(run_plan(&plan), 0);
        check_text(DUMP "/vmcore", "on the other\n");
}
END_TEST

START_TEST(same_second) {
        tree_dir(&tree, DUMP);
        tree_dir(&tree, DUMP "-1");
        ck_assert_int_eq(run_with(collector("echo x >\"$n\"", "")), 0);
        check_text(DUMP "-2/vmcore", "x\n");
        ck_assert(!has(DUMP "/vmcore") && !has(DUMP "-1/vmcore"));
        /* What was removed in between does not make it an older one. */
        ck_assert_int_eq(unlinkat(tree.fd, (DUMP) + 1, AT_REMOVEDIR), 0);
        ck_assert_int_eq(run_with(collector("echo y >\"$n\"", "")), 0);
        check_text(DUMP "-3/vmcore", "y\n");
}
END_TEST

static void hang(void) {
        for (;;)
                (void)pause();
}

static void die(void) {
        (void)raise(SIGKILL);
}

/* The memory of the crashed kernel may be such that reading its log never ends, or kills who reads
 * it: the dump does not suffer. */
static void check_without_log(void (*what)(void)) {
        DumpInfo info;

        on_log = what;
        ck_assert_int_eq(run_with(collector("echo dump >\"$n\"", "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_null(info.message);
        ck_assert_ptr_null(info.log);
        ck_assert_ptr_null(info.panic_message);
        ck_assert_str_eq(info.kernel_release, "6.9.0-fake");
        ck_assert_uint_eq(info.crash_usec, FAKE_CRASHED * 1000000);
        ck_assert_uint_eq(info.memory_bytes, FAKE_MEMORY);
        dump_info_done(&info);
        check_text(DUMP "/vmcore", "dump\n");
        ck_assert(!has(DUMP "/vmcore-dmesg.txt"));
        /* Whoever hung is gone. */
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);
}

/* A file that is shorter than its headers say: what is missing is not made up. */
START_TEST(cut_short) {
        DumpInfo info;
        int fd = open_below(tree.fd, "/proc/vmcore", O_WRONLY);

        ck_assert_int_eq(ftruncate(fd, MEMORY_AT + FAKE_DATA + 8), 0);
        (void)close(fd);
        ck_assert_int_eq(run_with(collector("echo dump >\"$n\"", "-d 31")), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_null(info.log);
        ck_assert_ptr_null(info.panic_message);
        dump_info_done(&info);
        ck_assert(!has(DUMP "/vmcore-dmesg.txt"));
}
END_TEST

START_TEST(log_hangs) {
        uint64_t start = monotonic_usec();

        check_without_log(hang);
        ck_assert_uint_lt(monotonic_usec() - start, 30 * USEC_PER_SEC);
}
END_TEST

START_TEST(log_kills) {
        check_without_log(die);
}
END_TEST

static void add_cases(Suite *s) {
        TCase *slow = tcase_create("slow");

        tcase_add_checked_fixture(slow, setup, teardown);
        tcase_set_timeout(slow, 30);
        tcase_add_test(slow, collector_silent);
        tcase_add_loop_test(slow, collector_slow, 0, 2);
        suite_add_tcase(s, slow);
        ADD_FIXTURE_TEST(s, everything);
        ADD_FIXTURE_TEST(s, order);
        ADD_FIXTURE_TEST(s, incomplete_meanwhile);
        ADD_FIXTURE_TEST(s, collector_absent);
        ADD_FIXTURE_TEST(s, collector_fails);
        ADD_FIXTURE_TEST(s, collector_dies);
        ADD_FIXTURE_TEST(s, collector_writes_nothing);
        ADD_FIXTURE_TEST(s, collector_nonsense);
        ADD_FIXTURE_TEST(s, page_unreadable);
        ADD_FIXTURE_TEST(s, pages_unreadable);
        ADD_FIXTURE_TEST(s, kernel_unknown);
        ADD_FIXTURE_TEST(s, kernel_unknown_low_level);
        ADD_FIXTURE_TEST(s, kernel_is_known);
        ADD_FIXTURE_TEST(s, kernel_has_new_names);
        ADD_FIXTURE_TEST(s, collector_sees_a_terminal);
        ADD_FIXTURE_TEST(s, target_full);
        ADD_FIXTURE_TEST(s, target_said_full);
        ADD_FIXTURE_TEST(s, full_for_a_copy);
        ADD_FIXTURE_TEST(s, no_room_for_a_copy);
        ADD_FIXTURE_TEST(s, room_for_a_copy);
        ADD_FIXTURE_TEST(s, once_more_with_all);
        ADD_FIXTURE_TEST(s, full_at_sync);
        ADD_FIXTURE_TEST(s, broken_disk);
        ADD_FIXTURE_TEST(s, nothing_can_be_written);
        ADD_FIXTURE_TEST(s, same_second);
        ADD_FIXTURE_TEST(s, cut_short);
        ADD_FIXTURE_TEST(s, log_hangs);
        ADD_FIXTURE_TEST(s, log_kills);
}

TEST_MAIN("capture", add_cases)
