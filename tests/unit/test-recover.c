/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dumps on devices: listed, and taken into files. */
#include "ctl/recover.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/time-util.h"
#include "core/dump-info.h"
#include "ctl/dumps.h"
#include "sys/dump-json.h"
#include "test.h"
#include "tree.h"

#define DEVICE "/dev/sdd1"
#define NAME   "vm-2023-11-14-22:13:20"
#define HOME   "/var/crash/" NAME

#define LOG                                                   \
        "[    0.000000] Linux version 6.12.57 (builder) #1\n" \
        "[   12.000001] Kernel panic - not syncing: sysrq\n"

#define SUMMARY                                                                    \
        "{\"Result\":\"complete\",\"CrashUSec\":1700000000000000,\"Host\":\"vm\"," \
        "\"KernelRelease\":\"6.12.57\",\"PanicMessage\":\"BUG: it\",\"Vmcore\":\"vmcore\"}"

static Tree tree;
static Settings settings;
static char *directory;
static RecoverNote note;
static Error reason;

static void setup(void) {
        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        target_done(&settings.target);
        ck_assert_int_eq(target_parse("raw:" DEVICE, &settings.target), 0);
        tree_dir(&tree, "/dev");
        tree_dir(&tree, "/var");
}

static void teardown(void) {
        free(directory);
        directory = NULL;
        settings_done(&settings);
        tree_done(&tree);
}

/* The command line begins with a program of that name, which gets these lines. */
static void set_collector(const char *name, const char *lines) {
        char path[64];
        char *script;

        strscpyf(path, sizeof(path), "/%s", name);
        ck_assert_int_ge(asprintf(&script, "#!/bin/sh\n%s\n", lines), 0);
        tree_text(&tree, path, script);
        ck_assert_int_eq(fchmodat(tree.fd, name, 0755, 0), 0);
        free(script);
        free(settings.core_collector);
        ck_assert_int_ge(asprintf(&settings.core_collector, "%s/%s -l -d 31", tree.path, name), 0);
}

/* As kdump-capture lays it out. Each part may be NULL. */
static void put_device(const char *info, const char *log, const char *dump, size_t size,
                       bool is_flat, bool is_complete) {
        size_t at_log = RAW_DUMP_HEADER + RAW_DUMP_INFO, at_dump = at_log + RAW_DUMP_HEADER;
        char *device = calloc(1, at_dump + size);
        RawDump raw = { .is_complete = is_complete, .is_flat = is_flat };

        if (info) {
                raw.info = (RawPart){ RAW_DUMP_HEADER, strlen(info) };
                memcpy(device + raw.info.offset, info, raw.info.size);
        }
        if (log) {
                raw.log = (RawPart){ at_log, strlen(log) };
                memcpy(device + raw.log.offset, log, raw.log.size);
        }
        if (dump) {
                raw.dump = (RawPart){ at_dump, size };
                memcpy(device + raw.dump.offset, dump, size);
        }
        raw_dump_pack(&raw, (uint8_t *)device);
        tree_bytes(&tree, DEVICE, device, at_dump + size);
        free(device);
}

static unsigned patience_sec; /* no end of it, if a test does not say otherwise */

static int recover(void) {
        free(directory);
        directory = NULL;
        reason.text[0] = '\0';
        return recover_dump(tree.fd, &settings, DEVICE, NULL, patience_sec, &directory, &note,
                            &reason);
}

static void check_text(const char *path, const char *wanted) {
        _cleanup_free_ char *text = NULL;

        ck_assert_msg(read_file_below(tree.fd, path, 1 << 20, &text, NULL) == 0, "no %s", path);
        ck_assert_str_eq(text, wanted);
}

static bool is_marked(void) {
        RawStore store = RAW_STORE_INIT;
        bool marked;

        ck_assert_int_eq(raw_store_open(tree.fd, DEVICE, false, &store), 0);
        marked = store.raw.is_recovered;
        raw_store_done(&store);
        return marked;
}

static void read_info(const char *path, DumpInfo *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        ck_assert_int_eq(read_file_below(tree.fd, path, 1 << 20, &text, &size), 0);
        ck_assert_int_eq(dump_info_from_json(text, size, ret), 0);
}

