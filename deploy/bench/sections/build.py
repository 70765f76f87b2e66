"""A release build from nothing, and what it is made of."""

import os
import re
import shutil
import subprocess
import time

from measure import REPOSITORY, LeftOut, Row, Section

ROWS = (
    Row("whole", "release build from nothing, packages fetched before", "s"),
    Row("again", "the same with one file of the command changed", "s"),
)


def run(bench):
    if bench.quick:
        raise LeftOut("a build takes minutes; --quick leaves it out")
    if bench.remaining() < 240:
        raise LeftOut("too little of the time was left")
    swift = os.environ.get("SWIFT", "swift")
    place = os.path.join(bench.scratch, "build")
    command = [swift, "build", "-c", "release", "--product", "vitscope", "--scratch-path", place]
    # Fetching depends on the network, and is no part of the figure.
    shutil.copytree(os.path.join(REPOSITORY, ".build", "checkouts"), os.path.join(place, "checkouts"), symlinks=True)
    shutil.copytree(os.path.join(REPOSITORY, ".build", "repositories"), os.path.join(place, "repositories"), symlinks=True)
    for name in ("workspace-state.json",):
        shutil.copy(os.path.join(REPOSITORY, ".build", name), place)
    bench.run([swift, "package", "resolve", "--scratch-path", place], timeout=120)
    start, before = time.perf_counter(), os.times()
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        out, _ = process.communicate(timeout=bench.remaining())
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        raise LeftOut("the build took more than the time that was left") from None
    if process.returncode != 0:
        raise LeftOut(f"the build failed: {out[-300:]}")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    steps = re.findall(r"\[\d+/(\d+)\]", out)
    bench.record("whole", time.perf_counter() - start,
                 note=f"{used / 60:.1f} minutes of processors, {steps[-1] if steps else '?'} steps")
    changed = os.path.join(REPOSITORY, "Sources", "vitscope", "Version.swift")
    stat = os.stat(changed)
    os.utime(changed)
    try:
        start = time.perf_counter()
        bench.run(command, timeout=300)
        bench.record("again", time.perf_counter() - start)
    finally:
        os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))


SECTION = Section("build", "Build", 780, ROWS, run, is_checked=False)
