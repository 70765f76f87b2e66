"""A server of the run's own, a checkpoint of ViT-B's size, and a client that counts answers. Standard library only."""

import array
import http.client
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from measure import REPOSITORY, LeftOut

# Patches of 16, 12 blocks of 768, 12 heads, MLPs of 3072, 1000 classes.
WIDTH, HIDDEN, DEPTH, TOKENS, CLASSES = 768, 3072, 12, 197, 1000


def shapes():
    yield "cls_token", (1, 1, WIDTH)
    yield "pos_embed", (1, TOKENS, WIDTH)
    yield "patch_embed.proj.weight", (WIDTH, 3, 16, 16)
    yield "patch_embed.proj.bias", (WIDTH,)
    for block in range(DEPTH):
        for name, shape in (
            ("norm1.weight", (WIDTH,)), ("norm1.bias", (WIDTH,)), ("attn.qkv.weight", (3 * WIDTH, WIDTH)),
            ("attn.qkv.bias", (3 * WIDTH,)), ("attn.proj.weight", (WIDTH, WIDTH)), ("attn.proj.bias", (WIDTH,)),
            ("norm2.weight", (WIDTH,)), ("norm2.bias", (WIDTH,)), ("mlp.fc1.weight", (HIDDEN, WIDTH)),
            ("mlp.fc1.bias", (HIDDEN,)), ("mlp.fc2.weight", (WIDTH, HIDDEN)), ("mlp.fc2.bias", (WIDTH,)),
        ):
            yield f"blocks.{block}.{name}", shape
    yield "norm.weight", (WIDTH,)
    yield "norm.bias", (WIDTH,)
    yield "head.weight", (CLASSES, WIDTH)
    yield "head.bias", (CLASSES,)