/* The only dump, whatever it lies on. */
static void check_listed(const char *name, DumpState state, const char *panic) {
        Dumps dumps;

        ck_assert_int_eq(dumps_read(tree.path, &settings, &dumps), 0);
        ck_assert_uint_eq(dumps.n, 1);
        ck_assert_str_eq(dumps.items[0].dump.name, name);
        ck_assert_uint_eq(dumps.items[0].dump.state, state);
        ck_assert_str_eq(dumps.items[0].dump.info.panic_message, panic);
        dumps_done(&dumps);
}

/* What is being recovered, or was not. */
static unsigned count_unfinished(void) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        unsigned n = 0;

        if (open_directory_below(tree.fd, "/var/crash", &dir) >= 0)
                while ((entry = readdir(dir)))
                        n += startswith(entry->d_name, ".recovering") != NULL;
        return n;
}

static void check_nothing_left(void) {
        ck_assert_uint_eq(count_unfinished(), 0);
        ck_assert(!exists_below(tree.fd, HOME));
        ck_assert(!is_marked());
        check_listed("raw:" DEVICE, DUMP_RAW, "BUG: it");
}

START_TEST(test_flat) {
        DumpInfo info;

        put_device(SUMMARY, LOG, "stream", 6, true, true);
        set_collector("makedumpfile", "[ $# = 2 ] && [ $1 = -R ] && { echo made of; cat; } >$2");
        check_listed("raw:" DEVICE, DUMP_RAW, "BUG: it");
        ck_assert_int_eq(recover(), 0);
        ck_assert_str_eq(directory, HOME);
        ck_assert_uint_eq(note, RECOVER_WHOLE);
        check_text(HOME "/vmcore", "made of\nstream");
        check_text(HOME "/vmcore-dmesg.txt", LOG);
        read_info(HOME "/kdump.json", &info);
        ck_assert_str_eq(info.panic_message, "BUG: it");
        ck_assert_str_eq(info.vmcore, "vmcore");
        ck_assert_uint_eq(info.vmcore_bytes, strlen("made of\nstream"));
        dump_info_done(&info);
        ck_assert_uint_eq(count_unfinished(), 0);
        ck_assert(is_marked());
        check_listed(NAME, DUMP_COMPLETE, "BUG: it");
        /* Not twice. */
        ck_assert_int_eq(recover(), -EALREADY);
        ck_assert_ptr_null(directory);
        check_listed(NAME, DUMP_COMPLETE, "BUG: it");
}
END_TEST

static void check_flat(const char *stream, size_t size) {
        static const char *const others[] = { "vmcore", "vmcore.incomplete" };
        _cleanup_free_ char *text = NULL;
        char path[256];
        size_t n;

        strscpyf(path, sizeof(path), "%s/vmcore.flat", directory);
        ck_assert_int_eq(read_file_below(tree.fd, path, size, &text, &n), 0);
        ck_assert_uint_eq(n, size);
        ck_assert_mem_eq(text, stream, size);
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                strscpyf(path, sizeof(path), "%s/%s", directory, others[i]);
                ck_assert(!exists_below(tree.fd, path));
        }
}

/* With a makedumpfile that does not want it: as it is. */
START_TEST(test_stays_flat) {
        static const char *const collectors[] = {
                "exit 1",
                "exec <&-; echo half >$2; sleep 0.2; exit 3",
                "cat >/dev/null",
                "kill -9 $$",
        };
        const size_t size = 1 << 20;
        char *stream = malloc(size);

        memset(stream, 'x', size);
        for (size_t i = 0; i < ELEMENTSOF(collectors); i++) {
                put_device(SUMMARY, LOG, stream, size, true, true);
                set_collector("makedumpfile", collectors[i]);
                ck_assert_int_eq(recover(), 0);
                ck_assert_uint_eq(note, RECOVER_FLAT);
                check_flat(stream, size);
        }
        free(stream);
}
END_TEST

START_TEST(test_no_collector) {
        put_device(SUMMARY, LOG, "stream", 6, true, true);
        free(settings.core_collector);
        settings.core_collector = strdup("/nowhere/makedumpfile -l");
        ck_assert_int_eq(recover(), 0);
        ck_assert_uint_eq(note, RECOVER_FLAT);
        check_flat("stream", 6);
        check_listed(NAME, DUMP_COMPLETE, "BUG: it");
}
END_TEST

