/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/uevent: messages of all senders, and the real sockets in a network namespace of our own, made
 * here or passed by somebody else. */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file-util.h"
#include "daemon/listen.h"
#include "fake-uevent.h"
#include "fake-world.h"
#include "sys/uevent.h"
#include "tree.h"

#define UDEV_SENDER                                \
        (UeventSender) {                           \
                .group = 2, .port = 4242, .uid = 0 \
        }
#define KERNEL_SENDER                           \
        (UeventSender) {                        \
                .group = 1, .port = 0, .uid = 0 \
        }

static const FakeUevent cpu_online = {
        .action = "online",
        .path = "/devices/system/cpu/cpu2",
        .subsystem = "cpu",
        .seqnum = 4711,
};

/* --- messages ------------------------------------------------------------------------------ */

START_TEST(messages) {
        for (int udev = 0; udev < 2; udev++) {
                UeventSender sender = udev ? UDEV_SENDER : KERNEL_SENDER;
                char buf[FAKE_UEVENT_MAX];
                FakeUevent fake = cpu_online;
                Uevent event;
                size_t n;

                n = udev ? fake_udev_message(buf, &fake) : fake_kernel_message(buf, &fake);
                ck_assert_int_eq(uevent_parse(&sender, buf, n, &event), 1);
                ck_assert_int_eq(event.subsystem, SUBSYSTEM_CPU);
                ck_assert_int_eq(event.action, HOTPLUG_ONLINE);
                ck_assert_uint_eq(event.seqnum, 4711);
                ck_assert(!event.synthetic && !event.ignored);
                fake.subsystem = "memory";
                fake.action = "bind";
                fake.seqnum = 0;
                n = udev ? fake_udev_message(buf, &fake) : fake_kernel_message(buf, &fake);
                ck_assert_int_eq(uevent_parse(&sender, buf, n, &event), 1);
                ck_assert_int_eq(event.subsystem, SUBSYSTEM_MEMORY);
                ck_assert_int_eq(event.action, _HOTPLUG_ACTION_MAX);
                ck_assert_uint_eq(event.seqnum, 0);
                fake.subsystem = "block";
                n = udev ? fake_udev_message(buf, &fake) : fake_kernel_message(buf, &fake);
                ck_assert_int_eq(uevent_parse(&sender, buf, n, &event), 0);
        }
}
END_TEST

/* A property that comes twice counts as the last time; what only begins as one does not. */
START_TEST(properties) {
        static const struct {
                const char *text;
                size_t size;
                int expected;
                bool synthetic, ignored;
        } cases[] = {
#define CASE(text, ...) { text, sizeof(text) - 1, __VA_ARGS__ }
                CASE("SUBSYSTEM=cpu\0KDUMPD_IGNORE=1\0", 1, false, true),
                CASE("SUBSYSTEM=cpu\0KDUMPD_IGNORE=1\0KDUMPD_IGNORE=0\0", 1, false, false),
                CASE("SUBSYSTEM=cpu\0KDUMPD_IGNORED=1\0SYNTH_ARG_UUID=1\0", 1, false, false),
                CASE("SYNTH_UUID=0\0SUBSYSTEM=memory\0", 1, true, false),
                CASE("SUBSYSTEM=block\0SUBSYSTEM=cpu\0", 1, false, false),
                CASE("\0\0SUBSYSTEM=cpu\0\0", 1, false, false),
                CASE("ACTION=add\0", 0, false, false),
                CASE("", 0, false, false),
                CASE("SUBSYSTEM=cpu\0SEQNUM=-1\0", -EBADMSG, false, false),
                CASE("SUBSYSTEM=cpu\0SEQNUM=99999999999999999999\0", -EBADMSG, false, false),
                CASE("SUBSYSTEM=cpu", -EBADMSG, false, false),
                CASE("SUBSYSTEM=cpu\0ACTION", -EBADMSG, false, false),
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char prefix[] = "add@/devices/system/cpu/cpu2";
                char buf[FAKE_UEVENT_MAX];
                Uevent event;

                memcpy(buf, prefix, sizeof(prefix));
                memcpy(buf + sizeof(prefix), cases[i].text, cases[i].size);
                ck_assert_int_eq(
                        uevent_parse(&KERNEL_SENDER, buf, sizeof(prefix) + cases[i].size, &event),
                        cases[i].expected);
                if (cases[i].expected <= 0)
                        continue;
                ck_assert_int_eq(event.synthetic, cases[i].synthetic);
                ck_assert_int_eq(event.ignored, cases[i].ignored);
        }
}
END_TEST

