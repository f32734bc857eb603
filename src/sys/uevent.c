/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uevents of cpu and memory devices, from the kernel or from udevd. libudev makes its own socket
 * and takes no other: that takes address families and a capability that kdumpd does not have. */
#include "sys/uevent.h"

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* As udevd itself: an upper bound for a backlog, not memory that is taken. */
#define RECEIVE_BUFFER_BYTES (128 * 1024 * 1024)

/* The groups of NETLINK_KOBJECT_UEVENT; as bits they are the same. */
#define GROUP_KERNEL 1
#define GROUP_UDEV   2

/* What udevd puts before the properties, "KEY=VALUE" with a NUL after each. */
typedef struct Header {
        char prefix[8]; /* "libudev" */
        uint32_t magic; /* big endian */
        uint32_t header_size, properties_offset, properties_size;
        uint32_t subsystem_hash, devtype_hash; /* big endian */
        uint32_t tags_high, tags_low;
} Header;

#define HEADER_PREFIX "libudev"
#define HEADER_MAGIC  0xfeedcafeu

/* MurmurHash2 of the subsystem's name, with seed 0. */
#define HASH_CPU    0x4d1a71b3u
#define HASH_MEMORY 0x86e45acfu

/* Parses all properties; the last of a name counts. Returns as uevent_parse(). */
static int parse_properties(const char *p, size_t size, Uevent *ret) {
        Uevent event = { .action = _HOTPLUG_ACTION_MAX };
        int subsystem = -EINVAL;

        for (const char *end = p + size, *next; p < end; p = next) {
                const char *value;

                next = memchr(p, '\0', (size_t)(end - p));
                if (!next)
                        return -EBADMSG;
                next++;
                if ((value = startswith(p, "SUBSYSTEM=")))
                        subsystem = subsystem_from_string(value);
                else if ((value = startswith(p, "ACTION="))) {
                        int action = hotplug_action_from_string(value);

                        event.action = action < 0 ? _HOTPLUG_ACTION_MAX : (HotplugAction)action;
                } else if ((value = startswith(p, "SEQNUM="))) {
                        if (parse_u64(value, 10, &event.seqnum) < 0)
                                return -EBADMSG;
                } else if (startswith(p, "SYNTH_UUID="))
                        /* lib/kobject_uevent.c, kobject_synth_uevent(): only events that somebody
                         * asked for by writing to a uevent file carry it. */
                        event.synthetic = true;
                else if ((value = startswith(p, "KDUMPD_IGNORE=")))
                        event.ignored = parse_boolean(value) > 0;
        }
        if (subsystem < 0)
                return 0;
        event.subsystem = (Subsystem)subsystem;
        *ret = event;
        return 1;
}

/* "ACTION@DEVPATH", and then the properties. */
static int parse_kernel(const char *message, size_t size, Uevent *ret) {
        const char *end = memchr(message, '\0', size);

        if (!end || !strstr(message, "@/"))
                return -EBADMSG;
        end++;
        return parse_properties(end, size - (size_t)(end - message), ret);
}

static int parse_udev(const char *message, size_t size, Uevent *ret) {
        Header header;

        if (size < sizeof(header))
                return -EBADMSG;
        memcpy(&header, message, sizeof(header));
        if (memcmp(header.prefix, HEADER_PREFIX, sizeof(HEADER_PREFIX)) != 0 ||
            header.magic != htobe32(HEADER_MAGIC))
                return -EBADMSG;
        if (header.properties_offset < sizeof(header) || header.properties_offset > size ||
            header.properties_size > size - header.properties_offset)
                return -EBADMSG;
        return parse_properties(message + header.properties_offset, header.properties_size, ret);
}

int uevent_parse(const UeventSender *sender, const char *message, size_t size, Uevent *ret) {
        /* With PrivateUsers=, too: systemd maps root there. */
        if (sender->uid != 0)
                return -EPERM;
        if (sender->group == GROUP_UDEV)
                return parse_udev(message, size, ret);
        if (sender->group == GROUP_KERNEL && sender->port == 0)
                return parse_kernel(message, size, ret);
        return -EPERM;
}

