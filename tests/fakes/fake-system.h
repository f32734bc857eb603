/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake kernel and the world around it, in which a guard lives on a virtual clock.
 * Carries out the guard's actions as the daemon does, and checks after each step what must
 * hold always. */
#pragma once

#include "daemon/guard.h"

/* How the next jobs fare. */
typedef enum Fate {
        FATE_OK,
        FATE_NOT_STARTED,   /* fork fails */
        FATE_REFUSED,       /* fails before the point of no return: what is loaded stays */
        FATE_LOCKDOWN,      /* the same, and for good */
        FATE_BROKEN,        /* fails after it: nothing is loaded */
        FATE_CRASHED_EARLY, /* dies before the system call */
        FATE_CRASHED_LATE,  /* and after it, before it can tell */
        FATE_HANGS_EARLY,   /* until it is killed */
        FATE_HANGS_INSIDE,  /* the same, with the kernel's lock held */
        FATE_RESTORED,      /* the same, and what was loaded before is loaded again */
        FATE_VANISHES,      /* succeeds, but nothing is loaded then */
        _FATE_MAX,
} Fate;

typedef struct FakeImage {
        bool loaded;
        bool ours;    /* loaded by a loader of ours */
        bool updates; /* the kernel rewrites it at hotplug */
        unsigned generation;
        uint64_t sets[_SUBSYSTEM_MAX]; /* what it covers */
} FakeImage;

typedef enum FakeEventType {
        FAKE_SYSTEM_UEVENT,
        FAKE_SYSTEM_OVERFLOW,
        FAKE_SYSTEM_LOG_LINE,
} FakeEventType;

/* Something that is on its way to the daemon. */
typedef struct FakeEvent {
        FakeEventType type;
        uint64_t due_usec;
        Subsystem subsystem;
        HotplugAction action;
        uint64_t seqnum;
        bool synthetic, ignored;
        bool met_load;
} FakeEvent;

#define FAKE_SYSTEM_EVENTS_MAX 1024
#define FAKE_SYSTEM_RING_MAX   128

typedef struct FakeSystem {
        /* The world. Tests set these as they like. */
        uint64_t now_usec;
        uint64_t skew_usec; /* what the daemon's monotonic clock adds; may go down */
        uint64_t realtime_offset_usec;
        uint64_t rng;
        /* What crash_hotplug says of an image of ours; a kernel that says "1" really updates it. */
        HotplugAnswer kernel;
        const char *architecture;
        Settings settings;
        unsigned generation;     /* of the files that are configured */
        unsigned sources, built; /* what the initramfs is made of, and was made of */
        uint64_t build_usec;
        uint64_t sets[_SUBSYSTEM_MAX]; /* the CPUs and memory blocks that there are, as bits */
        FakeImage image;
        uint64_t seqnum;
        Failure obstacle;
        bool reader;           /* somebody reads the attribute during each of our loads */
        bool update_fails;     /* the kernel's own updates fail */
        bool log_is_whole;     /* a process that starts has what was logged before it */
        unsigned zero_samples; /* so many looks, but not two in a row, find no image */
        uint64_t hidden_usec;  /* when one last did */
        Fate fate;
        bool unkillable; /* whatever is killed goes on, until fake_system_unstick() */
        unsigned n_fate; /* for so many jobs; UINT_MAX: for ever */
        bool plans_work; /* and dry runs are no part of that */
        uint64_t prepare_usec, call_usec;
        uint64_t uevent_delay_usec, log_delay_usec;
        unsigned n_lose;         /* so many uevents get lost without a trace */
        unsigned n_overflow;     /* and so many with one overflow for all */
        uint64_t torn_bit;       /* a memory block that comes in the middle of the next look */
        bool watching;           /* INPUT_WATCH every 30 s */
        uint64_t timer_lag_usec; /* the loop comes to a timer so late */
        bool is_bounded; /* decisions must come in time: for scripts without obstacles and kills */

        /* The notes that the kernel makes of kexec calls, if there is a watch; not while it is
         * deaf. They reach the daemon at once, and first of all when it has connected. */
        bool has_watch, is_deaf, deaf_in_secret;
        uint64_t connect_usec; /* so long after its start */
        uint64_t pid_shift;    /* in notes of our own calls, as in another PID namespace */

        /* What the world is at. */
        uint64_t n_calls;
        KexecCall ring[FAKE_SYSTEM_RING_MAX];
        size_t n_ring;
        uint64_t connected_usec; /* when it will be, or was; USEC_INFINITY: not this time */
        bool is_connected;
        bool is_unseen;           /* an image was loaded of which no note can tell */
        uint64_t job_pid;         /* of the job that was started last */
        uint64_t lock_until_usec; /* somebody else's load holds the kexec lock */
        FakeImage coming;         /* and brings this */
        uint64_t next_watch_usec;
        Job job;
        bool in_call, hangs, killed, had_image, forced;
        bool aside;        /* a build that could not be killed is still there */
        uint64_t job_usec; /* when its next phase begins */
        uint64_t call_start_usec;
        Fate job_fate;
        unsigned job_generation;
        unsigned n_marks; /* each image of ours has another one */
        FakeImage snapshot;
        bool launched; /* a load is between its first look and its verdict */
        uint64_t removed_in_load[_SUBSYSTEM_MAX]; /* since the look that preceded it */
        uint64_t excused[_SUBSYSTEM_MAX];         /* from coverage, until the next load */
        bool tampered;       /* somebody did something that only the watch can notice */
        uint64_t batch_usec; /* when the last batch was opened, on the daemon's clock */
        uint64_t burst_usec; /* the first event of a burst was delivered; 0: there is none */
        /* The first event that was not decided about came then, on our clock (0: there is none);
         * the jobs that ran since, and whether a load failed since or had failed before. */
        uint64_t undecided_usec, undecided_jobs_usec, longest_undecided_usec;
        unsigned undecided_jobs;
        bool undecided_after_failure;
        FakeEvent events[FAKE_SYSTEM_EVENTS_MAX];
        size_t n_events;

        /* The process. */
        Guard guard;
        bool running;
        uint64_t wanted_bytes; /* what reports say that a capture takes, of 256 MiB */
        bool on_disk;
        ImageRecord disk;
        HotplugAnswer seen[_SUBSYSTEM_MAX]; /* the answers of the latest look */
        unsigned callers[_REQUEST_MAX];     /* who wait for an answer */
        uint64_t die_at;   /* the process is killed after so many actions; 0: never */
        unsigned in_a_row; /* timers without time passing */

        /* What was seen. */
        uint64_t n_steps, n_actions, n_loads, n_plans, n_unloads, n_builds, n_kills, n_stuck,
                n_ready, n_exits, n_short;
        uint64_t n_dropped;      /* images that were taken away by a load */
        uint64_t n_good_dropped; /* and those that needed none: see check_drop() */
        /* Bits of Reason: something has happened that a load for it can be the answer to, since the
         * launch of the last one that dropped a good image; and at the launch of this one. */
        uint64_t excused_causes, excused_at_launch;
        bool untold;      /* a load that ended without a word has had its second try since then */
        uint64_t excuses; /* of the input that is on its way to the guard */
        uint64_t n_attribute_reads, n_fingerprints, n_answers, n_told_builds;
        uint64_t n_verdicts[_VERDICT_MAX];
        Failure answered[_REQUEST_MAX];
        size_t longest; /* list of actions */
} FakeSystem;

