/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/kexec-watch: asking for the notes of kexec calls, and reading them; the other side is
 * job_server_hand_out(), and files in memory are there instead of BPF maps. */
#include "daemon/kexec-watch.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core/paths.h"
#include "fake-world.h"
#include "sys/job-server.h"
#include "sys/kexec-notes.h"
#include "test.h"
#include "tree.h"

/* What kdump-watch answers. */
static enum { GIVES_MAPS, HAS_NONE, HAS_NEVER_ANY, GIVES_OTHERS, HANGS, ENDS } behaviour;

static char reader[PATH_MAX]; /* what reads marks, if it is there */
static Tree tree;
static FakeWorld world;
static sd_event *event;
static KexecWatch *watch;
static NoteMaps maps;
static NoteMemory memory; /* as the kernel has it: the maps, to be written */
static pid_t service;
static unsigned *n_asked;

static int hand_out(int fds[static JOB_FDS_MOST], const char **ret_text) {
        ++*n_asked;
        switch (behaviour) {
        case GIVES_MAPS:
                fds[0] = maps.array_fd;
                fds[1] = maps.ring_fd;
                return 0;
        case GIVES_OTHERS:
                fds[0] = fds[1] = STDERR_FILENO;
                return 0;
        case HANGS:
                (void)pause();
                return 0;
        case ENDS:
                _exit(1);
        case HAS_NONE:
        case HAS_NEVER_ANY:
        default:
                *ret_text = "no \xff"
                            "BPF";
                return behaviour == HAS_NEVER_ANY ? KEXEC_NOTES_NEVER : 1;
        }
}

/* As systemd starts it: with the connection as descriptor 3. */
_Noreturn static void serve_one(int fd) {
        char pid[16];

        strscpyf(pid, sizeof(pid), "%d", getpid());
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", "1", 1);
        /* What this process has at that number is needed. */
        if (maps.array_fd == 3)
                maps.array_fd = dup(3);
        if (maps.ring_fd == 3)
                maps.ring_fd = dup(3);
        if (fd != 3)
                (void)dup2(fd, 3);
        _exit(job_server_hand_out("test", JOB_VERB_WATCH, hand_out));
}

static void start_service(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        tree_dir(&tree, RUN_DIRECTORY);
        strscpyf(address.sun_path, sizeof(address.sun_path), "%s" WATCH_SOCKET, tree.path);
        ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 4), 0);
        service = fork();
        ck_assert_int_ge(service, 0);
        if (service == 0) {
                (void)setpgid(0, 0);
                for (;;) {
                        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                        if (fork() == 0)
                                serve_one(fd);
                        (void)close(fd);
                }
        }
        (void)setpgid(service, service);
        (void)close(listener);
}

static void *map_shared(int fd, size_t size) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        ck_assert_ptr_ne(p, MAP_FAILED);
        return p;
}

static void setup(void) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 2 * page + 2 * note_ring_size();

        behaviour = GIVES_MAPS;
        tree_init(&tree);
        strscpyf(reader, sizeof(reader), "%s/reader", tree.path);
        fake_world_init(&world);
        fake_world_arm(&world);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(kexec_watch_new(event,
                                         &(KexecWatchSetup){ .manager = &world.manager,
                                                             .root = tree.path,
                                                             .mark_program = reader,
                                                             .mark_patience_usec = USEC_PER_SEC },
                                         &watch),
                         0);
        n_asked = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(n_asked, MAP_FAILED);
        maps = (NoteMaps){ .array_fd = memfd_create("array", MFD_CLOEXEC),
                           .ring_fd = memfd_create("ring", MFD_CLOEXEC) };
        ck_assert_int_eq(ftruncate(maps.array_fd, (off_t)page), 0);
        ck_assert_int_eq(ftruncate(maps.ring_fd, (off_t)size), 0);
        memory = (NoteMemory){ .array = map_shared(maps.array_fd, page),
                               .consumer = map_shared(maps.ring_fd, size) };
        memory.producer = (uint8_t *)memory.consumer + page;
}

static void teardown(void) {
        watch = kexec_watch_free(watch);
        if (service > 0) {
                (void)kill(-service, SIGKILL);
                (void)waitpid(service, NULL, 0);
                service = 0;
        }
        sd_event_unref(event);
        note_maps_close(&maps);
        fake_world_done(&world);
        tree_done(&tree);
}

/* The kernel makes a note. */
static void note(uint64_t tgid) {
        KexecCall *last = memory.array;
        uint64_t *position = memory.producer;
        uint8_t *data = (uint8_t *)memory.producer + sysconf(_SC_PAGESIZE);
        const uint32_t head[] = { sizeof(KexecCall), 0 };

        *last = (KexecCall){ .count = last->count + 1, .tgid = tgid, .nsec = 1 };
        memcpy(data + *position % note_ring_size(), head, sizeof(head));
        memcpy(data + *position % note_ring_size() + sizeof(head), last, sizeof(*last));
        *position += sizeof(head) + sizeof(*last);
}

