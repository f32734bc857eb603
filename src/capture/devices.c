/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block devices that have appeared, and those that a plan says to assemble from them. */
#include "capture/devices.h"

#include <dirent.h>
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/say.h"
#include "core/dm-table.h"
#include "sys/dm-create.h"

void devices_done(Devices *d) {
        free(d->seen);
        *d = (Devices){ 0 };
}

/* Memory, or drives that may take very long to say that nothing is in them. */
static bool is_of_no_use(const char *name) {
        static const char *const prefixes[] = { "ram", "loop", "zram", "fd", "sr", "nbd" };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                const char *number = startswith(name, prefixes[i]);

                if (number && *number >= '0' && *number <= '9')
                        return true;
        }
        return false;
}

static bool is_seen(const Devices *d, const char *name) {
        for (size_t i = 0; i < d->n_seen; i++)
                if (streq(d->seen[i].name, name))
                        return true;
        return false;
}

static SeenDevice *add_seen(Devices *d) {
        if (d->n_seen == DEVICES_MOST)
                return NULL;
        if ((d->n_seen & (d->n_seen - 1)) == 0) {
                SeenDevice *grown =
                        reallocarray(d->seen, MAX(d->n_seen * 2, (size_t)8), sizeof(SeenDevice));

                if (!grown)
                        return NULL;
                d->seen = grown;
        }
        return &d->seen[d->n_seen++];
}

/* A device that is not there yet, or has no size yet, is looked at again the next time. */
static void look_at(Devices *d, const char *sys_name) {
        const CaptureOps *ops = d->capture->ops;
        char path[300], name[64];
        BlockIdentity identity;
        SeenDevice *seen;
        uint64_t sectors;
        dev_t number;

        if (strlen(sys_name) >= sizeof(name) || is_of_no_use(sys_name))
                return;
        strscpy(name, sizeof(name), sys_name);
        for (char *p = name; *p; p++)
                if (*p == '!')
                        *p = '/';
        strscpyf(path, sizeof(path), "/sys/class/block/%s/size", sys_name);
        if (is_seen(d, name) || read_u64_below(d->capture->root_fd, path, &sectors) < 0 ||
            sectors == 0)
                return;
        strscpyf(path, sizeof(path), "/dev/%s", name);
        if (ops->probe(d->capture, path, &number, &identity) < 0)
                return;
        seen = add_seen(d);
        if (!seen)
                return;
        *seen = (SeenDevice){ .number = number, .identity = identity };
        strscpy(seen->name, sizeof(seen->name), name);
}

static void look_at_all(Devices *d) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;

        if (open_directory_below(d->capture->root_fd, "/sys/class/block", &dir) < 0)
                return;
        while ((entry = readdir(dir)))
                if (entry->d_name[0] != '.')
                        look_at(d, entry->d_name);
}

static bool plan_names(const CapturePlan *plan, const PlanDevice *device) {
        DeviceTag tag = device->type == PLAN_DEVICE_MD ? DEVICE_BY_MD : DEVICE_BY_MAPPER;
        const char *value = tag == DEVICE_BY_MD ? device->uuid : device->name;

        for (size_t i = 0; i < plan->n_devices; i++)
                for (size_t j = 0; j < plan->devices[i].n_lines; j++) {
                        const PlanDmLine *line = &plan->devices[i].lines[j];

                        for (size_t k = 0; k < line->n_devices; k++)
                                if (line->devices[k].tag == tag &&
                                    streq_ptr(line->devices[k].value, value))
                                        return true;
                }
        return false;
}

/* Whether it was made to be a part of another one. A leg of a mirror or the origin of a cache has
 * the same content as what it is a part of, and must not be taken for that. */
static bool is_part(const Devices *d, dev_t number) {
        const CapturePlan *plan = &d->capture->plan;

        for (size_t i = 0; i < MIN(plan->n_devices, (size_t)PLAN_DEVICES_MOST); i++)
                if (d->made[i] == number && plan_names(plan, &plan->devices[i]))
                        return true;
        return false;
}

