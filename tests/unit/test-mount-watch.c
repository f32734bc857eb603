/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/mount-watch: file systems that come late. In place of mountinfo, a socket is polled; its
 * urgent data are what mounts are there. */
#include "daemon/mount-watch.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/time-util.h"
#include "test.h"
#include "tree.h"

#define ROOT     "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
#define BOOT     "2 1 8:2 / /boot rw - ext4 /dev/sda2 rw\n"
#define CRASH    "3 1 8:3 / /var/crash rw - xfs /dev/sda3 rw\n"
#define VAR      "4 1 8:4 / /var rw - ext4 /dev/sda4 rw\n"
#define OVERLAY  "5 1 0:50 / /var/lib/containers/x rw - overlay overlay rw\n"
#define AUTOBOOT "6 1 0:60 / /boot rw - autofs systemd-1 rw\n"
#define SANDBOX  "7 1 8:1 /var/lib/kdumpd /var/lib/kdumpd rw - ext4 /dev/sda1 rw\n"

static Tree tree;
static Settings settings;
static sd_event *event;
static MountWatch *watch;
static unsigned n_loaded, n_dumps, n_awaited;

static void on_mounted(void *userdata, bool of_what_is_loaded) {
        *(of_what_is_loaded ? &n_loaded : &n_dumps) += 1;
}

static void on_awaited(void *userdata) {
        n_awaited++;
}

static void mounted(const char *text) {
        tree_text(&tree, "/proc/self/mountinfo", text);
}

static void start(int fd) {
        const MountWatchSetup watch_setup = {
                .root_fd = tree.fd,
                .fd = fd,
                .mounted = on_mounted,
                .awaited = on_awaited,
        };

        ck_assert_int_eq(mount_watch_new(event, &watch_setup, &watch), 0);
        ck_assert_int_eq(mount_watch_set(watch, &settings), 0);
}

static void setup(void) {
        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        mounted(ROOT);
        n_loaded = n_dumps = n_awaited = 0;
}

static void teardown(void) {
        watch = mount_watch_free(watch);
        sd_event_unref(event);
        settings_done(&settings);
        tree_done(&tree);
}

/* Looks with these mounts: how often of what is loaded, and of dumps only, it tells. */
static void check_look(const char *text, unsigned loaded, unsigned dumps) {
        n_loaded = n_dumps = 0;
        mounted(text);
        mount_watch_look(watch);
        ck_assert_msg(n_loaded == loaded && n_dumps == dumps, "%u, %u at:\n%s", n_loaded, n_dumps,
                      text);
}

START_TEST(what_matters) {
        start(-EBADF);
        check_look(ROOT, 0, 0);
        check_look(ROOT OVERLAY, 0, 0);
        check_look(ROOT OVERLAY BOOT, 1, 0);
        check_look(ROOT BOOT, 0, 0);
        check_look(ROOT BOOT CRASH, 0, 1);
        check_look(ROOT BOOT, 0, 0); /* gone */
        check_look(ROOT BOOT CRASH, 0, 1);
        /* Of two at once, the one that counts more. */
        check_look(ROOT, 0, 0);
        check_look(ROOT BOOT CRASH, 1, 0);
}
END_TEST

/* Mounts of the sandbox lie on what comes late. */
START_TEST(below_a_mount) {
        mounted(ROOT SANDBOX);
        start(-EBADF);
        check_look(ROOT SANDBOX VAR, 1, 0);
        check_look(ROOT SANDBOX VAR CRASH, 0, 1);
}
END_TEST

/* What is mounted when somebody looks there, and unmounted after a while, is no news each time. */
START_TEST(automount) {
        start(-EBADF);
        check_look(ROOT AUTOBOOT, 0, 0);
        check_look(ROOT AUTOBOOT BOOT, 1, 0);
        check_look(ROOT AUTOBOOT, 0, 0);
        check_look(ROOT AUTOBOOT BOOT, 0, 0);
}
END_TEST

START_TEST(of_the_configuration) {
        Error error;

        ck_assert_int_eq(settings_set(&settings, "Image", "Kernel", "/data/vmlinuz", &error), 0);
        start(-EBADF);
        check_look(ROOT "8 1 8:8 / /data rw - ext4 /dev/sda8 rw\n", 1, 0);
        check_look(ROOT "8 1 8:9 / /data rw - ext4 /dev/sda9 rw\n", 1, 0);
        check_look(ROOT "8 1 8:9 / /srv rw - ext4 /dev/sda9 rw\n", 0, 0);
        /* A device of dumps may be mounted anywhere. */
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sda7", &error), 0);
        ck_assert_int_eq(mount_watch_set(watch, &settings), 0);
        check_look(ROOT "8 1 8:9 / /srv rw - ext4 /dev/sda9 rw\n", 0, 0);
        check_look(ROOT "8 1 8:9 / /srv rw - ext4 /dev/sda9 rw\n"
                        "9 1 8:7 / /mnt rw - ext4 /dev/sda7 rw\n",
                   0, 1);
}
END_TEST

