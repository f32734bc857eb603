#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The unit, and the files beside it that other programs read.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

checked=0 failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The unit as installed, but for the program, which need not be installed here.
unit=$work/kdumpd.service
sed 's,^\(ExecStart[a-zA-Z]*=[-+]*\)/[^ ]*,\1/bin/true,' "$builddir/units/kdumpd.service" >"$unit"
if grep -q '@[a-z]*@' "$builddir"/units/*.service "$builddir"/units/*.socket \
    "$builddir"/units/*.path; then
    fail "something was not substituted"
fi

# What a panic left is not judged, taken or told by the kernel that is about to write it down.
for other in "$builddir"/units/*.service "$builddir"/units/*.socket "$builddir"/units/*.path; do
    grep -qx 'ConditionPathExists=!/proc/vmcore' "$other" ||
        fail "$other starts in the capture kernel"
done

# Nothing that is mounted holds the first load back, whoever waits for kdumpd: no order behind a
# mount, and nothing that implies one.
implies='RequiresMountsFor|WantsMountsFor|(State|Cache|Logs|Working)Directory|PrivateTmp'
if grep -E "^($implies)=|^(After|Requires|BindsTo)=.*(\\.mount|fs\\.target)" \
    "$builddir/units/kdumpd.service"; then
    fail "kdumpd.service is ordered behind a mount"
fi

# No event is one before kdumpd listens, and none starts a kdumpd that was stopped.
socket=$builddir/units/kdumpd-uevent.socket
grep -qx 'ListenNetlink=kobject-uevent' "$socket" || fail "kdumpd-uevent.socket is in a group"
grep -qx 'PartOf=kdumpd.service' "$socket" || fail "events start a kdumpd that was stopped"
for condition in $(grep '^Condition' "$builddir/units/kdumpd.service"); do
    grep -qxF "$condition" "$socket" || fail "kdumpd-uevent.socket lacks $condition of the service"
done

# Newer ones (seen: 261) make files in /run/systemd, which is only where systemd runs.
analyzes() {
    command -v systemd-analyze >/dev/null &&
        ! systemd-analyze verify --man=no "$unit" 2>&1 |
        grep -q "Failed to create directory '/run/systemd/'"
}

if analyzes; then
    checked=1
    # The drop-in that the manual shows, with everything from the network that can be.
    mkdir -p "$work/units/kdumpd.service.d" "$work/units/remote-fs.target.requires" \
        "$work/units/sysinit.target.wants" "$work/units/multi-user.target.wants"
    cp "$unit" "$socket" "$work/units/"
    ln -s ../kdumpd.service "$work/units/sysinit.target.wants/"
    {
        printf '[Unit]\nWants=network.target\nBefore=network.target network-online.target\n'
        printf '[Service]\nExecStart=/bin/true\n'
    } >"$work/units/net.service"
    ln -s ../net.service "$work/units/multi-user.target.wants/"
    for point in boot var-lib-kdump var-lib-kdumpd var-crash; do
        printf '[Unit]\nBefore=remote-fs.target\n[Mount]\nWhat=server:/x\nWhere=/%s\nType=nfs4\n' \
            "$(echo $point | tr - /)" >"$work/units/$point.mount"
        ln -s "../$point.mount" "$work/units/remote-fs.target.requires/"
    done
    sed -n '/^\[Unit\]$/,/^\.Ed/{/^\.Ed/d;p}' "$builddir/man/kdumpd.8" \
        >"$work/units/kdumpd.service.d/sysctl.conf"
    grep -q '^Before=systemd-sysctl' "$work/units/kdumpd.service.d/sysctl.conf" ||
        fail "kdumpd(8) shows no drop-in for sysctls"
    if SYSTEMD_UNIT_PATH=$work/units: systemd-analyze verify --man=no multi-user.target \
        kdumpd.service 2>&1 | grep 'ordering cycle'; then
        fail "the drop-in of kdumpd(8) makes a cycle"
    fi
    # --recursive-errors=no makes an unknown key an error; --man=no, as no page is installed yet.
    said=$(systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1) ||
        fail "systemd-analyze verify"
    [ -z "$said" ] || fail "systemd-analyze verify: $said"
    # All the others, templates as an instance.
    for file in "$builddir"/units/*.*; do
        name=${file##*/}
        case $name in
        *.in | kdumpd.service) continue ;;
        esac
        sed 's,^\(ExecStart[a-zA-Z]*=[-+]*\)/[^ ]*,\1/bin/true,' "$file" >"$work/$name"
        # What a socket starts is looked for as a template.
        [ "$name" = "${name%@.service}" ] || cp "$work/$name" "$work/${name%.service}x.service"
    done
    for other in "$work"/kdumpd*.*; do
        [ "$other" = "${other%@.service}" ] || continue
        said=$(systemd-analyze verify --man=no --recursive-errors=no "$other" 2>&1) ||
            fail "systemd-analyze verify ${other##*/}"
        [ -z "$said" ] || fail "systemd-analyze verify: $said"
    done
    # The threshold is ten times the exposure.
    while read -r name threshold; do
        said=$(systemd-analyze security --offline=true --threshold="$threshold" \
            "$work/$name" 2>&1) ||
            fail "$(echo "$said" | tail -n 1), and $threshold tenths are the limit"
    done <<EOF
