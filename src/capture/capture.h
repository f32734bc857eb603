/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One capture, from the plan to the dump. Everything but a few calls (CaptureOps) works on paths
 * below a root directory, so that it runs on a made-up tree without privileges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/vmcore-log.h"
#include "core/capture-plan.h"
#include "core/dump-info.h"
#include "core/failure.h"
#include "core/paths.h"
#include "sys/block-probe.h"

#define VMCORE_PATH "/proc/vmcore"
#define MOUNT_POINT RUN_DIRECTORY "/target" /* of the target */

#define LOG_LIMIT_USEC (UINT64_C(60) * 1000000)

/* What the worker tells the supervisor, in memory that both have. */
typedef struct CaptureShared {
        _Atomic uint64_t progress_usec;  /* CLOCK_MONOTONIC of the last sign of progress */
        _Atomic unsigned final_action;   /* FinalAction, once the plan is read */
        _Atomic unsigned failure_action; /* the same */
        _Atomic bool is_reading;         /* headers and log of /proc/vmcore */
        _Atomic unsigned attaching;      /* 1: the target, 2: the fallback; 0: neither */
        _Atomic bool is_complete;        /* there is a complete dump */
        _Atomic bool knows_actions;
} CaptureShared;

/* What was the end of an earlier worker, and is left out. */
typedef struct CaptureSkip {
        bool summary;     /* looking at headers and log of /proc/vmcore */
        unsigned targets; /* the target (1), and the fallback (2) */
} CaptureSkip;

typedef struct Capture Capture;

/* Each returns 0 (or more, where that is said) or negative errno, with a clause for people in
 * reterr where there is one. */
typedef struct CaptureOps {
        int (*load_module)(Capture *c, const PlanModule *module);
        /* Makes the target's device appear, waiting until deadline (CLOCK_MONOTONIC), and mounts it
         * at MOUNT_POINT; of a raw target, writes the path of its device to ret_device. */
        int (*attach)(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                      char ret_device[static 64], Error *reterr);
        /* Mounts a device with these flags of mount(2) at MOUNT_POINT, for attach(). */
        int (*mount)(const char *device, const char *type, unsigned long flags,
                     const char *options);
        void (*detach)(Capture *c, const PlanTarget *target);
        /* Takes what is mounted there away, for detach(). */
        int (*unmount)(void);
        /* Looks at what the node path is: the number of a device, and what is on it. */
        int (*probe)(Capture *c, const char *path, dev_t *ret_number, BlockIdentity *ret);
        /* Whether the kernel has all devices of the btrfs of which path is one: 1 or 0. */
        int (*scan_btrfs)(Capture *c, const char *path);
        /* dm_create(), dm_remove() and md_assemble(). */
        int (*make_mapper)(Capture *c, const PlanDevice *device, char *const *parameters,
                           dev_t *ret);
        int (*remove_mapper)(Capture *c, const char *name);
        int (*make_array)(Capture *c, const PlanDevice *device, const dev_t *members, size_t n,
                          dev_t *ret);
        /* Makes what was written to fd, a file or a directory, durable. name is for people. */
        int (*sync)(Capture *c, int fd, const char *name);
        /* Reads size bytes of /proc/vmcore at an offset. Returns how many, 0 at its end. */
        ssize_t (*read_memory)(Capture *c, void *buf, size_t size, uint64_t offset);
        /* Space for us on the file system of fd, bytes. */
        int (*free_bytes)(Capture *c, int fd, uint64_t *ret);
} CaptureOps;

extern const CaptureOps capture_ops;      /* of the real machine, target.c */
extern const CaptureOps capture_tree_ops; /* of a made-up one, whose target is mounted already */

struct Capture {
        int root_fd;
        const char *root; /* the path of root_fd without a slash at its end: "" is the real root */
        const CaptureOps *ops;
        void *userdata; /* of the ops */
        CaptureShared *shared;
        CaptureSkip skip;
        uint64_t start_usec;     /* CLOCK_MONOTONIC */
        uint64_t log_limit_usec; /* for reading the log of the crashed kernel; 0: LOG_LIMIT_USEC */
        uint64_t silence_usec;   /* of the collector; 0: COLLECTOR_SILENCE_USEC */

        CapturePlan plan;
        int vmcore_fd;
        Vmcore vmcore;
        VmcoreLog log;
        DumpInfo info;

        const PlanTarget *target;  /* that is attached */
        bool is_blamed;            /* info.message says what was wrong with that one */
        char device[64];           /* of a raw target */
        int base_fd;               /* the directory of dumps */
        int dir_fd;                /* the directory of this dump */
        char name[CRASH_NAME_MAX]; /* its name */
        char *path;                /* its path, absolute and with the root in front, for children */
};
