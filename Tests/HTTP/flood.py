#!/usr/bin/env python3
"""Floods a server that may open few files, at every moment of its start, and sees it serve again.

    flood.py PROGRAM [--starts 8] [--files 256] [--sockets 600] [--resets 50000]

Each start gets its flood at another moment of the first three seconds, some before the port is bound; then everything is
asked for again: readiness, a map, an upload, a dry run. Then one server outlives connections that are reset as soon as
they are made, and has its descriptors back. Needs Python 3 alone. The last line is "N starts, N resets, N faults".
"""

import argparse
import json
import random
import resource
import socket
import struct
import sys
import time

from own_server import OwnServer
from wire import until

JOB = {"name": "tiny", "method": "simmim", "dataset": "shapes-textures", "epochs": 1, "batch_size": 4,
       "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2},
       "dataset_options": {"n_images": 8, "img_size": 32}, "simmim": {"mask_ratio": 0.5, "mask_patch_size": 8}}
JSON = [("Content-Type", "application/json")]


def flood(port, count):
    """Sockets on their way to `port`; some say something."""
    sockets = []
    for number in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        if number % 3 == 0:
            try:
                one.send(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n" if number % 2 else b"GET /v1 HTT")
            except OSError:
                pass
        sockets.append(one)
    return sockets


def serves(server):
    """What does not answer as it should, after two minutes at the most."""
    asked = [
        ("GET", "/readyz", (), None, (200,)),
        ("GET", "/v1/models/simmim/attention?image=shapes-textures:0", (), None, (200,)),
        ("POST", "/v1/uploads", [("Content-Type", "application/octet-stream")], b"bytes", (200, 201)),
        ("POST", "/v1/jobs?dry_run=true", JSON, json.dumps(JOB).encode(), (200,)),
    ]
    return [f"{method} {target}: {server.status(method, target, fields, body)}"
            for method, target, fields, body, right in asked
            if not until(lambda: server.status(method, target, fields, body) in right)]


def one_start(arguments, delay, faults):
    with OwnServer(arguments.program, "--demo", files=arguments.files) as server:
        time.sleep(delay)
        # Again and again, so that no step of the start is left out.
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            for one in flood(server.port, arguments.sockets):
                one.close()
        held = flood(server.port, arguments.sockets)
        time.sleep(0.5)
        for one in held:
            one.close()
        wrong = serves(server)
        if server.process.poll() is not None:
            wrong = [f"the process ended with {server.process.returncode}: {server.said()[-500:]}"]
        elif server.stop() != 143:
            wrong.append("the server did not end as it should")
        faults += [f"flood after {delay:.3f} s: {what}" for what in wrong]


def resets(arguments, faults):
    with OwnServer(arguments.program, "--demo", files=1024) as server:
        server.ready()
        before = server.descriptors()
        linger = struct.pack("ii", 1, 0)
        for number in range(arguments.resets):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            try:
                one.connect(("127.0.0.1", server.port))
                if number % 2:
                    one.send(b"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
            except OSError:
                pass
            one.close()
        start = time.monotonic()
        faults += [f"after the resets: {what}" for what in serves(server)]
        print(f"served {time.monotonic() - start:.2f} s after {arguments.resets} resets")
        if not until(lambda: server.descriptors() <= before + 10, 60):
            faults.append(f"descriptors: {before} before the resets, {server.descriptors()} afterwards")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--files", type=int, default=256)
    parser.add_argument("--sockets", type=int, default=600)
    parser.add_argument("--resets", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"--seed {seed}")
    random.seed(seed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 8192),) * 2)
    faults = []
    for number in range(arguments.starts):
        # Spread over the time of a start, and a little by chance.
        one_start(arguments, (number + random.random()) / arguments.starts * 1.5, faults)
    if arguments.resets:
        resets(arguments, faults)
    for fault in faults:
        print(fault)
    print(f"{arguments.starts} starts, {arguments.resets} resets, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