kdumpd.service 4
kdumpd-alert.service 55
kdumpd-build@x.service 12
kdumpd-crash.service 10
kdumpd-crash@x.service 55
kdumpd-load@x.service 15
kdumpd-metrics.service 20
kdumpd-notes.service 16
kdumpd-notes@x.service 16
kdumpd-recover.service 13
kdumpd-scan@x.service 10
kdumpd-watch@x.service 8
EOF
fi

# What starts programs for new dumps starts nothing else, whatever lies there, and leaves nothing:
# the path unit would start it again without end.
command=$(sed -n '/^ExecStart=/,/[^\\]$/p' "$builddir/units/kdumpd-crash.service" |
    sed -e 's/^ExecStart=//' -e 's/\\$//' -e 's/\$\$/$/g' -e "s,/run/kdumpd-new,$work/new," |
    tr -d '\n')
mkdir -p "$work/bin" "$work/new/kdumpd-crash@a\\x2db.service" "$work/new/reboot.target" \
    "$work/new/kdumpd-crash@-x *.service/more"
: >"$work/new/--halt"
printf '#!/bin/sh\necho "$*" >>%s/started\n[ "${*#*-x}" = "$*" ]\n' "$work" >"$work/bin/systemctl"
chmod 755 "$work/bin/systemctl"
LC_ALL=C PATH=$work/bin:$PATH sh -c "$command" &&
    fail "kdumpd-crash.service hides that a start failed"