START_TEST(senders) {
        /* Sent to us alone, by somebody who takes himself for the kernel, by others than root,
         * without credentials, to groups that there are not. */
        static const UeventSender others[] = {
                { .group = 0, .port = 0, .uid = 0 },
                { .group = 0, .port = 4242, .uid = 0 },
                { .group = 1, .port = 4242, .uid = 0 },
                { .group = 1, .port = 0, .uid = 1000 },
                { .group = 2, .port = 4242, .uid = 1000 },
                { .group = 2, .port = 4242, .uid = 65534 },
                { .group = 1, .port = 0, .uid = (uid_t)-1 },
                { .group = 2, .port = 4242, .uid = (uid_t)-1 },
                { .group = 3, .port = 0, .uid = 0 },
                { .group = 4, .port = 0, .uid = 0 },
        };
        char udev[FAKE_UEVENT_MAX], kernel[FAKE_UEVENT_MAX];
        size_t n_udev = fake_udev_message(udev, &cpu_online);
        size_t n_kernel = fake_kernel_message(kernel, &cpu_online);
        Uevent event;

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                ck_assert_int_eq(uevent_parse(&others[i], udev, n_udev, &event), -EPERM);
                ck_assert_int_eq(uevent_parse(&others[i], kernel, n_kernel, &event), -EPERM);
        }
        /* Nor does one speak like the other. */
        ck_assert_int_eq(uevent_parse(&KERNEL_SENDER, udev, n_udev, &event), -EBADMSG);
        ck_assert_int_eq(uevent_parse(&UDEV_SENDER, kernel, n_kernel, &event), -EBADMSG);
}
END_TEST

/* Every prefix of a message, in memory that ends with it; and offsets that lie. */
START_TEST(damaged) {
        static const struct {
                uint32_t offset, size;
        } lies[] = { { 0, 40 },         { 39, 8 },   { 41, UINT32_MAX },
                     { UINT32_MAX, 1 }, { 4096, 0 }, { UINT32_MAX, UINT32_MAX } };
        char buf[FAKE_UEVENT_MAX];
        FakeHeader header;
        Uevent event;
        size_t n;

        for (int udev = 0; udev < 2; udev++) {
                UeventSender sender = udev ? UDEV_SENDER : KERNEL_SENDER;

                n = udev ? fake_udev_message(buf, &cpu_online)
                         : fake_kernel_message(buf, &cpu_online);
                for (size_t i = 0; i < n; i++) {
                        _cleanup_free_ char *part = malloc(MAX(i, 1u));

                        memcpy(part, buf, i);
                        ck_assert_int_le(uevent_parse(&sender, part, i, &event),
                                         udev ? -EBADMSG : 1);
                }
        }
        memcpy(&header, buf, sizeof(header));
        for (size_t i = 0; i < ELEMENTSOF(lies); i++) {
                header.properties_off = lies[i].offset;
                header.properties_len = lies[i].size;
                memcpy(buf, &header, sizeof(header));
                ck_assert_int_eq(uevent_parse(&UDEV_SENDER, buf, n, &event), -EBADMSG);
        }
        (void)fake_udev_message(buf, &cpu_online);
        buf[9] ^= 1; /* the magic number */
        ck_assert_int_eq(uevent_parse(&UDEV_SENDER, buf, n, &event), -EBADMSG);
}
END_TEST

/* --- sockets --------------------------------------------------------------------------------- */

static int sender_fd;

