/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems that may come late. */
#include "daemon/mount-watch.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "sys/log.h"
#include "sys/mounts.h"

/* From the first mount of a burst to the look; and between two looks, as on some machines something
 * is mounted all the time. */
#define BURST_USEC   (300 * USEC_PER_MSEC)
#define BETWEEN_USEC (1 * USEC_PER_SEC)

/* Where kernels and initrds are looked for (sys/locate.c), and what they are on. What is below
 * /var/lib has mounts of our sandbox on it, which would hide what comes below them. */
static const char *const places[] = { "/boot",    "/boot/efi",     "/efi", "/usr/lib/modules",
                                      "/var/lib", "/var/lib/kdump" };

typedef struct Watched {
        char *path;
        bool is_of_dumps;
        Mount mount; /* what it was on; zeroed if that is not known */
} Watched;

/* The places, and Kernel=, Initrd=, Path= of the settings. */
#define WATCHED_MOST (ELEMENTSOF(places) + 3)

struct MountWatch {
        MountWatchSetup setup;
        Watched watched[WATCHED_MOST];
        size_t n;
        bool has_target; /* dumps go to a device, wherever that is mounted */
        size_t n_devices;
        sd_event_source *source, *timer;
        sd_event_source *patience; /* NULL: nothing is waited for */
        uint64_t looked_usec;
};

static void forget(MountWatch *w) {
        for (size_t i = 0; i < w->n; i++) {
                free(w->watched[i].path);
                mount_done(&w->watched[i].mount);
        }
        w->n = 0;
}

MountWatch *mount_watch_free(MountWatch *w) {
        if (!w)
                return NULL;
        forget(w);
        sd_event_source_disable_unref(w->source);
        sd_event_source_disable_unref(w->timer);
        sd_event_source_disable_unref(w->patience);
        closep(&w->setup.fd);
        free(w);
        return NULL;
}

static bool is_same(const Mount *a, const Mount *b) {
        return a->point && streq(a->point, b->point) && a->major == b->major &&
               a->minor == b->minor && streq(a->source, b->source);
}

/* Returns whether something new is mounted there. What was unmounted leaves less than there was,
 * which is for the next look at the files to find out; and an automount is nothing yet. */
static bool has_come(Watched *watched, Mounts *mounts) {
        _cleanup_(mount_done) Mount mount = { 0 };
        bool is_new;

        if (mounts_of_path(mounts, watched->path, &mount) < 0 || streq(mount.type, "autofs") ||
            is_same(&watched->mount, &mount))
                return false;
        is_new = strlen(mount.point) >= strlen(strempty(watched->mount.point));
        mount_done(&watched->mount);
        watched->mount = mount;
        mount = (Mount){ 0 };
        return is_new;
}

static int count_device(void *userdata, const Mount *mount) {
        size_t *n = userdata;

        *n += startswith(mount->source, "/dev/") != NULL;
        return 0;
}

/* Returns whether there are more mounts of devices than there were. */
static bool has_device_come(MountWatch *w, Mounts *mounts) {
        size_t n = 0;
        bool is_more;

        if (mounts_each(mounts, count_device, &n) < 0)
                return false;
        is_more = n > w->n_devices;
        w->n_devices = n;
        return is_more;
}

static void look(MountWatch *w, bool *ret_loaded, bool *ret_dumps) {
        _cleanup_(mounts_freep) Mounts *mounts = NULL;

        *ret_loaded = *ret_dumps = false;
        w->looked_usec = monotonic_usec();
        if (mounts_read_below(w->setup.root_fd, "/proc/self/mountinfo", false, &mounts) < 0)
                return;
        for (size_t i = 0; i < w->n; i++)
                if (has_come(&w->watched[i], mounts))
                        *(w->watched[i].is_of_dumps ? ret_dumps : ret_loaded) = true;
        *ret_dumps |= has_device_come(w, mounts) && w->has_target;
}

static void end_wait(MountWatch *w) {
        w->patience = sd_event_source_disable_unref(w->patience);
        w->setup.awaited(w->setup.userdata);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        log_notice("Going on without what is not mounted yet");
        end_wait(userdata);
        return 0;
}

