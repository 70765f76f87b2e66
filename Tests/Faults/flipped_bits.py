#!/usr/bin/env python3
"""Flips one bit of one file of a data directory, and compares what a server on it answers with what is true.

    flipped_bits.py VITSCOPE [--flips N] [--seed N] [--only PART …] [--but PART …]

For each kind of file a random bit is flipped in a copy of the directory, N times. The server may refuse, in words that
say what to do; it may not answer anything else than it would have, nor lose what is written down in another place.

Exit status: 0 when all of it held, 1 when something did not.
"""

import argparse
import glob
import json
import os
import random
import shutil
import sys
import tempfile
import time

from life import Life, PROBE, QUESTION, digest
from service import DidNotStart, Server, job_body

# Nothing that waits begins, so that two looks see the same.
IDLE = ("--job-slots", "0")
VOLATILE = ("request_id", "queue_position", "links", "last_heartbeat_at", "timing", "cached", "elapsed_seconds",
            "stalled", "state_since")


def stripped(value):
    """A document without what is another one each time."""
    if isinstance(value, dict):
        return {name: stripped(inside) for name, inside in value.items() if name not in VOLATILE}
    if isinstance(value, list):
        return [stripped(inside) for inside in value]
    return value


class Truth:
    """A data directory with something of everything, and where to look at it."""

    def __init__(self, program, folder):
        self.data = os.path.join(folder, "data")
        server = Server(program, self.data)
        life = Life()
        sha = life.upload(server)
        life.register(server, sha)
        life.image(server)
        life.probe_set(server)
        life.question(server)
        life.train(server, "first", True)
        assert not life.faults and not life.refusals, (life.faults, life.refusals)
        self.image = next(details["identifier"] for _, kind, details in life.promises if kind == "image")
        self.job = next(details["identifier"] for _, kind, details in life.promises if kind == "job")
        server.stop()
        # What comes last lies in the log of the database.
        server = Server(program, self.data, IDLE)
        server.wait_ready()
        self.paused = server.ask("POST", "/v1/jobs", {**job_body(epochs=1), "name": "waits"}).json["id"]
        server.ask("POST", f"/v1/jobs/{self.paused}/pause")
        while server.get("/v1/models/mine").json.get("state") == "loading":
            pass
        server.kill()
        job = f"/v1/jobs/{self.job}"
        steps = [8, 6]
        self.paths = ["/v1/jobs?page_size=100", job, f"{job}/checkpoints", f"{job}/metrics", f"/v1/jobs/{self.paused}",
                      f"{job}/trajectory?metric=attention-nmi", f"{job}/events?after=0", "/v1/models", "/v1/probe-sets",
                      "/v1/models/mine", f"/v1/images/{self.image}", QUESTION,
                      f"/v1/models/mine/attention?image={self.image}", f"/v1/models/job:{self.job}@latest",
                      f"/v1/models/job:{self.job}@latest/analyses/attention-entropy?probe_set={PROBE}",
                      f"/v1/models/mine/analyses/attention-entropy?probe_set={PROBE}",
                      *[f"{job}/checkpoints/{step}/download" for step in steps]]

    def look(self, server):
        """What a server answers: status, and a document or a digest."""
        while any(model["state"] == "loading" for model in server.get("/v1/models").json["models"]):
            time.sleep(0.02)
        found = {}
        for path in self.paths:
            headers = {"Accept": "application/json", "Prefer": "wait=60"}
            reply = server.ask("GET", path, headers=None if "download" in path or "images/" in path else headers)
            try:
                document = stripped(json.loads(reply.body))
                if "/models/job:" in path and "/analyses/" not in path:
                    document.pop("created_at", None)
            except ValueError:
                document = digest(reply.body)
            found[path] = (reply.status, document)
        return found


