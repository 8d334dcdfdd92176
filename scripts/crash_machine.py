"""A real machine in QEMU that crashes, and what its second kernel runs and leaves behind.

The kernel is Debian's package, unpacked and not installed; both kernels have busybox and an /init that
follows the kernel's command line. Nothing needs to be root but for the kernel package's index.
"""

import glob
import gzip
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time

# Every program that is needed, with the Debian package that has it.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86", "kexec": "kexec-tools", "vmcore-dmesg": "kexec-tools",
    "busybox": "busybox-static", "makedumpfile": "makedumpfile", "mkfs.ext4": "e2fsprogs",
    "debugfs": "e2fsprogs", "depmod": "kmod", "apt-get": "apt", "dpkg-deb": "dpkg", "ldd": "libc-bin",
}

# In front of both scripts.
BEGIN = r"""#!/bin/sh
export PATH=/bin:/sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /tmp /out; mount -t tmpfs -o size=90% tmpfs /tmp
for m in $(cat /modules/order); do insmod /modules/$m; done
word() { tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tr '+,' '= ' | head -1; }
i=0; while [ ! -b /dev/vda ] && [ $i -lt 50 ]; do usleep 100000; i=$((i + 1)); done
"""

# The first kernel: memory with content, a second kernel, the crash.
FIRST = BEGIN + r"""
mkdir /data; mount -t ext4 -o ro /dev/vda /data || echo SK-FAILED mount
dd if=/dev/urandom of=/tmp/random bs=1M count=16 2>/dev/null
i=0; while [ $i -lt 400 ]; do echo "line $i of a file in memory"; i=$((i + 1)); done > /tmp/text
i=0; while [ $i -lt 60 ]; do cat /tmp/text /tmp/text /tmp/text > /tmp/text$i; i=$((i + 1)); done
# Huge pages of a process, of a file, and of hugetlbfs.
echo always > /sys/kernel/mm/transparent_hugepage/enabled
awk 'BEGIN { text = sprintf("%16777216s", "x"); system("sleep 1000") }' &
mkdir /huge; mount -t tmpfs -o huge=always huge /huge
dd if=/dev/urandom of=/huge/file bs=2M count=4 2>/dev/null
echo 8 > /proc/sys/vm/nr_hugepages; sleep 2
echo "SK-HUGE$(awk '/AnonHuge|ShmemHuge|HugePages_Total/{printf " %s%s", $1, $2}' /proc/meminfo)"
kexec -p $(word sk.load) /data/vmlinuz --initrd=/data/initrd \
  --append="console=ttyS0 nr_cpus=1 irqpoll reset_devices mce=off panic=-1 sk.tests=$(
    tr ' ' '\n' < /proc/cmdline | sed -n 's/^sk.tests=//p') $(word sk.append)"
echo "SK-LOADED status=$? $(cat /sys/kernel/kexec_crash_loaded)"
[ "$(cat /sys/kernel/kexec_crash_loaded)" = 1 ] || poweroff -f
dmesg -n 3; echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger
"""

# The second kernel: `run NAME COMMAND` says what a command cost; the tests follow.
SECOND = BEGIN + r"""
mount -t ext4 /dev/vdb /out || echo SK-FAILED mount
memory() { awk '/MemTotal|MemFree/{printf " %s%s", $1, $2}' /proc/meminfo; }
echo "SK-START$(memory) vmcore=$(stat -c %s /proc/vmcore 2>/dev/null || echo none)"
run() {
  name=$1; shift; sync; echo 3 > /proc/sys/vm/drop_caches; echo 0 > /tmp/anon
  while :; do for p in $(pidof vmcoregen makedumpfile); do
    awk '/RssAnon/{print $2}' /proc/$p/status 2>/dev/null >> /tmp/anon; done; usleep 200000
  done & watcher=$!
  /bin/time -v -o /tmp/time "$@" 2> /tmp/errors; status=$?; kill $watcher; sync
  of() { sed -n "s/.*$1.*: //p" /tmp/time; }
  echo "SK-RUN $name status=$status elapsed=$(of Elapsed) user=$(of 'User time')" \
    "system=$(of 'System time') anonymous=$(sort -n /tmp/anon | tail -1)"
  tr '\r' '\n' < /tmp/errors | tail -6 | sed "s/^/SK-ERROR $name /"
}
"""