/* Says what does not hold and aborts, in tests and in fuzzing alike. */
#define FAKE_SYSTEM_CHECK(sim, condition)                                       \
        do {                                                                    \
                if (!(condition))                                               \
                        fake_system_abort(sim, __FILE__, __LINE__, #condition); \
        } while (0)
_Noreturn void fake_system_abort(const FakeSystem *s, const char *file, int line, const char *what);

/* A world with four memory blocks, two CPUs, a kernel of the kind given, and no process yet. Free
 * with fake_system_done(). */
void fake_system_init(FakeSystem *s, HotplugAnswer kernel);
void fake_system_done(FakeSystem *s);

/* Starts the daemon, with the record that the last one left. */
void fake_system_start(FakeSystem *s);

/* kill -9, which takes the job along as systemd does. Harmless if the daemon does not run.
 * Lines of the kernel's log that are on their way, or come before the next start, are lost; and
 * so are uevents that fell into a load. If the set of devices is the same after that, nothing
 * can tell the next process. */
void fake_system_kill(FakeSystem *s);

/* Lets time pass. */
void fake_system_run(FakeSystem *s, uint64_t usec);

/* Something happens to the daemon. */
void fake_system_input(FakeSystem *s, InputType type);

/* The end of a job that does not run. */
void fake_system_ended(FakeSystem *s, Job job);
void fake_system_request(FakeSystem *s, Request request);
void fake_system_feed(FakeSystem *s, const Input *in); /* one that the world does not know of */
void fake_system_shutdown(FakeSystem *s);              /* the whole machine goes down */
void fake_system_glance(FakeSystem *s);                /* somebody asks for "Armed" */
/* What the initramfs is made of changes, fake_system_input(INPUT_RECONFIGURED) tells the daemon. */
void fake_system_touch_sources(FakeSystem *s);
/* The daemon builds the initramfs itself from now on. Before fake_system_start(). */
void fake_system_builds(FakeSystem *s);
/* What could not be killed ends. */
void fake_system_unstick(FakeSystem *s);
/* Somebody changes the configured files; fake_system_input(INPUT_RECONFIGURED) tells the daemon. */
void fake_system_touch_files(FakeSystem *s);

/* Something happens to the machine: the device comes or goes if the action says so, the kernel does
 * what it does, and a uevent sets out. */
void fake_system_hotplug(FakeSystem *s, Subsystem subsystem, HotplugAction action, unsigned number);
/* A uevent of which the machine does not change. */
void fake_system_uevent(FakeSystem *s, Subsystem subsystem, HotplugAction action, bool synthetic,
                        bool ignored);
/* Returns false if the lock was taken. */
bool fake_system_foreign_load(FakeSystem *s, bool updates, uint64_t usec);
bool fake_system_foreign_unload(FakeSystem *s);
/* Of a kernel for "kexec -e", which is nothing to us. */
bool fake_system_foreign_other(FakeSystem *s);
void fake_system_log_line(FakeSystem *s);

/* Whether the image that is loaded covers the machine as it is. */
bool fake_system_is_covered(const FakeSystem *s);

/* Ends all trouble, lets some minutes pass, and checks the promise: whatever happened, the
 * guard is armed with an image that covers it, nobody waits for an answer, and nothing but the
 * watchdog wakes the daemon. */
void fake_system_calm(FakeSystem *s);

/* The i-th newest decision. */
const Decision *fake_system_decision(const FakeSystem *s, size_t i);

/* Plays a script of bytes: the first two choose the world, each further pair lets something happen.
 * Any bytes are a script. Ends with fake_system_calm(). Returns the number of steps that the guard
 * made; raises *ret_longest to the longest list of actions, if it is not NULL. */
uint64_t fake_system_play(const uint8_t *script, size_t size, size_t *ret_longest);