def write_checkpoint(bench):
    """The path of a ViT-B/16 in safetensors, of noise; written once a run."""
    folder = os.path.join(bench.scratch, "models")
    path = os.path.join(folder, "vit_base_patch16_224.safetensors")
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    source = random.Random(0)
    # Numbers repeat after a prime of them, so that no two rows are alike; the spread is timm's.
    noise = array.array("f", (source.gauss(0, 0.02) for _ in range(65_521)))
    header, end = {}, 0
    for name, shape in shapes():
        count = 4
        for extent in shape:
            count *= extent
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + count]}
        end += count
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    tile, place = noise.tobytes() * 40, 0
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes():
            begin, stop = header[name]["data_offsets"]
            left = stop - begin
            if "norm" in name and name.endswith("weight"):
                file.write(array.array("f", [1.0] * (left // 4)).tobytes())
                continue
            while left:
                start = place % (4 * len(noise))
                piece = tile[start:start + left]
                file.write(piece)
                left -= len(piece)
                place += len(piece)
    os.rename(path + ".part", path)
    return path


class Server:
    """`vitscope serve` on a free port of this machine; `with` ends it."""

    def __init__(self, bench, *arguments, models=None, data=None, program=None):
        self.bench = bench
        self.folder = tempfile.TemporaryDirectory(dir=bench.scratch)
        self.data = data or os.path.join(self.folder.name, "data")
        command = program or [
            bench.program, "serve", "--port", "0", "--data", self.data, *(["--models", models] if models else []), *arguments]
        self.log = os.path.join(self.folder.name, "log")
        start = time.perf_counter()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=REPOSITORY)
        # One that says nothing is ended, and its line is empty.
        patience = threading.Timer(60, self.process.kill)
        patience.start()
        line = self.process.stdout.readline().decode()
        patience.cancel()
        if "listening on " not in line:
            self.stop()
            raise LeftOut(f"the server did not start: {self.said()[-300:]}")
        self.port = int(line.strip().rsplit(":", 1)[1].strip("/"))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        if program is None:
            while self.ask("GET", "/readyz")[0] != 200:
                if time.perf_counter() - start > 60:
                    raise LeftOut("the server is not ready after a minute")
                time.sleep(0.005)
        self.ready_seconds = time.perf_counter() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def ask(self, method, path, body=None, headers=None, connection=None):
        """Status, fields and body; on one kept connection unless another is given."""
        connection = connection or self.connection
        headers = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def load(self, name, path):
        """Registers a model; the seconds until it is ready."""
        start = time.perf_counter()
        status, _, body = self.ask(
            "POST", "/v1/models", {"name": name, "path": path}, {"Prefer": "wait=60"})
        seconds = time.perf_counter() - start
        state = json.loads(body).get("state") if body else None
        if status not in (200, 201, 202) or state != "ready":
            raise LeftOut(f"the model is not ready: {status} {body[:300]!r}")
        return seconds

    def forget(self, name):
        self.ask("DELETE", f"/v1/models/{name}")

    def probe_set(self, name, count, seed=0):
        status, _, body = self.ask("POST", "/v1/probe-sets", {
            "name": name, "dataset": "shapes-textures", "n_images": count, "seed": seed})
        if status not in (200, 201):
            raise LeftOut(f"no probe set: {status} {body[:300]!r}")

    def answer(self, path, seconds=120):
        """The answer to an analysis, on a connection of its own; waits where it is made in the queue."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds + 10)
        try:
            end = time.perf_counter() + seconds
            status, fields, body = self.ask("GET", path, headers={"Prefer": "wait=60"}, connection=connection)
            while status == 202 and time.perf_counter() < end:
                status, fields, body = self.ask(
                    "GET", fields["Location"], headers={"Prefer": "wait=60"}, connection=connection)
                if status == 202:
                    time.sleep(0.01)
            if status != 200:
                raise LeftOut(f"{path}: {status} {body[:200]!r}")
            return json.loads(body)
        finally:
            connection.close()

    def latency(self, paths):
        """For each path the milliseconds until its answer was read, and the stages of its Server-Timing by name."""
        found = []
        for path in paths:
            start = time.perf_counter()
            status, fields, body = self.ask("GET", path)
            elapsed = (time.perf_counter() - start) * 1000
            if status != 200:
                raise LeftOut(f"{path}: {status} {body[:200]!r}")
            stages = {}
            for entry in (fields.get("Server-Timing") or "").split(","):
                name, *parts = (part.strip() for part in entry.split(";"))
                for part in parts:
                    if part.startswith("dur="):
                        stages[name] = stages.get(name, 0) + float(part[4:])
            found.append((elapsed, stages))
        return found

    def rate(self, path, connections, seconds):
        """Answers a second on so many kept connections, each of which asks again when its answer is there."""
        return throughput(self.port, path, connections, seconds)


def throughput(port, path, connections, seconds):
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    poll = select.epoll()
    callers = {}
    for _ in range(connections):
        caller = Caller(port, path)
        callers[caller.socket.fileno()] = caller
        poll.register(caller.socket.fileno(), select.EPOLLIN)
    try:
        done, start = 0, time.perf_counter()
        for caller in callers.values():
            caller.socket.sendall(request)
        while (now := time.perf_counter()) - start < seconds:
            for number, _ in poll.poll(1):
                if callers[number].has_whole_answer():
                    done += 1
                    callers[number].socket.sendall(request)
    finally:
        for caller in callers.values():
            caller.socket.close()
        poll.close()
    return done / (now - start)


class Caller:
    """A connection that counts whole answers of 200 with a length."""

    def __init__(self, port, path):
        self.path = path
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head, self.left = b"", None

    def has_whole_answer(self):
        """Reads once; whether the answer ended."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise LeftOut(f"{self.path}: the server closed a connection")
        if self.left is None:
            self.head += data
            head, mark, body = self.head.partition(b"\r\n\r\n")
            if not mark:
                return False
            if not head.startswith(b"HTTP/1.1 200 "):
                raise LeftOut(f"{self.path}: {head[:100]!r}")
            place = head.lower().find(b"content-length:")
            self.left = int(head[place + 15:].split(b"\r", 1)[0]) - len(body)
        else:
            self.left -= len(data)
        if self.left > 0:
            return False
        self.head, self.left = b"", None
        return True


def family(process):
    """The numbers of a process and of all that it and its children started."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                pass
    found = [process]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def wakeups(process):
    """How often threads of a process and of its children have gone to sleep so far."""
    count = 0
    for one in family(process):
        for task in os.listdir(f"/proc/{one}/task"):
            try:
                with open(f"/proc/{one}/task/{task}/status", encoding="ascii", errors="replace") as file:
                    count += next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
            except OSError:
                pass
    return count
