"""A large set of generated images in shards against one task: the same numbers, also where a worker is killed on the way.

    python3 Tests/Shards/trial.py .build/release/vitscope [--images 20000] [--shards 16] [--slots 2] [--threads 2]

Standard library only. The images are 32 pixels wide and lie in a folder that goes away, a block of the disk each; a server
takes 50,000 into one probe set.
"""

import argparse
import json
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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Faults"))
from service import REPOSITORY, TERMINAL, Server, family  # noqa: E402

CHECKPOINT = os.path.join(REPOSITORY, "Tests/Fixtures/models/files/moco_v3_train.pth.tar")
QUESTIONS = {
    "attention-distance": ("/v1/models/m/analyses/attention-distance?probe_set=many", ["mean", "std", "sem", "per_head"]),
    "fourier": ("/v1/models/m/analyses/fourier?probe_set=many",
                ["delta_log_amplitude", "delta_log_amplitude_std", "high_frequency"]),
    "cka": ("/v1/cka?a=m&b=m&probe_set=many&batch_size=100", ["cka"]),
}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def image(number):
    """A PNG of 32 × 32 pixels, another one for each number: two waves and a square."""
    draw = random.Random(number)
    a, b, c, x0, y0 = draw.random() * 9, draw.random() * 9, draw.randrange(256), draw.randrange(20), draw.randrange(20)
    rows = b""
    for y in range(32):
        row = bytearray()
        for x in range(32):
            inside = x0 <= x < x0 + 12 and y0 <= y < y0 + 12
            row += bytes((c if inside else int(x * a + y * b) & 255, int(x * b - y * a) & 255, (x * y + number) & 255))
        rows += b"\0" + bytes(row)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Memory(threading.Thread):
    """The most memory that one worker has had, bytes."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.ends = server, 0, threading.Event()

    def run(self):
        while not self.ends.wait(0.2):
            for process in family(self.server.process.pid)[1:]:
                try:
                    with open(f"/proc/{process}/cmdline", "rb") as file:
                        if b"\0worker\0" not in file.read():
                            continue
                    with open(f"/proc/{process}/status", encoding="utf-8") as file:
                        lines = [line for line in file if line.startswith("VmHWM")]
                    self.most = max([self.most] + [int(line.split()[1]) * 1024 for line in lines])
                except OSError:
                    pass


class Trial:
    def __init__(self, arguments, folder):
        self.arguments, self.folder, self.begun = arguments, folder, time.monotonic()
        self.server = None

    def say(self, words):
        print(f"{time.monotonic() - self.begun:7.1f} s  {words}", flush=True)

    def prepare(self):
        count = self.arguments.images
        for group in range((count + 999) // 1000):
            os.makedirs(f"{self.folder}/datasets/many/{group:04}")
        for number in range(count):
            with open(f"{self.folder}/datasets/many/{number // 1000:04}/{number:07}.png", "wb") as file:
                file.write(image(number))
        os.makedirs(f"{self.folder}/models")
        shutil.copy(CHECKPOINT, f"{self.folder}/models/m.pth.tar")
        self.say(f"{count} images are made")
        self.server = Server(
            self.arguments.program, self.folder + "/data",
            ["--datasets", self.folder + "/datasets", "--models", self.folder + "/models", "--threads",
             str(self.arguments.threads), "--analysis-slots", str(self.arguments.slots)])
        self.server.wait_ready()
        self.post("/v1/models", {"name": "m", "path": "m.pth.tar", "num_heads": 3}, {"Prefer": "wait=60"})
        self.post("/v1/probe-sets", {"name": "many", "dataset": "many", "n_images": count, "stratified": False})
        self.say("they are a probe set")

    def post(self, path, body, headers=None):
        reply = self.server.ask("POST", path, body, headers, timeout=3600)
        assert reply.status < 300, reply

    def answer(self, path, kills=False):
        """The answer, its manifest and the job, which may have been answered without one."""
        reply, job = self.server.get(path), None
        if reply.status == 202:
            job, place = reply.json["job_id"], "/v1/analyses/" + reply.json["analysis_id"]
            if kills:
                self.kill_one(job)
            while reply.status == 202:
                reply = self.server.get(place, {"Prefer": "wait=20"})
        assert reply.status == 200, reply
        manifest = self.server.get(f"/v1/analyses/{reply.json['analysis_id']}/manifest").json
        return reply.json, manifest, job

    def parts(self, job):
        return [one for one in self.server.get("/v1/jobs?kind=analysis&page_size=1000").json["jobs"]
                if one["parent_id"] == job]

    def kill_one(self, job):
        """Kills the worker of a shard when a third of all shards are done."""
        wanted = self.arguments.shards // 3
        while True:
            parts = self.parts(job)
            running = [part for part in parts if part["state"] == "running"]
            if running and sum(part["state"] == "succeeded" for part in parts) >= wanted:
                try:
                    with open(f"{self.folder}/data/jobs/{running[0]['id']}/state.json", encoding="utf-8") as file:
                        state = json.load(file)
                    if state.get("outcome"):
                        continue
                    os.kill(state["pid"], signal.SIGKILL)
                    return self.say(f"the worker of “{running[0]['name']}” is killed")
                except (OSError, ValueError):
                    pass
            assert self.server.get(f"/v1/jobs/{job}").json["state"] not in TERMINAL, "no worker could be killed"
            time.sleep(0.05)

    def compare(self, name):
        path, fields = QUESTIONS[name]
        start = time.monotonic()
        cut, manifest, job = self.answer(f"{path}&shards={self.arguments.shards}", kills=True)
        middle = time.monotonic()
        whole, _, _ = self.answer(path)
        end = time.monotonic()
        shards = manifest["shards"]
        assert sum(shard["n_images"] for shard in shards) == self.arguments.images and len(shards) == self.arguments.shards
        assert all(part["state"] == "succeeded" for part in self.parts(job))
        crashes = sum(part["crashes"] for part in self.parts(job))
        assert crashes == 1, f"{crashes} workers died"
        most = max(difference(cut[field], whole[field]) for field in fields)
        assert most <= 1e-9, f"{name} differs by {most}"
        self.say(f"{name}: {len(shards)} shards {middle - start:.1f} s (one worker killed), one task {end - middle:.1f} s, "
                 f"largest difference {most:.2g}")

    def run(self):
        self.prepare()
        memory = Memory(self.server)
        memory.start()
        try:
            for name in self.arguments.questions:
                self.compare(name)
            memory.ends.set()
            self.say(f"a worker had {memory.most / 2**20:.0f} MiB at the most")
        finally:
            self.server.stop()


def difference(a, b):
    if isinstance(a, list):
        assert len(a) == len(b)
        return max([difference(x, y) for x, y in zip(a, b)], default=0)
    assert (a is None) == (b is None)
    return 0 if a is None else abs(a - b) / max(1, abs(b))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--questions", nargs="+", choices=list(QUESTIONS), default=list(QUESTIONS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vitscope-shards-") as place:
        Trial(given, place).run()
