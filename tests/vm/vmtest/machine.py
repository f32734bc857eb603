# SPDX-License-Identifier: LGPL-2.1-or-later
"""One virtual machine: start, hotplug, panic, end."""

import contextlib
import dataclasses
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from . import images, rootfs
from .capture import CapturePort
from .guest import Guest
from .qmp import Qmp, connect
from .util import PATIENCE, Failure, Timeout, VmDied, check, note, wait_until

GIB = 1 << 30
BLOCK = 128 << 20       # size of a memory block of these guests

CPUS = 2

# UEFI firmware, and what it keeps its variables in.
OVMF_CODE = pathlib.Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARIABLES = pathlib.Path("/usr/share/OVMF/OVMF_VARS_4M.fd")

BOOT_LIMIT = 120
EARLY_DEATH = re.compile(r"int3: |Oops: |Kernel panic - not syncing|vmtest: ")

# Linux 6.12 takes hot-pluggable CPUs for real only under a hypervisor that it knows, and plain
# emulation is none: pose as VMware, with a package for each CPU.
DISGUISE = ("-machine", "pc,vmport=on", "-cpu", "qemu64,-hypervisor,+rdrand",
            "-smbios", "type=1,serial=VMware-56 4d 6b 64 75 6d 70 64-76 6d 74 65 73 74 00 01",
            "-smp", f"{CPUS},sockets=8,cores=1,threads=1,maxcpus=8")

COMMAND_LINE = ("root=/dev/vda rw console=ttyS0,115200 memhp_default_state=online_movable "
                "panic=1 oops=panic mitigations=off nowatchdog no_timer_check audit=0 apparmor=0 "
                "random.trust_cpu=on net.ifnames=0")


@dataclasses.dataclass(frozen=True)
class Disk:
    """One more disk of a virtual machine, empty at first."""
    name: str                       # also its serial number
    size: int                       # bytes
    bus: str = "virtio"             # or ahci, scsi


@dataclasses.dataclass(frozen=True)
class Config:
    """What distinguishes one virtual machine from another."""
    crashkernel: str = "192M"       # empty: no reservation
    cmdline: str = ""               # more for the kernel's command line
    virtio_mem: bool = False        # a virtio-mem device of 4 GiB, nothing plugged yet
    memory: str = "2G"
    efi: bool = False               # started by UEFI firmware, not by a BIOS
    vmlinux: bool = False           # the kernel as an ELF file on a disk of its own, /dev/vdb
    unified: bool = False           # UEFI starts a unified kernel image, which is on /dev/vdb too
    captures: bool = False          # kdumpd builds the initrd of the capture kernel itself
    root: str = "root"              # of rootfs.VARIANTS
    loader: str = ""                # of bootable.LOADERS: the disk boots by itself
    disks: tuple = ()
    durable: bool = False           # what the guest flushes survives the end of QEMU
    devices: tuple = ()             # more of QEMU's arguments


# Where disks are that are not on PCI themselves.
CONTROLLERS = {"ahci": "ahci,id=ahci", "scsi": "virtio-scsi-pci,id=scsi"}


class NoCapture(Failure):
    """After the panic the machine restarted without a capture kernel."""