/* Receives one message. Returns its size, 0 if there is none now, or negative errno. */
static ssize_t receive_message(int fd, char buf[static UEVENT_MESSAGE_MAX], UeventSender *ret) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control;
        struct iovec iov = { .iov_base = buf, .iov_len = UEVENT_MESSAGE_MAX };
        struct sockaddr_nl from = { 0 };
        struct msghdr msg = {
                .msg_name = &from,
                .msg_namelen = sizeof(from),
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;

        /* Sockets that systemd passes wait by themselves, and are not ours alone to change. */
        do
                n = recvmsg(fd, &msg, MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 0 : -errno;
        if (n == 0 || msg.msg_flags & MSG_TRUNC)
                return -EBADMSG;
        *ret = (UeventSender){ .group = from.nl_groups, .port = from.nl_pid, .uid = (uid_t)-1 };
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
                struct ucred credentials;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
                    c->cmsg_len != CMSG_LEN(sizeof(credentials)))
                        continue;
                memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
                ret->uid = credentials.uid;
        }
        return n;
}

int uevent_receive(int fd, Uevent *ret) {
        char buf[UEVENT_MESSAGE_MAX];
        UeventSender sender;

        for (unsigned i = 0; i < UEVENTS_OF_OTHERS_AT_ONCE; i++) {
                ssize_t n;
                int r;

                n = receive_message(fd, buf, &sender);
                if (n <= 0)
                        return (int)n;
                r = uevent_parse(&sender, buf, (size_t)n, ret);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Of the many messages of udevd, those about other devices are not to wake us. The kernel's cannot
 * be told apart like that. What passes is parsed all the same. */
static void attach_filter(int fd) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(Header, magic)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HEADER_MAGIC, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(Header, subsystem_hash)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HASH_CPU, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HASH_MEMORY, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        const struct sock_fprog program = { .len = ELEMENTSOF(code), .filter = code };

        (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int set_up(int fd) {
        attach_filter(fd);
        if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) < 0)
                return -errno;
        return 0;
}

int uevent_open(UeventSource source) {
        const struct sockaddr_nl address = {
                .nl_family = AF_NETLINK,
                .nl_groups = source == UEVENT_SOURCE_KERNEL ? GROUP_KERNEL : GROUP_UDEV,
        };
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        if (fd < 0)
                return -errno;
        r = set_up(fd);
        if (r < 0)
                return r;
        /* Without CAP_NET_ADMIN (a test, a run by hand) the system's own limit has to do. */
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ RECEIVE_BUFFER_BYTES },
                         sizeof(int));
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* As many as there can be, so that a flood of them does not hold us up. */
static void drain(int fd) {
        char buf[UEVENT_MESSAGE_MAX];
        UeventSender sender;

        for (size_t i = 0; i < RECEIVE_BUFFER_BYTES / sizeof(Header); i++) {
                ssize_t n = receive_message(fd, buf, &sender);

                if (n <= 0 && n != -ENOBUFS && n != -EBADMSG)
                        return;
        }
}

int uevent_adopt(int fd, UeventSource source) {
        int domain = 0, protocol = 0, r;
        socklen_t length = sizeof(int);

        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) < 0)
                return -errno;
        if (domain != AF_NETLINK || protocol != NETLINK_KOBJECT_UEVENT)
                return -ENOTSOCK;
        r = set_up(fd);
        if (r >= 0)
                r = uevent_set_source(fd, source);
        if (r >= 0)
                drain(fd);
        return r;
}

int uevent_set_source(int fd, UeventSource source) {
        bool from_kernel = source == UEVENT_SOURCE_KERNEL;
        int join = from_kernel ? GROUP_KERNEL : GROUP_UDEV;
        int leave = from_kernel ? GROUP_UDEV : GROUP_KERNEL;

        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &join, sizeof(join)) < 0)
                return -errno;
        if (setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &leave, sizeof(leave)) < 0)
                return -errno;
        return 0;
}