bool devices_seen_is(const Devices *d, const SeenDevice *seen, const DeviceId *id,
                     const char *type) {
        return block_identity_matches(&seen->identity, id, type) && !is_part(d, seen->number);
}

static int find_made(const Devices *d, const DeviceId *id, dev_t *ret) {
        const CapturePlan *plan = &d->capture->plan;

        for (size_t i = 0; i < plan->n_devices; i++) {
                const PlanDevice *device = &plan->devices[i];
                bool is_md = device->type == PLAN_DEVICE_MD;

                if (is_md == (id->tag == DEVICE_BY_MD) && d->made[i] != 0 &&
                    streq_ptr(is_md ? device->uuid : device->name, id->value)) {
                        *ret = d->made[i];
                        return 0;
                }
        }
        return -ENODEV;
}

/* The kernel names what it made itself: dm-0, md127. */
static int path_of(const Devices *d, dev_t number, char ret_path[64]) {
        char link[64], target[512];
        const char *name;
        ssize_t n;

        strscpyf(link, sizeof(link), "sys/dev/block/%u:%u", major(number), minor(number));
        n = readlinkat(d->capture->root_fd, link, target, sizeof(target) - 1);
        if (n < 0)
                return -ENODEV;
        target[n] = '\0';
        name = strrchr(target, '/');
        strscpyf(ret_path, 64, "/dev/%s", name ? name + 1 : target);
        return 0;
}

int devices_find(const Devices *d, const DeviceId *id, char ret_path[64], dev_t *ret_number) {
        dev_t number;

        if (isempty(id->value))
                return -ENODEV;
        if (id->tag == DEVICE_BY_MAPPER || id->tag == DEVICE_BY_MD) {
                if (find_made(d, id, &number) < 0 || (ret_path && path_of(d, number, ret_path) < 0))
                        return -ENODEV;
                if (ret_number)
                        *ret_number = number;
                return 0;
        }
        for (size_t i = 0; i < d->n_seen; i++) {
                const SeenDevice *seen = &d->seen[i];

                if (!devices_seen_is(d, seen, id, NULL))
                        continue;
                if (ret_path)
                        strscpyf(ret_path, 64, "/dev/%.58s", seen->name);
                if (ret_number)
                        *ret_number = seen->number;
                return 0;
        }
        return -ENODEV;
}

/* A RAID without the legs whose devices have not appeared. */
static int without_missing(const Devices *d, const PlanDmLine *line, char **ret) {
        bool *is_missing = calloc(line->n_devices + 1, sizeof(bool)), has_any = false;
        int r;

        if (!is_missing)
                return -ENOMEM;
        for (size_t i = 0; i < line->n_devices; i++) {
                is_missing[i] = devices_find(d, &line->devices[i], NULL, NULL) < 0;
                has_any = has_any || !is_missing[i];
        }
        r = has_any ? dm_raid_without(line->parameters, is_missing, line->n_devices, ret) : -ENODEV;
        free(is_missing);
        return r == -EBADMSG ? -ENODEV : r;
}

static int line_parameters(const Devices *d, const PlanDmLine *line, bool may_degrade, char **ret) {
        _cleanup_free_ dev_t *numbers = calloc(line->n_devices + 1, sizeof(dev_t));
        _cleanup_free_ char *reduced = NULL;
        bool is_complete = true;
        int r;

        if (!numbers)
                return -ENOMEM;
        for (size_t i = 0; i < line->n_devices; i++)
                if (devices_find(d, &line->devices[i], NULL, &numbers[i]) < 0)
                        is_complete = false;
        if (!is_complete) {
                r = may_degrade && streq(line->type, "raid") ? without_missing(d, line, &reduced)
                                                             : -ENODEV;
                if (r < 0)
                        return r;
        }
        return dm_parameters(reduced ?: line->parameters, numbers, line->n_devices, ret);
}

