#!/usr/bin/env python3
"""A disk of 64 MiB that fills up while a server works on it, and empties again.

    full_disk.py VITSCOPE [--fills N]

The disk is a tmpfs in a mount namespace of our own, so this needs the right to make one. While it is full, what would
write is refused with 507 and a sentence, /readyz says 503, /livez 200, and what only reads is answered; within ten
seconds of there being room again the server is ready and takes work, without a restart, and no job is lost.

Exit status: 0 when all of it held, 1 when something did not, 3 where it cannot be tried.
"""

import argparse
import ctypes
import os
import shutil
import sys
import tempfile
import time

from life import CHECKPOINT, Check, Life, PROBE, Refused, png, reference
from service import Server, integrity, job_body

SIZE = 64 << 20
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 16384, 1 << 18


def mount(place):
    """A small disk at `place`, which nobody else sees; a sentence where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"no mount namespace: {os.strerror(ctypes.get_errno())}"
    if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        return f"the namespace is not private: {os.strerror(ctypes.get_errno())}"
    if libc.mount(b"tmpfs", place.encode(), b"tmpfs", 0, f"size={SIZE}".encode()) != 0:
        return f"no tmpfs: {os.strerror(ctypes.get_errno())}"
    return None


class FullDisk:
    def __init__(self, program, place):
        self.program, self.place = program, place
        self.data = os.path.join(place, "data")
        self.faults = []
        self.recoveries = []

    def expect(self, holds, fault):
        if not holds:
            self.faults.append(str(fault))

    def fill(self, left):
        """No byte is left, or only so many."""
        with open(os.path.join(self.place, "ballast"), "ab", buffering=0) as file:
            for piece in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(bytes(piece))
                except OSError:
                    pass
            if left:
                file.truncate(file.tell() - left)

    def empty(self):
        os.remove(os.path.join(self.place, "ballast"))

    def run(self, fills, left, hold):
        plain = Server(self.program, os.path.join(tempfile.mkdtemp(dir=os.path.dirname(self.place)), "plain"))
        wanted = reference(plain)
        plain.stop()
        server = Server(self.program, self.data, log=self.place + ".log")
        life = Life()
        sha = life.upload(server)
        life.register(server, sha)
        life.image(server)
        life.probe_set(server)
        life.question(server)
        for number in range(fills):
            self.round(server, life, number, left[number % len(left)], hold)
        server.stop()
        check = Check(life.kept_until(0), life.asked, wanted)
        check.expect(integrity(self.data) == [], integrity(self.data))
        server = Server(self.program, self.data, log=self.place + ".log")
        self.faults += check.run(server)
        server.stop()

    def round(self, server, life, number, left, hold):
        """Full in the middle of a training, and with one waiting."""
        running = life.submit(server, f"running {number}", job_body(epochs=60, images=256))
        waiting = life.submit(server, f"waiting {number}", job_body(epochs=1))
        while server.get(f"/v1/jobs/{running}").json.get("checkpoint_step") is None:
            server.get(f"/v1/jobs/{running}?wait=1&until=change")
        self.fill(left)
        self.expect(server.get("/livez").status == 200, "/livez is not 200 on a full disk")
        self.expect(server.get("/readyz").status == 503, f"/readyz on a full disk: {server.get('/readyz')}")
        with open(CHECKPOINT, "rb") as file:
            checkpoint = file.read()
        writes = [("POST", "/v1/jobs", job_body()), ("POST", "/v1/images", png()),
                  ("POST", "/v1/probe-sets", {"name": f"other-{number}", "dataset": "shapes-textures", "n_images": 4}),
                  ("POST", "/v1/uploads", checkpoint[:-1]),
                  ("POST", "/v1/models", {"name": f"other-{number}", "path": "job:%s@latest" % running})]
        for method, path, body in writes:
            headers = {"Content-Type": "image/png" if path.endswith("images") else "application/octet-stream"}
            reply = server.ask(method, path, body, None if isinstance(body, dict) else headers)
            # The training may just have let go of an older checkpoint; what was taken then is kept, and the disk is full again.
            for attempt in range(4):
                if left or reply.status not in (200, 201, 202) or path == "/v1/images":
                    break
                if path == "/v1/jobs":
                    life.asked.add(None)
                self.fill(left)
                if isinstance(body, dict) and "name" in body:
                    body = body | {"name": f"{body['name']}-{attempt}"}
                elif path == "/v1/uploads":
                    body = body[:-1]
                reply = server.ask(method, path, body, None if isinstance(body, dict) else headers)
            # An image that is there already needs no room.
            if path == "/v1/images" and reply.status == 200:
                continue
            # What is left may do for it.
            if left and reply.status in (200, 201, 202):
                if path == "/v1/jobs":
                    life.asked.add(None)
                continue
            self.expect(reply.status == 507 and "problem+json" in reply.headers.get("Content-Type", "")
                        and len(reply.json.get("detail", "").split()) > 4, f"{path} on a full disk: {reply}")
        reads = ["/v1", "/v1/jobs", f"/v1/jobs/{running}", f"/v1/jobs/{running}/checkpoints", "/v1/models/mine",
                 f"/v1/models/mine/analyses/attention-nmi?probe_set={PROBE}", "/v1/probe-sets", "/metrics",
                 "/v1/models/mine/attention?image=shapes-textures:5", f"/v1/jobs/{running}/events?after=0"]
        for path in reads:
            reply = server.ask("GET", path, headers={"Accept": "application/json"} if "events" in path else None)
            self.expect(reply.status == 200, f"{path} on a full disk: {reply}")
        # Long enough, and nobody would take a full disk for a job that cannot be done.
        end = time.monotonic() + hold
        while time.monotonic() < end:
            self.expect(server.is_running, "the server ended on a full disk")
            time.sleep(1)
        states = [server.get(f"/v1/jobs/{job}").json for job in (running, waiting)]
        for state in states:
            self.expect(state.get("state") in ("running", "queued", "succeeded"), f"a job on a full disk: {state}")
        self.empty()
        start = time.monotonic()
        server.wait_ready(60)
        while True:
            try:
                life.submit(server, f"after {number}", job_body(epochs=1))
                break
            except Refused:
                if time.monotonic() > start + 60:
                    raise
        self.recoveries.append(time.monotonic() - start)
        self.expect(self.recoveries[-1] <= 10, f"ready only after {self.recoveries[-1]:.1f} s")
        for job in (running, waiting):
            found = server.finished(job, seconds=300)
            self.expect(found.get("state") == "succeeded", f"a job after a full disk: {found}")
            life.promise("end", identifier=job, state="succeeded")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--fills", type=int, default=1)
    options.add_argument("--left", type=int, nargs="*", default=[0], help="bytes that each fill leaves, in turn")
    options.add_argument("--hold", type=float, default=45, help="seconds that it stays full")
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="vitscope-full-")
    place = os.path.join(folder, "disk")
    os.makedirs(place)
    refused = mount(place)
    if refused:
        print(refused)
        return 3
    try:
        disk = FullDisk(options.program, place)
        disk.run(options.fills, options.left, options.hold)
        for fault in disk.faults:
            print(fault)
        print(f"{options.fills} times full; ready again after at most {max(disk.recoveries, default=0):.2f} s, "
              f"{len(disk.faults)} faults")
        return int(bool(disk.faults))
    finally:
        ctypes.CDLL(None).umount2(place.encode(), 2)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
