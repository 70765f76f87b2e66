"""The shim between a program and its disk (disk_shim.c): compiling it, planning faults, reading its log."""

import errno
import mmap
import os
import shutil
import struct
import subprocess

CALLS = ("write", "sync", "rename", "open", "map", "truncate", "unlink", "mkdir", "link")
LINES = ("create", "write", "size", "sync", "rename", "unlink", "mkdir", "rmdir", "link")
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EINTR": errno.EINTR, "short": 0}

# Places of `struct state`, in words of eight bytes.
SEQUENCE, COUNTS, PLANNED, FAILED, KINDS, FIRST, COUNT, ERROR, SHIFT, SLEPT = 0, 1, 17, 18, 19, 20, 21, 22, 23, 24
RECORD = struct.Struct("=IIQQQQQII")
MAGIC = 0x4B534944


class NoCompiler(Exception):
    """There is no C compiler, so nothing can be tried."""


class Shim:
    """Faults for every process that is started with `environment()`."""

    def __init__(self, folder, below, logs=False):
        os.makedirs(folder, exist_ok=True)
        self.library = compiled(folder)
        self.below = os.path.realpath(below)
        self.state = os.path.join(folder, "state")
        self.log = os.path.join(folder, "log") if logs else None
        with open(self.state, "wb") as file:
            file.write(bytes(4096))
        if self.log and os.path.exists(self.log):
            os.remove(self.log)
        with open(self.state, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def environment(self):
        log = {"FAULTS_LOG": self.log} if self.log else {}
        return {"LD_PRELOAD": self.library, "FAULTS_BELOW": self.below, "FAULTS_STATE": self.state, **log}

    def word(self, place, form="<Q"):
        return struct.unpack_from(form, self.memory, 8 * place)[0]

    def set(self, place, value, form="<Q"):
        struct.pack_into(form, self.memory, 8 * place, value)

    @property
    def sequence(self):
        return self.word(SEQUENCE)

    @property
    def failed(self):
        return self.word(FAILED)

    @property
    def planned(self):
        return self.word(PLANNED)

    def counts(self):
        return {name: self.word(COUNTS + index) for index, name in enumerate(CALLS)}

    def plan(self, calls, first, count, error):
        """From now on the calls `first`, `first` + 1 … (`count` of them) of these kinds fail."""
        self.set(FIRST, 0)
        self.set(PLANNED, 0)
        self.set(FAILED, 0)
        self.set(KINDS, sum(1 << CALLS.index(call) for call in calls))
        self.set(COUNT, count)
        self.set(ERROR, ERRORS[error])
        self.set(FIRST, first)

    def disarm(self):
        self.set(FIRST, 0)

    def shift_clock(self, seconds):
        self.set(SHIFT, int(seconds * 1e9), "<q")

    def sleep(self, seconds):
        """As if the machine had slept for so long: nobody has run, and the clock that goes on has."""
        self.set(SLEPT, self.word(SLEPT, "<q") + int(seconds * 1e9), "<q")


def compiled(folder):
    """The path of the library, compiled here unless it is there."""
    library = os.path.join(folder, "disk_shim.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "disk_shim.c")
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise NoCompiler("no C compiler is here")
    if not os.path.exists(library):
        subprocess.run([compiler, "-std=gnu11", "-O1", "-shared", "-fPIC", "-Wall", "-o", library, source, "-ldl"],
                       check=True)
    return library


class Line:
    """One line of the log."""

    __slots__ = ("kind", "sequence", "began", "inode", "offset", "data", "path", "other")

    def __init__(self, kind, sequence, began, inode, offset, data, path, other):
        self.kind, self.sequence, self.began, self.inode = kind, sequence, began, inode
        self.offset, self.data, self.path, self.other = offset, data, path, other


def read_log(path):
    """The lines in the order in which things happened."""
    with open(path, "rb") as file:
        text = file.read()
    lines, place = [], 0
    while place + RECORD.size <= len(text):
        magic, kind, sequence, began, inode, offset, count, path, other = RECORD.unpack_from(text, place)
        if magic != MAGIC:
            raise ValueError(f"the log is torn at {place}")
        place += RECORD.size
        parts = []
        for size in (count, path, other):
            parts.append(text[place:place + size])
            place += size
        lines.append(Line(LINES[kind], sequence, began, inode, offset, parts[0], os.fsdecode(parts[1]),
                          os.fsdecode(parts[2])))
    return sorted(lines, key=lambda line: line.sequence)