static void check_missing(const char *fstab, const char *point) {
        _cleanup_free_ char *found = NULL;

        tree_text(&tree, "/etc/fstab", fstab);
        ck_assert_int_eq(mount_watch_is_missing(watch, &found), point != NULL);
        ck_assert_str_eq(strempty(found), strempty(point));
}

START_TEST(missing) {
        start(-EBADF);
        check_missing("/dev/sda1 / ext4 defaults 0 1\n", NULL);
        check_missing("/dev/sda2 /boot ext4 nofail 0 2\n", "/boot");
        check_missing("/dev/sda2 /boot ext4 noauto 0 2\n", NULL);
        check_missing("/dev/sda4 /var ext4 defaults 0 2\n", "/var");
        /* Nobody needs that for a load. */
        check_missing("server:/crash /var/crash nfs4 defaults 0 0\n", NULL);
        check_missing("/dev/sda9 /srv ext4 defaults 0 2\n", NULL);
        mounted(ROOT BOOT);
        check_missing("/dev/sda2 /boot ext4 nofail 0 2\n", NULL);
        mounted(ROOT AUTOBOOT);
        check_missing("/dev/sda2 /boot ext4 x-systemd.automount 0 2\n", NULL);
        tree_unlink(&tree, "/proc/self/mountinfo");
        check_missing("/dev/sda2 /boot ext4 nofail 0 2\n", NULL);
}
END_TEST

/* A connection of TCP to ourselves: only these have urgent data everywhere. */
static void connect_both(int *ret_a, int *ret_b) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        _cleanup_close_ int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        *ret_a = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(*ret_a, (struct sockaddr *)&address, size), 0);
        *ret_b = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(*ret_b, 0);
}

static void run_for(uint64_t usec) {
        uint64_t end = monotonic_usec() + usec;

        while (monotonic_usec() < end)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
}

/* The start waits for what matters to a load, once, and not for ever. */
START_TEST(waits) {
        start(-EBADF);
        tree_text(&tree, "/etc/fstab", "/dev/sda2 /boot ext4 nofail 0 2\n");
        ck_assert(mount_watch_wait(watch, USEC_PER_HOUR));
        check_look(ROOT CRASH, 0, 1);
        ck_assert_uint_eq(n_awaited, 0);
        /* What is loaded is told of by awaited(). */
        check_look(ROOT VAR, 0, 1);
        ck_assert_uint_eq(n_awaited, 0);
        check_look(ROOT VAR BOOT, 0, 1);
        ck_assert_uint_eq(n_awaited, 1);
        check_look(ROOT VAR, 0, 0);
        check_look(ROOT VAR "2 1 8:7 / /boot rw - ext4 /dev/sda7 rw\n", 1, 0);
        ck_assert_uint_eq(n_awaited, 1);
        ck_assert(!mount_watch_wait(watch, USEC_PER_HOUR));
}
END_TEST

START_TEST(has_no_more_patience) {
        start(-EBADF);
        tree_text(&tree, "/etc/fstab", "/dev/sda2 /boot ext4 nofail 0 2\n");
        ck_assert(mount_watch_wait(watch, 10 * USEC_PER_MSEC));
        for (unsigned i = 0; n_awaited == 0 && i < 200; i++)
                run_for(100 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_awaited, 1);
        check_look(ROOT BOOT, 1, 0);
        ck_assert_uint_eq(n_awaited, 1);
}
END_TEST

/* A burst is told once, when it is over; and something that comes after it is told, too. */
START_TEST(bursts) {
        _cleanup_close_ int tell = -EBADF;
        int fd;

        connect_both(&tell, &fd);
        start(fd);
        ck_assert_int_eq(send(tell, "!", 1, MSG_OOB), 1);
        run_for(50 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_loaded, 0);
        mounted(ROOT VAR);
        ck_assert_int_eq(send(tell, "!", 1, MSG_OOB), 1);
        run_for(50 * USEC_PER_MSEC);
        mounted(ROOT VAR BOOT);
        ck_assert_int_eq(send(tell, "!", 1, MSG_OOB), 1);
        for (unsigned i = 0; n_loaded == 0 && i < 200; i++)
                run_for(100 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_loaded, 1);
        mounted(ROOT VAR BOOT CRASH);
        ck_assert_int_eq(send(tell, "!", 1, MSG_OOB), 1);
        for (unsigned i = 0; n_dumps == 0 && i < 200; i++)
                run_for(100 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_loaded, 1);
        ck_assert_uint_eq(n_dumps, 1);
}
END_TEST

/* The file of a fake machine cannot be polled, which is no error. */
START_TEST(plain_file) {
        start(openat(tree.fd, "proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
        check_look(ROOT BOOT, 1, 0);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, what_matters);
        ADD_FIXTURE_TEST(suite, below_a_mount);
        ADD_FIXTURE_TEST(suite, automount);
        ADD_FIXTURE_TEST(suite, of_the_configuration);
        ADD_FIXTURE_TEST(suite, missing);
        ADD_FIXTURE_TEST(suite, waits);
        ADD_FIXTURE_TEST(suite, has_no_more_patience);
        ADD_FIXTURE_TEST(suite, bursts);
        ADD_FIXTURE_TEST(suite, plain_file);
}

TEST_MAIN("mount-watch", add_cases)
