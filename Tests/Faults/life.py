"""A short life of a server, and what has to be true of its data directory whenever and however that life ended.

Each thing that the server has acknowledged is kept as a promise; `check` starts a server on what is left and holds it
to all of them.
"""

import http.client
import json
import os
import struct
import zlib

from service import REPOSITORY, TERMINAL, DidNotStart, Server, digest, integrity, job_body

CHECKPOINT = os.path.join(REPOSITORY, "Tests/Fixtures/models/files/simmim_pretrain.pth")
PROBE = "probe"
QUESTION = f"/v1/models/mine/analyses/attention-nmi?probe_set={PROBE}"


def png():
    """A small image."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3 + c) % 256 for x in range(16) for c in range(3)) for y in range(16))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Refused(Exception):
    """The server said no, as it may when its disk does."""


class Life:
    """Upload, register, probe set, question, jobs: each answer is a promise, with the moment in which it was given."""

    def __init__(self, now=lambda: 0, patience=120):
        self.now = now
        self.patience = patience
        self.promises = []  # (moment, kind, details)
        self.asked = set()  # jobs that may be there, though nobody said so
        self.refusals = []
        self.faults = []

    def promise(self, kind, **details):
        self.promises.append((self.now(), kind, details))

    def kept_until(self, moment):
        """What was promised by then."""
        return [(kind, details) for given, kind, details in self.promises if given <= moment]

    # Asking ----------------------------------------------------------------------------------------------------------

    def ask(self, server, method, path, body=None, headers=None, good=(200, 201, 202, 204)):
        """An answer that is wanted, or a refusal in words that say what to do."""
        for _ in range(5):
            try:
                reply = server.ask(method, path, body, headers, timeout=self.patience)
            except (OSError, http.client.HTTPException) as error:
                raise Refused(f"{method} {path}: {error!r}") from error
            if reply.status in good:
                return reply
            problem = reply.json
            self.refusals.append(f"{method} {path}: {reply.status} {problem.get('detail')}")
            words = f"{problem.get('detail') or ''} {problem.get('hint') or ''}"
            if "problem+json" not in reply.headers.get("Content-Type", "") or len(words.split()) < 5:
                self.faults.append(f"{method} {path} was refused without a word of what to do: {reply}")
            # A fault that came once is gone when it is asked again.
            if reply.status < 500 and reply.status != 429:
                break
        raise Refused(f"{method} {path}: {reply}")

    def attempt(self, step, server, *arguments):
        """A step that may be refused; what comes after it is tried all the same."""
        try:
            return step(server, *arguments)
        except Refused as error:
            if not server.is_running:
                raise
            return None

    # Steps -----------------------------------------------------------------------------------------------------------

    def live(self, server):
        """All of it; what is refused is refused."""
        sha = self.attempt(self.upload, server)
        if sha:
            self.attempt(self.register, server, sha)
        self.attempt(self.image, server)
        has_probe = self.attempt(self.probe_set, server)
        if sha and has_probe:
            self.attempt(self.question, server)
        self.attempt(self.train, server, "first", has_probe)
        self.attempt(self.cancel, server)
        self.attempt(self.pause, server)
        self.attempt(self.delete, server)

    def upload(self, server):
        with open(CHECKPOINT, "rb") as file:
            data = file.read()
        reply = self.ask(server, "POST", "/v1/uploads", data, {"Content-Type": "application/octet-stream"})
        sha = reply.json["sha256"]
        self.promise("upload", sha=sha, size=len(data))
        return sha

    def register(self, server, sha):
        self.ask(server, "POST", "/v1/models", {"name": "mine", "path": f"upload:{sha}"}, {"Prefer": "wait=30"})
        self.promise("model", name="mine")

    def image(self, server):
        data = png()
        reply = self.ask(server, "POST", "/v1/images", data, {"Content-Type": "image/png"})
        self.promise("image", identifier=reply.json["id"], data=data)

    def probe_set(self, server):
        body = {"name": PROBE, "dataset": "shapes-textures", "n_images": 4, "seed": 3, "stratified": True}
        reply = self.ask(server, "POST", "/v1/probe-sets", body)
        self.promise("probe set", sha=reply.json["sha256"])
        return True

    def question(self, server):
        reply = self.ask(server, "GET", QUESTION, headers={"Prefer": "wait=60"})
        if reply.status == 200:
            self.promise("answer", mean=reply.json["mean"])

    def submit(self, server, key, body):
        self.asked.add(key)
        reply = self.ask(server, "POST", "/v1/jobs", {**body, "name": key}, {"Idempotency-Key": key.replace(" ", "-")}, good=(202,))
        self.promise("job", identifier=reply.json["id"], key=key, body={**body, "name": key})
        return reply.json["id"]

    def train(self, server, key, looks):
        identifier = self.submit(server, key, training(looks))
        job = self.watch(server, identifier)
        if job.get("state") in TERMINAL:
            self.promise("end", identifier=identifier, state=job["state"])
            listed = self.ask(server, "GET", f"/v1/jobs/{identifier}/checkpoints").json["checkpoints"]
            for checkpoint in listed if job["state"] == "succeeded" else []:
                self.promise("checkpoint", identifier=identifier, step=checkpoint["step"], sha=checkpoint["sha256"])

    def watch(self, server, identifier):
        """The job at its end, as far as it comes to one soon: what failed is tried again later and later."""
        job, asked = {}, 0
        while job.get("state") not in TERMINAL and asked < 4:
            job = self.ask(server, "GET", f"/v1/jobs/{identifier}?wait=3&until=terminal").json
            asked += 1
        return job

    def cancel(self, server):
        identifier = self.submit(server, "cancelled", job_body(epochs=500, more={"checkpoint": {"every_epochs": 100}}))
        self.ask(server, "GET", f"/v1/jobs/{identifier}?wait=2&until=change")
        self.ask(server, "POST", f"/v1/jobs/{identifier}/cancel", good=(202,))
        self.promise("cancel", identifier=identifier)
        if self.watch(server, identifier).get("state") == "cancelled":
            self.promise("end", identifier=identifier, state="cancelled")

    def pause(self, server):
        identifier = self.submit(server, "paused", job_body(epochs=1))
        self.ask(server, "POST", f"/v1/jobs/{identifier}/pause", good=(202, 409))

    def delete(self, server):
        identifier = self.submit(server, "deleted", job_body(epochs=1))
        self.ask(server, "POST", f"/v1/jobs/{identifier}/cancel", good=(202, 409))
        if self.watch(server, identifier).get("state") in TERMINAL:
            self.ask(server, "DELETE", f"/v1/jobs/{identifier}", good=(204,))
            self.promise("deleted", identifier=identifier)


class Check:
    """Holds a server to what was promised."""

    def __init__(self, promises, asked, reference):
        self.promises, self.asked, self.reference = promises, asked, reference
        self.faults = []

    def expect(self, holds, fault):
        if not holds:
            self.faults.append(fault)

    def run(self, server):
        """Everything that has to be true; the faults, in words."""
        server.wait_ready()
        gone = {details["identifier"] for kind, details in self.promises if kind == "deleted"}
        ends = {details["identifier"]: details["state"] for kind, details in self.promises if kind == "end"}
        cancelled = {details["identifier"] for kind, details in self.promises if kind == "cancel"}
        jobs = [details for kind, details in self.promises if kind == "job"]
        for kind, details in self.promises:
            if kind == "upload":
                self.upload(server, details)
            elif kind == "image":
                reply = server.get(f"/v1/images/{details['identifier']}")
                self.expect(reply.body == details["data"], f"an image is lost: {reply}")
            elif kind == "probe set":
                found = {one["name"]: one["sha256"] for one in server.get("/v1/probe-sets").json["probe_sets"]}
                self.expect(found.get(PROBE) == details["sha"], f"a probe set is lost: {found}")
            elif kind == "answer":
                reply = server.ask("GET", QUESTION, headers={"Prefer": "wait=60"})
                self.expect(reply.json.get("mean") == details["mean"], f"an answer is another one: {reply}")
            elif kind == "checkpoint" and details["identifier"] not in gone:
                place = f"/v1/jobs/{details['identifier']}/checkpoints/{details['step']}/download"
                reply = server.get(place)
                self.expect(digest(reply.body) == details["sha"], f"a checkpoint is lost: {reply}")
        for job in jobs:
            if job["identifier"] not in gone:
                self.job(server, job, ends.get(job["identifier"]), job["identifier"] in cancelled)
        for identifier in gone:
            reply = server.get(f"/v1/jobs/{identifier}")
            self.expect(reply.status == 404, f"a deleted job is back: {reply}")
        known = {job["identifier"] for job in jobs}
        for job in server.get("/v1/jobs?page_size=1000").json["jobs"]:
            expected = job["id"] in known or job.get("name") in self.asked
            self.expect(expected, f"a job that nobody asked for: {job}")
        return self.faults

    def upload(self, server, details):
        reply = server.ask("POST", "/v1/models", {"name": "mine", "path": f"upload:{details['sha']}"},
                           {"Prefer": "wait=30"})
        self.expect(reply.status in (200, 201), f"an upload is lost: {reply}")
        model = server.ask("GET", "/v1/models/mine").json
        self.expect(model.get("state") == "ready", f"a model does not load: {model}")

    def job(self, server, promised, end, was_cancelled):
        identifier, what = promised["identifier"], f"job {promised['key']} {promised['identifier']}"
        job = server.get(f"/v1/jobs/{identifier}").json
        if "state" not in job:
            self.faults.append(f"{what} is lost: {job}")
            return
        if end:
            self.expect(job["state"] == end, f"{what} was {end} and is {job['state']}")
        elif was_cancelled:
            job = server.finished(identifier)
            self.expect(job["state"] == "cancelled", f"{what} was cancelled and is {job['state']}")
        elif promised["key"] == "first":
            if job.get("held"):
                server.ask("POST", f"/v1/jobs/{identifier}/resume")
            job = server.finished(identifier)
            if "Input/output error" in ((job.get("failure") or {}).get("message") or ""):
                # A disk that fails ends a training with a sentence, and asked to it goes on where it was.
                again = server.ask("POST", f"/v1/jobs/{identifier}/retry").json
                identifier = again.get("id", identifier)
                job = server.finished(identifier)
            self.expect(job["state"] == "succeeded", f"{what} did not come to its end: {job}")
        events = server.ask("GET", f"/v1/jobs/{identifier}/events?after=0&limit=10000", headers={"Accept": "application/json"})
        kinds = [event["event"] for event in events.json.get("events", [])]
        # It may have ended between the two questions.
        was_ended, is_ended = (state in TERMINAL for state in (job["state"], server.get(f"/v1/jobs/{identifier}").json["state"]))
        self.expect(was_ended <= kinds.count("end") <= is_ended, f"{what}: {kinds.count('end')} ends in {job['state']}")
        if job["state"] == "succeeded" and promised["key"] == "first":
            self.weights(server, identifier, "analysis" in promised["body"], what)

    def weights(self, server, identifier, looks, what):
        run = os.path.join(server.data, "jobs", identifier, "run")
        for name, wanted in self.reference[looks].items():
            try:
                with open(os.path.join(run, name), "rb") as file:
                    found = file.read()
            except OSError as error:
                self.faults.append(f"{what}: {error}")
                continue
            self.expect(found == wanted, f"{what}: {name} is not that of an uninterrupted run")
        listed = server.get(f"/v1/jobs/{identifier}/checkpoints").json.get("checkpoints", [])
        self.expect(len(listed) == 2, f"{what}: {len(listed)} checkpoints")
        for checkpoint in listed:
            with open(os.path.join(run, "checkpoints", f"step-{checkpoint['step']}.safetensors"), "rb") as file:
                self.expect(digest(file.read()) == checkpoint["sha256"], f"{what}: digest of {checkpoint['step']}")

    def database(self, data):
        """SQLite's own opinion, when no server runs."""
        for problem in integrity(data):
            self.faults.append(f"the database: {problem}")


