/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The MESSAGE_ID= of what kdumpd writes to the journal: an interface, like the names on D-Bus, and
 * explained in conf/kdumpd.catalog.in. make check compares the two. */
#pragma once

/* An image was loaded where none of ours was: at start, on request, or after somebody removed
 * it. */
#define MESSAGE_ARMED "9d7c9ef192b34dd99d08f9d7d4d6681e"
/* The image was loaded again, because it did not cover the machine any more or on request. */
#define MESSAGE_RELOADED "78a58d6c238f436299cdb4abd97e5c2f"
/* CPUs or memory came or went, and the kernel has updated the image itself. */
#define MESSAGE_SKIPPED "e3a70a47fcf7402fa65bc1cfbffe1c26"
/* A load failed; another try follows. */
#define MESSAGE_LOAD_FAILED "5fad398c637540cf81e145f1b01898b3"
/* Nothing can be loaded on this machine as it is. */
#define MESSAGE_UNAVAILABLE "87bf236fdb234b5da56eaaff8407c2d8"
/* Something else than kdumpd loaded an image, or unloaded kdumpd's. */
#define MESSAGE_FOREIGN "b2b840b80a4a4c68b1203452f7855afc"
/* An image from before kdumpd started, or a foreign one, stays. */
#define MESSAGE_ADOPTED "a6497f5987d444bfb076edbf1787273c"
/* The image was unloaded on request, or because the service stopped with UnloadOnStop=yes. */
#define MESSAGE_UNLOADED "5a06b50c19a34f588999fffa017bd912"
/* The kernel logged that it could not update the image. */
#define MESSAGE_KERNEL_MISSED "8259170eebbf4e5496966c16c355b356"
/* The kernel's buffer of uevents overflowed. */
#define MESSAGE_OVERFLOW "9fa751fed52a4111834ee2ffa6b6fb5e"
/* Something in the configuration was not understood and is ignored. */
#define MESSAGE_CONFIGURATION "1422b5e1241c4ceaa5d90a05b5d2ef92"
/* A panic before this boot left a dump, or at least something. */
#define MESSAGE_CRASH "5d110564bf5c4c89a04329712b9d2aba"
/* What became of a crash test. */
#define MESSAGE_CRASH_TEST "0e28741eda884c4c844ebdf801275499"
/* The last boot had no orderly end, and nothing of it was left. */
#define MESSAGE_UNCLEAN_END "9a1c035183d5423fb1ddd63508dd6492"
/* The capture initramfs could not be built. */
#define MESSAGE_BUILD_FAILED "38ba7a7b33f24000ab5607a8a614aad1"
/* More memory should be reserved: a capture by the image that was loaded takes more. */
#define MESSAGE_TOO_LITTLE "c07d1a4c7f0e4d6b9a3e52d8f16b80e4"
/* The capture initramfs was built. */
#define MESSAGE_BUILT "a72903255178460a8a0836c68671e5e0"
