# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel for scripts that source this, which is only its header.

# make_bzimage FILE: by the boot protocol, with an init_size of 56 MiB.
make_bzimage() {
    mkdir -p "${1%/*}"
    truncate -s 65536 "$1"
    poke "$1" 0x1f1 '\003'
    poke "$1" 0x1fe '\0125\0252'
    poke "$1" 0x201 '\0146'
    poke "$1" 0x202 'HdrS\017\002'
    poke "$1" 0x211 '\001'
    poke "$1" 0x232 '\040'
    poke "$1" 0x236 '\077'
    poke "$1" 0x238 '\0377\007'
    poke "$1" 0x25b '\001'
    poke "$1" 0x262 '\0200\003'
}
poke() {
    printf '%b' "$3" | dd of="$1" bs=1 seek="$(($2))" conv=notrunc 2>/dev/null
}
