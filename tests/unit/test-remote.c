/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/remote and sys/job-server: both sides of a job that a service carries out. */
#include "daemon/remote.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "fake-service.h"
#include "sys/job-server.h"
#include "test.h"
#include "tree.h"

#define LONG_TEXT 100000u
#define VERBS                                                                                      \
        (1u << JOB_VERB_PLAN | 1u << JOB_VERB_LOAD | 1u << JOB_VERB_UNLOAD | 1u << JOB_VERB_SCAN | \
         1u << JOB_VERB_BUILD)

static Tree tree;
static char *path, *marker;
static sd_event *event;
static Remote *remote;
static pid_t service;

/* What came of the last job. */
static unsigned n_ended;
static int error;
static siginfo_t si;
static size_t size;
static char first[64];

static void wait_for(unsigned msec) {
        (void)poll(NULL, 0, (int)msec);
}

/* What is asked for, by verb. */
static int run(void *userdata, const JobRequest *request) {
        switch (request->verb) {
        case JOB_VERB_PLAN:
                (void)printf("planned %u", request->flags);
                return 7;
        case JOB_VERB_UNLOAD:
                for (size_t i = 0; i < LONG_TEXT; i++)
                        (void)putchar('a' + (int)(i % 26));
                return 0;
        case JOB_VERB_LOAD: /* slow */
                wait_for(400);
                tree_text(&tree, "/marker", "done");
                (void)printf("slow");
                return 0;
        case JOB_VERB_SCAN: /* killed by itself */
                ck_assert_int_eq(job_deadline(50 * USEC_PER_MSEC), 0);
                wait_for(20000);
                return 0;
        default:
                (void)raise(SIGUSR2);
                return 0;
        }
}

static JobServer server = { .name = "test", .verbs = VERBS, .run = run };

static void start_service(void) {
        service = fake_service_start(path, &server);
}

static void stop_service(void) {
        if (service > 0)
                fake_service_stop(service);
        service = 0;
}

