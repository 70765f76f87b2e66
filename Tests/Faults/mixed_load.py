#!/usr/bin/env python3
"""Keeps a server modestly busy with everything it does, for long, and looks whether it stays as it is.

    mixed_load.py VITSCOPE [--minutes N] [--settle N] [--out FILE] [--seed N] [--mebibytes N]

Clients ask for maps and analyses, send images, upload, register, unload and delete models, post, follow, cancel, pause,
resume and delete trainings, open event streams and drop them, try jobs dry, and ask nonsense. The same question has to
have the same bytes whenever it is asked, the same training the same weights, and no answer may be of 5xx. Every 30 s the
memory, descriptors and threads of each process are noted, and the size of the data directory. Growth an hour is the
median of the slopes between all pairs of samples after the first N minutes (`--settle`), so that a peak does not count.

Exit status: 0 when nothing grew beyond its bound and every answer was right, 1 otherwise.
"""

import argparse
import collections
import http.client
import json
import os
import random
import shutil
import struct
import sys
import tempfile
import threading
import time
import zlib

from service import REPOSITORY, TERMINAL, Server, digest, family, job_body

MODELS = ("untrained", "moco_v3", "simmim", "hybrid")
ANALYSES = ("attention-distance", "attention-nmi", "attention-entropy", "attention-similarity", "cls-attention", "fourier",
            "feature-variance", "token-similarity", "token-displacement", "token-norms", "singular-values", "pca", "knn",
            "linear-probe", "frequency-robustness", "lesion")
FORMS = ("json", "npy", "npz")
CHECKPOINT = os.path.join(REPOSITORY, "Tests/Fixtures/models/files/timm_vit.safetensors")
# An hour may add so much: of descriptors and threads nothing at all, but for the noise of a pool.
DESCRIPTORS, THREADS = 1, 1
NONSENSE = [("GET", "/v1/models/nothing/attention", None, {}), ("GET", "/v1/models/simmim/attention?layer=99", None, {}),
            ("GET", "/v1/models/simmim/analyses/pca?probe_set=none", None, {}), ("GET", "/%2e%2e/etc/passwd", None, {}),
            ("POST", "/v1/jobs", b"{", {"Content-Type": "application/json"}),
            ("POST", "/v1/jobs", b'{"method": "none", "epochs": -1}', {"Content-Type": "application/json"}),
            ("POST", "/v1/images", b"no image", {"Content-Type": "image/png"}),
            ("POST", "/v1/models", b'{"name": "x", "path": "../../etc/passwd"}', {"Content-Type": "application/json"}),
            ("DELETE", "/v1/models/nothing", None, {}), ("GET", "/v1/jobs/nothing", None, {}),
            ("GET", "/v1/analyses/" + "0" * 64, None, {}), ("PUT", "/v1/models", b"", {}),
            ("GET", "/v1/models", None, {"Host": "elsewhere.example"})]