def training(looks):
    """The job whose end is compared; `looks`: whether it asks for analyses on its way."""
    return job_body(more={"analysis": {"every_epochs": 1, "probe_set": PROBE}} if looks else None)


def reference(server):
    """The bytes that an uninterrupted run ends with, without and with analyses on its way."""
    Life().probe_set(server)
    return {looks: weights(server, {**training(looks), "name": "first"}) for looks in (False, True)}


def uninterrupted(program, folder):
    """The same, of a server of its own."""
    server = Server(program, os.path.join(folder, "plain"))
    try:
        return reference(server)
    finally:
        server.stop()


def look_back(program, data, life, wanted, until=float("inf")):
    """What is wrong with a directory that a life has left, to a server without faults: all that was promised by then."""
    check = Check(life.kept_until(until), life.asked, wanted)
    check.database(data)
    try:
        server = Server(program, data, log=data + ".after.log")
    except DidNotStart as why:
        return check.faults + [f"afterwards it does not start: {why}"]
    try:
        check.run(server)
    finally:
        server.kill()
    check.database(data)
    return check.faults


def weights(server, body):
    """What a job leaves."""
    identifier = server.ask("POST", "/v1/jobs", body).json["id"]
    job = server.finished(identifier)
    assert job["state"] == "succeeded", json.dumps(job)
    run = os.path.join(server.data, "jobs", identifier, "run")
    found = {}
    for name in ("model.safetensors", "metrics.jsonl"):
        with open(os.path.join(run, name), "rb") as file:
            found[name] = file.read()
    return found