static int make_mapper(const Devices *d, const PlanDevice *device, bool may_degrade, dev_t *ret) {
        char **parameters = calloc(device->n_lines + 1, sizeof(char *));
        int r = parameters ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < device->n_lines; i++)
                r = line_parameters(d, &device->lines[i], may_degrade, &parameters[i]);
        if (r >= 0)
                r = d->capture->ops->make_mapper(d->capture, device, parameters, ret);
        for (size_t i = 0; parameters && i < device->n_lines; i++)
                free(parameters[i]);
        free(parameters);
        return r;
}

static size_t count_found(const Devices *d, const PlanDevice *device) {
        size_t n = 0;

        for (size_t i = 0; i < device->n_lines; i++)
                for (size_t j = 0; j < device->lines[i].n_devices; j++)
                        n += devices_find(d, &device->lines[i].devices[j], NULL, NULL) >= 0;
        return n;
}

/* What the kernel has refused it would refuse again, unless there are more devices by now. */
static int try_mapper(Devices *d, size_t index, bool may_degrade, dev_t *ret) {
        const PlanDevice *device = &d->capture->plan.devices[index];
        size_t attempt = 1 + count_found(d, device);
        int r;

        if (d->tried[index] == attempt)
                return -ENODEV;
        r = make_mapper(d, device, may_degrade, ret);
        if (r != -ENODEV)
                d->tried[index] = attempt;
        return r;
}

static int make_md(Devices *d, size_t index, bool may_degrade, dev_t *ret) {
        const PlanDevice *device = &d->capture->plan.devices[index];
        DeviceId id = { DEVICE_BY_UUID, device->uuid };
        dev_t members[PLAN_MEMBERS_MOST];
        size_t n = 0;

        for (size_t i = 0; i < d->n_seen && n < PLAN_MEMBERS_MOST; i++)
                if (devices_seen_is(d, &d->seen[i], &id, "linux_raid_member"))
                        members[n++] = d->seen[i].number;
        /* With the same members it would fail in the same way. */
        if (n == 0 || n == d->tried[index] || (n < device->n_members && !may_degrade))
                return -ENODEV;
        d->tried[index] = n;
        return d->capture->ops->make_array(d->capture, device, members, n, ret);
}

void devices_look(Devices *d, bool may_degrade) {
        const CapturePlan *plan = &d->capture->plan;

        look_at_all(d);
        for (size_t i = 0; i < MIN(plan->n_devices, (size_t)PLAN_DEVICES_MOST); i++) {
                const PlanDevice *device = &plan->devices[i];
                int r;

                if (d->made[i] != 0)
                        continue;
                if (device->type == PLAN_DEVICE_MD)
                        r = make_md(d, i, may_degrade, &d->made[i]);
                else
                        r = try_mapper(d, i, may_degrade, &d->made[i]);
                if (r >= 0)
                        capture_say("assembled %s", device->name);
                else if (r != -ENODEV)
                        capture_say("%s cannot be assembled: %s", device->name, strerror(-r));
        }
}

void devices_release(Devices *d) {
        const CapturePlan *plan = &d->capture->plan;

        for (size_t i = MIN(plan->n_devices, (size_t)PLAN_DEVICES_MOST); i-- > 0;) {
                const PlanDevice *device = &plan->devices[i];
                int r;

                if (device->type != PLAN_DEVICE_MAPPER || d->made[i] == 0)
                        continue;
                r = d->capture->ops->remove_mapper(d->capture, device->name);
                if (r < 0) {
                        capture_say("%s cannot be taken apart: %s", device->name, strerror(-r));
                        continue;
                }
                d->made[i] = 0;
                d->tried[i] = 0;
                capture_progress(d->capture);
        }
        /* Their names and numbers may be others' the next time. */
        d->n_seen = 0;
}
