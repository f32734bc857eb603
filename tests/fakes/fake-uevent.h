/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as the kernel and udevd send them, and how to send some in a network namespace of one's
 * own, where the kernel hands on what it is sent as if it were its own. */
#pragma once

#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define FAKE_UEVENT_MAX 1024

/* What libudev puts before the properties (systemd, src/libsystemd/sd-device/device-monitor.c). */
typedef struct FakeHeader {
        char prefix[8];
        uint32_t magic, header_size, properties_off, properties_len;
        uint32_t subsystem_hash, devtype_hash, tags_hi, tags_lo;
} FakeHeader;

typedef struct FakeUevent {
        const char *action, *path, *subsystem;
        unsigned seqnum; /* 0: none; the kernel adds its own to what it hands on */
} FakeUevent;

/* MurmurHash2 by Austin Appleby, with seed 0, as the socket filter of libudev computes it. */
static inline uint32_t fake_hash(const char *s) {
        const uint32_t m = 0x5bd1e995;
        size_t n = strlen(s);
        uint32_t h = (uint32_t)n, k;

        for (; n >= 4; n -= 4, s += 4) {
                memcpy(&k, s, 4);
                k *= m;
                k ^= k >> 24;
                h = h * m ^ k * m;
        }
        for (size_t i = n; i > 0; i--)
                h ^= (uint32_t)(unsigned char)s[i - 1] << (8 * (i - 1));
        if (n > 0)
                h *= m;
        h = (h ^ h >> 13) * m;
        return h ^ h >> 15;
}

static inline size_t fake_properties(char *buf, size_t size, const FakeUevent *e) {
        int n = snprintf(buf, size, "ACTION=%s%cDEVPATH=%s%cSUBSYSTEM=%s%c", e->action, 0, e->path,
                         0, e->subsystem, 0);

        if (e->seqnum != 0)
                n += snprintf(buf + n, size - (size_t)n, "SEQNUM=%u%c", e->seqnum, 0);
        return (size_t)n;
}

/* Both return the size of the message. */
static inline size_t fake_kernel_message(char buf[static FAKE_UEVENT_MAX], const FakeUevent *e) {
        size_t n = (size_t)snprintf(buf, FAKE_UEVENT_MAX, "%s@%s", e->action, e->path) + 1;

        return n + fake_properties(buf + n, FAKE_UEVENT_MAX - n, e);
}

static inline size_t fake_udev_message(char buf[static FAKE_UEVENT_MAX], const FakeUevent *e) {
        size_t n =
                fake_properties(buf + sizeof(FakeHeader), FAKE_UEVENT_MAX - sizeof(FakeHeader), e);
        const FakeHeader header = {
                .prefix = "libudev",
                .magic = htobe32(0xfeedcafe),
                .header_size = sizeof(header),
                .properties_off = sizeof(header),
                .properties_len = (uint32_t)n,
                .subsystem_hash = htobe32(fake_hash(e->subsystem)),
        };

        memcpy(buf, &header, sizeof(header));
        return sizeof(header) + n;
}

/* Sends from the socket fd as udevd does, or to the kernel, which numbers it and hands it on
 * (lib/kobject_uevent.c, uevent_net_rcv_skb()). Returns false if that failed, not if some receiver
 * had no room: that is his business to notice. */
static inline bool fake_send(int fd, bool udev, const FakeUevent *e) {
        struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = udev ? 2 : 0 };
        char buf[NLMSG_HDRLEN + FAKE_UEVENT_MAX] __attribute__((aligned(8)));
        size_t n;

        if (udev)
                n = fake_udev_message(buf, e);
        else {
                n = NLMSG_HDRLEN + fake_kernel_message(buf + NLMSG_HDRLEN, e);
                *(struct nlmsghdr *)buf = (struct nlmsghdr){
                        .nlmsg_len = (uint32_t)n,
                        .nlmsg_type = NLMSG_MIN_TYPE,
                        .nlmsg_flags = NLM_F_REQUEST,
                };
        }
        return sendto(fd, buf, n, 0, (struct sockaddr *)&to, sizeof(to)) >= 0 || errno == ENOBUFS;
}
