/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/kmsg: which records of the kernel's log are about the crash kernel image, and how they are
 * read. */
#include "test.h"

#include <sys/socket.h>

#include "sys/kmsg.h"
#include "tree.h"

#define TRYLOCK "crash hp: kexec_trylock() failed, kdump image may be inaccurate"

#define SMALL "crash hp: update elfcorehdr elfsz 917688 > memsz 917504"

/* As 6.6, 6.12 and 7.2 send them. */
static const struct {
        const char *record, *text;
} hits[] = {
        { "6,1234,5678901,-;" TRYLOCK "\n", TRYLOCK },
        { "6,1,0,-;crash hp: kexec_trylock() failed, elfcorehdr may be inaccurate\n",
          "crash hp: kexec_trylock() failed, elfcorehdr may be inaccurate" },
        { "3,1187,88204712,-;" SMALL "\n", SMALL },
        { "3,1,0,-;crash hp: unable to locate elfcorehdr segment\n",
          "crash hp: unable to locate elfcorehdr segment" },
        { "3,1,0,-;crash hp: unable to create new elfcorehdr\n",
          "crash hp: unable to create new elfcorehdr" },
        { "3,1,0,-;crash hp: mapping elfcorehdr segment failed\n",
          "crash hp: mapping elfcorehdr segment failed" },
        { "3,1,0,-;crash hp: Updated crash elfcorehdr elfsz 1 > memsz 0\n",
          "crash hp: Updated crash elfcorehdr elfsz 1 > memsz 0" },
        /* The last one before a wrap-around may lack its newline; a caller may be named. */
        { "6,1234,5678901,-;" TRYLOCK, TRYLOCK },
        { "6,1234,5678901,-,caller=T17;" TRYLOCK "\n", TRYLOCK },
        { "6,1234,5678901,c;" TRYLOCK "\n SUBSYSTEM=cpu\n DEVICE=+cpu:cpu2\n", TRYLOCK },
        /* A level alone decides nothing. */
        { "0,9,9,-;" TRYLOCK "\n", TRYLOCK },
        { "7,9,9,-;" TRYLOCK "\n", TRYLOCK },
};

static const char *const misses[] = {
        /* The name of a process begins this line, and 15 characters of it are the user's choice. */
        "6,1190,91204713,-;crash hp: boo[812]: segfault at 0 ip 000055d0c0de1139 sp "
        "00007ffd7a3c2b10 error 6 in boo[1139,55d0c0de1000+1000] likely on CPU 1 (core 1, socket "
        "0)\n",
        "6,1190,91204713,-;crash hp: kexec[812]: segfault at 0 ip 000055d0c0de1139 sp "
        "00007ffd7a3c2b10 error 6 in boo[1139,55d0c0de1000+1000]\n",
        "6,1190,91204713,-;crash hp: unabl[812]: segfault at 0 ip 0 sp 0 error 6\n",
        "6,1190,91204713,-;traps: crash hp: upda[812] trap invalid opcode ip:55 sp:7f error:0\n",
        "6,1190,91204713,-;potentially unexpected fatal signal 11.\n",
        /* What it says when it is told to tell everything (pr_debug()). */
        "7,1,0,-;crash hp: hp_action 3\n",
        "7,1,0,-;crash hp: hp_action 1, cpu 2\n",
        "7,1,0,-;crash hp: updated elfcorehdr\n",
        /* Nearly. */
        "6,1,0,-;" TRYLOCK ".\n",
        "6,1,0,-;" TRYLOCK " \n",
        "6,1,0,-; " TRYLOCK "\n",
        "6,1,0,-;" TRYLOCK TRYLOCK "\n",
        "6,1,0,-;crash hp:\n",
        "6,1,0,-;crash hp: \n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz  > memsz 1\n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz -1 > memsz 1\n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz 0x1 > memsz 1\n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz 1 > memsz 1a\n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz 1 > memsz \n",
        "3,1,0,-;crash hp: update elfcorehdr elfsz # > memsz #\n",
        "",
        "\n",
        ";",
        "6",
        "6,1234,5678901,-",
        "6,1234,5678901,-;\n",
        "6,1234,5678901,-;crash hp\n",
        "6,1234,5678901,-;crash h",
        "6,1234,5678901,-;Crash hp: x\n",
        "6,1234,5678901,-; crash hp: x\n",
        "6,1234,5678901,-;kexec: crash hp: x\n",
        /* In the dictionary below the line, not in the line. */
        "6,1234,5678901,-;usb 1-1: new device\n crash hp: x\n",
        "6,1234,5678901,-;\ncrash hp: x\n",
        /* Users' records have facility 1 or higher, whatever their level. */
        "14,1234,5678901,-;" TRYLOCK "\n",
        "8,1234,5678901,-;" TRYLOCK "\n",
        "30,1234,5678901,-;" TRYLOCK "\n",
        "2047,1234,5678901,-;" TRYLOCK "\n",
        "4294967302,1234,5678901,-;" TRYLOCK "\n",
        "18446744073709551622,1,1,-;" TRYLOCK "\n",
        "0000000000000000000000000000000000000000000000000000000000000008,1,1,-;" TRYLOCK "\n",
        /* No record at all. */
        TRYLOCK "\n",
        ";" TRYLOCK "\n",
        ",,,;" TRYLOCK "\n",
        "-6,1,1,-;" TRYLOCK "\n",
        " 6,1,1,-;" TRYLOCK "\n",
        "<6>" TRYLOCK ";" TRYLOCK "\n",
        "0x6,1,1,-;" TRYLOCK "\n",
};