def png(random_):
    """An image of 48 by 48 that was never seen before."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + random_.randbytes(48 * 3) for _ in range(48))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 48, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def checkpoint(number):
    """The same weights with other bytes."""
    with open(CHECKPOINT, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header["__metadata__"] = {"number": str(number)}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length:]


class Load:
    """What the clients share."""

    def __init__(self, server, seed):
        self.server, self.seed = server, seed
        self.ends = threading.Event()
        self.lock = threading.Lock()
        self.answers = {}  # question: digest of its answer
        self.counts = collections.Counter()
        self.statuses = collections.Counter()
        self.faults = []

    def fault(self, text):
        with self.lock:
            self.faults.append(f"{time.strftime('%H:%M:%S')} {text[:400]}")
            print(self.faults[-1], flush=True)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def ask(self, method, path, body=None, headers=None, good=(200,)):
        reply = self.server.ask(method, path, body, headers, timeout=300)
        with self.lock:
            self.statuses[reply.status] += 1
        if reply.status not in good:
            self.fault(f"{method} {path}: {reply}")
        return reply

    def same(self, question, body):
        """Holds an answer to what the same question had before."""
        found = digest(body)
        with self.lock:
            first = self.answers.setdefault(question, found)
            self.counts["asked again" if first is not found else "asked first"] += 1
        if first != found:
            self.fault(f"{question} has other bytes than before")

    # What a client does, again and again ---------------------------------------------------------------------------

    def maps(self, random_):
        model, image, form = random_.choice(MODELS), random_.randrange(40), random_.choice(FORMS)
        layer, head = random_.choice((-1, 2)), random_.choice(("all", "mean"))
        path = f"/v1/models/{model}/attention?image=shapes-textures:{image}&layer={layer}&head={head}&format={form}"
        self.same(path, self.ask("GET", path).body)

    def analysis(self, random_):
        model, kind, form = random_.choice(MODELS), random_.choice(ANALYSES), random_.choice(FORMS)
        path = f"/v1/models/{model}/analyses/{kind}?probe_set=load-{random_.randrange(4)}&format={form}"
        reply = self.ask("GET", path, headers={"Prefer": "wait=120"}, good=(200, 202))
        if reply.status == 200:
            self.same(path, reply.body)
        self.count("analyses")

    def image(self, random_):
        data = png(random_)
        reply = self.ask("POST", "/v1/images", data, {"Content-Type": "image/png"}, good=(201,))
        identifier = reply.json.get("id")
        back = self.ask("GET", f"/v1/images/{identifier}?view=original")
        if back.body != data:
            self.fault(f"image {identifier} comes back as another")
        self.ask("GET", f"/v1/models/{random_.choice(MODELS)}/attention?image={identifier}&layer=-1&head=mean&query=cls")
        self.count("images")

    def model(self, random_):
        data = checkpoint(random_.randrange(1 << 48))
        sha = self.ask("POST", "/v1/uploads", data, {"Content-Type": "application/octet-stream"}, good=(201,)).json.get("sha256")
        if sha != digest(data):
            self.fault(f"an upload of {digest(data)} is called {sha}")
        name = f"mine-{random_.randrange(1 << 32)}"
        self.ask("POST", "/v1/models", {"name": name, "path": f"upload:{sha}", "num_heads": 3}, {"Prefer": "wait=60"}, good=(200, 201, 202))
        while (state := self.ask("GET", f"/v1/models/{name}").json).get("state") == "loading":
            time.sleep(0.2)
        if state.get("state") != "ready":
            self.fault(f"a model does not load: {state}")
        answer = self.ask("GET", f"/v1/models/{name}/attention?image=shapes-textures:7&layer=all&head=all&format=npy")
        self.same("the map of the model that comes and goes", answer.body)
        self.ask("DELETE", f"/v1/models/{name}", good=(204,))
        self.ask("DELETE", f"/v1/uploads/{sha}", good=(204,))
        self.count("models")

    def job(self, random_):
        what = random_.choice(("follow", "cancel", "pause", "drop"))
        with_analysis = random_.random() < 0.3
        more = {"analysis": {"every_epochs": 1, "probe_set": "load-0"}} if with_analysis else {}
        body = job_body(epochs=2 if what == "follow" else 40, more=more)
        identifier = self.ask("POST", "/v1/jobs", body, good=(202,)).json.get("id")
        path = f"/v1/jobs/{identifier}"
        if what == "pause":
            self.ask("GET", f"{path}?wait=5&until=change")
            self.ask("POST", f"{path}/pause", good=(202, 409))
            self.ask("GET", f"{path}?wait=5&until=change")
            self.ask("POST", f"{path}/resume", good=(202, 409))
            self.ask("GET", f"{path}?wait=3&until=change")
        elif what == "drop":
            for _ in range(4):
                self.stream(f"{path}/events", random_)
        if what != "follow":
            self.ask("POST", f"{path}/cancel", good=(202, 409))
        end = time.monotonic() + 600
        while (job := self.ask("GET", f"{path}?wait=5&until=terminal").json).get("state") not in TERMINAL:
            if time.monotonic() > end:
                self.fault(f"job {identifier} does not end: {job}")
                return
        if what == "follow" and job["state"] != "succeeded" or what != "follow" and job["state"] == "failed":
            self.fault(f"job {identifier} ends as {job}")
        if job["state"] == "succeeded":
            with open(os.path.join(self.server.data, "jobs", identifier, "run/model.safetensors"), "rb") as file:
                self.same(f"weights of {what == 'follow'} {with_analysis}", file.read())
        for part in ("metrics", "logs", "checkpoints"):
            self.ask("GET", f"{path}/{part}")
        # What is cancelled has a worker for some moments more.
        while self.ask("DELETE", path, good=(204, 409)).status == 409 and time.monotonic() < end:
            time.sleep(0.2)
        self.count(f"jobs: {what}, {job['state']}")

    def stream(self, path, random_):
        """A stream that is opened and left before its end."""
        connection = http.client.HTTPConnection(self.server.address, timeout=30)
        try:
            connection.request("GET", path, headers={"Accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status not in (200, 204):
                self.fault(f"GET {path}: {answer.status}")
            if answer.status == 200:
                answer.read1(random_.randrange(1, 4000))
        except TimeoutError:
            self.fault(f"GET {path}: silent for 30 s")
        finally:
            connection.close()
        self.count("streams dropped")

    def dry_run(self, random_):
        self.ask("POST", "/v1/jobs?dry_run=true", job_body(epochs=random_.randrange(1, 9)))
        self.count("dry runs")

    def nonsense(self, random_):
        method, path, body, headers = random_.choice(NONSENSE)
        reply = self.ask(method, path, body, headers, good=range(400, 500))
        if path != "/v1/models" or method != "PUT":
            if "problem+json" not in reply.headers.get("Content-Type", ""):
                self.fault(f"{method} {path} is refused without a problem: {reply}")
        self.count("nonsense")

    def repeat(self, acts, pause, number):
        """A client: one act after another, with a pause between."""
        random_ = random.Random(self.seed * 100 + number)
        while not self.ends.is_set():
            act = random_.choice(acts)
            try:
                act(random_)
            except (OSError, http.client.HTTPException, KeyError, TypeError) as error:
                if not self.server.is_running:
                    self.fault("the server has ended")
                    return
                self.fault(f"{act.__name__}: {error!r}")
            self.ends.wait(pause * random_.uniform(0.5, 1.5))

    def start(self):
        clients = [([self.maps], 0.5), ([self.maps, self.image], 1), ([self.analysis], 1), ([self.model], 8),
                   ([self.job], 4), ([self.job], 4), ([self.dry_run, self.nonsense, self.nonsense], 2)]
        threads = [threading.Thread(target=self.repeat, args=(*client, number), daemon=True)
                   for number, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        return threads


def kind(process):
    """What a process does, by its first argument."""
    with open(f"/proc/{process}/cmdline", "rb") as file:
        words = file.read().decode(errors="replace").split("\0")
    return words[1] if len(words) > 1 else "?"


def sample(server):
    """Figures of each kind of process, and of the disk."""
    found = {}
    for process in family(server.process.pid):
        try:
            with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
                fields = dict(line.rstrip("\n").split(":", 1) for line in file)
            its = {"rss": int(fields["VmRSS"].split()[0]) / 1024, "anonymous": int(fields["RssAnon"].split()[0]) / 1024,
                   "threads": int(fields["Threads"]), "descriptors": len(os.listdir(f"/proc/{process}/fd")), "processes": 1}
            totals = found.setdefault(kind(process), collections.Counter())
            totals.update(its)
        except (OSError, KeyError):
            continue  # it ended meanwhile
    data = database = files = 0
    for place, _, names in os.walk(server.data):
        for name in names:
            try:
                size = os.path.getsize(os.path.join(place, name))
            except OSError:
                continue
            files += 1
            data += size
            database += size if name.startswith("jobs.sqlite") else 0
    # What is kept on purpose, up to a bound of its own, is no growth.
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith("vitscope_cache_bytes{"):
            its = "compute" if "activations" in line else "serve"
            kept = float(line.split()[-1]) / 2**20
            found[its]["kept"] += kept
            found[its]["beyond"] = found[its]["anonymous"] - found[its]["kept"]
    found["disk"] = {"data": data / 2**20, "database": database / 2**20, "files": files}
    return {name: dict(figures) for name, figures in found.items()}


def slope(points):
    """The median of the slopes between all pairs (Theil and Sen), an hour."""
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) * 3600
                    for index, a in enumerate(points) for b in points[index + 1:] if b[0] > a[0])
    return slopes[len(slopes) // 2] if slopes else 0.0


def judge(samples, settle, mebibytes, load):
    """Says what grew, and counts what grew too much as a fault."""
    late = [(moment, figures) for moment, figures in samples if moment >= settle * 60]
    bounds = {"beyond": mebibytes, "descriptors": DESCRIPTORS, "threads": THREADS}
    for name in ("serve", "compute", "disk"):
        for what in sorted({what for _, figures in late for what in figures.get(name, ())}):
            points = [(moment, figures[name][what]) for moment, figures in late if name in figures]
            values = sorted(value for _, value in points)
            grows = slope(points)
            print(f"{name} {what}: first {points[0][1]:.1f}, last {points[-1][1]:.1f}, median {values[len(values) // 2]:.1f}, "
                  f"most {values[-1]:.1f}; {grows:+.2f} an hour")
            if grows > bounds.get(what, float("inf")):
                load.fault(f"{name} {what} grows by {grows:.2f} an hour, more than {bounds[what]}")
    for name in sorted({name for _, figures in samples for name in figures} - {"serve", "compute", "disk"}):
        most = max((figures[name] for _, figures in samples if name in figures), key=lambda its: its["anonymous"])
        print(f"{name}: at most {most['anonymous']:.1f} MiB anonymous, in {sum(name in f for _, f in samples)} samples")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--settle", type=float, default=20, help="minutes that do not count")
    options.add_argument("--mebibytes", type=float, default=4, help="anonymous memory that a process may gain an hour, beyond what its caches say they keep")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options.add_argument("--out", help="a file for the samples, a line each")
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="vitscope-mixed-")
    server = Server(options.program, os.path.join(folder, "data"), ("--demo",))
    try:
        server.wait_ready()
        for number in range(4):
            body = {"name": f"load-{number}", "dataset": "shapes-textures", "n_images": 16 + 8 * number, "seed": number,
                    "stratified": True}
            assert server.ask("POST", "/v1/probe-sets", body).status == 201
        load, samples, start = Load(server, options.seed), [], time.monotonic()
        print(f"{time.strftime('%F %T')}: seed {options.seed}, {options.minutes:.0f} minutes", flush=True)
        threads = load.start()
        compute = None
        while (passed := time.monotonic() - start) < options.minutes * 60 and server.is_running:
            samples.append((passed, sample(server)))
            if options.out:
                with open(options.out, "a", encoding="ascii") as file:
                    file.write(json.dumps({"second": round(passed), **samples[-1][1]}) + "\n")
            its = [process for process in family(server.process.pid)[1:] if kind_or_nothing(process) == "compute"]
            if compute and its != compute:
                load.fault(f"the process that computes was {compute} and is {its}")
            compute = its
            load.ends.wait(min(30, max(0.0, options.minutes * 60 - passed)))
        load.ends.set()
        for thread in threads:
            thread.join(600)
        if server.is_running:
            status = server.stop()
            if status != 143:
                load.fault(f"the server ended with {status}")
        judge(samples, options.settle, options.mebibytes, load)
        print(f"ran {(time.monotonic() - start) / 60:.1f} minutes; statuses {dict(sorted(load.statuses.items()))}")
        print(f"{dict(sorted(load.counts.items()))}")
        print(f"{len(load.faults)} faults, {len(samples)} samples")
        return int(bool(load.faults))
    finally:
        if server.is_running:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def kind_or_nothing(process):
    try:
        return kind(process)
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main())
