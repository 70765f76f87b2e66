#!/usr/bin/env python3
"""Backs a data directory up while a server works in it, and restores each backup.

    backups.py VITSCOPE [--times N]

Each backup is restored beside a copy of the other files, and a server on it has to know every job that was acknowledged
before the backup was begun, with its end, its checkpoints and their digests.

Exit status: 0 when all of it held, 1 when something did not.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from life import Check, Life, reference
from service import Server, integrity, job_body


class Load(threading.Thread):
    """Posts jobs one after another, and keeps what was acknowledged."""

    def __init__(self, server, life):
        super().__init__(daemon=True)
        self.server, self.life, self.ends, self.error = server, life, threading.Event(), None

    def run(self):
        try:
            number = 0
            while not self.ends.is_set():
                number += 1
                identifier = self.life.submit(self.server, f"load-{number}", job_body(epochs=1))
                if number % 3 == 0:
                    self.life.ask(self.server, "POST", f"/v1/jobs/{identifier}/cancel", good=(202, 409))
                job = self.server.finished(identifier)
                self.life.promise("end", identifier=identifier, state=job["state"])
        except Exception as error:  # told by the main thread
            self.error = error


def once(program, folder, server, life, wanted, number):
    """Faults of one backup, restored."""
    backup, data = os.path.join(folder, f"backup-{number}"), os.path.join(folder, f"restored-{number}")
    moment = time.monotonic()
    made = subprocess.run([program, "backup", "--data", server.data, "--out", backup], capture_output=True, text=True,
                          check=False)
    if made.returncode != 0:
        return [f"backup {number}: {made.stderr}"]
    # Files that never change, copied as any others; what is made meanwhile may be missing.
    def ignore(place, names):
        return [name for name in names if name.startswith("jobs.sqlite") or ".tmp-" in name or name == "lock"]
    for _ in range(5):
        shutil.rmtree(data, ignore_errors=True)
        try:
            shutil.copytree(server.data, data, ignore=ignore)
            break
        except shutil.Error:
            pass
    restored = subprocess.run([program, "restore", "--data", data, "--from", backup], capture_output=True, text=True,
                              check=False)
    if restored.returncode != 0:
        return [f"restore {number}: {restored.stderr}"]
    faults = [f"backup {number}: {problem}" for problem in integrity(data)]
    check = Check(life.kept_until(moment), life.asked, wanted)
    again = Server(program, data, ("--job-slots", "0"))
    try:
        faults += [f"restored {number}: {fault}" for fault in check.run(again)]
    finally:
        again.kill()
        shutil.rmtree(data, ignore_errors=True)
    return faults


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--times", type=int, default=3)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="vitscope-backups-")
    server = None
    try:
        server = Server(options.program, os.path.join(folder, "data"))
        wanted = reference(server)
        life = Life(now=time.monotonic)
        for job in server.get("/v1/jobs?page_size=100").json["jobs"]:
            life.asked.add(job["name"])
        life.train(server, "first", True)
        load = Load(server, life)
        load.start()
        faults = []
        for number in range(options.times):
            faults += once(options.program, folder, server, life, wanted, number)
        load.ends.set()
        load.join(120)
        faults += [f"the load: {load.error}"] if load.error else []
        server.stop()
        for fault in faults:
            print(fault)
        print(f"{options.times} backups under load, {len(life.promises)} promises, {len(faults)} faults")
        return int(bool(faults))
    finally:
        if server and server.is_running:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