START_TEST(records) {
        char text[KMSG_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(hits); i++) {
                strscpy(text, sizeof(text), "untouched");
                ck_assert_msg(kmsg_parse(hits[i].record, strlen(hits[i].record), text) == 1, "%s",
                              hits[i].record);
                ck_assert_str_eq(text, hits[i].text);
        }
        for (size_t i = 0; i < ELEMENTSOF(misses); i++)
                ck_assert_msg(kmsg_parse(misses[i], strlen(misses[i]), text) == 0, "%s", misses[i]);
}
END_TEST

/* Every record cut at every place: never a read beyond the end, which the sanitizers see in a copy
 * of just that size, and never a hit before the sentence is complete. */
START_TEST(truncated) {
        for (size_t i = 0; i < ELEMENTSOF(hits); i++) {
                size_t whole = strlen(hits[i].record);
                const char *words = strchr(hits[i].record, ';') + 1;
                size_t end = (size_t)(words - hits[i].record) + strlen(hits[i].text);
                /* The last number may be shorter. */
                size_t least = hits[i].text[strlen(hits[i].text) - 1] <= '9' ? end - 6 : end;

                for (size_t n = 0; n <= whole; n++) {
                        _cleanup_free_ char *copy = malloc(n ?: 1);
                        char text[KMSG_TEXT_MAX];

                        ck_assert_ptr_nonnull(copy);
                        memcpy(copy, hits[i].record, n);
                        if (n < least || n >= end)
                                ck_assert_int_eq(kmsg_parse(copy, n, text), n >= end);
                        else
                                (void)kmsg_parse(copy, n, text);
                }
        }
}
END_TEST

START_TEST(long_text) {
        char record[KMSG_RECORD_MAX], text[KMSG_TEXT_MAX + 1];

        memset(record, 'x', sizeof(record));
        memcpy(record, "6,1,1,-;" TRYLOCK, strlen("6,1,1,-;" TRYLOCK));
        text[KMSG_TEXT_MAX] = 'c';
        ck_assert_int_eq(kmsg_parse(record, sizeof(record), text), 0);
        ck_assert_int_eq(text[KMSG_TEXT_MAX], 'c');
        /* A number that fills the text up to where it is cut is none. */
        memset(record, '7', sizeof(record));
        memcpy(record, "3,1,1,-;crash hp: update elfcorehdr elfsz 1 > memsz ",
               strlen("3,1,1,-;crash hp: update elfcorehdr elfsz 1 > memsz "));
        ck_assert_int_eq(kmsg_parse(record, sizeof(record), text), 0);
        /* A NUL ends the text early, and hides nothing behind it. */
        memcpy(record, "6,1,1,-;" TRYLOCK "\0 and more", sizeof("6,1,1,-;" TRYLOCK "\0 and more"));
        ck_assert_int_eq(kmsg_parse(record, sizeof(record), text), 0);
}
END_TEST

