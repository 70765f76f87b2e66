#!/usr/bin/env python3
"""Kills processes of every kind at random moments, while uploads, loads, questions and trainings go on.

    kills.py VITSCOPE [--kills N] [--seed N]

The server, the process that computes, readers of checkpoints and workers are ended by SIGKILL in turn. Whatever was
acknowledged has to be there at the end, each answer has to have the bytes that it had from a server that nobody killed,
and each training the weights of one that was never interrupted. When the server goes, all that it started goes too.

Exit status: 0 when all of it held, 1 when something did not.
"""

import argparse
import collections
import http.client
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time
import zlib

from life import PROBE, Life, png, weights
from mixed_load import checkpoint, kind_or_nothing
from service import TERMINAL, DidNotStart, Server, digest, family, integrity, job_body

KINDS = ("serve", "compute", "parse", "worker")
QUESTIONS = [f"/v1/models/{model}/attention?image=shapes-textures:{image}&layer=-1&head=all&format=npy"
             for model in ("simmim", "moco_v3", "untrained") for image in range(40)]
QUESTIONS += [f"/v1/models/{model}/analyses/{kind}?probe_set={PROBE}" for model in ("simmim", "moco_v3")
              for kind in ("attention-nmi", "fourier", "token-displacement", "pca", "feature-variance")]
TRAINING = job_body(epochs=3)
# What a request may be answered while processes die beside it.
EXPECTED = (200, 201, 202, 204, 400, 409, 422, 429, 500, 503)


class Load:
    """Clients that ask on, whatever dies, and keep what they were promised."""

    def __init__(self, answers):
        self.answers = answers
        self.server = None
        self.ends = threading.Event()
        self.lock = threading.Lock()
        self.uploads, self.images, self.jobs = [], [], {}
        self.counts, self.faults = collections.Counter(), []

    def fault(self, text):
        with self.lock:
            self.faults.append(text[:600])
            print(self.faults[-1], flush=True)

    def ask(self, method, path, body=None, headers=None):
        """An answer, or nothing where the connection broke."""
        try:
            reply = self.server.ask(method, path, body, headers, timeout=120)
        except (OSError, http.client.HTTPException):
            self.ends.wait(0.05)
            return None
        with self.lock:
            self.counts[reply.status] += 1
        if reply.status not in EXPECTED:
            self.fault(f"{method} {path}: {reply}")
        elif reply.status >= 400 and "problem+json" not in reply.headers.get("Content-Type", ""):
            self.fault(f"{method} {path} is refused without a problem: {reply}")
        return reply

    def question(self, random_):
        path = random_.choice(QUESTIONS)
        reply = self.ask("GET", path, headers={"Prefer": "wait=60"})
        if reply and reply.status == 200 and digest(reply.body) != self.answers[path]:
            self.fault(f"another answer to {path}: {reply}")

    def model(self, random_):
        data = checkpoint(random_.randrange(1 << 48))
        reply = self.ask("POST", "/v1/uploads", data, {"Content-Type": "application/octet-stream"})
        if not reply or reply.status not in (200, 201):
            return
        self.uploads.append(digest(data))
        name = f"mine-{random_.randrange(1 << 32)}"
        self.ask("POST", "/v1/models", {"name": name, "path": f"upload:{digest(data)}", "num_heads": 3}, {"Prefer": "wait=20"})
        reply = self.ask("GET", f"/v1/models/{name}/attention?image=shapes-textures:7&layer=all&head=all&format=npy")
        if reply and reply.status == 200 and digest(reply.body) != self.answers["mine"]:
            self.fault(f"another answer of an uploaded model: {reply}")
        self.ask("DELETE", f"/v1/models/{name}")

    def image(self, random_):
        data = bytearray(png())
        data = bytes(data[:-12]) + text_chunk(random_) + bytes(data[-12:])
        reply = self.ask("POST", "/v1/images", data, {"Content-Type": "image/png"})
        if reply and reply.status in (200, 201):
            self.images.append((reply.json["id"], data))
        self.ends.wait(0.3)

    def train(self, random_):
        reply = self.ask("POST", "/v1/jobs", TRAINING, {"Idempotency-Key": f"key-{random_.randrange(1 << 60)}"})
        if not reply or reply.status != 202:
            return
        identifier = reply.json["id"]
        self.jobs[identifier] = None
        end = time.monotonic() + 300
        while not self.ends.is_set() and time.monotonic() < end:
            reply = self.ask("GET", f"/v1/jobs/{identifier}?wait=2&until=terminal")
            if reply and reply.status == 200 and reply.json.get("state") in TERMINAL:
                self.jobs[identifier] = reply.json["state"]
                return

    def repeat(self, act, seed):
        random_ = random.Random(seed)
        while not self.ends.is_set():
            act(random_)
            self.ends.wait(0.02)

    def start(self, seed):
        acts = [self.question, self.question, self.model, self.model, self.image, self.train, self.train]
        threads = [threading.Thread(target=self.repeat, args=(act, seed * 10 + number), daemon=True)
                   for number, act in enumerate(acts)]
        for thread in threads:
            thread.start()
        return threads


def text_chunk(random_):
    """A comment that makes an image another file."""
    data = b"Comment\0" + random_.randbytes(8).hex().encode()
    return struct.pack(">I", len(data)) + b"tEXt" + data + struct.pack(">I", zlib.crc32(b"tEXt" + data))