/* As what systemd passes: it blocks, and is in no group. */
static int make_socket(unsigned groups) {
        const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void send_event(bool udev, const char *action, const char *subsystem) {
        const FakeUevent event = {
                .action = action,
                .path = "/devices/system/x/x1",
                .subsystem = subsystem,
                .seqnum = udev ? 1 : 0,
        };

        ck_assert(fake_send(sender_fd, udev, &event));
}

static bool is_readable(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        return poll(&p, 1, 0) > 0;
}

/* Exactly one event is there, and it has this action. */
static void expect(int fd, HotplugAction action) {
        Uevent event;

        ck_assert_int_eq(uevent_receive(fd, &event), 1);
        ck_assert_int_eq(event.action, action);
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
}

static void setup(void) {
        sender_fd = make_socket(0);
}

static void teardown(void) {
        (void)close(sender_fd);
}

START_TEST(own) {
        for (int udev = 0; udev < 2; udev++) {
                int fd = uevent_open(udev ? UEVENT_SOURCE_UDEV : UEVENT_SOURCE_KERNEL);

                ck_assert_int_ge(fd, 0);
                ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
                send_event(udev, "add", "memory");
                expect(fd, HOTPLUG_ADD);
                send_event(!udev, "add", "memory");
                ck_assert(!is_readable(fd));
                (void)close(fd);
        }
}
END_TEST

/* A passed socket, in whatever groups it is: what it has queued is from before. */
START_TEST(adopted) {
        for (unsigned groups = 0; groups < 4; groups++)
                for (int udev = 0; udev < 2; udev++) {
                        int fd = make_socket(groups);

                        for (unsigned i = 0; i < 3; i++) {
                                send_event(true, "add", "cpu");
                                send_event(false, "add", "cpu");
                        }
                        ck_assert_int_eq(
                                uevent_adopt(fd, udev ? UEVENT_SOURCE_UDEV : UEVENT_SOURCE_KERNEL),
                                0);
                        ck_assert(!is_readable(fd));
                        send_event(!udev, "add", "cpu");
                        ck_assert(!is_readable(fd));
                        send_event(udev, "offline", "cpu");
                        expect(fd, HOTPLUG_OFFLINE);
                        (void)close(fd);
                }
}
END_TEST

/* What is queued when the source changes is not lost. */
START_TEST(another_source) {
        int fd = make_socket(0);
        Uevent event;

        ck_assert_int_eq(uevent_adopt(fd, UEVENT_SOURCE_UDEV), 0);
        send_event(true, "add", "cpu");
        ck_assert_int_eq(uevent_set_source(fd, UEVENT_SOURCE_KERNEL), 0);
        send_event(true, "online", "cpu");
        send_event(false, "remove", "cpu");
        ck_assert_int_eq(uevent_receive(fd, &event), 1);
        ck_assert_int_eq(event.action, HOTPLUG_ADD);
        ck_assert_uint_eq(event.seqnum, 1);
        expect(fd, HOTPLUG_REMOVE);
        ck_assert_int_eq(uevent_set_source(fd, UEVENT_SOURCE_UDEV), 0);
        send_event(false, "remove", "cpu");
        send_event(true, "online", "cpu");
        expect(fd, HOTPLUG_ONLINE);
        (void)close(fd);
}
END_TEST

START_TEST(no_socket_for_uevents) {
        int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(uevent_adopt(other, UEVENT_SOURCE_UDEV), -ENOTSOCK);
        ck_assert_int_eq(uevent_adopt(stream, UEVENT_SOURCE_UDEV), -ENOTSOCK);
        ck_assert_int_eq(uevent_adopt(-EBADF, UEVENT_SOURCE_UDEV), -EBADF);
        (void)close(other);
        (void)close(stream);
}
END_TEST

/* Devices that do not count do not wake anybody, if udevd tells of them; the kernel's are passed
 * over, but not without an end. */
START_TEST(others) {
        static const char *const names[] = { "block", "net", "container", "c", "cpuid", "memory1" };
        int fd = uevent_open(UEVENT_SOURCE_UDEV);
        Uevent event;

        ck_assert_int_ge(fd, 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                send_event(true, "add", names[i]);
                ck_assert(!is_readable(fd));
        }
        send_event(true, "add", "memory");
        expect(fd, HOTPLUG_ADD);
        ck_assert_int_eq(uevent_set_source(fd, UEVENT_SOURCE_KERNEL), 0);
        for (unsigned i = 0; i < UEVENTS_OF_OTHERS_AT_ONCE; i++)
                send_event(false, "add", "block");
        send_event(false, "remove", "memory");
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        ck_assert(is_readable(fd));
        expect(fd, HOTPLUG_REMOVE);
        (void)close(fd);
}
END_TEST

/* Sent to us alone, or by somebody else than root, as far as we can be somebody else here. */
START_TEST(foreign) {
        int fd = uevent_open(UEVENT_SOURCE_UDEV);
        struct sockaddr_nl address = { 0 };
        socklen_t length = sizeof(address);
        char buf[FAKE_UEVENT_MAX];
        size_t n = fake_udev_message(buf, &cpu_online);
        Uevent event;

        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        address.nl_groups = 0;
        ck_assert_int_ge(sendto(sender_fd, buf, n, 0, (struct sockaddr *)&address, length), 0);
        ck_assert_int_eq(uevent_receive(fd, &event), -EPERM);

        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control = { .header = { .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_CREDENTIALS,
                                  .cmsg_len = CMSG_LEN(sizeof(struct ucred)) } };
        struct ucred credentials = { .pid = getpid(), .uid = 1, .gid = 0 };
        struct iovec iov = { .iov_base = buf, .iov_len = n };
        struct msghdr msg = { .msg_name = &address,
                              .msg_namelen = sizeof(address),
                              .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };

        address = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_groups = 2 };
        memcpy(CMSG_DATA(&control.header), &credentials, sizeof(credentials));
        if (sendmsg(sender_fd, &msg, 0) >= 0)
                ck_assert_int_eq(uevent_receive(fd, &event), -EPERM);
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        (void)close(fd);
}
END_TEST