START_TEST(test_copy) {
        const size_t size = 3 << 20;
        char *memory = calloc(1, size);
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t n;

        memcpy(memory, "begin", 5);
        memcpy(memory + (1 << 20) + 77, "middle", 6);
        put_device(SUMMARY, NULL, memory, size, false, true);
        ck_assert_int_eq(recover(), 0);
        ck_assert_uint_eq(note, RECOVER_WHOLE);
        ck_assert_int_eq(read_file_below(tree.fd, HOME "/vmcore", size, &text, &n), 0);
        ck_assert_uint_eq(n, size);
        ck_assert_mem_eq(text, memory, size);
        ck_assert_int_eq(fstatat(tree.fd, &(HOME)[1], &st, 0), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0700);
        ck_assert_int_eq(fstatat(tree.fd, &(HOME "/vmcore")[1], &st, 0), 0);
        ck_assert_uint_lt((uint64_t)st.st_blocks * 512, size / 2);
        ck_assert(!exists_below(tree.fd, HOME "/vmcore-dmesg.txt"));
        free(memory);
}
END_TEST

/* Where Path= leads is below the root, also when that is a rescue system's. */
START_TEST(test_link) {
        char outside[] = "/tmp/kdumpd-test-XXXXXX", path[128];

        ck_assert_ptr_nonnull(mkdtemp(outside));
        tree_link(&tree, "/var/crash", outside);
        strscpyf(path, sizeof(path), "%s/", outside);
        tree_dir(&tree, path);
        put_device(SUMMARY, NULL, "dump", 4, false, true);
        ck_assert_int_eq(recover(), 0);
        ck_assert_uint_eq(note, RECOVER_WHOLE);
        strscpyf(path, sizeof(path), "%s/" NAME "/vmcore", outside);
        ck_assert(exists_below(tree.fd, path));
        ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

/* The capture came as far as the log. */
START_TEST(test_cut_off) {
        DumpInfo info;
        char path[256];

        put_device(NULL, LOG, NULL, 0, false, false);
        check_listed("raw:" DEVICE, DUMP_INCOMPLETE, "Kernel panic - not syncing: sysrq");
        ck_assert_int_eq(recover(), 0);
        ck_assert_uint_eq(note, RECOVER_NO_DUMP);
        strscpyf(path, sizeof(path), "%s/vmcore-dmesg.txt", directory);
        check_text(path, LOG);
        strscpyf(path, sizeof(path), "%s/kdump.json", directory);
        read_info(path, &info);
        ck_assert_uint_eq(info.result, DUMP_RESULT_LOG_ONLY);
        ck_assert_str_eq(info.message, "the capture was cut off");
        ck_assert_str_eq(info.kernel_release, "6.12.57");
        dump_info_done(&info);
        ck_assert(is_marked());
}
END_TEST

/* It had described the crash, and perhaps already what was to come. */
START_TEST(test_cut_off_later) {
        static const char *const results[] = { "incomplete", "complete", "copied" };

        for (size_t i = 0; i < ELEMENTSOF(results); i++) {
                char summary[256];
                DumpInfo info;

                strscpyf(summary, sizeof(summary),
                         "{\"Result\":\"%s\",\"CrashUSec\":1700000000000000,\"Host\":\"vm\","
                         "\"PanicMessage\":\"BUG: it\",\"Vmcore\":\"vmcore\"}",
                         results[i]);
                put_device(summary, LOG, NULL, 0, false, false);
                check_listed("raw:" DEVICE, DUMP_INCOMPLETE, "BUG: it");
                ck_assert_int_eq(recover(), 0);
                ck_assert_uint_eq(note, RECOVER_NO_DUMP);
                ck_assert_str_eq(directory, HOME);
                read_info(HOME "/kdump.json", &info);
                ck_assert_uint_eq(info.result, DUMP_RESULT_LOG_ONLY);
                ck_assert_str_eq(info.message, "the capture was cut off");
                ck_assert_ptr_null(info.vmcore);
                dump_info_done(&info);
                check_listed(NAME, DUMP_LOG_ONLY, "BUG: it");
                tree_remove(&tree, HOME);
        }
}
END_TEST

/* Most of the memory is better than none of it. */
START_TEST(test_partial) {
        const char summary[] = "{\"Result\":\"incomplete\",\"CrashUSec\":1700000000000000,"
                               "\"Host\":\"vm\",\"PanicMessage\":\"BUG: it\","
                               "\"Message\":\"a half could not be read\"}";
        DumpInfo info;

        settings.keep = 1;
        put_device(summary, LOG, "memory", 6, false, false);
        ck_assert_int_eq(recover(), 0);
        ck_assert_uint_eq(note, RECOVER_PARTIAL);
        check_text(HOME "/vmcore.incomplete", "memory");
        ck_assert(!exists_below(tree.fd, HOME "/vmcore"));
        read_info(HOME "/kdump.json", &info);
        ck_assert_uint_eq(info.result, DUMP_RESULT_INCOMPLETE);
        ck_assert_str_eq(info.message, "a half could not be read");
        ck_assert_str_eq(info.vmcore, "vmcore.incomplete");
        dump_info_done(&info);
        check_listed(NAME, DUMP_INCOMPLETE, "BUG: it");
        ck_assert(is_marked());
}
END_TEST

static void put_old(const char *name) {
        char path[128];

        strscpyf(path, sizeof(path), "/var/crash/%s/vmcore", name);
        tree_text(&tree, path, "old");
        strscpyf(path, sizeof(path), "/var/crash/%s/kdump.json", name);
        tree_text(&tree, path, "{\"Result\":\"complete\",\"Vmcore\":\"vmcore\"}");
}

static char said[256];

static void on_said(const char *text) {
        strscpyf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

/* Keep= counts what is recovered like what is written there at once, and only a dump pushes one
 * out. */
START_TEST(test_keep) {
        said[0] = '\0';
        settings.keep = 2;
        put_old("vm-2021-01-01-00:00:00");
        put_old("vm-2022-01-01-00:00:00");
        put_old("other-2020-01-01-00:00:00");
        put_device(NULL, LOG, NULL, 0, false, false);
        ck_assert_int_eq(recover_dump(tree.fd, &settings, DEVICE, on_said, patience_sec, &directory,
                                      &note, &reason),
                         0);
        ck_assert_str_eq(said, "");
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        free(directory);
        ck_assert_int_eq(recover_dump(tree.fd, &settings, DEVICE, on_said, patience_sec, &directory,
                                      &note, &reason),
                         0);
        ck_assert_str_eq(said, "removed the old dump vm-2021-01-01-00:00:00, as Keep= says\n");
        ck_assert(!exists_below(tree.fd, "/var/crash/vm-2021-01-01-00:00:00"));
        ck_assert(exists_below(tree.fd, "/var/crash/vm-2022-01-01-00:00:00/vmcore"));
        ck_assert(exists_below(tree.fd, "/var/crash/other-2020-01-01-00:00:00/vmcore"));
        check_text(HOME "/vmcore", "memory");
}
END_TEST

START_TEST(test_name_taken) {
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        tree_text(&tree, HOME "/vmcore", "older");
        tree_text(&tree, "/var/crash/.recovering-abcdef/vmcore.incomplete", "of an attempt before");
        ck_assert_int_eq(recover(), 0);
        ck_assert_str_eq(directory, HOME "-1");
        check_text(HOME "/vmcore", "older");
        check_text(HOME "-1/vmcore", "memory");
        ck_assert(!exists_below(tree.fd, HOME "-1/vmcore.incomplete"));
        ck_assert_uint_eq(count_unfinished(), 0);
}
END_TEST

/* Where everyone may write, whatever lies in the way has to be passed by. */
START_TEST(test_in_the_way) {
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        tree_text(&tree, "/elsewhere/file", "not ours");
        tree_text(&tree, "/var/crash/.recovering", "a file");
        tree_link(&tree, "/var/crash/.recovering-link01", "../../elsewhere");
        ck_assert_int_eq(recover(), 0);
        check_text(HOME "/vmcore", "memory");
        check_text("/elsewhere/file", "not ours");
}
END_TEST

START_TEST(test_in_the_way_of_others) {
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        tree_text(&tree, "/var/crash/.recovering-other1/file", "somebody's");
        ck_assert_int_eq(fchownat(tree.fd, "var/crash/.recovering-other1", 65534, 65534, 0), 0);
        ck_assert_int_eq(recover(), 0);
        check_text(HOME "/vmcore", "memory");
        check_text("/var/crash/.recovering-other1/file", "somebody's");
}
END_TEST

/* The collector of the one waits until the other is through. */
START_TEST(test_two_at_once) {
        char script[512];
        int status;
        pid_t pid;

        put_device(SUMMARY, LOG, "stream", 6, true, true);
        ck_assert_int_eq(linkat(tree.fd, &(DEVICE)[1], tree.fd, "dev/flat", 0), 0);
        tree_unlink(&tree, DEVICE);
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        strscpyf(script, sizeof(script),
                 "cat >$2; >%s/begun; while [ ! -e %s/end ]; do sleep 0.02; done", tree.path,
                 tree.path);
        set_collector("makedumpfile", script);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                _exit(recover_dump(tree.fd, &settings, "/dev/flat", NULL, patience_sec, &directory,
                                   &note, &reason) == 0 &&
                                      note == RECOVER_WHOLE
                              ? 0
                              : 1);
        while (!exists_below(tree.fd, "/begun"))
                ck_assert_int_eq(usleep(10000), 0);
        ck_assert_int_eq(recover(), 0);
        ck_assert_str_eq(directory, HOME);
        ck_assert_uint_eq(count_unfinished(), 1);
        tree_text(&tree, "/end", "");
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        check_text(HOME "/vmcore", "memory");
        check_text(HOME "-1/vmcore", "stream");
        check_text(HOME "-1/vmcore-dmesg.txt", LOG);
        ck_assert_uint_eq(count_unfinished(), 0);
}
END_TEST

/* It may be tried again, after there is room. */
START_TEST(test_too_little_room) {
        struct rlimit limit = { 1 << 16, RLIM_INFINITY };
        const size_t size = 1 << 20;
        char *memory = malloc(size);

        memset(memory, 'x', size);
        put_device(SUMMARY, LOG, memory, size, false, true);
        (void)signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert_int_eq(recover(), -EFBIG);
        ck_assert_ptr_null(directory);
        ck_assert_str_eq(reason.text, "the dump cannot be copied: File too large");
        check_nothing_left();
        limit.rlim_cur = RLIM_INFINITY;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert_int_eq(recover(), 0);
        ck_assert(is_marked());
        free(memory);
}
END_TEST

START_TEST(test_refused) {
        _cleanup_close_ int fd = -EBADF;
        RawDump raw = { .is_complete = true, .dump = { RAW_DUMP_HEADER, 1 << 30 } };
        uint8_t header[RAW_DUMP_HEADER];

        ck_assert_int_eq(recover(), -ENOENT);
        tree_text(&tree, DEVICE, "short");
        ck_assert_int_eq(recover(), -ENODATA);
        raw_dump_pack(&raw, header);
        tree_bytes(&tree, DEVICE, header, sizeof(header));
        ck_assert_int_eq(recover(), -EBADMSG);
        ck_assert_str_eq(reason.text, "the header of the dump on it is damaged");
        header[24] ^= 1;
        tree_bytes(&tree, DEVICE, header, sizeof(header));
        ck_assert_int_eq(recover(), -EBADMSG);
        ck_assert(!exists_below(tree.fd, "/var/crash"));

        put_device(SUMMARY, LOG, "memory", 6, false, true);
        fd = open_below(tree.fd, DEVICE, O_RDONLY);
        ck_assert_int_eq(flock(fd, LOCK_EX), 0);
        ck_assert_int_eq(recover(), -EBUSY);
        (void)close(TAKE_FD(fd));
        fd = -EBADF;
        tree_text(&tree, "/var/crash", "a file");
        ck_assert_int_eq(recover(), -ENOTDIR);
        tree_unlink(&tree, "/var/crash");
        check_nothing_left();
}
END_TEST

/* It would be hidden when that is mounted. */
START_TEST(test_not_mounted) {
        put_device(SUMMARY, LOG, "memory", 6, false, true);
        tree_text(&tree, "/etc/fstab", "/dev/sdb1 /var ext4 defaults 0 2\n");
        tree_text(&tree, "/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
        ck_assert_int_eq(recover(), -EAGAIN);
        ck_assert_str_eq(reason.text, "what /etc/fstab mounts at /var is not mounted");
        ck_assert(!exists_below(tree.fd, "/var/crash"));
        ck_assert(!is_marked());
        tree_text(&tree, "/proc/self/mountinfo",
                  "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:17 / /var rw - ext4 x rw\n");
        ck_assert_int_eq(recover(), 0);
}
END_TEST

START_TEST(test_log_of_device) {
        Dumps dumps;
        char text[sizeof(LOG)] = "";
        int fd;

        put_device(SUMMARY, LOG, "memory", 6, false, true);
        ck_assert_int_eq(dumps_read(tree.path, &settings, &dumps), 0);
        fd = dumps_open_log(&dumps.items[0]);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(read(fd, text, sizeof(text)), (ssize_t)strlen(LOG));
        ck_assert_str_eq(text, LOG);
        (void)close(fd);
        dumps_done(&dumps);
        put_device(SUMMARY, NULL, "memory", 6, false, true);
        ck_assert_int_eq(dumps_read(tree.path, &settings, &dumps), 0);
        ck_assert_int_eq(dumps_open_log(&dumps.items[0]), -ENOENT);
        dumps_done(&dumps);
}
END_TEST

/* A program that neither reads nor writes is ended, and its dump stays as it is. One that takes its
 * time is not. Where we hang ourselves, the caller is woken. */
START_TEST(test_hangs) {
        static const struct {
                const char *script;
                RecoverNote note;
                bool ends_us;
        } cases[] = {
                { "exec sleep 30 >/dev/null 2>&1", RECOVER_FLAT, false },
                { "cat >/dev/null; exec sleep 30 >/dev/null 2>&1", RECOVER_FLAT, false },
                { "for i in 1 2 3; do sleep 2; head -c 300000 >/dev/null; done; cat >/dev/null; "
                  "echo x >$2",
                  RECOVER_WHOLE, false },
                { "cat >/dev/null; mkfifo $2", RECOVER_FLAT, true },
        };
        size_t size = 4u << 20;
        char *dump = calloc(1, size);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t start = monotonic_usec();
                pid_t pid;
                int status;

                put_device(SUMMARY, LOG, dump, size, true, true);
                set_collector("makedumpfile", cases[i].script);
                pid = fork();
                ck_assert_int_ge(pid, 0);
                if (pid == 0) {
                        (void)signal(SIGALRM, SIG_DFL);
                        patience_sec = cases[i].note == RECOVER_WHOLE ? 5 : 1;
                        said[0] = '\0';
                        if (recover_dump(tree.fd, &settings, DEVICE, on_said, patience_sec,
                                         &directory, &note, &reason) < 0 ||
                            note != cases[i].note)
                                _exit(EXIT_FAILURE);
                        _exit(!strstr(said,
                                      "/makedumpfile\" was ended: it was silent for 1.00 s\n") ==
                                              (note == RECOVER_WHOLE)
                                      ? EXIT_SUCCESS
                                      : EXIT_FAILURE);
                }
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                if (cases[i].ends_us)
                        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
                else
                        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
                ck_assert_uint_lt(monotonic_usec(), start + 25 * USEC_PER_SEC);
                ck_assert(is_marked() != cases[i].ends_us);
        }
        free(dump);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_flat);
        ADD_FIXTURE_TEST(suite, test_stays_flat);
        ADD_FIXTURE_TEST(suite, test_no_collector);
        ADD_FIXTURE_TEST(suite, test_copy);
        ADD_FIXTURE_TEST(suite, test_link);
        ADD_FIXTURE_TEST(suite, test_cut_off);
        ADD_FIXTURE_TEST(suite, test_cut_off_later);
        ADD_FIXTURE_TEST(suite, test_partial);
        ADD_FIXTURE_TEST(suite, test_keep);
        ADD_FIXTURE_TEST(suite, test_name_taken);
        ADD_FIXTURE_TEST(suite, test_in_the_way);
        if (geteuid() == 0) /* only root can give files to others */
                ADD_FIXTURE_TEST(suite, test_in_the_way_of_others);
        ADD_FIXTURE_TEST(suite, test_two_at_once);
        ADD_FIXTURE_TEST(suite, test_too_little_room);
        ADD_FIXTURE_TEST(suite, test_refused);
        ADD_FIXTURE_TEST(suite, test_not_mounted);
        ADD_FIXTURE_TEST(suite, test_log_of_device);
        ADD_FIXTURE_TEST(suite, test_hangs);
}

TEST_MAIN("recover", add_cases)