def answers(server):
    """What a server says that nobody kills."""
    found = {path: digest(server.ask("GET", path, headers={"Prefer": "wait=60"}).body) for path in QUESTIONS}
    sha = server.ask("POST", "/v1/uploads", checkpoint(1), {"Content-Type": "application/octet-stream"}).json["sha256"]
    server.ask("POST", "/v1/models", {"name": "mine", "path": f"upload:{sha}", "num_heads": 3}, {"Prefer": "wait=60"})
    reply = server.get("/v1/models/mine/attention?image=shapes-textures:7&layer=all&head=all&format=npy")
    assert reply.status == 200, reply
    return {**found, "mine": digest(reply.body)}


def victim(server, wanted, seconds):
    """A process of the kind, as soon as there is one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in family(server.process.pid):
            if kind_or_nothing(process) == wanted:
                return process
        time.sleep(0.002)
    return None


def kill_server(server, load):
    """The server alone; what it started has to notice."""
    its = family(server.process.pid)[1:]
    server.process.kill()
    server.process.wait()
    end = time.monotonic() + 10
    # Workers finish what they do: they are jobs of their own, which the next server finds again.
    left = its
    while left and time.monotonic() < end:
        left = [process for process in left if kind_or_nothing(process) in ("compute", "parse")]
        time.sleep(0.02)
    if left:
        load.fault(f"10 s after the server there are still {[(process, kind_or_nothing(process)) for process in left]}")


def check(load, server, wanted):
    """Holds the server to what was promised; tells how many jobs ended how."""
    server.wait_ready()
    ends = collections.Counter()
    known = {one["sha256"] for one in pages(server, "/v1/uploads", "uploads")}
    for sha in load.uploads:
        if sha not in known:
            load.fault(f"an upload is lost: {sha}")
    for identifier, data in load.images:
        reply = server.get(f"/v1/images/{identifier}?view=original")
        if reply.body != data:
            load.fault(f"an image is lost: {reply}")
    for identifier, end in load.jobs.items():
        job = server.finished(identifier)
        ends[job.get("state")] += 1
        if end and job.get("state") != end:
            load.fault(f"job {identifier} was {end} and is {job}")
        if job.get("state") == "failed" and job.get("attempt", 0) >= 3:
            continue  # killed too often: that is told, and it is at its end
        if job.get("state") != "succeeded":
            load.fault(f"job {identifier} did not come to its end: {job}")
            continue
        for name, data in wanted.items():
            with open(os.path.join(server.data, "jobs", identifier, "run", name), "rb") as file:
                if file.read() != data:
                    load.fault(f"job {identifier}: {name} is not that of an uninterrupted run")
    listed = pages(server, "/v1/jobs", "jobs")
    for job in listed:
        if job["id"] not in load.jobs and job.get("method") != "analysis" and job["state"] not in ("succeeded", "queued", "running"):
            load.fault(f"a job that nobody was promised is {job}")
    for path, data in load.answers.items():
        if path != "mine" and digest(server.ask("GET", path, headers={"Prefer": "wait=60"}).body) != data:
            load.fault(f"afterwards another answer to {path}")
    return dict(ends)


def pages(server, path, name):
    found, token = [], ""
    while True:
        page = server.get(f"{path}?page_size=1000{token}").json
        found += page[name]
        if not page.get("next_page_token"):
            return found
        token = f"&page_token={page['next_page_token']}"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = options.parse_args()
    random_ = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="vitscope-kills-")
    data, server = os.path.join(folder, "data"), None
    try:
        print(f"seed {options.seed}", flush=True)
        plain = Server(options.program, os.path.join(folder, "plain"), ("--demo",))
        plain.wait_ready()
        Life().probe_set(plain)
        load, wanted = Load(answers(plain)), weights(plain, TRAINING)
        plain.stop()
        server = load.server = Server(options.program, data, ("--demo",))
        server.wait_ready()
        Life().probe_set(server)
        threads, kills, start = load.start(options.seed), collections.Counter(), time.monotonic()
        while sum(kills.values()) < options.kills and time.monotonic() - start < 60 + 10 * options.kills:
            time.sleep(random_.uniform(0, 1.5))
            wanted_kind = KINDS[sum(kills.values()) % len(KINDS)]
            process = victim(server, wanted_kind, 20)
            if process is None:
                load.fault(f"no process {wanted_kind} in 20 s")
                continue
            time.sleep(random_.uniform(0, 0.03) if wanted_kind != "serve" else 0)
            try:
                if wanted_kind == "serve":
                    kill_server(server, load)
                    for problem in integrity(data):
                        load.fault(f"the database: {problem}")
                    server = load.server = Server(options.program, data, ("--demo",))
                elif kind_or_nothing(process) == wanted_kind:
                    os.kill(process, signal.SIGKILL)
                else:
                    continue  # it was done before
            except ProcessLookupError:
                continue
            kills[wanted_kind] += 1
            if not server.is_running:
                load.fault(f"the server ended when {wanted_kind} was killed")
                break
        load.ends.set()
        for thread in threads:
            thread.join(150)
        ends = check(load, server, wanted)
        server.stop()
        for problem in integrity(data):
            load.fault(f"the database: {problem}")
        print(f"{dict(kills)} killed in {time.monotonic() - start:.0f} s; statuses {dict(sorted(load.counts.items()))}; "
              f"{len(load.uploads)} uploads, {len(load.images)} images, {len(load.jobs)} jobs {ends}; {len(load.faults)} faults")
        return int(bool(load.faults) or sum(kills.values()) < options.kills)
    except DidNotStart as error:
        print(f"the server does not start: {error}")
        return 1
    finally:
        if server and server.is_running:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
