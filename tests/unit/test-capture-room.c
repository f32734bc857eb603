/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole capture on a fake machine: old dumps, and those that go for the new one. */
#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "capture/capture.h"
#include "capture/run.h"
#include "core/rotation.h"
#include "fake-capture.h"

static void old_dump(const char *name, const char *result) {
        char path[256], text[64];

        strscpyf(path, sizeof(path), TARGET "/%s/vmcore", name);
        tree_text(&tree, path, "old");
        strscpyf(path, sizeof(path), TARGET "/%s/vmcore-dmesg.txt", name);
        tree_text(&tree, path, "log");
        strscpyf(path, sizeof(path), TARGET "/%s/kdump.json", name);
        strscpyf(text, sizeof(text), "{\"Result\":\"%s\",\"Log\":\"vmcore-dmesg.txt\"}", result);
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
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(!has_old("box-2020-01-01-00:00:00"));
        ck_assert(has_old("box-2020-01-02-00:00:00/vmcore"));
        /* Doomed, but for what is not a dump's. */
        ck_assert(!has_old("box-2020-01-03-00:00:00/vmcore"));
        ck_assert(has_old("box-2020-01-03-00:00:00/deeper/file"));
        ck_assert(has_old("box-2020-01-04-00:00:00/vmcore"));
        ck_assert(has_old("other-2020-01-01-00:00:00/vmcore") && has_old("whatever/vmcore"));
        ck_assert(has(DUMP "/vmcore"));
}
END_TEST

START_TEST(keep_after_failure) {
        CapturePlan plan = plan_with(collector("exit 1", ""));

        old_dumps();
        plan.keep = 1;
        free_space = 0;
        ck_assert_int_eq(run_plan(&plan), -ENOSPC);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
        ck_assert(has_old("box-2020-01-03-00:00:00/vmcore"));
}
END_TEST

/* How much an old dump takes on the disk. */
static uint64_t size_of_old(const char *name) {
        static const char *const files[] = { "vmcore", "vmcore-dmesg.txt", "kdump.json" };
        uint64_t bytes = 0;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char path[256];
                struct stat st;

                strscpyf(path, sizeof(path), TARGET "/%s/%s", name, files[i]);
                stat_in_tree(path, &st);
                bytes += (uint64_t)st.st_blocks * 512;
        }
        return bytes;
}

/* Nor if there are the headers and nothing of the memory. */
START_TEST(keep_after_nothing) {
        CapturePlan plan = plan_with(collector("exit 1", ""));

        old_dumps();
        plan.keep = 1;
        bad_start = MEMORY_AT;
        bad_end = UINT64_MAX;
        ck_assert_int_eq(run_plan(&plan), -EIO);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
        ck_assert(has_old("box-2020-01-03-00:00:00/vmcore"));
}
END_TEST

/* The newest complete dump stays. */
START_TEST(min_free) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dumps();
        free_space = 1000;
        plan.min_free_bytes = free_space + size_of_old("box-2020-01-01-00:00:00") + 1;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(!has_old("box-2020-01-01-00:00:00"));
        ck_assert(has_old("box-2020-01-02-00:00:00/vmcore"));
        ck_assert(!has_old("box-2020-01-03-00:00:00"));
        ck_assert(has_old("box-2020-01-04-00:00:00/vmcore"));
        ck_assert(has_old("other-2020-01-01-00:00:00/vmcore"));
}
END_TEST

/* A dump that does not fit: old ones go for it, as many as it takes, and it is written again. */
START_TEST(more_room) {
        CapturePlan plan = plan_with(collector(
                "cd \"${n%/*}/..\"; echo x >\"$n\"; [ ! -e box-2020-01-01-00:00:00 ]", ""));
        DumpInfo info;

        old_dumps();
        plan.min_free_bytes = 1;
        free_space = 10;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(!has_old("box-2020-01-01-00:00:00"));
        ck_assert(has_old("box-2020-01-04-00:00:00/vmcore"));
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_null(info.message);
        dump_info_done(&info);
}
END_TEST

/* And where nothing may go for it, they stay. */
START_TEST(no_more_room) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"; exit 1", ""));

        old_dumps();
        free_space = 10;
        ck_assert_int_eq(run_plan(&plan), -ENOSPC);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
}
END_TEST

START_TEST(min_free_is_there) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dumps();
        plan.min_free_bytes = 1000;
        free_space = 1000;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(has_old("box-2020-01-01-00:00:00/vmcore"));
}
END_TEST