static const Calls *calls(void) {
        return &world.manager.guard.calls;
}

static const char *why(void) {
        return guard_calls_unseen(&world.manager.guard);
}

/* Asks, and waits until something came of it. */
static void ask(uint64_t now_usec) {
        unsigned before = world.n_changed;

        kexec_watch_look(watch, now_usec);
        for (unsigned i = 0; i < 500 && world.n_changed == before; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
}

START_TEST(notes) {
        note(1);
        note(2);
        start_service();
        ck_assert_uint_eq(kexec_watch_count(watch), 0);
        ask(0);
        ck_assert_str_eq(why(), "");
        ck_assert(manager_status(&world.manager)->loads_watched);
        ck_assert_uint_eq(calls()->seen, 2);
        ck_assert_uint_eq(kexec_watch_count(watch), 2);
        ck_assert(!calls()->is_pending);
        world.kernel.calls = 3;
        note(3);
        /* Read now and then, as these files cannot be polled. */
        kexec_watch_look(watch, 1);
        ck_assert_uint_eq(calls()->seen, 3);
        note(4);
        kexec_watch_read(watch);
        ck_assert_uint_eq(calls()->seen, 4);
        ck_assert_uint_eq(*n_asked, 1);
}
END_TEST

/* Whether a child that writes there survives it. */
static bool can_write(void *place) {
        int status = 0;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)signal(SIGSEGV, SIG_DFL);
                *(volatile uint64_t *)place = 1;
                _exit(EXIT_SUCCESS);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* Only the reader's position can be written. */
START_TEST(protection) {
        NoteMemory mine;

        ck_assert_int_eq(note_memory_map(&maps, &mine), 0);
        ck_assert(can_write(mine.consumer));
        ck_assert(!can_write(mine.array));
        ck_assert(!can_write(mine.producer));
        note_memory_unmap(&mine);
}
END_TEST

/* Nobody is there; it comes later. It is asked for at growing distances, and told of once. */
START_TEST(nobody) {
        unsigned told;

        kexec_watch_look(watch, 0);
        ck_assert_str_eq(why(), "kdumpd-watch.socket does not listen");
        told = world.n_changed;
        kexec_watch_look(watch, KEXEC_WATCH_SOON_USEC);
        kexec_watch_look(watch, 3 * KEXEC_WATCH_SOON_USEC);
        ck_assert_uint_eq(world.n_changed, told);
        start_service();
        kexec_watch_look(watch, 3 * KEXEC_WATCH_SOON_USEC + 1);
        ck_assert_uint_eq(*n_asked, 0);
        ask(7 * KEXEC_WATCH_SOON_USEC);
        ck_assert_str_eq(why(), "");
}
END_TEST

START_TEST(refused) {
        behaviour = _i ? HAS_NEVER_ANY : HAS_NONE;
        start_service();
        ask(0);
        ck_assert_str_eq(why(), "no ?BPF");
        ck_assert(!manager_status(&world.manager)->loads_watched);
        kexec_watch_look(watch, KEXEC_WATCH_RARELY_USEC);
        for (unsigned i = 0; i < 100 && *n_asked == 1; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(*n_asked, _i ? 1 : 2);
}
END_TEST

START_TEST(useless) {
        behaviour = _i ? ENDS : GIVES_OTHERS;
        start_service();
        ask(0);
        ck_assert_str_eq(why(), _i ? "kdump-watch has not answered"
                                   : "what kdump-watch has answered cannot be used");
        ck_assert_uint_eq(kexec_watch_count(watch), 0);
}
END_TEST

START_TEST(hangs) {
        behaviour = HANGS;
        start_service();
        kexec_watch_look(watch, 0);
        ck_assert_str_eq(why(), "kdump-watch has not answered yet");
        for (unsigned i = 0; i < 20; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        kexec_watch_look(watch, KEXEC_WATCH_SOON_USEC);
        ck_assert_str_eq(why(), "kdump-watch does not answer");
}
END_TEST

/* It is not read any more, and said so. */
START_TEST(broken_ring) {
        start_service();
        ask(0);
        note(1);
        *(uint64_t *)memory.producer += 3;
        kexec_watch_look(watch, 1);
        ck_assert_str_eq(why(), "what it notes makes no sense");
        ck_assert_uint_eq(kexec_watch_count(watch), 0);
}
END_TEST

/* --- the mark */

#define MARK "0123456789abcdef0123456789abcdef"

static void write_reader(const char *text) {
        _cleanup_close_ int fd = open(reader, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(dprintf(fd, "#!/bin/sh\nprintf x >>%s/runs\n%s\n", tree.path, text), 0);
}

static unsigned n_runs(void) {
        struct stat st;

        return stat_below(tree.fd, "/runs", &st) < 0 ? 0 : (unsigned)st.st_size;
}

/* Nothing notes calls, and our image has this mark. */
static void be_blind(void) {
        sigset_t mask;

        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        kexec_watch_look(watch, 0);
        world.manager.guard.record.report.mark = strdup(MARK);
}

static void read_mark(uint64_t now_usec, bool is_asked) {
        unsigned before = world.n_changed;

        kexec_watch_mark(watch, now_usec, is_asked);
        for (unsigned i = 0; i < 500 && world.n_changed == before; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_gt(world.n_changed, before);
}

/* Seldom by itself, sooner if somebody asks, and at once where it is due. */
START_TEST(mark_times) {
        be_blind();
        write_reader("echo found " MARK);
        read_mark(USEC_PER_SEC, false);
        ck_assert(calls()->mark_is_proven);
        ck_assert_uint_eq(n_runs(), 1);
        kexec_watch_mark(watch, KEXEC_MARK_RARELY_USEC, false);
        kexec_watch_mark(watch, KEXEC_MARK_SOON_USEC, true);
        for (unsigned i = 0; i < 10; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_runs(), 1);
        read_mark(KEXEC_MARK_SOON_USEC + USEC_PER_SEC, true);
        read_mark(KEXEC_MARK_RARELY_USEC + KEXEC_MARK_SOON_USEC + USEC_PER_SEC, false);
        ck_assert_uint_eq(n_runs(), 3);
        world.manager.guard.calls.mark_is_due = true;
        read_mark(KEXEC_MARK_RARELY_USEC + KEXEC_MARK_SOON_USEC + USEC_PER_SEC + 1, false);
        ck_assert_uint_eq(n_runs(), 4);
}
END_TEST

START_TEST(mark_of_others) {
        be_blind();
        write_reader(_i ? "echo none" : "echo found fedcba98765432100123456789abcdef");
        read_mark(1, false);
        ck_assert_uint_eq(world.n_started[JOB_LOAD], 2);
        ck_assert_int_eq(world.manager.guard.decision.cause, REASON_FOREIGN_IMAGE);
}
END_TEST

START_TEST(mark_not_read) {
        static const struct {
                const char *script, *why;
        } all[] = {
                { "echo 'unknown no kcore'", "no kcore" },
                { "exit 1", "kdumpd-notes@.service has not answered" },
                { "echo what", "it was not told why" },
                { "exec sleep 30", "kdumpd-notes@.service does not answer" },
                { NULL, "kdumpd-notes.socket does not listen" },
        };

        be_blind();
        if (all[_i].script)
                write_reader(all[_i].script);
        read_mark(1, false);
        ck_assert_str_eq(calls()->mark_why, all[_i].why);
        ck_assert_ptr_nonnull(
                strstr(manager_status(&world.manager)->loads_watched_reason, all[_i].why));
}
END_TEST

/* The program itself, as far as it gets without systemd and the kernel. */
static int run_watch(const char *option) {
        _cleanup_free_ char *program = NULL;
        int status = 0;
        pid_t pid;

        ck_assert_int_ge(asprintf(&program, "%s/kdump-watch", getenv("builddir") ?: "."), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)dup2(open("/dev/null", O_RDWR), STDERR_FILENO);
                (void)dup2(STDERR_FILENO, STDOUT_FILENO);
                (void)execl(program, program, option, NULL);
                _exit(127);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

START_TEST(program) {
        ck_assert_int_eq(run_watch("--version"), 0);
        ck_assert_int_eq(run_watch(NULL), 2);
        ck_assert_int_eq(run_watch("--what"), 2);
        ck_assert_int_eq(run_watch("--serve"), 1);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, protection);
        ADD_FIXTURE_TEST(suite, notes);
        ADD_FIXTURE_TEST(suite, nobody);
        ADD_FIXTURE_LOOP_TEST(suite, refused, 2);
        ADD_FIXTURE_LOOP_TEST(suite, useless, 2);
        ADD_FIXTURE_TEST(suite, hangs);
        ADD_FIXTURE_TEST(suite, mark_times);
        ADD_FIXTURE_LOOP_TEST(suite, mark_of_others, 2);
        ADD_FIXTURE_LOOP_TEST(suite, mark_not_read, 5);
        ADD_FIXTURE_TEST(suite, broken_ring);
        ADD_TEST(suite, program);
}

TEST_MAIN("kexec-watch", add_cases)