class Flips:
    def __init__(self, program, folder, truth, right, random_):
        self.program, self.folder, self.truth, self.right, self.random = program, folder, truth, right, random_
        self.told = self.same = self.refused_start = 0

    def run(self, part, path):
        """Faults after one flip in the file `path`, relative to the data directory."""
        home = os.path.join(self.folder, "flipped")
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home)
        data = os.path.join(home, "data")
        shutil.copytree(self.truth.data, data)
        file = os.path.join(data, path)
        with open(file, "r+b") as opened:
            content = bytearray(opened.read())
            place, bit = self.random.randrange(len(content)), self.random.randrange(8)
            content[place] ^= 1 << bit
            opened.seek(0)
            opened.write(content)
        where = f"{path}, bit {bit} of byte {place} of {len(content)}"
        try:
            server = Server(self.program, data, IDLE)
        except DidNotStart as error:
            self.refused_start += 1
            words = str(error)
            is_told = "vitscope: " in words and any(word in words for word in ("restore", "Mend", "move", "Move"))
            return [] if is_told else [f"{where}: it does not start and does not say what to do: {words[-300:]}"]
        try:
            found = self.truth.look(server)
            warnings = server.get("/v1").json.get("warnings", [])
            ended = not server.is_running
        finally:
            server.kill()
        faults = [f"{where}: the server ended"] if ended else []
        changed = [name for name in self.truth.paths if found[name] != self.right[name]]
        self.same += not changed
        self.told += bool(changed)
        for name in changed:
            fault = self.judge(name, found[name], warnings)
            if fault:
                faults.append(f"{where}: {name}: {fault}")
        return faults

    def judge(self, name, found, warnings):
        """What is wrong with an answer that is another one; nothing where it says so itself."""
        status, document = found
        right = self.right[name][1]
        if status >= 400:
            words = document.get("detail", "") if isinstance(document, dict) else ""
            return None if len(words.split()) > 4 and status != 500 else f"{status} {str(document)[:300]}"
        # A model that could not be loaded says why, and a damaged probe set says so where it is asked for.
        if name.startswith("/v1/models") and failed_models(document):
            return None
        if name == "/v1/probe-sets" and document == {**right, "probe_sets": []}:
            return None
        # A job that was found again says so, and so does the list of warnings.
        if warnings and "/jobs" in name:
            return self.beyond_found_again(right, document)
        return f"another answer: {difference(right, document)}"

    @staticmethod
    def beyond_found_again(right, document):
        """What was found again may lack dates, priority and key; everything else is as it was."""
        return None if warned(document) or not difference(right, document, tolerant=True) else (
            f"another answer: {difference(right, document, tolerant=True)}")


def failed_models(document):
    models = document.get("models", [document])
    return [model for model in models if model.get("state") == "failed" and len(str(model.get("error", "")).split()) > 4]


def warned(document):
    return "found_again" in json.dumps(document) or "caught_up" in json.dumps(document)


LOST = ("created_at", "started_at", "finished_at", "priority", "attempt", "updated_at", "cancel_requested_at", "held",
        "pause_requested_at", "next_page_token", "parent_id", "version")


def difference(right, found, tolerant=False, path=""):
    """The first place at which two documents differ, in words."""
    if isinstance(right, dict) and isinstance(found, dict):
        for name in {**right, **found}:
            if tolerant and name in LOST:
                continue
            if inside := difference(right.get(name), found.get(name), tolerant, f"{path}/{name}"):
                return inside
        return None
    if isinstance(right, list) and isinstance(found, list) and len(right) == len(found):
        for index, (one, other) in enumerate(zip(right, found)):
            if inside := difference(one, other, tolerant, f"{path}/{index}"):
                return inside
        return None
    return None if right == found else f"{path}: {str(right)[:100]!r} became {str(found)[:100]!r}"


def parts(truth):
    """Kinds of files, each with those that there are."""
    job = f"jobs/{truth.job}"
    kinds = {"database": ["jobs.sqlite"], "log": ["jobs.sqlite-wal"], "upload": ["uploads/sha256/*"],
             "form": ["canonical/*.safetensors"], "read": ["canonical/seen/*.json"], "pixels": ["pixels/*.png"],
             "image": ["images/*"], "probe set": ["probe-sets/*.json"], "models": ["models.json"],
             "checkpoint": [f"{job}/run/checkpoints/*"], "weights": [f"{job}/run/model.safetensors"],
             "record": [f"{job}/run/state.json", f"{job}/run/config.json"], "metrics": [f"{job}/run/metrics.jsonl"],
             "worker": [f"{job}/state.json", f"{job}/control.json", f"{job}/spec.json", f"{job}/events.jsonl"]}
    found = {}
    for name, patterns in kinds.items():
        paths = [path for pattern in patterns for path in sorted(glob.glob(os.path.join(truth.data, pattern)))]
        # What was read of a file that had just been written is not remembered.
        assert paths or name == "read", name
        if not paths:
            continue
        found[name] = [os.path.relpath(path, truth.data) for path in paths]
    return found


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--flips", type=int, default=1)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--but", nargs="*", default=[])
    options = options.parse_args()
    random_ = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="vitscope-flips-")
    try:
        truth = Truth(options.program, folder)
        copy = os.path.join(folder, "unharmed")
        shutil.copytree(truth.data, copy)
        server = Server(options.program, copy, IDLE)
        right = truth.look(server)
        server.kill()
        for path, (status, document) in right.items():
            assert status == 200, (path, status, document)
        flips = Flips(options.program, folder, truth, right, random_)
        print(f"seed {options.seed}", flush=True)
        wrong = count = 0
        for part, paths in parts(truth).items():
            if options.only and part not in options.only or part in options.but:
                continue
            for _ in range(options.flips):
                faults = flips.run(part, random_.choice(paths))
                count += 1
                wrong += bool(faults)
                for fault in faults:
                    print(f"{part}: {fault}", flush=True)
        print(f"{count} flips: {flips.same} changed no answer, {flips.told} were told of, {flips.refused_start} kept it "
              f"from starting, {wrong} with something wrong")
        return int(wrong > 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
