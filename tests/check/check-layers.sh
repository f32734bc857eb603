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
    purgatory) echo base purgatory ;;
    sys) echo base core sys ;;
    load) echo base core sys purgatory load ;;
    ctl) echo base core sys setup ctl ;;
    capture | daemon | mkinitramfs | setup | watch) echo base core sys "$1" ;;
    *) fail "src/$1/ is no layer that this script knows" >&2 ;;
    esac
}

# The only users of each library's headers, as a pattern of files below src/. A header that is in
# neither of the two lists is a library that nobody has written down yet.
users_of() {
    case $1 in
    cpuid.h | immintrin.h) echo base/sha256-best.c ;;
    libudev.h) echo sys/udev-device.c ;;
    libeconf.h | libeconf_ext.h) echo sys/conffile.c ;;
    blkid/blkid.h) echo sys/block-probe.c ;;
    zlib.h) echo sys/gzip.c ;;
    libkmod.h) echo sys/modules.c ;;
    archive.h | archive_entry.h) echo sys/cpio.c ;;
    libmount.h) echo sys/mounts.c ;;
    libelf.h | gelf.h) echo 'core/elf-kernel.c load/elfcorehdr.c mkinitramfs/elf-needed.c' ;;
    json-c/*) echo 'sys/json-fields.c ctl/json.c' ;;
    systemd/sd-bus.h | systemd/sd-bus-*.h) echo 'daemon/bus*.[ch] ctl/client.c' ;;
    systemd/sd-event.h) echo 'daemon/*.[ch]' ;;
    systemd/sd-journal.h) echo sys/log.c ;;
    systemd/sd-daemon.h) echo 'daemon/daemon*.[ch] daemon/listen.c sys/job-server.c' ;;
    asm/*.h | linux/*.h | sys/*.h) echo '*' ;;
    ctype.h | dirent.h | elf.h | endian.h | errno.h | fcntl.h | fnmatch.h) echo '*' ;;
    getopt.h) echo sys/options.c ;;
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
    linux/bpf.h | linux/btf.h) ;;
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
    core:base/file-util.h) fail "src/$1 is pure, and \"$2\" does I/O" ;;
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
    core/* | purgatory/*)
        case $2 in
        libelf.h | gelf.h) ;;
        *) is_pure "$2" || fail "src/$1 is pure, and <$2> is not" ;;
        esac
        ;;
    esac
}

sources=$(cd "$srcdir" && pwd)
cd "$srcdir/src"
# shellcheck disable=SC2044
for file in $(find . -name '*.[ch]' | sed 's,^\./,,' | sort); do
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

# What calls nothing of the system, in whatever folder: an object that calls what is allowed here,
# and objects that are so themselves. These have to stay so, and all of core.
pure='
    capture/vmcore-log
    daemon/alert daemon/batch daemon/decision daemon/guard daemon/guard-batch daemon/guard-job
    daemon/guard-load daemon/guard-look daemon/guard-step daemon/refresh daemon/status
    daemon/unit-name
    load/boot load/cmdline load/cmdline-words load/crash-image load/e820 load/efi load/elfcorehdr
    load/image
    mkinitramfs/elf-needed mkinitramfs/ld-cache
    setup/boot-loader setup/entry-text setup/grub-cfg setup/import setup/import-item
    setup/import-rows setup/reserve-plan setup/shell-file'
allowed='^(abort|bcmp|calloc|free|malloc|realloc|reallocarray|qsort|snprintf|vsnprintf|asprintf
|vasprintf|strdup|strndup|strerror_r
|mem.*|str.*|__isoc23_str.*|__memcpy_chk|__memmove_chk|__memset_chk
|__mempcpy_chk|__snprintf_chk|__vsnprintf_chk|__asprintf_chk|__vasprintf_chk|__str.*_chk
|__stack_chk_.*|__assert_fail
|_GLOBAL_OFFSET_TABLE_|__asan_.*|__ubsan_.*|__sanitizer_.*|__sancov_.*|__gcov_.*|__llvm_.*|elf_.*
|elf64_.*|gelf_.*)$'

# The functions that tests/coverage and tests/mutate leave out are there.
cd "$OLDPWD"
while read -r file function reason; do
    case $file in
    src/*)
        [ -n "$reason" ] && grep -q "^[a-z_].*[ *]$function(" "$srcdir/$file" ||
            fail "tests/real-kernel lists $function() of $file, which has none, or no reason"
        ;;
    esac
done <"$srcdir/tests/real-kernel"

cd "$builddir"
if command -v nm >/dev/null && [ -e libkdumpd-daemon.a ]; then
    # nm -A: "libkdumpd-load.a:e820.o:0000000000000000 T e820_fill"
    nm -A libkdumpd-*.a 2>/dev/null |
        awk -v pure="$pure" -v allowed="$(echo "$allowed" | tr -d '\n')" '
        NF < 2 { next }
        {
            split($1, place, ":")
            object = place[1] "/" place[2]
            gsub(/^libkdumpd-|\.a|\.o$/, "", object)
            objects[object] = 1
        }
        $(NF - 1) == "U" { calls[object] = calls[object] " " $NF; next }
        $(NF - 1) ~ /^[A-Z]$/ { home[$NF] = object }
        END {
            do {
                changed = 0
                for (object in objects) {
                    n = split(calls[object], symbol, " ")
                    for (i = 1; i <= n && !(object in impure); i++) {
                        callee = home[symbol[i]]
                        if (callee == "" ? symbol[i] !~ allowed : callee in impure) {
                            impure[object] = symbol[i]
                            changed = 1
                        }
                    }
                }
            } while (changed)
            n = split(pure, listed, " ")
            for (object in objects)
                if (object ~ /^core\//)
                    listed[++n] = object
            for (i = 1; i <= n; i++) {
                if (!(listed[i] in objects))
                    complain = listed[i] " is listed as pure, and does not exist"
                else if (listed[i] in impure)
                    complain = listed[i] " calls " impure[listed[i]] "(), so it is pure no more"
                else
                    continue
                print "FAILED: " complain
                failed = 1
            }
            exit failed
        }' || failed=1
fi

# No circle of calls between the objects of one folder: a file is read after those that it calls.
# What is left when everything was taken away that calls nothing else of its folder, or is called by
# nothing of it, goes round.
if command -v nm >/dev/null && [ -e libkdumpd-daemon.a ]; then
    # nm -A: "src/load/e820.o:0000000000000000 T e820_fill". Objects of sources that are gone stay
    # behind in a build directory.
    find src -name '*.o' | while read -r object; do
        [ ! -e "$sources/${object%.o}.c" ] || echo "$object"
    done | xargs nm -A 2>/dev/null |
        awk '
        NF < 2 { next }
        {
            object = $1
            sub(/^src\//, "", object)
            sub(/\.o:.*/, "", object)
            folder = object
            sub(/\/.*/, "", folder)
        }
        $(NF - 1) == "U" { calls[object] = calls[object] " " $NF; next }
        $(NF - 1) ~ /^[A-Z]$/ && $NF != "main" { home[folder, $NF] = object }
        END {
            for (object in calls) {
                folder = object
                sub(/\/.*/, "", folder)
                n = split(calls[object], symbol, " ")
                for (i = 1; i <= n; i++) {
                    callee = home[folder, symbol[i]]
                    if (callee != "" && callee != object)
                        call[object " " callee] = symbol[i]
                }
            }
            do {
                changed = 0
                split("", out)
                split("", in_)
                for (pair in call) {
                    split(pair, end, " ")
                    out[end[1]] = in_[end[2]] = 1
                }
                for (pair in call) {
                    split(pair, end, " ")
                    if (!(end[2] in out) || !(end[1] in in_)) {
                        delete call[pair]
                        changed = 1
                    }
                }
            } while (changed)
            for (pair in call) {
                split(pair, end, " ")
                print "FAILED: a circle of calls: " end[1] " calls " end[2] ", " call[pair] "()"
                failed = 1
            }
            exit failed
        }' || failed=1
fi

exit $failed
