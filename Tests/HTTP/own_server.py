"""A ViTScope server of a script's own, which ends with it."""

import os
import resource
import signal
import socket
import subprocess
import tempfile

from wire import request, until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OwnServer:
    """Starts at once; `ready` waits. `with` ends it."""

    def __init__(self, program, *arguments, files=None, data=None, prefix=()):
        self.folder = tempfile.TemporaryDirectory()
        self.data = data or self.folder.name + "/data"
        self.port = free_port()
        self.log = self.folder.name + "/log"
        limit = None if files is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, program, "serve", "--port", str(self.port), "--data", self.data, *arguments],
                stdout=log, stderr=log, preexec_fn=limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def ready(self):
        return until(lambda: self.status("GET", "/readyz") == 200)

    def status(self, *asked):
        """0 where nobody answers."""
        try:
            answer = request(self.port, *asked)
            return answer.status if answer else 0
        except Exception:  # noqa: BLE001, the server may not listen yet
            return 0

    def stop(self, seconds=60):
        """The exit status; kills, and hands back None, where the end does not come."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        """MiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("RssAnon"))