static void setup(void) {
        tree_init(&tree);
        ck_assert_int_ge(asprintf(&path, "%s/socket", tree.path), 0);
        ck_assert_int_ge(asprintf(&marker, "%s/marker", tree.path), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(remote_new(event, path, &remote), 0);
        server.ends_with_caller = false;
        n_ended = 0;
}

static void teardown(void) {
        remote = remote_free(remote);
        stop_service();
        sd_event_unref(event);
        free(path);
        free(marker);
        tree_done(&tree);
}

static void on_ended(void *userdata, RemoteEnd *end) {
        n_ended++;
        error = end->error;
        si = end->si;
        size = end->size;
        strscpy(first, sizeof(first), end->text);
        ck_assert_int_eq(end->text[end->size], '\0');
}

static int start(JobVerb verb, size_t most) {
        const RemoteCall call = {
                .verb = verb, .flags = JOB_FLAG_URGENT, .most = most, .ended = on_ended
        };

        return remote_start(remote, &call);
}

static void await_end(void) {
        unsigned before = n_ended;

        for (unsigned i = 0; i < 1000 && n_ended == before; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_ended, before + 1);
}

static void do_job(JobVerb verb, size_t most) {
        ck_assert_int_eq(start(verb, most), 0);
        await_end();
}

START_TEST(text_and_status) {
        start_service();
        for (unsigned i = 0; i < 3; i++) {
                do_job(JOB_VERB_PLAN, 1000);
                ck_assert_int_eq(error, 0);
                ck_assert_int_eq(si.si_code, CLD_EXITED);
                ck_assert_int_eq(si.si_status, 7);
                ck_assert_str_eq(first, "planned 1");
        }
}
END_TEST

/* In pieces; and what is more than wanted is dropped. */
START_TEST(long_text) {
        start_service();
        do_job(JOB_VERB_UNLOAD, 2 * LONG_TEXT);
        ck_assert_uint_eq(size, LONG_TEXT);
        do_job(JOB_VERB_UNLOAD, LONG_TEXT - 1);
        ck_assert_uint_eq(size, LONG_TEXT - 1);
        do_job(JOB_VERB_UNLOAD, 10);
        ck_assert_str_eq(first, "abcdefghij");
        ck_assert_int_eq(si.si_status, 0);
}
END_TEST

START_TEST(ends) {
        start_service();
        do_job(JOB_VERB_BUILD, 10);
        ck_assert_int_eq(error, 0);
        ck_assert_int_eq(si.si_code, CLD_KILLED);
        ck_assert_int_eq(si.si_status, SIGUSR2);
        do_job(JOB_VERB_SCAN, 10);
        ck_assert_int_eq(si.si_code, CLD_KILLED);
        ck_assert_int_eq(si.si_status, SIGKILL);
        do_job(JOB_VERB_PLAN, 10);
        ck_assert_int_eq(si.si_status, 7);
}
END_TEST

START_TEST(kill_it) {
        uint64_t begin = monotonic_usec();

        start_service();
        ck_assert_int_eq(start(JOB_VERB_LOAD, 10), 0);
        ck_assert_int_eq(start(JOB_VERB_PLAN, 10), -EBUSY);
        remote_kill(remote);
        await_end();
        ck_assert_int_eq(si.si_code, CLD_KILLED);
        ck_assert_int_eq(si.si_status, SIGKILL);
        ck_assert(monotonic_usec() - begin < 300 * USEC_PER_MSEC);
        ck_assert_int_lt(access(marker, F_OK), 0);
        /* One that comes late kills nothing else. */
        remote_kill(remote);
        do_job(JOB_VERB_LOAD, 10);
        ck_assert_str_eq(first, "slow");
}
END_TEST

/* A verb that this service does not know. */
START_TEST(refused) {
        start_service();
        do_job(JOB_VERB_WATCH, 10);
        ck_assert_int_eq(error, -EOPNOTSUPP);
        do_job(JOB_VERB_CANCEL + 100, 10);
        ck_assert_int_eq(error, -EOPNOTSUPP);
        do_job(JOB_VERB_PLAN, 10);
        ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(nobody_listens) {
        int r;

        ck_assert_int_eq(start(JOB_VERB_PLAN, 10), -ENOENT);
        start_service();
        do_job(JOB_VERB_PLAN, 10);
        stop_service();
        /* Until the last of its processes is gone, it may take a job that it will not do. */
        while ((r = start(JOB_VERB_PLAN, 10)) == 0) {
                await_end();
                ck_assert_int_eq(error, -ECONNRESET);
        }
        ck_assert_int_eq(r, -ECONNREFUSED);
        start_service();
        n_ended = 0;
        do_job(JOB_VERB_PLAN, 10);
        ck_assert_int_eq(si.si_status, 7);
        ck_assert_uint_eq(n_ended, 1);
}
END_TEST

START_TEST(service_goes_away) {
        start_service();
        ck_assert_int_eq(start(JOB_VERB_LOAD, 10), 0);
        for (unsigned i = 0; i < 5; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        stop_service();
        await_end();
        ck_assert_int_eq(error, -ECONNRESET);
}
END_TEST

/* A load is not torn apart because kdumpd ends; a build that nobody waits for is. */
START_TEST(caller_goes_away) {
        server.ends_with_caller = _i == 1;
        start_service();
        ck_assert_int_eq(start(JOB_VERB_LOAD, 10), 0);
        wait_for(100);
        remote = remote_free(remote);
        wait_for(700);
        ck_assert_int_eq(access(marker, F_OK), server.ends_with_caller ? -1 : 0);
}
END_TEST

static int connect_by_hand(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        strscpy(address.sun_path, sizeof(address.sun_path), path);
        ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Packets that are no requests: of another size, magic or version, or with unknown flags. */
START_TEST(bad_packets) {
        const JobRequest good = { .magic = JOB_PACKET_MAGIC,
                                  .version = JOB_PACKET_VERSION,
                                  .verb = JOB_VERB_PLAN };
        JobRequest bad = good;
        JobAnswer answer;
        char packet[sizeof(good) + 4] = "";
        size_t sizes[] = { 1, sizeof(good) - 1, sizeof(good) + 1, sizeof(packet) };
        int fd;

        start_service();
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                fd = connect_by_hand();
                memcpy(packet, &good, sizeof(good));
                ck_assert_int_eq(send(fd, packet, sizes[i], 0), (ssize_t)sizes[i]);
                ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), 0);
                closep(&fd);
        }
        bad = good;
        if (_i == 0)
                bad.magic++;
        else if (_i == 1)
                bad.version++;
        else
                bad.flags = 1u << 31;
        fd = connect_by_hand();
        ck_assert_int_eq(send(fd, &bad, sizeof(bad), 0), sizeof(bad));
        ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
        ck_assert(answer.is_end);
        ck_assert_int_eq(answer.error, _i == 2 ? -EOPNOTSUPP : -EPROTO);
        closep(&fd);
}
END_TEST

/* What a service that somebody has taken over may send. */
START_TEST(bad_answers) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        JobAnswer answer = { .magic = JOB_PACKET_MAGIC,
                             .version = JOB_PACKET_VERSION,
                             .serial = 1,
                             .is_end = true };
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd;

        strscpy(address.sun_path, sizeof(address.sun_path), path);
        ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        ck_assert_int_eq(start(JOB_VERB_PLAN, 10), 0);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (_i == 0)
                answer.size = 1;
        else if (_i == 1)
                answer.size = UINT32_MAX;
        else if (_i == 2)
                answer.magic = 0;
        else
                answer.serial = 5; /* of another job: dropped */
        ck_assert_int_eq(send(fd, &answer, sizeof(answer), 0), sizeof(answer));
        if (_i == 3)
                ck_assert_int_eq(send(fd, &answer, 4, 0), 4);
        await_end();
        ck_assert_int_eq(error, -ECONNRESET);
        closep(&fd);
        closep(&listener);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, text_and_status);
        ADD_FIXTURE_TEST(suite, long_text);
        ADD_FIXTURE_TEST(suite, ends);
        ADD_FIXTURE_TEST(suite, kill_it);
        ADD_FIXTURE_TEST(suite, refused);
        ADD_FIXTURE_TEST(suite, nobody_listens);
        ADD_FIXTURE_TEST(suite, service_goes_away);
        ADD_FIXTURE_LOOP_TEST(suite, caller_goes_away, 2);
        ADD_FIXTURE_LOOP_TEST(suite, bad_packets, 3);
        ADD_FIXTURE_LOOP_TEST(suite, bad_answers, 4);
}

TEST_MAIN("remote", add_cases)
