#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may include what. HACKING.md says why.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}

# The layers below each folder.
layers_of() {
    case $1 in
    base) echo base ;;
    core) echo base core ;;
    image) echo base core image purgatory ;;
    purgatory) echo base purgatory ;;
    sys) echo base core sys ;;
    capture | ctl | daemon | load | mkinitramfs) echo base core image sys "$1" ;;
    *) fail "src/$1/ is no layer that this script knows" >&2 ;;
    esac
}

# The only users of each library's headers, as a pattern of files below src/. A header that is in
# neither of the two lists is a library that nobody has written down yet.
users_of() {
    case $1 in
    cpuid.h | immintrin.h) echo base/sha256-best.c ;;
    libudev.h) echo 'sys/udev-device.c sys/uevent.c' ;;
    libeconf.h | libeconf_ext.h) echo sys/conffile.c ;;
    blkid/blkid.h) echo sys/block-probe.c ;;
    zlib.h) echo sys/gzip.c ;;
    libkmod.h) echo sys/modules.c ;;
    archive.h | archive_entry.h) echo sys/cpio.c ;;
    libmount.h) echo sys/mounts.c ;;
    libelf.h | gelf.h) echo 'core/elf-kernel.c image/elf*.c' ;;
    json-c/*) echo 'sys/json-fields.c ctl/json.c' ;;
    systemd/sd-bus.h | systemd/sd-bus-*.h) echo 'daemon/bus*.[ch] ctl/client.c' ;;
    systemd/sd-event.h) echo 'daemon/*.[ch]' ;;
    systemd/sd-journal.h) echo sys/log.c ;;
    systemd/sd-daemon.h) echo 'daemon/daemon.c' ;;
    asm/*.h | linux/*.h | sys/*.h) echo '*' ;;
    ctype.h | dirent.h | elf.h | endian.h | errno.h | fcntl.h | fnmatch.h) echo '*' ;;
    getopt.h) echo 'sys/options.c ctl/main.c' ;;
    inttypes.h | limits.h | poll.h | sched.h | signal.h | spawn.h | stdarg.h) echo '*' ;;
    stdbool.h | stddef.h | stdint.h | stdio.h | stdlib.h | string.h | strings.h) echo '*' ;;
    syslog.h | termios.h | time.h | unistd.h) echo '*' ;;
    esac
}

# What the pure layers may include of libc: nothing that does anything. (stdio.h is for snprintf;
# the symbols are checked below.)
is_pure() {
    case $1 in
    ctype.h | elf.h | endian.h | errno.h | inttypes.h | limits.h | stdarg.h | stdbool.h) ;;
    stddef.h | stdint.h | stdio.h | stdlib.h | string.h | strings.h) ;;
    *) return 1 ;;
    esac
}

# matches NAME PATTERN...
matches() {
    candidate=$1
    shift
    for pattern in "$@"; do
        # shellcheck disable=SC2254
        case $candidate in
        $pattern) return 0 ;;
        esac
    done
    return 1
}

check_own() {
    layer=${1%%/*}
    case $2 in
    */*) ;;
    *)
        fail "src/$1 includes \"$2\" without its folder"
        return
        ;;
    esac
    # shellcheck disable=SC2046
    matches "${2%%/*}" $(layers_of "$layer") || fail "src/$1 may not include \"$2\""
    case $layer:$2 in
    purgatory:base/sha256.h | purgatory:purgatory/*) ;;
    purgatory:*) fail "src/$1 runs without a C library, and \"$2\" wants one" ;;
    core:base/file-util.h | image:base/file-util.h) fail "src/$1 is pure, and \"$2\" does I/O" ;;
    esac
    [ -e "$srcdir/src/$2" ] || fail "src/$1 includes \"$2\", which does not exist"
}

check_library() {
    users=$(users_of "$2")
    [ -n "$users" ] || fail "src/$1 includes <$2>, which has no place in users_of() in this script"
    set -f
    # shellcheck disable=SC2086
    matches "$1" $users || fail "src/$1 may not include <$2>, only $users may"
    set +f
    case $1 in
    core/* | image/* | purgatory/*)
        case $2 in
        libelf.h | gelf.h) ;;
        *) is_pure "$2" || fail "src/$1 is pure, and <$2> is not" ;;
        esac
        ;;
    esac
}

cd "$srcdir/src"
for file in */*.[ch]; do
    includes=$(sed -n 's/^ *# *include *\([<"][^">]*\)[">].*/\1/p' "$file")
    first=1
    for include in $includes; do
        case $include in
        \"*)
            include=${include#\"}
            check_own "$file" "$include"
            ;;
        *)
            include=${include#<}
            check_library "$file" "$include"
            ;;
        esac
        # x.c sees x.h before anything else, which keeps x.h honest.
        if [ $first = 1 ] && [ -e "${file%.c}.h" ] && [ "$file" != "${file%.c}" ] &&
            [ "$include" != "${file%.c}.h" ]; then
            fail "src/$file includes $include before its own header"
        fi
        first=0
    done
done

# What the pure layers call outside of themselves.
pure_symbol() {
    case $1 in
    abort | bcmp | calloc | free | malloc | realloc | reallocarray) ;;
    qsort | snprintf | vsnprintf | strdup | strndup | strerror_r) ;;
    mem* | str* | __isoc23_str* | __memcpy_chk | __memmove_chk | __memset_chk | __mempcpy_chk) ;;
    __snprintf_chk | __vsnprintf_chk | __str*_chk | __stack_chk_*) ;;
    __assert_fail | _GLOBAL_OFFSET_TABLE_) ;;
    __asan_* | __ubsan_* | __sanitizer_* | __sancov_* | __gcov_* | __llvm_*) ;;
    elf_* | elf64_* | gelf_*) ;;
    *) return 1 ;;
    esac
}

defined() {
    nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }'
}

check_symbols() {
    command -v nm >/dev/null || return 0
    archive=$builddir/$1
    shift
    [ -e "$archive" ] || return 0
    known=$(for other in "$archive" "$@"; do defined "$builddir/$other" 2>/dev/null || :; done)
    known="$known
$(defined "$archive")"
    # base/file-util.o is not for them.
    io=$(nm --defined-only "$builddir/libkdumpd-base.a" |
        awk '/file-util.o:$/ { on = 1; next } /:$/ { on = 0 } on && NF == 3 { print $3 }')
    for symbol in $(nm -u "$archive" | awk 'NF == 2 { print $2 }' | sort -u); do
        if echo "$io" | grep -qx "$symbol"; then
            fail "${archive##*/} calls $symbol(), which does I/O"
        elif ! echo "$known" | grep -qx "$symbol" && ! pure_symbol "$symbol"; then
            fail "${archive##*/} calls $symbol(), which a pure layer may not"
        fi
    done
}
check_symbols libkdumpd-core.a libkdumpd-base.a
check_symbols libkdumpd-image.a libkdumpd-core.a libkdumpd-base.a

exit $failed
