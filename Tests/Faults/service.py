"""A server under test, and what can be asked of it. Standard library only."""

import hashlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TERMINAL = ("succeeded", "failed", "cancelled")


class DidNotStart(Exception):
    """The server ended before it listened; what it said."""


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class Server:
    """`vitscope serve` on a free port of this machine."""

    def __init__(self, program, data, arguments=(), environment=None, log=None):
        self.data = data
        self.log = log or data + ".log"
        environment = {**os.environ, **(environment or {})}
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(
                [program, "serve", "--port", "0", "--data", data, *arguments], cwd=REPOSITORY, env=environment,
                stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.wait()
            with open(self.log, encoding="utf-8", errors="replace") as file:
                raise DidNotStart(file.read()[-2000:])
        self.address = urllib.parse.urlsplit(line.split()[-1]).netloc

    def ask(self, method, path, body=None, headers=None, timeout=120):
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.ask("GET", path, headers=headers)

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.get("/readyz").status == 200:
                return
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.get('/readyz')}")

    def finished(self, identifier, seconds=600):
        end = time.monotonic() + seconds
        job = self.get(f"/v1/jobs/{identifier}").json
        while job.get("state") not in TERMINAL and time.monotonic() < end:
            job = self.get(f"/v1/jobs/{identifier}?wait=5&until=terminal").json
        return job

    @property
    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        """The server and its workers at once, as a power cut ends them."""
        for process in family(self.process.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def stop(self):
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server does not end on SIGTERM") from None


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


def digest(data):
    return hashlib.sha256(data).hexdigest()


def job_body(epochs=2, images=64, more=None):
    return {"method": "hybrid",
            "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2},
            "dataset": "shapes-textures", "dataset_options": {"n_images": images}, "epochs": epochs,
            "batch_size": 16, "lr": 0.001, "moco": {"dim": 8, "mlp_dim": 16}, "log_every_steps": 2,
            "resources": {"threads": 1}, "checkpoint": {"every_steps": 2, "keep_last": 2}, **(more or {})}


def integrity(data):
    """What SQLite finds wrong with a copy of the queue's database; nothing if all is well."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("jobs.sqlite", "jobs.sqlite-wal"):
            if os.path.exists(os.path.join(data, name)):
                shutil.copy(os.path.join(data, name), copy)
        path = os.path.join(copy, "jobs.sqlite")
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            return []
        database = sqlite3.connect(path)
        try:
            found = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
            return found + [str(row) for row in database.execute("PRAGMA foreign_key_check")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        finally:
            database.close()