/* A socket that keeps records apart stands for /dev/kmsg, where each read gives one record. */
static void make_log(int fds[static 2]) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
}

static void put(int fd, const char *record) {
        ck_assert_int_eq(write(fd, record, strlen(record)), (int)strlen(record));
}

START_TEST(receiving) {
        uint64_t seqnum = 0;
        char text[KMSG_TEXT_MAX];
        int fds[2];

        make_log(fds);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 0);
        put(fds[1], "6,1,1,-;hello\n");
        put(fds[1], "6,2,2,-;" TRYLOCK "\n");
        put(fds[1], "14,3,3,-;" TRYLOCK "\n");
        put(fds[1], "3,4,4,-;" SMALL "\n SUBSYSTEM=memory\n");
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 1);
        ck_assert_str_eq(text, TRYLOCK);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 1);
        ck_assert_str_eq(text, SMALL);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 0);
        (void)close(fds[1]);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 0);
        (void)close(fds[0]);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), -EBADF);
}
END_TEST

/* A log that never ends does not hold the event loop for ever. */
START_TEST(flood) {
        uint64_t seqnum = 0;
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        char text[KMSG_TEXT_MAX];

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(kmsg_receive(fd, &seqnum, text), 0);
        (void)close(fd);

        int fds[2];
        unsigned calls = 1;

        make_log(fds);
        for (unsigned i = 0; i < KMSG_AT_ONCE / 4; i++)
                put(fds[1], "6,1,1,-;chatter\n");
        put(fds[1], "6,2,2,-;" TRYLOCK "\n");
        while (kmsg_receive(fds[0], &seqnum, text) == 0)
                ck_assert_uint_lt(calls++, 2);
        ck_assert_str_eq(text, TRYLOCK);
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

START_TEST(opening) {
        uint64_t seqnum = 0;
        char text[KMSG_TEXT_MAX];
        Tree t;
        int fd;

        tree_init(&t);
        ck_assert_int_eq(kmsg_open(t.fd), -ENOENT);
        tree_text(&t, "/dev/kmsg", "6,1,1,-;" TRYLOCK "\n");
        fd = kmsg_open(t.fd);
        ck_assert_int_ge(fd, 0);
        /* What was there before is not seen. */
        ck_assert_int_eq(kmsg_receive(fd, &seqnum, text), 0);
        ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        (void)close(fd);
        /* What cannot be positioned is no kernel log; opening it does not wait for a writer. */
        tree_unlink(&t, "/dev/kmsg");
        ck_assert_int_eq(mkfifoat(t.fd, "dev/kmsg", 0600), 0);
        ck_assert_int_eq(kmsg_open(t.fd), -ESPIPE);
        tree_done(&t);
}
END_TEST

/* What was opened for us is taken, from its end on, and set up as if we had. */
START_TEST(passed) {
        int input = open("/dev/kmsg", O_RDONLY | O_CLOEXEC), before = dup(STDIN_FILENO), fd;
        uint64_t seqnum = 0;
        char text[KMSG_TEXT_MAX];
        Tree t;

        if (input < 0)
                return;
        tree_init(&t);
        ck_assert_int_eq(dup2(input, STDIN_FILENO), STDIN_FILENO);
        fd = kmsg_open(t.fd);
        ck_assert_int_gt(fd, STDERR_FILENO);
        ck_assert_int_ge(kmsg_receive(fd, &seqnum, text), 0);
        ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        (void)close(fd);
        /* Another device is none. */
        (void)close(input);
        input = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(dup2(input, STDIN_FILENO), STDIN_FILENO);
        ck_assert_int_eq(kmsg_open(t.fd), -ENOENT);
        (void)dup2(before, STDIN_FILENO);
        (void)close(before);
        (void)close(input);
        tree_done(&t);
}
END_TEST

START_TEST(numbers) {
        static const struct {
                const char *record;
                uint64_t number;
        } cases[] = {
                { "6,1234,5678901,-;text\n", 1234 },
                { "6,1,", 1 },
                { "6,18446744073709551615,1", UINT64_MAX },
                { "6,18446744073709551616,1", 0 },
                { "6,99999999999999999999,1", 0 },
                { "6,,1", 0 },
                { "6,-1,1", 0 },
                { "6", 0 },
                { "", 0 },
                { ",7", 7 },
        };
        uint64_t seqnum = 5;
        char text[KMSG_TEXT_MAX];
        int fds[2];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                ck_assert_uint_eq(kmsg_seqnum(cases[i].record, strlen(cases[i].record)),
                                  cases[i].number);
        make_log(fds);
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 0);
        ck_assert_uint_eq(seqnum, 5);
        put(fds[1], "6,17,1,-;chatter\n");
        put(fds[1], "no record\n");
        ck_assert_int_eq(kmsg_receive(fds[0], &seqnum, text), 0);
        ck_assert_uint_eq(seqnum, 17);
        (void)close(fds[0]);
        (void)close(fds[1]);
}
END_TEST