/* A message that is too long, or empty, is one that is not understood. */
START_TEST(sizes) {
        struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = 2 };
        static char buf[UEVENT_MESSAGE_MAX + 1];
        int fd = uevent_open(UEVENT_SOURCE_UDEV);
        Uevent event;

        (void)fake_udev_message(buf, &cpu_online);
        ck_assert_int_ge(sendto(sender_fd, buf, sizeof(buf), 0, (struct sockaddr *)&to, sizeof(to)),
                         0);
        ck_assert_int_eq(uevent_receive(fd, &event), -EBADMSG);
        send_event(true, "add", "cpu");
        expect(fd, HOTPLUG_ADD);
        (void)close(fd);
}
END_TEST

/* The loss is told once, and then what is left. */
START_TEST(overflow) {
        int fd = make_socket(0);
        unsigned n = 0;
        Uevent event;
        int r;

        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 8192 }, sizeof(int)), 0);
        ck_assert_int_eq(uevent_adopt(fd, UEVENT_SOURCE_UDEV), 0);
        for (unsigned i = 0; i < 100; i++)
                send_event(true, "add", "cpu");
        ck_assert_int_eq(uevent_receive(fd, &event), -ENOBUFS);
        while ((r = uevent_receive(fd, &event)) > 0)
                n++;
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_lt(n, 100);
        send_event(true, "online", "cpu");
        expect(fd, HOTPLUG_ONLINE);
        /* One that ran over before it was passed. */
        for (unsigned i = 0; i < 100; i++)
                send_event(true, "add", "cpu");
        ck_assert_int_eq(uevent_adopt(fd, UEVENT_SOURCE_UDEV), 0);
        ck_assert_int_eq(uevent_receive(fd, &event), 0);
        (void)close(fd);
}
END_TEST

/* As systemd passes it: the listener finds it by its name, and it is ours to close. Returns whether
 * that was so; in a process of its own, since the numbers of descriptors are given. */
static bool listens_to_passed(const char *name) {
        bool is_passed;
        Listener *l;
        FakeWorld w;
        sd_event *event;
        char pid[16];
        Tree tree;
        int fd;

        fd = make_socket(0);
        if (dup2(fd, 3) < 0 || dup2(sender_fd, 4) < 0)
                return false;
        sender_fd = 4;
        if (fd > 4)
                (void)close(fd);
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", "1", 1);
        (void)setenv("LISTEN_FDNAMES", name, 1);
        fake_world_init(&w);
        fake_world_arm(&w);
        tree_init(&tree);
        if (sd_event_new(&event) < 0 ||
            listener_new(event, &w.manager, tree.fd, UEVENT_SOURCE_UDEV, &l) < 0)
                return false;
        send_event(true, "online", "cpu");
        while (sd_event_run(event, 0) > 0)
                ;
        is_passed = (fcntl(3, F_GETFD) & FD_CLOEXEC) && !is_readable(3) && !getenv("LISTEN_FDS") &&
                    manager_status(&w.manager)->events_received == 1;
        listener_free(l);
        is_passed = is_passed && fcntl(3, F_GETFD) < 0;
        sd_event_unref(event);
        tree_done(&tree);
        fake_world_done(&w);
        return is_passed;
}

START_TEST(passed) {
        for (int i = 0; i < 2; i++) {
                pid_t pid = fork();
                int status;

                if (pid == 0)
                        _exit(listens_to_passed(i == 0 ? "uevent" : "other") ? 0 : 1);
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert(WIFEXITED(status));
                ck_assert_int_eq(WEXITSTATUS(status), i);
        }
}
END_TEST

/* One in which we are root, for others if need be by a namespace of users. */
static bool make_namespace(void) {
        char map[64];
        int fd, r;

        strscpyf(map, sizeof(map), "0 %u 1\n", (unsigned)geteuid());
        if (unshare(CLONE_NEWNET) >= 0)
                return true;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                return false;
        fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
        r = fd < 0 ? -errno : write_all(fd, map, strlen(map));
        closep(&fd);
        return r >= 0;
}

static void add_cases(Suite *s) {
        ADD_TEST(s, messages);
        ADD_TEST(s, properties);
        ADD_TEST(s, senders);
        ADD_TEST(s, damaged);
        if (!make_namespace())
                return;
        ADD_FIXTURE_TEST(s, own);
        ADD_FIXTURE_TEST(s, adopted);
        ADD_FIXTURE_TEST(s, another_source);
        ADD_FIXTURE_TEST(s, no_socket_for_uevents);
        ADD_FIXTURE_TEST(s, others);
        ADD_FIXTURE_TEST(s, foreign);
        ADD_FIXTURE_TEST(s, sizes);
        ADD_FIXTURE_TEST(s, overflow);
        ADD_FIXTURE_TEST(s, passed);
}

TEST_MAIN("uevent sockets", add_cases)