/* A link is no directory of ours, whatever it is called. */
START_TEST(keep_follows_no_links) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));

        old_dump("whatever", "complete");
        tree_link(&tree, TARGET "/box-2020-01-01-00:00:00", "whatever");
        plan.keep = 1;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(has_old("whatever/vmcore"));
}
END_TEST

static int fail_first(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                      char ret_device[static 64], Error *reterr) {
        if (streq(target->label, "the target"))
                return error_set(reterr, -ENODEV, "it is elsewhere");
        return capture_tree_ops.attach(c, target, deadline_usec, ret_device, reterr);
}

/* That is still told when the dump is written again, with more room. */
START_TEST(more_room_on_fallback) {
        CapturePlan plan = plan_with(collector(
                "cd \"${n%/*}/..\"; echo x >\"$n\"; [ ! -e box-2020-01-01-00:00:00 ]", ""));
        DumpInfo info;

        old_dumps();
        plan.min_free_bytes = 1;
        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        ops.attach = fail_first;
        free_space = 10;
        ck_assert_int_eq(run_plan(&plan), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_uint_eq(info.result, DUMP_RESULT_COMPLETE);
        ck_assert_ptr_nonnull(strstr(info.message, "it is elsewhere"));
        ck_assert_ptr_null(strstr(info.message, "exited"));
        dump_info_done(&info);
}
END_TEST

#define NEWEST    "box-2020-01-04-00:00:00"
#define NEW_BYTES (UINT64_C(5) << 20)

/* One that does not fit beside the newest dump, and counts in its own way; its arguments are noted
 * when it does. */
static char *makedumpfile(const char *count, const char *write) {
        char text[900];
        char *line;

        strscpyf(text, sizeof(text),
                 "cd \"${n%%/*}/..\"\n"
                 "case \"$*\" in\n"
                 "-v) exit;;\n"
                 "*--dry-run*) echo \"$*\" >arguments; echo 'Original pages  : 0x1'; %s; exit;;\n"
                 "esac\n"
                 "echo x >\"$n\"\n"
                 "%s",
                 count, write);
        free(collector(text, ""));
        ck_assert_int_eq(renameat(tree.fd, "collector", tree.fd, "makedumpfile"), 0);
        ck_assert_int_gt(asprintf(&line, "%s/makedumpfile -l -d 31", tree.path), 0);
        return line;
}

#define COUNTS "echo 'Write bytes     : 5242880'"
#define FULL   "{ echo \"$n: No space left on device\"; exit 1; }"

static char *one_that_fits(void) {
        return makedumpfile(COUNTS, "[ ! -e " NEWEST "/vmcore ] || " FULL);
}

/* How much is to be free on the real disk for so much. */
static uint64_t needed(uint64_t bytes) {
        struct statvfs st;

        ck_assert_int_eq(fstatvfs(tree.fd, &st), 0);
        return rotation_needed((uint64_t)st.f_blocks * st.f_frsize, bytes);
}

/* Old dumps, and as much room as a dump of that size takes together with the newest one, but for
 * lacking bytes. The fake does not tell that others have gone. */
static void set_room(uint64_t lacking) {
        struct stat st;

        old_dumps();
        stat_in_tree(TARGET "/" NEWEST "/vmcore", &st);
        free_space = needed(NEW_BYTES) - (uint64_t)st.st_blocks * 512 - lacking;
}

static int run_for_room(char *core_collector) {
        CapturePlan plan = plan_with(core_collector);

        plan.min_free_bytes = 1;
        return run_plan(&plan);
}

static void check_message(const char *path, DumpResult result, const char *words) {
        DumpInfo info = read_info(path);

        ck_assert_uint_eq(info.result, result);
        ck_assert_ptr_nonnull(info.message);
        ck_assert_msg(strstr(info.message, words) != NULL, "%s", info.message);
        dump_info_done(&info);
}

/* The newest complete dump goes for one that fits then for sure; its log stays, and both tell. */
START_TEST(newest_goes) {
        _cleanup_free_ char *arguments = NULL;

        set_room(0);
        ck_assert_int_eq(run_for_room(one_that_fits()), 0);
        ck_assert(has(DUMP "/vmcore"));
        check_message(DUMP "/kdump.json", DUMP_RESULT_COMPLETE,
                      "the dump in " NEWEST " was removed, as there was no room for both");
        ck_assert(!has_old(NEWEST "/vmcore"));
        check_text(TARGET "/" NEWEST "/vmcore-dmesg.txt", "log");
        check_message(TARGET "/" NEWEST "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "its dump went for that in " NAME);
        ck_assert(!has_old("box-2020-01-01-00:00:00") && !has_old("box-2020-01-03-00:00:00"));
        ck_assert(has_old("other-2020-01-01-00:00:00/vmcore") && has_old("whatever/vmcore"));
        ck_assert_int_eq(read_file_below(tree.fd, TARGET "/arguments", 4096, &arguments, NULL), 0);
        ck_assert_ptr_nonnull(strstr(arguments, "-l -d 31 --dry-run --message-level 17 "));
}
END_TEST

/* And then the summary has the command that wrote the dump, not that which counted. */
START_TEST(newest_goes_unnoticed) {
        DumpInfo info;

        set_room(0);
        ck_assert_int_eq(run_for_room(one_that_fits()), 0);
        info = read_info(DUMP "/kdump.json");
        ck_assert_ptr_null(strstr(info.collector, "dry-run"));
        ck_assert_ptr_null(strstr(info.message, "exited"));
        ck_assert_int_eq(info.collector_status, 0);
        dump_info_done(&info);
}
END_TEST

static void check_newest_stays(char *core_collector) {
        ck_assert_int_eq(run_for_room(core_collector), -ENOSPC);
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "the target is full: the dump does "
                      "not fit");
        ck_assert(!has(DUMP "/vmcore") && has(DUMP "/vmcore-dmesg.txt"));
        ck_assert(has_old(NEWEST "/vmcore"));
        ck_assert(has_old(NEWEST "/vmcore-dmesg.txt"));
}

/* By a byte. */
START_TEST(newest_would_not_do) {
        set_room(1);
        check_newest_stays(one_that_fits());
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "makedumpfile --dry-run says that it takes 5 MiB");
}
END_TEST

