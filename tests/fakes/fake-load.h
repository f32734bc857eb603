/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of loading share: a machine with a kernel and an initrd, what is set, and what
 * came of it. */
#pragma once

#include "fake-kernel.h"
#include "load/prepare.h"
#include "test.h"
#include "tree.h"

#define R      "6.12.57+deb12-amd64"
#define KERNEL "/boot/vmlinuz-" R
#define INITRD "/var/lib/kdump/initrd.img-" R
#define UNIT   "/usr/lib/systemd/system/kdump-tools-dump.service" /* what such initrds need */
#define WORD   "systemd.unit=kdump-tools-dump.service"
#define LOADED "/sys/kernel/kexec_crash_loaded"

static Tree tree;
static uint8_t image[FAKE_KERNEL_SIZE]; /* what is in KERNEL */
static Settings settings;
static LoadReport report;
static Prepared prepared;

static inline void set_loaded(bool loaded) {
        tree_text(&tree, LOADED, loaded ? "1\n" : "0\n");
}

/* A machine on which a load works, with a reservation of so many bytes, as sysfs says it. */
static inline void load_init(const char *reservation, bool loaded) {
        tree_init(&tree);
        fake_kernel(image, R);
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        tree_text(&tree, INITRD, "an initrd");
        tree_text(&tree, UNIT, "[Service]\n");
        tree_text(&tree, "/proc/cmdline", "root=/dev/sda1 ro crashkernel=256M\n");
        tree_text(&tree, "/proc/self/status", "CapEff:\t000001ffffffffff\n");
        tree_text(&tree, "/sys/kernel/kexec_crash_size", reservation);
        set_loaded(loaded);
        report = (LoadReport){ 0 };
        prepared = PREPARED_INIT;
        ck_assert_int_eq(settings_init(&settings), 0);
}

static inline void teardown(void) {
        prepared_done(&prepared);
        load_report_done(&report);
        settings_done(&settings);
        tree_done(&tree);
}

static inline void set(const char *key, const char *value) {
        Error error;

        ck_assert_int_eq(settings_set(&settings, "Image", key, value, &error), 0);
}