[ "$(cat "$work/started")" = "--no-block --no-ask-password start -- kdumpd-crash@-x *.service
--no-block --no-ask-password start -- kdumpd-crash@a\\x2db.service" ] ||
    fail "kdumpd-crash.service has started: $(cat "$work/started")"
[ -z "$(ls -A "$work/new")" ] || fail "kdumpd-crash.service has left: $(ls -A "$work/new")"
PATH=$work/bin:$PATH sh -c "$command" || fail "kdumpd-crash.service fails if there is nothing"

# What runs programs for an alert takes the file away first, and takes nothing in it for a command.
command=$(sed -n '/^ExecStart=/,/[^\\]$/p' "$builddir/units/kdumpd-alert.service" |
    sed -e 's/^ExecStart=//' -e 's/\\$//' -e 's/\$\$/$/g' \
        -e "s,[^ ]*/kdumpd/alert\\.d,$work/alert.d," \
        -e "s,/run/kdumpd-daemon/,$work/," | tr -d '\n')
mkdir -p "$work/alert.d/directory"
cat >"$work/alert.d/10-say" <<EOF
#!/bin/sh
echo "\$# \$1 \$KDUMPD_STATE: \$KDUMPD_REASON" >>$work/said
[ ! -e $work/alert ]
EOF
printf '#!/bin/sh\nexit 1\n' >"$work/alert.d/20-fail"
printf '#!/bin/sh\necho last >>%s/said\n' "$work" >"$work/alert.d/30-last"
chmod 755 "$work/alert.d"/*0-*
: >"$work/alert.d/README"
alert() {
    rm -rf "$work/said" "$work/taken"
    mkdir "$work/taken"
    RUNTIME_DIRECTORY=$work/taken sh -c "$command" 2>"$work/errors"
}
# shellcheck disable=SC2016
printf 'stale\narmed\n$(id) "`id`" \\ *\n' >"$work/alert"
alert && fail "kdumpd-alert.service hides that a program failed"
[ "$(cat "$work/errors")" = "$work/alert.d/20-fail failed" ] ||
    fail "kdumpd-alert.service: $(cat "$work/errors")"
# shellcheck disable=SC2016
[ "$(cat "$work/said")" = '1 stale armed: $(id) "`id`" \ *
last' ] || fail "the programs in alert.d have said: $(cat "$work/said")"
[ ! -e "$work/alert" ] || fail "kdumpd-alert.service leaves its file"
for text in 'reboot\nx\ny\n' '' '$(touch x)\n'; do
    # shellcheck disable=SC2059
    printf "$text" >"$work/alert"
    alert && fail "kdumpd-alert.service takes $text"
    { [ ! -e "$work/said" ] && [ ! -e "$work/alert" ]; } ||
        fail "kdumpd-alert.service runs programs for $text, or leaves it"
done
ln -s /etc/passwd "$work/alert"
alert && fail "kdumpd-alert.service follows a link"
[ ! -L "$work/alert" ] || fail "kdumpd-alert.service leaves a link"
rm -r "$work/alert.d"
printf 'protected\narmed\nloaded\n' >"$work/alert"
alert || fail "kdumpd-alert.service fails without alert.d"

# A oneshot has no limit by itself, and one that hangs is never started again.
for file in $(grep -l '^Type=oneshot' "$builddir"/units/*.service); do
    grep -q '^TimeoutStartSec=[1-9]' "$file" || fail "$file may hang forever"
done

# What a rule must never do here; the comment in the file says why.
rules=$srcdir/rules.d/60-kdumpd.rules
if grep -v '^#' "$rules" | grep -E 'RUN|PROGRAM|IMPORT *\{ *program|crash_hotplug'; then
    fail "60-kdumpd.rules starts a program or reads crash_hotplug"
fi
if command -v udevadm >/dev/null && udevadm verify --help >/dev/null 2>&1; then
    checked=1
    udevadm verify --no-summary "$rules" || fail "udevadm verify"
fi

if command -v xmllint >/dev/null; then
    checked=1
    xmllint --nonet --noout "$srcdir/conf/org.kdumpd1.xml" "$srcdir/conf/org.kdumpd1.conf" ||
        fail "xmllint"
fi

# The catalog compiles, and explains the messages that there are, each once.
header=$srcdir/src/sys/message-ids.h
ids=$(sed -n 's/^#define MESSAGE_[A-Z_]* "\([0-9a-f]\{32\}\)"$/\1/p' "$header" | sort)
explained=$(sed -n 's/^-- \([0-9a-f]*\)$/\1/p' "$builddir/conf/kdumpd.catalog" | sort)
[ -n "$ids" ] || fail "there is no message in src/sys/message-ids.h"
[ "$ids" = "$explained" ] || fail "conf/kdumpd.catalog and message-ids.h have different messages"
if command -v journalctl >/dev/null; then
    checked=1
    mkdir -p "$work/root/usr/lib/systemd/catalog" "$work/root/var/lib/systemd/catalog"
    cp "$builddir/conf/kdumpd.catalog" "$work/root/usr/lib/systemd/catalog"
    said=$(journalctl --update-catalog --root="$work/root" 2>&1) || fail "journalctl"
    [ -z "$said" ] || fail "journalctl --update-catalog: $said"
    for id in $ids; do
        journalctl --root="$work/root" --dump-catalog "$id" 2>&1 | grep -q '^Subject: ' ||
            fail "the catalog does not explain $id"
    done
fi

[ $failed = 0 ] || exit 1
[ $checked = 1 ] || {
    echo "none of systemd-analyze, udevadm, xmllint, journalctl is installed and works here"
    exit 77
}