/* It should fit, and does not: so what is free is not known. */
START_TEST(newest_is_not_in_the_way) {
        old_dumps();
        free_space = needed(NEW_BYTES);
        check_newest_stays(makedumpfile(COUNTS, FULL));
}
END_TEST

/* Nobody knows how large it will be. */
START_TEST(newest_stays_uncounted) {
        static const char *const counts[] = {
                "echo \"unrecognized option '--dry-run'\"; exit 1",
                "true",
                COUNTS "; exit 1",
                COUNTS "; kill -9 $$",
                "echo 'Write bytes     : '",
                "echo 'Write bytes     : 0'",
                "echo 'Write bytes     : 99999999999999999999'",
                "exec sleep 1000",
        };

        silence_usec = 500000;
        set_room(0);
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                check_newest_stays(makedumpfile(counts[i], FULL));
                tree_remove(&tree, DUMP);
        }
        /* And it is none of nothing, for which there is room. */
        free_space -= NEW_BYTES + NEW_BYTES / 64;
        check_newest_stays(makedumpfile("echo 'Write bytes     : 0'", FULL));
}
END_TEST

/* Another program may take these options for something else. */
START_TEST(newest_stays_for_others) {
        set_room(0);
        check_newest_stays(
                collector("case \"$*\" in *--dry-run*) : >\"${n%/*}/../ran\";; esac\n" COUNTS
                          "\necho x >\"$n\"\n" FULL,
                          ""));
        ck_assert(!has(TARGET "/ran"));
}
END_TEST

/* Where it said that it does not know the kernel, it counts with the level that it wrote with. */
START_TEST(newest_goes_for_lower) {
        _cleanup_free_ char *arguments = NULL;

        set_room(0);
        ck_assert_int_eq(
                run_for_room(makedumpfile(COUNTS, "case \"$*\" in *'-d 31'*)\n"
                                                  "echo 'The kernel version is not supported.'\n"
                                                  "exec sleep 1000;; esac\n"
                                                  "[ ! -e " NEWEST "/vmcore ] || " FULL)),
                0);
        ck_assert(!has_old(NEWEST "/vmcore"));
        ck_assert_int_eq(read_file_below(tree.fd, TARGET "/arguments", 4096, &arguments, NULL), 0);
        ck_assert_ptr_nonnull(strstr(arguments, "-l -d 23 --dry-run"));
}
END_TEST

