#!/usr/bin/env python3
"""Sets the clock an hour forward and back under a server that works, lets the machine sleep, and stops processes.

    clocks.py VITSCOPE [--stop SECONDS]

No job loses its worker for it, none waits for an hour, none is worked on twice at once, and each ends with the weights
of an undisturbed run. With `--stop` processes are held with SIGSTOP for so long besides; a worker that says nothing for
30 seconds is ended and replaced, and never has company.

Exit status: 0 when all of it held, 1 when something did not, 3 where it cannot be tried.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

from life import reference, training
from service import Server, family, job_body
from shim import NoCompiler, Shim


class Watch(threading.Thread):
    """Counts the workers of each job, all the time."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.ends = server, {}, threading.Event()

    def run(self):
        while not self.ends.wait(0.02):
            found = {}
            for process in family(self.server.process.pid):
                try:
                    with open(f"/proc/{process}/cmdline", "rb") as file:
                        words = file.read().split(b"\0")
                    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
                        is_dead = file.read().rsplit(")", 1)[1].split()[0] in "ZX"
                except OSError:
                    continue
                if b"--job-dir" in words and not is_dead:
                    job = os.path.basename(words[words.index(b"--job-dir") + 1].decode())
                    found[job] = found.get(job, 0) + 1
            for job, count in found.items():
                self.most[job] = max(self.most.get(job, 0), count)


class Clocks:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.faults, self.jobs = [], []

    def expect(self, holds, fault):
        if not holds:
            self.faults.append(str(fault))

    def run(self, stop):
        plain = Server(self.program, os.path.join(self.folder, "plain"))
        wanted = reference(plain)[False]
        plain.stop()
        data = os.path.join(self.folder, "data")
        os.makedirs(data)
        self.shim = Shim(os.path.join(self.folder, "shim"), data)
        self.server = Server(self.program, data, environment=self.shim.environment())
        watch = Watch(self.server)
        watch.start()
        for shift in (3600, -3600):
            self.jump(shift)
        self.sleep()
        if stop:
            self.stop("everything", stop)
            self.stop("server", stop)
            self.stop("worker", stop)
        for name, identifier in self.jobs:
            self.compare(name, identifier, wanted)
        watch.ends.set()
        watch.join()
        self.expect(all(count == 1 for count in watch.most.values()), f"workers of one job at once: {watch.most}")
        self.expect(self.server.stop() == 143, "the server did not end well")

    def submit(self, name, body):
        reply = self.server.ask("POST", "/v1/jobs", {**body, "name": name})
        assert reply.status == 202, reply
        return reply.json["id"]

    def at_work(self, name):
        """A job with a worker that has made a step."""
        identifier = self.submit(name, job_body(epochs=400, images=256))
        while (self.server.get(f"/v1/jobs/{identifier}").json.get("progress") or {}).get("step", 0) < 1:
            time.sleep(0.05)
        return identifier

    def end(self, name, identifier, may_crash=False):
        """Its worker is the one that it had; then it may go."""
        before = self.server.get(f"/v1/jobs/{identifier}").json
        step = before.get("step", 0)
        deadline = time.monotonic() + 30
        job = before
        while job.get("state") == "running" and job.get("step", 0) <= step and time.monotonic() < deadline:
            time.sleep(0.2)
            job = self.server.get(f"/v1/jobs/{identifier}").json
        if not may_crash:
            self.expect(job["state"] == "running" and job["attempt"] == 1 and job["crashes"] == 0,
                        f"{name}: the worker was lost: {job['state']}, attempt {job['attempt']}")
        self.server.ask("POST", f"/v1/jobs/{identifier}/cancel")
        self.expect(self.server.finished(identifier, 60).get("state") == "cancelled", f"{name}: not cancelled")

    def jump(self, shift):
        """One job works, one waits, one comes while the clock is wrong."""
        name = f"{shift:+d} s"
        working = self.at_work(f"works at {name}")
        self.jobs.append((f"waits at {name}", self.submit("first", training(False))))
        self.shim.shift_clock(shift)
        time.sleep(3)
        self.jobs.append((f"comes at {name}", self.submit("first", training(False))))
        self.expect(self.server.get("/readyz").status == 200, f"not ready at {name}")
        self.shim.shift_clock(0)
        time.sleep(1)
        self.end(name, working)
        for job, identifier in self.jobs[-2:]:
            start = time.monotonic()
            found = self.server.finished(identifier, 60)
            self.expect(found.get("state") == "succeeded",
                        f"{job}: {found.get('state')} after {time.monotonic() - start:.0f} s: {found}")

    def sleep(self):
        """The machine sleeps for ten minutes, and nobody has said anything meanwhile."""
        working = self.at_work("sleeps")
        for _ in range(5):
            self.shim.sleep(600)
            time.sleep(0.3)
        self.end("after sleeping", working)

    def stop(self, what, seconds):
        working = self.at_work(f"{what} stopped")
        server = self.server.process.pid
        held = {"everything": family(server), "server": [server], "worker": family(server)[1:]}[what]
        for process in held:
            os.kill(process, signal.SIGSTOP)
        time.sleep(seconds)
        for process in held:
            try:
                os.kill(process, signal.SIGCONT)
            except ProcessLookupError:
                pass
        time.sleep(1)
        self.end(f"{what} stopped for {seconds} s", working, may_crash=what == "worker")

    def compare(self, name, identifier, wanted):
        run = os.path.join(self.server.data, "jobs", identifier, "run")
        for file, content in wanted.items():
            try:
                with open(os.path.join(run, file), "rb") as opened:
                    self.expect(opened.read() == content, f"{name}: {file} is not that of an undisturbed run")
            except OSError as error:
                self.faults.append(f"{name}: {error}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--stop", type=int, default=0)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="vitscope-clocks-")
    clocks = Clocks(options.program, folder)
    try:
        clocks.run(options.stop)
        for fault in clocks.faults:
            print(fault)
        print(f"{len(clocks.faults)} faults")
        return int(bool(clocks.faults))
    except NoCompiler as error:
        print(error)
        return 3
    finally:
        if hasattr(clocks, "server") and clocks.server.is_running:
            clocks.server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