bool mount_watch_wait(MountWatch *w, uint64_t patience_usec) {
        sd_event *event = sd_event_source_get_event(w->timer);
        _cleanup_free_ char *point = NULL;

        if (w->patience || !mount_watch_is_missing(w, &point) ||
            sd_event_add_time(event, &w->patience, CLOCK_MONOTONIC,
                              add_saturated(monotonic_usec(), patience_usec), 0, on_patience,
                              w) < 0)
                return false;
        log_info("Waiting for \"%s\" to be mounted, for %" PRIu64 " s at most", strempty(point),
                 patience_usec / USEC_PER_SEC);
        return true;
}

void mount_watch_look(MountWatch *w) {
        bool loaded, dumps;

        look(w, &loaded, &dumps);
        if (!loaded && !dumps)
                return;
        if (w->patience) {
                _cleanup_free_ char *point = NULL;

                loaded = false;
                if (!mount_watch_is_missing(w, &point))
                        end_wait(w);
        }
        w->setup.mounted(w->setup.userdata, loaded);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        MountWatch *w = userdata;

        /* First: what comes from here on is news again. */
        (void)sd_event_source_set_enabled(w->source, SD_EVENT_ON);
        mount_watch_look(w);
        return 0;
}

static int on_mounts(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        MountWatch *w = userdata;
        uint64_t due = MAX(monotonic_usec() + BURST_USEC, w->looked_usec + BETWEEN_USEC);

        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        (void)sd_event_source_set_time(w->timer, due);
        (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
        return 0;
}

static int add(MountWatch *w, const char *path, bool is_of_dumps) {
        Watched *watched = &w->watched[w->n];

        if (path[0] != '/')
                return 0;
        *watched = (Watched){ .path = strdup(path), .is_of_dumps = is_of_dumps };
        if (!watched->path)
                return -ENOMEM;
        w->n++;
        return 0;
}

int mount_watch_set(MountWatch *w, const Settings *settings) {
        bool loaded, dumps;
        int r = 0;

        forget(w);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(places); i++)
                r = add(w, places[i], false);
        if (r >= 0)
                r = add(w, settings->kernel, false);
        if (r >= 0)
                r = add(w, settings->initrd, false);
        if (r >= 0)
                r = add(w, settings->capture_path, true);
        w->has_target = settings->target.type != TARGET_AUTO ||
                        settings->fallback_target.type != TARGET_NONE;
        look(w, &loaded, &dumps);
        return r;
}

/* Returns whether fstab has more for the path than what it is on. */
static bool is_missing(const Watched *watched, Mounts *fstab, Mounts *mounts, char **ret) {
        _cleanup_(mount_done) Mount mounted = { 0 }, missing = { 0 };

        if (watched->is_of_dumps || mounts_of_path(mounts, watched->path, &mounted) < 0 ||
            mounts_missing(fstab, watched->path, &mounted, &missing) <= 0)
                return false;
        *ret = missing.point;
        missing.point = NULL;
        return true;
}

bool mount_watch_is_missing(MountWatch *w, char **ret) {
        _cleanup_(mounts_freep) Mounts *fstab = NULL, *mounts = NULL;

        if (mounts_read_below(w->setup.root_fd, "/etc/fstab", true, &fstab) < 0 ||
            mounts_read_below(w->setup.root_fd, "/proc/self/mountinfo", false, &mounts) < 0)
                return false;
        for (size_t i = 0; i < w->n; i++)
                if (is_missing(&w->watched[i], fstab, mounts, ret))
                        return true;
        return false;
}

int mount_watch_new(sd_event *event, const MountWatchSetup *setup, MountWatch **ret) {
        _cleanup_(mount_watch_freep) MountWatch *w = calloc(1, sizeof(*w));
        int r = 0;

        if (!w)
                return -ENOMEM;
        w->setup = *setup;
        if (setup->fd >= 0)
                r = sd_event_add_io(event, &w->source, setup->fd, EPOLLPRI, on_mounts, w);
        /* A plain file, of a made-up machine. */
        if (r == -EPERM)
                r = 0;
        if (r >= 0)
                r = sd_event_add_time(event, &w->timer, CLOCK_MONOTONIC, 0, 0, on_timer, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}