/* MinFree=0 removes none. */
START_TEST(newest_stays_by_choice) {
        CapturePlan plan;

        set_room(0);
        plan = plan_with(one_that_fits());
        ck_assert_int_eq(run_plan(&plan), -ENOSPC);
        ck_assert(has_old(NEWEST "/vmcore") && has_old("box-2020-01-01-00:00:00/vmcore"));
        ck_assert(!has(TARGET "/arguments"));
}
END_TEST

/* Nor is anything counted where there is nothing that could go. */
START_TEST(nothing_to_count_for) {
        free_space = needed(NEW_BYTES);
        ck_assert_int_eq(run_for_room(makedumpfile(COUNTS, FULL)), -ENOSPC);
        ck_assert(!has(TARGET "/arguments"));
}
END_TEST

/* A disk that took less than it said. */
START_TEST(newest_goes_in_vain) {
        set_room(0);
        ck_assert_int_eq(run_for_room(makedumpfile(COUNTS, FULL)), -ENOSPC);
        ck_assert(!has(DUMP "/vmcore") && !has_old(NEWEST "/vmcore"));
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "the dump in " NEWEST " was removed");
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "exited with status 1; the target is full");
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY,
                      "; makedumpfile --dry-run says that it takes 5 MiB; the dump in " NEWEST
                      " was removed");
}
END_TEST

/* Where it went is told whatever comes of the new one, and why. */
START_TEST(newest_goes_for_another_end) {
        set_room(0);
        ck_assert_int_eq(
                run_for_room(makedumpfile(COUNTS, "[ -e " NEWEST "/vmcore ] || exit 3\n" FULL)), 0);
        check_message(DUMP "/kdump.json", DUMP_RESULT_COPIED,
                      "exited with status 3; the dump in " NEWEST " was removed");
}
END_TEST

/* What was tried last is what is counted: with all of the memory. */
START_TEST(newest_goes_for_all) {
        _cleanup_free_ char *arguments = NULL;

        set_room(0);
        ck_assert_int_eq(
                run_for_room(makedumpfile(COUNTS, "case \"$*\" in *'-d 0'*) ;; *) exit 1;; esac\n"
                                                  "[ ! -e " NEWEST "/vmcore ] || " FULL)),
                0);
        ck_assert(!has_old(NEWEST "/vmcore"));
        ck_assert_int_eq(read_file_below(tree.fd, TARGET "/arguments", 4096, &arguments, NULL), 0);
        ck_assert_ptr_nonnull(strstr(arguments, "-l -d 0 --dry-run"));
        check_message(DUMP "/kdump.json", DUMP_RESULT_COMPLETE, "was removed");
}
END_TEST

/* What a plain copy takes, without the pages of zeros. */
static uint64_t copy_bytes(void) {
        _cleanup_free_ char *memory = NULL;
        uint64_t bytes = 0;
        size_t size;

        ck_assert_int_eq(read_file_below(tree.fd, "/proc/vmcore", 1 << 24, &memory, &size), 0);
        for (size_t at = 0; at < size; at += 4096)
                if (!is_all_zero(memory + at, MIN(size - at, (size_t)4096)))
                        bytes += MIN(size - at, (size_t)4096);
        return bytes;
}

