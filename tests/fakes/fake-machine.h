/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real kdumpd on a fake machine: a tree with the files of /sys and /proc, a script in place
 * of kdump-load that does to the tree what loading does, and an ear for what systemd is told. */
#pragma once

#include <sys/types.h>

#include "tree.h"

typedef struct FakeMachine {
        Tree tree;
        char bus_address
                [128]; /* where kdumpd looks for the system bus; nothing is there at first */
        unsigned watchdog_msec;       /* what systemd asks for, 0: none */
        bool without_net_admin;       /* with no more of a receive buffer than everybody gets */
        const char *loader;           /* the program to use, NULL: the script */
        uint64_t files_patience_usec; /* how long it waits for files, 0: as always */
        uint64_t refresh_usec; /* how soon it looks again after a build that failed, 0: as always */

        pid_t pid, bus_pid, systemd_pid, pump;
        int notify_fd;

        /* What it told since it was started. */
        unsigned n_ready, n_reloading, n_stopping, n_watchdog;
        char status[1024];
} FakeMachine;

/* Makes the tree: x86_64 with four CPUs, 256 MiB reserved, nothing loaded, no crash hotplug. */
void machine_init_fake(FakeMachine *m);
void machine_done_fake(FakeMachine *m);

/* Starts kdumpd on it. */
void machine_start(FakeMachine *m);

/* Waits for its end and returns its exit status, or minus the signal that ended it. */
int machine_wait(FakeMachine *m);

/* Starts a dbus-daemon at bus_address, and kills it. */
void machine_start_bus(FakeMachine *m);
void machine_stop_bus(FakeMachine *m);

/* Starts a bus, and what answers there in place of systemd while the machine is there: that the
 * system is in this state ("running"), or if NULL nothing. */
void machine_start_systemd(FakeMachine *m, const char *state);

/* A property of kdumpd that is a number; UINT64_MAX if there is no answer. */
uint64_t machine_number(const FakeMachine *m, const char *property);

/* Takes what it has told, waiting a little for more. */
void machine_listen(FakeMachine *m);

/* Sends SIGTERM, and checks that the process ends well. */
void machine_stop(FakeMachine *m);

/* Waits until the condition holds, or fails with what kdumpd has said. */
#define AWAIT_MACHINE(m, condition)                                            \
        do {                                                                   \
                uint64_t _start = monotonic_usec();                            \
                while (!(condition)) {                                         \
                        machine_listen(m);                                     \
                        if (monotonic_usec() > _start + MACHINE_PATIENCE_USEC) \
                                machine_give_up((m), #condition);              \
                }                                                              \
        } while (0)

#define MACHINE_PATIENCE_USEC UINT64_C(20000000)

__attribute__((noreturn)) void machine_give_up(const FakeMachine *m, const char *what);

/* How often the script was called so: "load", "plan", "unload". */
unsigned machine_calls(const FakeMachine *m, const char *verb);

/* Whether an image is loaded, and making it so behind kdumpd's back. */
bool machine_is_loaded(const FakeMachine *m);
void machine_set_loaded(const FakeMachine *m, bool loaded);

/* Whether text stands in what kdumpd has logged. */
bool machine_logged(const FakeMachine *m, const char *text);

/* With the file "hold" in the tree, loads last until it is gone. */
void machine_hold(const FakeMachine *m, bool hold);