class Machine:
    def __init__(self, config, kernel, base_image, initrd, log_directory):
        self.config = config
        self.kernel = kernel
        self.logs = pathlib.Path(log_directory)
        self.logs.mkdir(parents=True, exist_ok=True)
        self._base = base_image
        self._initrd = initrd
        self._process = None
        self._work = None
        self._dimms = 0
        self._plugged = {}          # arguments for what was plugged in, which stays over a restart
        self.qmp = self.guest = self.port = None
        self.panicked = False
        self.events = []            # of QEMU, from the first start on
        self.reset_event = None
        self.boots = 0
        self._unplugged = set()     # names of disks
        self.journal = ""
        self.boot_seconds = self.panic_seconds = 0.0

    # Start and end

    def boot(self):
        """Start; one boot in about 50 dies early under multi-threaded emulation: try again."""
        for attempt in (1, 2, 3):
            try:
                started = time.monotonic()
                self._start()
                self._wait_booted()
                self.boot_seconds = time.monotonic() - started
                return self
            except (Timeout, VmDied) as error:
                text = self.console()
                reason = EARLY_DEATH.search(text)
                self.stop()
                (self.logs / f"console.failed-boot-{attempt}").write_text(text)
                if attempt == 3:
                    raise
                note(f"boot {attempt} of {self.kernel.release} died "
                     f"({reason.group(0).strip() if reason else error}); again")
        raise AssertionError("not reached")

    def _start(self):
        self._work = pathlib.Path(tempfile.mkdtemp(prefix="kdvm-"))
        rootfs.overlay(self._base, self._work / "disk.qcow2")
        (self._work / "initrd").write_bytes(self._initrd)
        (self.logs / "console").unlink(missing_ok=True)
        for disk in self.config.disks:
            with open(self._work / disk.name, "wb") as file:
                file.truncate(disk.size)
        self._launch()

    def _launch(self):
        """Start QEMU with the disks as they are."""
        for name in ("capture", "agent", "qmp"):
            (self._work / name).unlink(missing_ok=True)
        cache = "writeback" if self.config.durable else "unsafe"
        argv = [
            "setpriv", "--pdeathsig", "KILL",       # never outlives the runner
            "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=1024", *DISGUISE,
            "-m", f"{self.config.memory},slots=16,maxmem=32G",
            "-nodefaults", "-no-user-config", "-display", "none",
            "-action", "reboot=shutdown",
            *self._kernel_options(),
            "-drive", f"file={self._work / 'disk.qcow2'},format=qcow2,if=none,id=disk,"
                      f"cache={cache}",
            "-device", "virtio-blk-pci,drive=disk,id=root",
            "-chardev", f"file,id=console,path={self.logs / 'console'},append=on",
            "-serial", "chardev:console",
            "-chardev", f"socket,id=capture,path={self._work / 'capture'},server=on,wait=off",
            "-serial", "chardev:capture",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self._work / 'agent'},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=kdumpd.agent",
            "-qmp", f"unix:{self._work / 'qmp'},server=on,wait=off",
        ]
        if self.config.virtio_mem:
            argv += ["-object", "memory-backend-ram,id=vmem-backend,size=4G",
                     "-device", "virtio-mem-pci,id=vmem,memdev=vmem-backend,requested-size=0"]
        if self.config.vmlinux or self.config.unified:
            file = self.kernel.vmlinux if self.config.vmlinux else self._work / "unified"
            argv += ["-drive", f"file={file},format=raw,if=none,id=kernel,readonly=on",
                     "-device", "virtio-blk-pci,drive=kernel"]
        if self.config.loader:
            argv += ["-drive", f"file={self._work / 'initrd'},format=raw,if=none,id=overlay,"
                               "readonly=on", "-device", "virtio-blk-pci,drive=overlay"]
        if self.config.efi:
            variables = self._work / "variables"
            if not variables.exists():
                shutil.copy(OVMF_VARIABLES, variables)
            argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
                     "-drive", f"if=pflash,format=raw,file={variables}"]
        for bus in sorted({disk.bus for disk in self.config.disks} & set(CONTROLLERS)):
            argv += ["-device", CONTROLLERS[bus]]
        for number, disk in enumerate(self.config.disks):
            flush = "off" if self.config.durable else "on"
            argv += ["-blockdev", f"driver=raw,node-name={disk.name},file.driver=file,"
                                  f"file.filename={self._work / disk.name},cache.no-flush={flush}"]
            if disk.name in self._unplugged:
                continue
            device = self._device_of(disk, number)
            argv += ["-device", ",".join([device.pop("driver"), *(f"{key}={value}" for key, value
                                                                  in device.items())])]
        argv += self.config.devices
        for arguments in self._plugged.values():
            argv += arguments
        self.boots += 1
        with open(self.logs / "qemu", "wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=subprocess.STDOUT)
        self.qmp = Qmp(self._work / "qmp", self.is_alive, self.events)
        self.guest = Guest(self._work / "agent", self.is_alive)
        self.port = CapturePort(connect(self._work / "capture", 20, self.is_alive))

    @staticmethod
    def _device_of(disk, number):
        """The arguments of a disk's device, as device_add takes them."""
        device = {"id": f"disk-{disk.name}", "drive": disk.name, "serial": disk.name}
        if disk.bus == "ahci":
            return {"driver": "ide-hd", "bus": f"ahci.{number % 6}", **device}
        if disk.bus == "scsi":
            return {"driver": "scsi-hd", "bus": "scsi.0", **device}
        return {"driver": "virtio-blk-pci", **device}

    def _kernel_options(self):
        """QEMU's arguments for what is started. Firmware starts no ELF file, and nobody else a
        unified kernel image, which has its initrd and command line in it. A boot loader has it
        all from the disk."""
        if self.config.loader:
            return []
        if self.config.unified:
            file = self._work / "unified"
            if not file.exists():
                images.unified_kernel(self.kernel, self._initrd, self._command_line(), file)
            return ["-kernel", str(file)]
        kernel = self.kernel.vmlinuz if self.config.efi else self.kernel.vmlinux
        return ["-kernel", str(kernel), "-initrd", str(self._work / "initrd"),
                "-append", self._command_line()]

    def _command_line(self):
        words = [COMMAND_LINE]
        if self.config.crashkernel:
            words.append(f"crashkernel={self.config.crashkernel}")
        if self.config.cmdline:
            words.append(self.config.cmdline)
        return " ".join(words)

    def _wait_booted(self):
        self.guest.wait_agent(BOOT_LIMIT)
        self.guest.run("until systemctl -q is-active multi-user.target &&"
                       "      [ -z \"$(systemctl list-jobs --no-legend)\" ]; do sleep 0.2; done",
                       limit=BOOT_LIMIT)
        # Seen once with systemd 257: two minutes in vain on a guest that was idle. So ask again.
        self.guest.run("for i in 1 2 3; do udevadm settle --timeout=20 && break; done",
                       limit=BOOT_LIMIT)

    def reboot(self):
        """Restart the guest in an orderly way and wait until it is up again."""
        with self.restarting():
            self.guest.start("systemctl reboot")

    @contextlib.contextmanager
    def restarting(self, limit=BOOT_LIMIT):
        """What is done within makes the guest restart; it is up again at the end.

        Not in the QEMU that it ran in: that one has translated the code of the kernel before, and
        looks through all of that for each eight bytes that the next one writes over it. Boots that
        took minutes were seen ("rcu_preempt detected stalls", in free_reserved_area())."""
        known = len(self.events)
        yield
        self.reset_event = self.qmp.wait_event("SHUTDOWN", limit, known, reason="guest-reset")
        self._boot_again()

    def restart_with(self, **changes):
        """Switch the guest off, change the configuration, and boot with the same disks."""
        self.guest.start("systemctl poweroff")
        self.wait_gone(BOOT_LIMIT, "the guest to switch itself off")
        self.config = dataclasses.replace(self.config, **changes)
        self._boot_again()

    def cut_power(self):
        """End QEMU in the middle of whatever it does, and boot again with the same disks."""
        self._process.kill()
        self._boot_again()

    def _boot_again(self):
        """Another QEMU with the same disks, once this one has ended; more than one as in boot()."""
        for attempt in (1, 2, 3):
            self._process.wait()
            self._disconnect()
            seen = len(self.console())
            self._launch()
            try:
                self._wait_booted()
                return
            except VmDied:
                reason = EARLY_DEATH.search(self.console()[seen:])
                if not reason or attempt == 3:
                    raise
                note(f"the restarted {self.kernel.release} died ({reason.group(0).strip()}); again")

    def _disconnect(self):
        for part in (self.guest, self.qmp):
            if part:
                part.close()

    def is_alive(self):
        return self._process is not None and self._process.poll() is None

    def crash_of_qemu(self):
        """What to say if QEMU itself crashed, which no guest may make it do; else nothing."""
        if not self._process or (not self.panicked and not self.guest.gone):
            return ""
        try:
            code = self._process.wait(2)        # its sockets close a little before it ends
        except subprocess.TimeoutExpired:
            return ""
        if code >= 0:
            return ""
        log = (self.logs / "qemu").read_text(errors="replace").strip()
        return f"QEMU was ended by signal {-code}: {log[-500:]}"

    def console(self):
        path = self.logs / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def save_journal(self):
        """Fetch the guest's journal now: after a panic it is gone."""
        try:
            self.journal = self.guest.text("journalctl -b --no-pager -o short-monotonic", 60)
        except Failure as error:
            self.journal += f"\n(no journal: {error})"

    def stop(self):
        """End the virtual machine whatever state it is in."""
        self._disconnect()
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._work:
            shutil.rmtree(self._work, ignore_errors=True)
            self._work = None

    # Hotplug: each returns when the guest has seen it

    @property
    def cpus(self):
        """How many CPUs are there now."""
        return CPUS + sum(name.startswith("cpu") for name in self._plugged)

    def add_cpu(self):
        """Plug one CPU and, as nobody on Debian does it, bring it online. Returns its number."""
        free = [slot for slot in self.qmp.execute("query-hotpluggable-cpus")
                if "qom-path" not in slot]
        slot = min(free, key=lambda entry: entry["props"]["socket-id"])
        number = slot["props"]["socket-id"]
        file = f"/sys/devices/system/cpu/cpu{number}/online"
        # Already waiting in the guest when it comes, so that add and online make one burst.
        online = self.guest.start(f"echo waiting; until [ -e {file} ]; do :; done;"
                                  f"until echo 1 > {file}; do :; done 2>/dev/null")
        online.wait_line("^waiting$")
        self.qmp.execute("device_add", driver=slot["type"], id=f"cpu{number}", **slot["props"])
        result = online.wait(30)
        check(result.code == 0, f"CPU {number} did not come online: {result}")
        self._plugged[f"cpu{number}"] = ["-device", ",".join(
            [slot["type"], f"id=cpu{number}", *(f"{key}={value}" for key, value
                                                in slot["props"].items())])]
        return number

    def toggle_cpu(self, times=1, number=1):
        """Take a CPU offline and bring it back, quickly."""
        file = f"/sys/devices/system/cpu/cpu{number}/online"
        self.guest.run(f"for i in $(seq {times}); do echo 0 >{file}; echo 1 >{file}; done", 60)

    def remove_cpu(self, number):
        """Unplug a CPU. QEMU 7.2 dies when memory changes after this: do it last."""
        self.qmp.execute("device_del", id=f"cpu{number}")
        self.guest.until(f"[ ! -e /sys/devices/system/cpu/cpu{number}/online ]", 30,
                         f"CPU {number} to be gone")
        del self._plugged[f"cpu{number}"]

    def memory_blocks(self):
        return int(self.guest.text("grep -lx online /sys/devices/system/memory/memory*/state"
                                   " | wc -l"))

    def _wait_blocks(self, count, limit, what):
        self.guest.until('[ "$(cat /sys/devices/system/memory/memory*/state | grep -cx online)"'
                         f' = {count} ] && [ "$(ls -d /sys/devices/system/memory/memory* |'
                         f' wc -l)" = {count} ]', limit, what)

    def plug_dimm(self, size, at=None):
        """Plug a DIMM without waiting for the guest, at the moment when at() returns. Returns its
        name."""
        self._dimms += 1
        name = f"dimm{self._dimms}"
        self.qmp.execute("object-add", qom_type="memory-backend-ram", id=f"{name}-backend",
                         size=size)
        if at:
            at()
        self.qmp.execute("device_add", driver="pc-dimm", id=name, memdev=f"{name}-backend")
        self._plugged[name] = ["-object", f"memory-backend-ram,id={name}-backend,size={size}",
                               "-device", f"pc-dimm,id={name},memdev={name}-backend"]
        return name

    def add_dimm(self, size=GIB, at=None):
        """Plug a DIMM; returns (name, start, end) with its physical range."""
        before = self.memory_blocks()
        name = self.plug_dimm(size, at)
        self._wait_blocks(before + size // BLOCK, 60, f"{size >> 20} MiB to come online")
        return (name, *self.dimm_range(name))

    def dimm_range(self, name):
        for device in self.qmp.execute("query-memory-devices"):
            if device["data"].get("id") == name:
                start = device["data"]["addr"]
                return start, start + device["data"]["size"]
        raise Failure(f"QEMU has no DIMM {name}")

    def remove_dimm(self, name):
        start, end = self.dimm_range(name)
        before = self.memory_blocks()
        seen = len(self.events)
        self.qmp.execute("device_del", id=name)
        self.qmp.wait_event("DEVICE_DELETED", 60, since=seen, device=name)
        self.qmp.execute("object-del", id=f"{name}-backend")
        del self._plugged[name]
        self._wait_blocks(before - (end - start) // BLOCK, 60, f"{name} to be gone")

    def resize_virtio_mem(self, size):
        """Ask the guest's virtio-mem for this size; wait until it has it."""
        blocks = self.memory_blocks()
        now = self.qmp.execute("qom-get", path="/machine/peripheral/vmem", property="size")
        self.qmp.execute("qom-set", path="/machine/peripheral/vmem",
                         property="requested-size", value=size)
        self._wait_blocks(blocks + (size - now) // BLOCK, 60, f"virtio-mem to have {size} bytes")

    # Disks

    def _disk(self, name):
        return next((disk, number) for number, disk in enumerate(self.config.disks)
                    if disk.name == name)

    def unplug_disk(self, name):
        """Take a virtio disk out; its contents stay, and it stays out when the guest restarts."""
        seen = len(self.events)
        self.qmp.execute("device_del", id=f"disk-{name}")
        self.qmp.wait_event("DEVICE_DELETED", 60, since=seen, device=f"disk-{name}")
        self._unplugged.add(name)

    def plug_disk(self, name):
        """Plug it in again; does not wait for the guest."""
        self.qmp.execute("device_add", **self._device_of(*self._disk(name)))
        self._unplugged.discard(name)

    def limit_writes(self, bytes_per_second):
        """Slow the root disk down; 0: as fast as it can."""
        self.qmp.execute("block_set_io_throttle", device="disk", bps=0, bps_rd=0,
                         bps_wr=bytes_per_second, iops=0, iops_rd=0, iops_wr=0)

    # Panic

    def put_marker(self, start, end):
        """Write a random marker into a page within the range: (address, marker)."""
        job = self.guest.start(f"exec marker {start:x} {end:x}")
        match = job.wait_line(r"^([0-9a-f]+) ([0-9a-f]{64})$", 60)
        return int(match.group(1), 16), bytes.fromhex(match.group(2))

    def panic(self, trigger="echo c > /proc/sysrq-trigger", limit=150):
        """Crash the guest; the answers of the capture kernel, or NoCapture."""
        self.save_journal()
        self.panicked = True
        started = time.monotonic()
        self.guest.start(trigger)
        deadline = started + limit * PATIENCE
        while not self.port.is_ready(1.0):
            if not self.is_alive():
                raise NoCapture("the machine restarted without a capture kernel:\n"
                                + self._console_tail())
            if time.monotonic() > deadline:
                raise Timeout(f"no capture kernel {limit * PATIENCE:.0f} s after the panic:\n"
                              + self._console_tail())
        self.panic_seconds = time.monotonic() - started
        capture = self.port.info()
        check(not capture.trouble, f"in the capture kernel: {capture.trouble}")
        return capture

    def wait_gone(self, limit, what):
        wait_until(lambda: not self.is_alive(), limit, what)

    def _console_tail(self):
        return "\n".join(self.console().splitlines()[-25:])
