/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where kdumpd's programs keep what they tell each other: until the next boot, and for longer. */
#pragma once

#define RUN_DIRECTORY "/run/kdumpd"

/* 'kdumpctl unload' makes it, where only root can, and removes it: by this alone kdump-load knows
 * that it is root who wants the image unloaded. */
#define UNLOAD_WANTED_PATH RUN_DIRECTORY "/unload-wanted"

/* The loader's: which image is loaded, and the lock that it holds. */
#define LOAD_DIRECTORY "/run/kdumpd-load"

/* kdumpd's own, which nobody else believes. */
#define DAEMON_DIRECTORY "/run/kdumpd-daemon"

#define LOAD_SOCKET  RUN_DIRECTORY "/load.socket"
#define BUILD_SOCKET RUN_DIRECTORY "/build.socket"
#define NOTES_SOCKET RUN_DIRECTORY "/notes.socket"
#define SCAN_SOCKET  RUN_DIRECTORY "/scan.socket"
#define WATCH_SOCKET RUN_DIRECTORY "/watch.socket"

#define STATE_DIRECTORY "/var/lib/kdumpd"
