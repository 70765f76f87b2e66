#!/usr/bin/env python3
"""Who gets in, on every route of the OpenAPI document, and what paths lead to.

    access.py PROGRAM [--everything] [--payloads 500]

Hosts, methods, origins and tokens are tried with each other on every path of /openapi.json, so that a new route joins by
itself; `--everything` tries all of them with all others. Then payloads that lead out of folders stand in every parameter
and member that names something: what lies outside, or behind a link, must not come. Needs Python 3 alone. The last line
is "N requests, N faults".
"""

import argparse
import itertools
import json
import os
import random
import shutil
import struct
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor

from own_server import OwnServer
from wire import Torn, Wire, request

TOKEN = "0123456789abcdef" * 4
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OWN_HOSTS = ["127.0.0.1:{port}", "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]", "[::1]:80", "vit.example", "VIT.example:443"]
FOREIGN_HOSTS = [
    "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.2", "0.0.0.0", "[::2]", "[::ffff:127.0.0.1]",
    "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost.", "vit.example.evil.example", "xvit.example",
    "10.0.0.1", "169.254.169.254", "host.docker.internal", "", "a b", "evil.example@localhost", "localhost/",
    "localhost:x", "localhost:999999", "localhost, evil.example", "localhost;", "[localhost]"]


class Access:
    def __init__(self, arguments):
        self.arguments = arguments
        self.sent = 0
        self.faults = []
        self.random = random.Random(7)

    def fault(self, text):
        self.faults.append(text)

    # The matrix

    def matrix(self):
        with OwnServer(self.arguments.program, "--allow-host", "vit.example", "--token-file", self.token_file()) as server:
            server.ready()
            bearer = [("Authorization", "Bearer " + TOKEN)]
            document = json.loads(request(server.port, "GET", "/openapi.json", bearer).body)
            answer = request(server.port, "POST", "/v1/session", [("Content-Type", "application/json")],
                             json.dumps({"token": TOKEN}).encode())
            cookie = [("Cookie", answer.field("set-cookie").split(";")[0])]
            own = f"http://127.0.0.1:{server.port}"
            origins = [([], False), ([("Origin", own)], False), ([("Sec-Fetch-Site", "same-origin")], False),
                       ([("Sec-Fetch-Site", "none")], False), ([("Origin", "http://evil.example")], True),
                       ([("Origin", "null")], True), ([("Origin", own + ".evil.example")], True),
                       ([("Sec-Fetch-Site", "cross-site")], True), ([("Sec-Fetch-Site", "same-site")], True),
                       ([("Origin", own), ("Sec-Fetch-Site", "cross-site")], True)]
            credentials = [([], False), (bearer, True), (cookie, True), ([("Authorization", "Bearer wrong" + TOKEN)], False)]
            hosts = [(host.format(port=server.port), True) for host in OWN_HOSTS]
            hosts += [(host, False) for host in FOREIGN_HOSTS]
            jobs = []
            for path, operations in document["paths"].items():
                if self.arguments.everything:
                    rows = itertools.product(hosts, METHODS, origins, credentials)
                else:
                    rows = list(itertools.product(hosts, METHODS, origins[:1], credentials[1:2]))
                    rows += itertools.product(hosts[:1], METHODS, origins, credentials)
                jobs.append((server.port, path, operations, list(rows)))
            with ThreadPoolExecutor(4) as pool:
                for done in [pool.submit(self.rows, *job) for job in jobs]:
                    done.result()

    def token_file(self):
        path = self.arguments.folder + "/token"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(TOKEN)
        return path

    def rows(self, port, path, operations, rows):
        target = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
        wire = None
        for (host, is_own), method, (origin, is_foreign), (credential, is_known) in rows:
            # Signing out would end the session that the others use.
            if path == "/v1/session" and method == "DELETE" and credential and credential[0][0] == "Cookie":
                continue
            # An origin is the server's own only to who asks under the same name and port.
            is_foreign = is_foreign or any(name == "Origin" and value != "http://" + host for name, value in origin)
            fields = [("Host", host), *origin, *credential]
            if method in ("POST", "PUT", "PATCH"):
                fields.append(("Content-Length", "0"))
            head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
            answer = None
            for _ in range(2):
                try:
                    wire = wire or Wire(port)
                    answer = wire.answer(method) if wire.send(head.encode()) else None
                except (Torn, OSError):
                    answer = None
                if answer is None or answer.field("connection") == "close":
                    wire.close()
                    wire = None
                if answer is not None:
                    break
            self.sent += 1
            what = f"{method} {path} {fields}: {answer.status if answer else 'nothing'}"
            if answer is None:
                self.fault(what)
            elif not self.is_right(answer.status, operations, method, is_own, is_foreign, is_known):
                self.fault(what)
        if wire:
            wire.close()

    @staticmethod
    def is_right(status, operations, method, is_own, is_foreign, is_known):
        if not is_own:
            return status in (400, 421)
        if is_foreign and method not in ("GET", "HEAD", "OPTIONS"):
            return status == 403
        if method == "OPTIONS":
            return status == 204
        operation = operations.get("get" if method == "HEAD" else method.lower())
        if operation is None:
            return status == 405
        if not is_known and operation.get("security") != []:
            return status in (401, 429)
        return status not in (401, 403, 405, 421, 429) and status < 500

    # Paths

    def payloads(self, canary):
        """Ways out of a folder to `canary`, and to what every machine has."""
        ups = ["../" * count for count in range(1, 9)]
        ups += [up.replace("../", other) for up in ups[1:6] for other in
                ("..\\", "....//", "..;/", ".././", "..//", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f",
                 "..%c0%af", "%c0%ae%c0%ae/", "..%00/", "\uff0e\uff0e/", "..\uff0f", "..%u2215", ".%2e/", "%2e./")]
        names = ["canary", "canary.png", "etc/passwd", "proc/self/environ", "etc/passwd%00.png", "canary%00.pth"]
        found = [up + name for up in ups for name in names]
        found += [canary, "file://" + canary, "//" + canary, "/etc/passwd", "/proc/self/environ", "/proc/self/cmdline",
                  "/proc/self/fd/0", "/proc/self/cwd/canary", "/proc/self/root/etc/passwd", "/proc/1/environ",
                  "/dev/fd/3", "/dev/stdin", "~/.ssh/id_rsa", "~root", "$HOME", "$(id)", "`id`", "|id", ";id", "C:\\boot.ini",
                  "\\\\evil\\share", "link", "link.pth", "link.png", "outside", "outside/canary", "outside/canary.png",
                  "outside/a/canary.png", "outside:0", "outside%2fa:0", "linked:1", "linked/a/link.png", "..", ".", "",
                  "/", "//", "\\", "%", "%2", "%zz", "%00", "a%0d%0aX: b", "http://169.254.169.254/", "ftp://evil.example/a",
                  "upload:" + "0" * 64, "upload:../canary", "job:../canary@latest", "job:" + "0" * 36 + "@../canary",
                  "sha256:../canary", "sha256:" + "0" * 64, "shapes-textures/../../canary:0", "../data:0", "x" * 5000]
        self.random.shuffle(found)
        return found[:self.arguments.payloads]

    def traversal(self):
        folder = self.arguments.folder
        canary = "canary-" + "".join(self.random.choice("0123456789abcdef") for _ in range(32))
        for name in ("models", "datasets/linked/a", "outside/a"):
            os.makedirs(f"{folder}/{name}")
        with open(folder + "/canary", "w", encoding="ascii") as file:
            file.write(canary * 20)
        for name in ("canary.png", "outside/canary.png", "outside/a/canary.png"):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(picture(canary))
        os.symlink(folder + "/canary", folder + "/models/link.pth")
        os.symlink(folder + "/outside", folder + "/models/outside")
        os.symlink(folder + "/outside", folder + "/datasets/outside")
        os.symlink(folder + "/canary.png", folder + "/datasets/linked/a/link.png")
        with open(folder + "/datasets/linked/a/own.png", "wb") as file:
            file.write(picture("own"))
        page = folder + "/page"
        shutil.copytree(os.path.dirname(os.path.abspath(__file__)) + "/../../public", page)
        with OwnServer(self.arguments.program, "--demo", "--models", folder + "/models", "--datasets", folder + "/datasets",
                       "--public", page, data=folder + "/data") as server:
            server.ready()
            # A page is read when the server starts; what is put there afterwards is not served, a link least of all.
            os.symlink(folder + "/canary", page + "/link.txt")
            document = json.loads(request(server.port, "GET", "/openapi.json").body)
            self.tries = []
            payloads = self.payloads(folder + "/canary")
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    self.ways(path, method.upper(), operation, payloads)
            self.bodies(payloads)
            with ThreadPoolExecutor(4) as pool:
                for done in [pool.submit(self.attempt, server.port, canary.encode(), *one) for one in self.tries]:
                    done.result()
            # The test of the test: what is inside does come.
            inside = request(server.port, "GET", "/v1/images/linked:0")
            if inside.status != 200 or b"own" not in inside.body:
                self.fault(f"the image inside is not answered: {inside.status}")

    def some(self, payloads, path):
        """All payloads where a path reaches files, a share of them elsewhere."""
        deep = path in ("/assets/{path}", "/v1/images/{id}", "/v1/datasets/{name}/images",
                        "/v1/jobs/{id}/checkpoints/{step}/download", "/v1/models/{name}")
        return payloads if deep or self.arguments.everything else self.random.sample(payloads, min(len(payloads), 25))

    def ways(self, path, method, operation, payloads):
        parameters = operation.get("parameters", [])
        names_something = {"image", "probe_set", "a", "b", "model"}
        for parameter in parameters:
            if parameter["in"] == "header":
                continue
            for payload in self.some(payloads, path):
                for text in {payload, quoted(payload)}:
                    if not text or any(not 0x21 <= ord(letter) <= 0x7E for letter in text):
                        continue
                    if parameter["in"] == "path":
                        target = path.replace("{" + parameter["name"] + "}", text)
                    else:
                        target = f"{path}?{parameter['name']}={text}"
                    target = "/".join("x" if part.startswith("{") else part for part in target.split("/")) \
                        if parameter["in"] == "path" else target.replace("{name}", "simmim").replace("{id}", "x")
                    must = parameter["in"] == "path" or parameter["name"] in names_something
                    self.tries.append((method, target, [], None, must and text.strip("/") and "?" not in text and "#" not in text))

    def bodies(self, payloads):
        json_type = [("Content-Type", "application/json")]
        job = {"method": "simmim", "dataset": "shapes-textures"}
        for payload in payloads:
            self.tries.append(("POST", "/v1/models", json_type, json.dumps({"name": "x", "path": payload}).encode(), True))
        for payload in self.some(payloads, "body"):
            for target, value in [
                ("/v1/models", {"name": payload, "path": "x"}),
                ("/v1/probe-sets", {"name": "x", "dataset": payload}),
                ("/v1/comparisons", {"models": [payload, "simmim"], "probe_set": "demo"}),
                ("/v1/comparisons", {"models": ["hybrid", "simmim"], "probe_set": payload}),
                ("/v1/comparisons", {"models": ["hybrid", "simmim"], "images": [payload]}),
                ("/v1/jobs?dry_run=true", {**job, "dataset": payload}),
                ("/v1/jobs?dry_run=true", {**job, "init_from": payload}),
            ]:
                self.tries.append(("POST", target, json_type, json.dumps(value).encode(), True))

    def attempt(self, port, canary, method, target, fields, body, must_refuse):
        self.sent += 1
        if method == "POST" and body is None:
            body = b""
        try:
            answer = request(port, method, target, fields, body)
        except (Torn, OSError) as error:
            answer = None
            self.fault(f"{method} {target} {(body or b'')[:100]}: {error!r}")
        if answer is None:
            return
        what = f"{method} {target[:200]} {(body or b'')[:200]}: {answer.status}"
        if canary in answer.body or b"root:x:0" in answer.body or b"PATH=" in answer.body:
            self.fault("what is outside came: " + what)
        elif answer.status >= 500 and answer.status != 503 or (must_refuse and not 400 <= answer.status < 500):
            self.fault(f"{what} {answer.body[:100]}")


def quoted(text):
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8"))


def picture(text):
    """A PNG of 32 by 32 that says `text` beside its pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes([row, 0, 255 - row]) * 32 for row in range(32))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
            + chunk(b"tEXt", b"Comment\0" + text.encode()) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("--payloads", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = folder
        access = Access(arguments)
        access.matrix()
        print(f"{access.sent} requests of the matrix")
        access.traversal()
    for fault in access.faults[:100]:
        print(fault)
    print(f"{access.sent} requests, {len(access.faults)} faults")
    return 1 if access.faults else 0


if __name__ == "__main__":
    sys.exit(main())