END = r"""
dmesg | grep -E 'Out of memory|oom-kill' | sed 's/^/SK-MEMORY /' | head -3
umount /out; sync; echo SK-DONE; while [ "$(word sk.end)" = wait ]; do sleep 1; done; poweroff -f
"""


class Unavailable(Exception):
    """Something that no test can do without."""


def check_programs():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lacking = sorted({p for name, p in PROGRAMS.items() if not shutil.which(name)})
    if lacking:
        raise Unavailable("needs the packages " + " ".join(lacking))
    if os.uname().machine != "x86_64":
        raise Unavailable("is for x86_64, on which its programs run in both kernels")


def output_of(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Kernel:
    """Debian's kernel with its modules."""

    MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")

    def __init__(self, directory):
        self.root = os.path.join(directory, "kernel")
        if not os.path.isdir(self.root):
            self.fetch(directory)
        self.image = glob.glob(f"{self.root}/boot/vmlinuz-*")[0]
        self.release = os.path.basename(self.image)[len("vmlinuz-"):]
        modules = glob.glob(f"{self.root}/**/lib/modules/{self.release}", recursive=True)
        self.modules = (modules or [f"{self.root}/lib/modules/{self.release}"])[0]

    def fetch(self, directory):
        try:
            name = re.search(
                r"Depends: (linux-image-\S+)", output_of("apt-cache", "depends", "linux-image-amd64"))
            subprocess.run(
                ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", name.group(1)],
                cwd=directory, check=True, capture_output=True)
        except (subprocess.CalledProcessError, AttributeError) as error:
            raise Unavailable(f"linux-image-amd64 cannot be had from the archive: {error}") from None
        package = glob.glob(f"{directory}/linux-image-*.deb")[0]
        subprocess.run(["dpkg-deb", "-x", package, f"{self.root}.part"], check=True)
        os.unlink(package)
        os.rename(f"{self.root}.part", self.root)

    def module_files(self):
        """The files of the modules that are needed, each behind those that it needs itself."""
        base = self.modules[: self.modules.index("/lib/modules/")]
        subprocess.run(["depmod", "-b", base, self.release], check=True)
        needs = {}
        for line in open(f"{self.modules}/modules.dep"):
            name, rest = line.rstrip().split(":")
            needs[name] = rest.split()
        order = []
        for module in self.MODULES:
            pattern = re.compile(rf"/{module}\.ko(\.xz|\.zst)?$")
            for name in (n for n in needs if pattern.search("/" + n)):
                # The nearest come first in that file.
                for file in [*reversed(needs[name]), name]:
                    if file not in order:
                        order.append(file)
        return [f"{self.modules}/{name}" for name in order]


class Initramfs:
    """A cpio archive in the form newc, written as it grows."""

    def __init__(self):
        self.parts, self.names = [], set()

    def add(self, name, content=b"", mode=stat.S_IFREG | 0o755):
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self.add(parent, mode=stat.S_IFDIR | 0o755)
        if name in self.names:
            return
        self.names.add(name)
        fields = (len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        for part in (head, content):
            self.parts.append(part + b"\0" * (-len(part) % 4))

    def link(self, name, target):
        self.add(name, target.encode(), stat.S_IFLNK | 0o777)

    def program(self, path, name=None):
        """A program with the libraries that it is linked to."""
        self.add(name or "sbin/" + os.path.basename(path), open(path, "rb").read())
        listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        for library in re.findall(r"(/\S+) \(0x", listed):
            self.add(library.lstrip("/"), open(library, "rb").read())

    def modules(self, files):
        names = []
        for file in files:
            name = os.path.basename(file).removesuffix(".xz").removesuffix(".zst")
            command = {".xz": "xz", "zst": "zstd"}.get(file[-3:])
            content = (
                subprocess.run([command, "-dc", file], check=True, capture_output=True).stdout
                if command else open(file, "rb").read())
            self.add(f"modules/{name}", content)
            names.append(name)
        self.add("modules/order", " ".join(names).encode())

    def unpacked(self):
        return sum(map(len, self.parts))

    def write(self, path):
        self.add("TRAILER!!!", mode=0)
        with gzip.open(path, "wb", 6) as file:
            file.write(b"".join(self.parts))


class Machine:
    """A machine that crashes once for each run."""

    def __init__(self, directory, programs, links=(), tests=""):
        """`programs` are those of the second kernel, `links` other names of the first of them."""
        self.directory = directory
        self.kernel = Kernel(directory)
        modules = self.kernel.module_files()
        first, second = Initramfs(), Initramfs()
        for archive, script in ((first, FIRST), (second, SECOND + tests + END)):
            archive.add("init", script.encode())
            archive.add("bin/busybox", open(shutil.which("busybox"), "rb").read())
            archive.link("bin/sh", "busybox")
            for name in ("proc", "sys", "dev"):
                archive.add(name, mode=stat.S_IFDIR | 0o755)
            archive.modules(modules)
        first.program(shutil.which("kexec"))
        for path in programs:
            second.program(path)
        for name in links:
            second.link(name, "/sbin/" + os.path.basename(programs[0]))
        self.unpacked = second.unpacked()
        first.write(f"{directory}/first.img")
        data = f"{directory}/data"
        os.makedirs(data, exist_ok=True)
        second.write(f"{data}/initrd")
        shutil.copy(self.kernel.image, f"{data}/vmlinuz")
        self.disk("data.ext4", 96, data)
        shutil.rmtree(data)

    def disk(self, name, mebibytes, content=None):
        path = f"{self.directory}/{name}"
        with open(path, "wb") as file:
            file.truncate(mebibytes << 20)
        subprocess.run(
            ["mkfs.ext4", "-q", "-F", "-O", "^has_journal,^metadata_csum"]
            + (["-d", content] if content else []) + [path], check=True)
        return path

    # Where the first kernel puts itself by chance may leave no room for the second one in one piece.
    ATTEMPTS = 8

    def run(self, *arguments, **options):
        """Crashes once. `hold` is called with a QMP connection when the tests are over.

        Returns the lines of the console that begin with SK; files are in `directory/name`.
        """
        for _ in range(self.ATTEMPTS):
            lines = self.attempt(*arguments, **options)
            if not any(line.startswith("SK-LOADED") and line.endswith(" 0") for line in lines):
                break
        return lines

    def attempt(self, name, tests, load="-c", append="", memory=320, crash=128, hold=None,
                limit=300, size=1500, accelerator="tcg"):
        out = f"{self.directory}/{name}"
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        console, qmp = f"{out}/console", f"{out}/qmp"
        end = "wait" if hold else "off"
        drives = []
        for index, path in enumerate((
                f"{self.directory}/data.ext4", self.disk(f"{name}/out.ext4", size),
                self.disk(f"{name}/raw", memory + 64))):
            options = "readonly=on" if index == 0 else "discard=unmap,detect-zeroes=unmap"
            drives += [
                "-drive", f"if=none,id=d{index},format=raw,cache=unsafe,file={path},{options}",
                "-device", f"virtio-blk-pci,drive=d{index}"]
        quoted = f"{append} sk.end={end}".strip().replace("=", "+").replace(" ", ",")
        machine = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "pc", "-accel", accelerator, "-cpu", "max,la57=off",
             "-m", str(memory), "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot",
             "-serial", f"file:{console}", "-qmp", f"unix:{qmp},server=on,wait=off",
             "-kernel", self.kernel.image, "-initrd", f"{self.directory}/first.img",
             "-append", f"console=ttyS0 panic=1 crashkernel={crash}M sk.load={load} "
             f"sk.tests={tests} sk.append={quoted}", *drives], stdin=subprocess.DEVNULL)
        try:
            self.wait(machine, console, limit, qmp, hold)
        finally:
            machine.kill()
            machine.wait()
        subprocess.run(
            ["debugfs", "-R", f"rdump / {out}", f"{out}/out.ext4"], capture_output=True)
        os.unlink(f"{out}/out.ext4")
        return self.lines(console)

    @staticmethod
    def lines(console):
        if not os.path.exists(console):
            return []
        text = open(console, errors="replace").read().replace("\r", "")
        return [line for line in text.splitlines() if line.startswith("SK-")]

    def wait(self, machine, console, limit, qmp, hold):
        end = time.monotonic() + limit
        while machine.poll() is None and time.monotonic() < end:
            time.sleep(0.5)
            if hold and "SK-DONE" in self.lines(console):
                hold(Monitor(qmp))
                return


class Monitor:
    """QEMU's own protocol, as far as it is needed to save memory."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.do("qmp_capabilities")

    def do(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise RuntimeError(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return

    def save_memory(self, path, mebibytes):
        self.do("stop")
        self.do("pmemsave", val=0, size=mebibytes << 20, filename=path)
