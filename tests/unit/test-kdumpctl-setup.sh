#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kdumpctl setup on a made-up machine, and the examples for it in the manual.
set -eu

: "${srcdir:=.}" "${builddir:=.}"
kdumpctl=$builddir/kdumpctl
work=$(mktemp -d "${TMPDIR:-/tmp}/kdumpd-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root release=$(uname -r)
failed=0
unset NO_COLOR SYSTEMD_COLORS || :

# shellcheck source=tests/fakes/fake-bzimage.sh
. "$srcdir/tests/fakes/fake-bzimage.sh"

export TZ=UTC

# systemctl of that machine: what it does with links is what counts here.
mkdir -p "$work/bin"
cat >"$work/bin/systemctl" <<'END'
#!/bin/sh
[ -z "${REFUSES-}" ] || {
    echo "$REFUSES" >&2
    exit 1
}
for word in "$@"; do
    case $word in
    enable | disable | start) verb=$word ;;
    --root=*) root=${word#*=} ;;
    *.service) unit=$word ;;
    esac
done
wants=$root/etc/systemd/system/sysinit.target.wants
mkdir -p "$wants"
case $verb in
enable) ln -s "/usr/lib/systemd/system/$unit" "$wants/$unit" ;;
disable) rm -f "$root/etc/systemd/system"/*.wants/"$unit" ;;
*) exit 1 ;;
esac
END
chmod +x "$work/bin/systemctl"
PATH=$work/bin:$PATH

make_machine() {
    rm -rf "$root"
    mkdir -p "$root/boot" "$root/sys/kernel" "$root/proc/self" "$root/usr/bin" "$root/etc/kdumpd" \
        "$root/var/lib"
    make_bzimage "$root/boot/vmlinuz"
    printf 0707010 >"$root/boot/initrd"
    mkdir -p "$root/run/kdumpd"
    printf '[Image]\nKernel=/boot/vmlinuz\nInitrd=/boot/initrd\n' >"$root/run/kdumpd/kdumpd.conf"
    printf 'CONFIG_%s=y\n' KEXEC KEXEC_FILE CRASH_DUMP PROC_VMCORE BLK_DEV_INITRD \
        >"$root/boot/config-$release"
    echo 'MemTotal: 2048 kB' >"$root/proc/meminfo"
    echo 'quiet' >"$root/proc/cmdline"
    echo '22 1 8:1 / / rw - ext4 /dev/sda1 rw' >"$root/proc/self/mountinfo"
    echo 268435456 >"$root/sys/kernel/kexec_crash_size"
    echo 0 >"$root/sys/kernel/kexec_crash_loaded"
    : >"$root/usr/bin/makedumpfile"
}
# expect STATUS EXPRESSION ARGUMENT...
expect() {
    wanted=$1 expression=$2 status=0
    shift 2
    "$kdumpctl" setup --root="$root" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    if [ $status != "$wanted" ] || ! cat "$work/out" "$work/err" | grep -Eq -e "$expression"; then
        echo "FAILED: kdumpctl setup $*: $status instead of $wanted, or no '$expression':"
        cat "$work/out" "$work/err"
        failed=1
    fi
}
# The same, of the call before.
and() {
    grep -Eq -e "$1" "$work/out" || {
        echo "FAILED: no '$1' in:"
        cat "$work/out"
        failed=1
    }
}

make_machine
expect 0 '^left +service +kdumpd.service would be enabled' --dry-run
and '^Nothing was changed: a dry run\.$'
[ ! -e "$root/etc/systemd" ] || {
    echo "FAILED: --dry-run has changed something"
    failed=1
}
expect 0 '^changed +service +kdumpd.service is enabled$'
and '^ok +reservation +256 MiB, of which a capture takes about [0-9]+ MiB$'
and '^ok +other-services +none is enabled$'
and '^Kdump is set up\.$'
expect 0 '^ok +service +kdumpd.service is enabled$'

# Another service: its settings and its place.
make_machine
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/etc/default"
ln -s /usr/lib/systemd/system/kdump-tools.service \
    "$root/etc/systemd/system/multi-user.target.wants/"
printf 'USE_KDUMP=1\nKDUMP_COREDIR=/srv/crash\n' >"$root/etc/default/kdump-tools"
expect 0 '^left +other-services +kdump-tools.service would be disabled$' --dry-run
and '^left +settings +those of the other service would be carried over to '
expect 0 '^changed +other-services +kdump-tools.service is disabled: kdumpd takes its place$'
and '^changed +settings +'
find "$root" -name 50-imported.conf -exec grep -q '^Path=/srv/crash$' {} + || {
    echo "FAILED: the settings are not there"
    failed=1
}
expect 0 '^ok +other-services +none is enabled$'

# What is wrong ends it, and what was done before stays done.
make_machine
REFUSES='Failed to enable unit: read-only' expect 1 \
    '^failed +service +"systemctl" failed with exit status 1: Failed to enable unit: read-only$'
and '^Kdump is not set up: see what has failed above, and run this again\.$'
echo 0 >"$root/sys/kernel/kexec_crash_size"
expect 1 '^failed +reservation +nothing is reserved: .*"kdumpctl reserve" shows how to have crash'
if grep -q service "$work/out"; then
    echo "FAILED: it goes on after a failure"
    failed=1
fi
# What was written is what this kernel was started with, and it reserved nothing: no second reboot.
word=$(grep -o 'crashkernel=[0-9]*M' "$work/out" | head -n 1)
mkdir -p "$root/boot/grub" "$root/etc/default/grub.d" "$root/usr/sbin"
: >"$root/etc/default/grub"
: >"$root/usr/sbin/grub-script-check"
echo '# it reads ${sysconfdir}/default/grub.d/*.cfg' >"$root/usr/sbin/grub-mkconfig"
echo "linux /boot/vmlinuz $word" >"$root/boot/grub/grub.cfg"
printf "#\n_kdumpd='%s'\n" "$word" >"$root/etc/default/grub.d/zz-kdumpd.cfg"
echo "BOOT_IMAGE=/boot/vmlinuz quiet $word" >"$root/proc/cmdline"
expect 1 "^failed +reservation +nothing is reserved, although this kernel was started with $word: "
mkdir -p "$root/run/systemd"
echo docker >"$root/run/systemd/container"
expect 1 '^failed +machine +this is a container \(docker\)'
make_machine
: >"$root/proc/vmcore"
expect 1 '^kdumpctl: nothing is set up: this is the capture kernel'

# An oops.
make_machine
mkdir -p "$root/proc/sys/kernel"
echo 0 >"$root/proc/sys/kernel/panic_on_oops"
expect 0 '^ok +panic-on-oops +an oops does not panic and so gives no dump; --panic-on-oops has it'
expect 0 '^left +panic-on-oops +.*/sysctl.d/60-kdumpd.conf would be written$' --panic-on-oops \
    --dry-run