/* Old dumps, all of which have to go for a plain copy, and lack so many bytes even then. */
static void set_copy_room(uint64_t lacking) {
        uint64_t others, room = needed(copy_bytes());
        struct stat st;
        int fd;

        old_dumps();
        others = size_of_old("box-2020-01-01-00:00:00") + size_of_old("box-2020-01-03-00:00:00");
        fd = openat(tree.fd, (TARGET "/" NEWEST "/vmcore") + 1, O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(posix_fallocate(fd, 0, (off_t)(room - others - 8192)), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        (void)close(fd);
        free_space = room - others - (uint64_t)st.st_blocks * 512 - lacking;
        ck_assert_uint_lt(free_space, copy_bytes());
}

static int copy_for_room(void) {
        return run_for_room(strdup("/nowhere/makedumpfile -d 31"));
}

/* What is counted for a plain copy is counted here. */
START_TEST(newest_goes_for_copy) {
        set_copy_room(0);
        ck_assert_int_eq(copy_for_room(), 0);
        check_message(DUMP "/kdump.json", DUMP_RESULT_COPIED,
                      "the dump in " NEWEST " was removed, as there was no room for both");
        ck_assert(has(DUMP "/vmcore") && !has_old(NEWEST "/vmcore"));
        ck_assert(!has_old("box-2020-01-01-00:00:00") && !has_old("box-2020-01-03-00:00:00"));
}
END_TEST

START_TEST(newest_would_not_do_for_copy) {
        set_copy_room(1);
        ck_assert_int_eq(copy_for_room(), -ENOSPC);
        check_message(DUMP "/kdump.json", DUMP_RESULT_LOG_ONLY, "a plain copy does not fit");
        ck_assert(has_old(NEWEST "/vmcore") && has_old("box-2020-01-01-00:00:00/vmcore"));
}
END_TEST

/* A copy that lacks memory is no dump for which another one goes. */
START_TEST(newest_stays_for_part) {
        set_copy_room(0);
        bad_start = MEMORY_AT;
        bad_end = LAST_PAGE;
        ck_assert_int_lt(copy_for_room(), 0);
        ck_assert(has_old(NEWEST "/vmcore"));
}
END_TEST

/* A file system of so few files that there is no room for another directory, as some were cut off;
 * for root, and where it can be mounted. */
START_TEST(no_room_for_a_directory) {
        CapturePlan plan = plan_with(collector("echo x >\"$n\"", ""));
        char path[256];
        int fd = 0;

        strscpyf(path, sizeof(path), "%s%s", tree.path, MOUNT_POINT);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", path, "tmpfs", 0, "nr_inodes=64") < 0) {
                free(plan.core_collector);
                return;
        }
        /* What was open before is not on it. */
        (void)close(tree.fd);
        tree.fd = open_root(tree.path);
        old_dump(NEWEST, "complete");
        for (unsigned i = 0; i < 8; i++) {
                strscpyf(path, sizeof(path), "box-2020-02-0%u-00:00:00", i + 1);
                old_dump(path, "incomplete");
                strscpyf(path, sizeof(path), TARGET "/box-2020-02-0%u-00:00:00/vmcore.incomplete",
                         i + 1);
                tree_text(&tree, path, "part");
        }
        for (unsigned i = 0; i < 64 && fd >= 0; i++) {
                strscpyf(path, sizeof(path), MOUNT_POINT "/%u", i);
                fd = openat(tree.fd, path + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                if (fd >= 0)
                        (void)close(fd);
        }
        ck_assert_int_lt(fd, 0);
        /* Whatever is called free. */
        free_space = 1000;
        plan.min_free_bytes = 1;
        ck_assert_int_eq(run_plan(&plan), 0);
        ck_assert(has(DUMP "/vmcore") && has(DUMP "/vmcore-dmesg.txt") &&
                  has_old(NEWEST "/vmcore"));
        ck_assert(!has_old("box-2020-02-01-00:00:00/vmcore.incomplete"));
        strscpyf(path, sizeof(path), "%s%s", tree.path, MOUNT_POINT);
        ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, keep);
        ADD_FIXTURE_TEST(s, keep_after_failure);
        ADD_FIXTURE_TEST(s, keep_after_nothing);
        ADD_FIXTURE_TEST(s, min_free);
        ADD_FIXTURE_TEST(s, more_room);
        ADD_FIXTURE_TEST(s, more_room_on_fallback);
        ADD_FIXTURE_TEST(s, no_more_room);
        ADD_FIXTURE_TEST(s, min_free_is_there);
        ADD_FIXTURE_TEST(s, keep_follows_no_links);
        ADD_FIXTURE_TEST(s, newest_goes);
        ADD_FIXTURE_TEST(s, newest_goes_unnoticed);
        ADD_FIXTURE_TEST(s, newest_would_not_do);
        ADD_FIXTURE_TEST(s, newest_is_not_in_the_way);
        ADD_FIXTURE_TEST(s, newest_stays_uncounted);
        ADD_FIXTURE_TEST(s, newest_stays_for_others);
        ADD_FIXTURE_TEST(s, newest_goes_for_lower);
        ADD_FIXTURE_TEST(s, newest_stays_by_choice);
        ADD_FIXTURE_TEST(s, nothing_to_count_for);
        ADD_FIXTURE_TEST(s, newest_goes_in_vain);
        ADD_FIXTURE_TEST(s, newest_goes_for_another_end);
        ADD_FIXTURE_TEST(s, newest_goes_for_all);
        ADD_FIXTURE_TEST(s, newest_goes_for_copy);
        ADD_FIXTURE_TEST(s, newest_would_not_do_for_copy);
        ADD_FIXTURE_TEST(s, newest_stays_for_part);
        ADD_FIXTURE_TEST(s, no_room_for_a_directory);
}

TEST_MAIN("capture-room", add_cases)
