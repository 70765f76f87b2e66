#!/usr/bin/env python3
"""Measures the memory of a server and of every process that it starts.

    memory.py VITSCOPE CHECKPOINT [--times N] [--kinds] [--images N]

Loads and unloads the checkpoint N times, and says what all processes together hold after each: it has to be back within
5 % of what it was after the first time. With `--kinds` every analysis is asked of the model, each in a server of its
own, and what the server has promised (`vitscope_compute_bytes`, and `vitscope_cache_bytes` for what it keeps) is compared
with what its processes then take at most beyond what they had, by the kernel's own count (VmHWM). What is held is the
proportional set size (smaps_rollup), so that pages that two processes share count once.

Exit status: 0 when the memory comes back, 1 when it does not.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time

from service import Server, family

REPETITIONS = 12
PROBE = {"name": "memory", "dataset": "shapes-textures", "seed": 1, "stratified": True}


def held(process):
    """Bytes of a process and of all that it started."""
    total = 0
    for number in family(process):
        try:
            with open(f"/proc/{number}/smaps_rollup", encoding="ascii") as file:
                fields = dict(line.split()[:2] for line in file if line.split()[1].isdigit())
        except OSError:
            continue
        total += int(fields["Pss:"]) * 1024
    return total


class Peak:
    """The most that was promised until it is told to end, and the most that was taken beyond what there was: the kernel
    counts that itself, however short it was."""

    def __init__(self, server):
        self.server, self.promised, self.ends = server, 0, threading.Event()
        self.before = {}
        for process in family(server.process.pid):
            with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")  # forgets the highest resident size so far
            self.before[process] = resident(process)[0]
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.ends.is_set():
            self.promised = max(self.promised, promised(self.server))

    @property
    def taken(self):
        return sum(max(resident(process)[1] - before, 0) for process, before in self.before.items())

    def end(self):
        self.ends.set()
        self.thread.join()


def resident(process):
    """Bytes that are resident now, and that were at most."""
    with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
        fields = dict(line.split(":", 1) for line in file if line.startswith(("VmRSS", "VmHWM")))
    return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))


def promised(server):
    """Bytes that the server has set aside for what computes, and that it keeps."""
    lines = server.get("/metrics").body.decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines
               if line.startswith(("vitscope_compute_bytes ", "vitscope_cache_bytes{")))


def load(server, name):
    reply = server.ask("POST", "/v1/models", {"name": "big", "path": name}, {"Prefer": "wait=60"})
    while server.get("/v1/models/big").json.get("state") == "loading":
        time.sleep(0.05)
    state = server.get("/v1/models/big").json
    assert state.get("state") == "ready", (reply, state)


def coming_and_going(server, name, times):
    """What is held after each load and unload, mebibytes."""
    after = []
    for _ in range(times + 1):
        load(server, name)
        full = held(server.process.pid)
        assert server.ask("DELETE", "/v1/models/big").status == 204
        # What goes back to the system goes when the last user lets go.
        time.sleep(0.5)
        after.append((full >> 20, held(server.process.pid) >> 20))
    return after


def kinds(program, folder, models, name, images):
    """For each analysis: what was promised, and what was taken."""
    table = []
    server = Server(program, os.path.join(folder, "list"), ("--models", models))
    document = server.get("/openapi.json").json
    prefix = "/v1/models/{name}/"
    paths = [path[len(prefix):] for path in document["paths"] if path.startswith((prefix + "analyses/",
                                                                                  prefix + "attention"))]
    server.stop()
    for kind in sorted(paths):
        server = Server(program, os.path.join(folder, kind.replace("/", "-")), ("--models", models))
        try:
            for seed in range(REPETITIONS):
                server.ask("POST", "/v1/probe-sets", {**PROBE, "name": f"memory-{seed}", "seed": seed, "n_images": images})
            load(server, name)
            # Threads, libraries and weights are there before.
            server.ask("GET", "/v1/models/big/attention?image=shapes-textures:1")
            kept, peak = promised(server), Peak(server)
            # What answers within milliseconds is asked again, of other images, until its promise was seen.
            for seed in range(REPETITIONS):
                which = f"image=shapes-textures:{seed}" if kind.startswith("attention") else f"probe_set=memory-{seed}"
                reply = server.ask("GET", f"/v1/models/big/{kind}?{which}", headers={"Prefer": "wait=300"}, timeout=600)
                if peak.promised > kept:
                    break
            peak.end()
            taken, said = peak.taken, peak.promised - kept
            table.append((kind, reply.status, said, taken))
            ratio = taken / said if said > 0 else float("inf")
            print(f"{kind}: {reply.status}, promised {said >> 20} MiB, took {taken >> 20} MiB, "
                  f"ratio {ratio:.2f}", flush=True)
        finally:
            server.kill()
    return table


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("checkpoint")
    options.add_argument("--times", type=int, default=20)
    options.add_argument("--kinds", action="store_true")
    options.add_argument("--images", type=int, default=16)
    options = options.parse_args()
    models, name = os.path.split(os.path.abspath(options.checkpoint))
    folder = tempfile.mkdtemp(prefix="vitscope-memory-")
    try:
        if options.kinds:
            kinds(options.program, folder, models, name, options.images)
            return 0
        server = Server(options.program, os.path.join(folder, "data"), ("--models", models))
        start = held(server.process.pid) >> 20
        after = coming_and_going(server, name, options.times)
        server.stop()
        first, last = after[0][1], after[-1][1]
        print(f"at the start {start} MiB; loaded and unloaded, MiB: {after}")
        print(f"after the first time {first} MiB, after {options.times} more {last} MiB: {last / first - 1:+.1%}")
        return int(last > first * 1.05)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