expect 0 '^changed +panic-on-oops +an oops panics from' --panic-on-oops
expect 0 '^ok +panic-on-oops +an oops panics$' --panic-on-oops

# The manual's examples, with kdumpctl of that machine: the first run changes it, and the second
# does not.
if ! python3 -c 'import jinja2, yaml' 2>/dev/null; then
    echo "python3-jinja2 and python3-yaml are not installed: the examples are not run"
    [ $failed = 0 ] && exit 77
    exit 1
fi
make_machine
cat >"$work/bin/kdumpctl" <<END
#!/bin/sh
case \$1 in
status) exit 0 ;;
*) exec $(realpath "$kdumpctl") "\$@" --root=$root ;;
esac
END
chmod +x "$work/bin/kdumpctl"
cat >"$work/run.py" <<'END'
import json, re, subprocess, sys
import jinja2, yaml

text = open(sys.argv[1], encoding="utf-8").read()
blocks = [block.replace("\\&", "").replace("\\-", "-")
          for block in re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", text, re.M | re.S)]
cloud, = [yaml.safe_load(block) for block in blocks if block.startswith("#cloud-config")]
play, = [yaml.safe_load(block)[0] for block in blocks if block.startswith("- hosts")]
environment = jinja2.Environment()
environment.filters["from_json"] = json.loads


def run_play():
    """Whether a task says that it has changed something, and whether the machine is rebooted."""
    known, changed, reboots = {}, False, False
    for task in play["tasks"]:
        if "when" in task and not environment.compile_expression(task["when"])(**known):
            continue
        if "ansible.builtin.reboot" in task:
            reboots = True
            continue
        words = task["ansible.builtin.command"].split()
        output = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        known[task.get("register", "_")] = {"stdout": output}
        value = task["changed_when"]
        changed = changed or (environment.compile_expression(value)(**known)
                              if isinstance(value, str) else value)
    return changed, reboots


assert run_play() == (True, False), "the first run of the play"
assert run_play() == (False, False), "the second run of the play"
for line in cloud["runcmd"]:
    subprocess.run(line, shell=True, check=True)
condition = cloud["power_state"]["condition"]
assert subprocess.run(condition, shell=True).returncode != 0, "a reboot that nobody needs"
verb = condition.split("|", 1)[0]
said = subprocess.run(verb, shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout
said = said.replace('"RebootNeeded": false', '"RebootNeeded": true')
assert subprocess.run(condition.split("|", 1)[1], shell=True, input=said,
                      text=True).returncode == 0, "a reboot that is needed"
END
python3 "$work/run.py" "$builddir/man/kdumpctl.8" || {
    echo "FAILED: the manual's examples"
    failed=1
}
exit $failed