/* One read gives one record here, too: each is as long as a read can be. */
static int open_past(const Tree *t, const char *const *lines, size_t n) {
        _cleanup_free_ char *log = calloc(n, KMSG_RECORD_MAX);
        int fd;

        ck_assert_ptr_nonnull(log);
        memset(log, ' ', n * KMSG_RECORD_MAX);
        for (size_t i = 0; i < n; i++)
                memcpy(log + i * KMSG_RECORD_MAX, lines[i], strlen(lines[i]));
        tree_bytes(t, "/dev/kmsg", log, n * KMSG_RECORD_MAX);
        fd = kmsg_open(t->fd);
        ck_assert_int_ge(fd, 0);
        return fd;
}

START_TEST(catching_up) {
        static const char *const lines[] = { "6,10,1,-;chatter\n", "6,11,1,-;" TRYLOCK "\n",
                                             "14,12,1,-;" TRYLOCK "\n", "3,13,1,-;" SMALL "\n",
                                             "5,14,1,-;end\n" };
        static const struct {
                uint64_t since;
                bool is_whole;
                int result;
        } cases[] = { { 0, false, 1 }, { 8, false, 1 }, { 9, true, 1 },  { 10, true, 1 },
                      { 12, true, 1 }, { 13, true, 0 }, { 14, true, 0 }, { 99, true, 0 } };
        char text[KMSG_TEXT_MAX];
        uint64_t seqnum = 0;
        bool is_whole;
        Tree t;
        int fd;

        tree_init(&t);
        fd = open_past(&t, lines, ELEMENTSOF(lines));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_int_eq(kmsg_catch_up(fd, cases[i].since, &seqnum, &is_whole, text),
                                 cases[i].result);
                ck_assert_uint_eq(seqnum, 14);
                ck_assert_int_eq(is_whole, cases[i].is_whole);
                if (cases[i].result)
                        ck_assert_str_eq(text, SMALL);
        }
        /* It is at its end then. */
        ck_assert_int_eq(kmsg_receive(fd, &seqnum, text), 0);
        (void)close(fd);
        /* Nothing there, which the kernel never shows. */
        tree_text(&t, "/dev/kmsg", "");
        fd = kmsg_open(t.fd);
        ck_assert_int_eq(kmsg_catch_up(fd, 5, &seqnum, &is_whole, text), 0);
        ck_assert(!is_whole);
        (void)close(fd);
        ck_assert_int_eq(kmsg_catch_up(-EBADF, 5, &seqnum, &is_whole, text), -EBADF);
        tree_done(&t);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, records);
        ADD_TEST(s, truncated);
        ADD_TEST(s, long_text);
        ADD_TEST(s, receiving);
        ADD_TEST(s, flood);
        ADD_TEST(s, opening);
        ADD_TEST(s, passed);
        ADD_TEST(s, numbers);
        ADD_TEST(s, catching_up);
}

TEST_MAIN("kmsg", add_cases)
