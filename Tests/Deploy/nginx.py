#!/usr/bin/env python3
"""deploy/nginx.conf as it stands, in the real nginx, before a real server.

    nginx.py PROGRAM [--megabytes 64]

TLS, accounts, the prefix, an upload in one piece, events while they happen, and the limit of connections. Ends with 77
where nginx or openssl is missing. Everything listens on loopback. Standard library only.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "HTTP"))
sys.path.insert(0, os.path.join(HERE, "..", "Faults"))
from own_server import OwnServer, free_port  # noqa: E402
from service import job_body  # noqa: E402
from wire import until  # noqa: E402

CONFIGURATION = os.path.join(HERE, "..", "..", "deploy", "nginx.conf")
ACCOUNT = ("visitor", "secret word")


class Proxy:
    """nginx with the configuration, in which only places and names are others."""

    def __init__(self, folder, upstream):
        self.port = free_port()
        key, certificate = folder + "/key.pem", folder + "/cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        word = subprocess.run(["openssl", "passwd", "-apr1", ACCOUNT[1]], check=True, capture_output=True, text=True).stdout
        with open(folder + "/accounts", "w", encoding="utf-8") as file:
            file.write(f"{ACCOUNT[0]}:{word}")
        # nginx's own user reads it.
        os.chmod(folder + "/accounts", 0o644)
        os.chmod(folder, 0o755)
        with open(CONFIGURATION, encoding="utf-8") as file:
            text = file.read()
        for old, new in ((" 443 ssl", f" 127.0.0.1:{self.port} ssl"), ("vitscope.example.org", "localhost"),
                         ("/etc/ssl/vitscope.pem", certificate), ("/etc/ssl/vitscope.key", key),
                         ("/etc/nginx/vitscope.htpasswd", folder + "/accounts"), ("127.0.0.1:8080", f"127.0.0.1:{upstream}")):
            assert old in text, f"deploy/nginx.conf has no {old}"
            text = text.replace(old, new)
        temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(folder + "/nginx.conf", "w", encoding="utf-8") as file:
            file.write(f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nworker_processes 1;\n"
                       f"events {{ worker_connections 512; }}\nhttp {{\n    access_log off;\n{temporary}{text}}}\n")
        command = ["nginx", "-p", folder, "-e", folder + "/error.log", "-c", folder + "/nginx.conf"]
        subprocess.run([*command, "-t"], check=True, capture_output=True)
        self.process = subprocess.Popen(command)
        self.context = ssl.create_default_context(cafile=certificate)
        until(lambda: self.answers(), 30)

    def answers(self):
        try:
            return self.ask("GET", "/vitscope/livez")[0] == 200
        except OSError:
            return False

    def connect(self, timeout=120):
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=timeout)
        # The certificate is for the name; only loopback's first address listens.
        connection._create_connection = lambda address, *more, **words: __import__("socket").create_connection(
            ("127.0.0.1", self.port), timeout)
        return connection

    def ask(self, method, path, body=None, headers=None, account=ACCOUNT):
        connection = self.connect()
        try:
            connection.request(method, path, body, {**authorization(account), **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def authorization(account):
    if account is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(account).encode()).decode()}


def checkpoint(megabytes):
    """A safetensors file of one tensor, in pieces, and its digest."""
    count = megabytes << 18
    header = json.dumps({"large": {"dtype": "F32", "shape": [count], "data_offsets": [0, count * 4]}}).encode()
    header += b" " * (-len(header) % 8)
    head, piece = struct.pack("<Q", len(header)) + header, bytes(1 << 20)
    digest = hashlib.sha256(head)
    for _ in range(megabytes):
        digest.update(piece)

    def pieces():
        yield head
        for _ in range(megabytes):
            yield piece
    return pieces, len(head) + (megabytes << 20), digest.digest()


def check_access(proxy):
    assert proxy.ask("GET", "/vitscope/v1", account=None)[0] == 401
    assert proxy.ask("GET", "/vitscope/v1", account=(ACCOUNT[0], "wrong"))[0] == 401
    status, headers, body = proxy.ask("GET", "/vitscope/v1", headers={"Origin": f"https://localhost:{proxy.port}"})
    assert status == 200 and json.loads(body)["name"], (status, body)
    assert "X-Request-Id" in headers
    status, headers, _ = proxy.ask("GET", "/vitscope")
    assert status == 308 and headers["Location"].endswith("/vitscope/"), headers["Location"]


def check_page(proxy):
    """Every file that the page names is there below the prefix."""
    status, _, body = proxy.ask("GET", "/vitscope/")
    assert status == 200 and b"<html" in body
    names = [part.split('"')[0] for mark in ('src="', 'href="') for part in body.decode().split(mark)[1:]]
    own = [name for name in names if not name.startswith(("#", "data:", "http"))]
    assert own and not [name for name in own if name.startswith("/")], f"these leave the prefix: {own}"
    for name in own:
        assert proxy.ask("GET", "/vitscope/" + name.removeprefix("./"))[0] == 200, name


def check_upload(proxy, megabytes):
    pieces, length, digest = checkpoint(megabytes)
    start = time.monotonic()
    status, headers, body = proxy.ask(
        "POST", "/vitscope/v1/uploads", pieces(),
        {"Content-Type": "application/octet-stream", "Content-Length": str(length),
         "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:"})
    assert status == 201, (status, body[:500])
    answer = json.loads(body)
    assert answer["sha256"] == digest.hex(), answer
    assert headers["Location"].startswith("/vitscope/v1/"), headers["Location"]
    print(f"{megabytes} MiB in {time.monotonic() - start:.1f} s")
    assert proxy.ask("DELETE", "/vitscope/v1/uploads/" + digest.hex())[0] == 204


def check_events(proxy):
    """What happens is heard while the job is at it, and not when it is over."""
    body = json.dumps(job_body(epochs=2000, images=64)).encode()
    status, headers, answer = proxy.ask("POST", "/vitscope/v1/jobs", body, {"Content-Type": "application/json"})
    assert status == 202, answer
    where = headers["Location"]
    connection = proxy.connect()
    connection.request("GET", where + "/events", headers={**authorization(ACCOUNT), "Accept": "text/event-stream"})
    stream = connection.getresponse()
    assert stream.status == 200 and stream.headers["Content-Type"].startswith("text/event-stream")
    while not stream.readline().startswith(b"event: progress"):
        pass
    state = json.loads(proxy.ask("GET", where)[2])["state"]
    assert state == "running", state
    assert proxy.ask("POST", where + "/cancel", b"")[0] == 202
    while not stream.readline().startswith(b"event: end"):
        pass
    connection.close()


def check_limits(proxy):
    """One client has so many requests at a time, and others are answered again when those are over."""
    open_ones = []
    try:
        statuses = []
        for _ in range(60):
            connection = proxy.connect()
            # A body that does not come keeps the request open.
            connection.putrequest("POST", "/vitscope/v1/jobs")
            for name, value in {**authorization(ACCOUNT), "Content-Type": "application/json",
                                "Content-Length": "100"}.items():
                connection.putheader(name, value)
            connection.endheaders()
            open_ones.append(connection)
        until(lambda: statuses.append(proxy.ask("GET", "/vitscope/livez")[0]) or statuses[-1] == 429, 30)
        assert statuses[-1] == 429, statuses
    finally:
        for connection in open_ones:
            connection.close()
    assert until(lambda: proxy.ask("GET", "/vitscope/livez")[0] == 200, 30)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--megabytes", type=int, default=64)
    arguments = parser.parse_args()
    missing = [name for name in ("nginx", "openssl") if shutil.which(name) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} missing")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder, OwnServer(os.path.abspath(arguments.program)) as server:
        assert server.ready(), server.said()
        proxy = Proxy(folder, server.port)
        try:
            check_access(proxy)
            check_page(proxy)
            check_upload(proxy, arguments.megabytes)
            check_events(proxy)
            check_limits(proxy)
        finally:
            proxy.stop()
        assert server.stop() == 143
    print("nginx: access, page, upload, events and limits are as deploy/nginx.conf says")


if __name__ == "__main__":
    main()
