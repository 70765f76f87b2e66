#!/usr/bin/env python3
"""Holds a server with clients that send or take next to nothing, and asks it honestly meanwhile.

    slow_clients.py http://127.0.0.1:8080 --pid PID [--clients 300] [--seconds 45] [--judge-times]

Of the clients 74 % send a head by the byte, 18 % a body, 7 % ask for large answers and read none; who is closed comes
again. Every connection must be closed in its time (heads 20 s, bodies 30 s, readers 45 s), every honest request answered,
and the memory grow by no more than 150 MiB; a machine with much to do only makes the limits of time wider (--patience).
The last line is JSON with the figures: milliseconds of /livez and of a map that is kept. Needs Python 3 alone.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import selectors
import socket
import sys
import time

from wire import Wire, port_of

# Seconds after which a connection must be closed.
DUE = {"head": 20, "body": 30, "reader": 45}
HEAD = b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
READ = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40


class Client:
    """One that means harm."""

    def __init__(self, kind, port, selector):
        self.kind, self.port, self.selector = kind, port, selector
        self.open()

    def open(self):
        self.socket = socket.socket()
        if self.kind == "reader":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.port))
        self.since = self.accepted = None
        self.left = {"head": HEAD[:20], "body": BODY, "reader": READ}[self.kind]
        self.due = time.monotonic()
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def step(self, now):
        """Sends what is due; true where the server has closed."""
        if now < self.due:
            return False
        data = self.left or (HEAD[20:21] if self.kind == "head" else b" ")
        if self.kind == "reader" and not self.left:
            self.due = now + 1
            return False
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            self.due = now + 0.2
            return False
        except OSError:
            return True
        if self.since is None:
            self.since = now
        self.left = self.left[sent:]
        self.due = now + (0 if self.left else 1)
        return False

    def readable(self):
        """Whether the server has closed. A reader does not read, so it learns that from its socket's state."""
        if self.kind == "reader":
            return False
        try:
            return not self.socket.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def is_reset(self):
        """Whether the socket is no longer established (TCP_INFO's first byte is its state)."""
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] not in (1, 2, 3)

    def close(self):
        self.selector.unregister(self.socket)
        self.socket.close()


def honest(port, target, pause, fresh, seconds, results, name):
    """Asks every `pause` seconds, and hands back milliseconds."""
    times, failures, wire = [], 0, None
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            if wire is None:
                wire = Wire(port, timeout=30)
            wire.send(request)
            answer = wire.answer()
            if answer is None or answer.status != 200:
                raise OSError("refused")
            times.append((time.perf_counter() - start) * 1000)
        except Exception:  # noqa: BLE001, any failure counts
            failures += 1
            wire = None
        if fresh and wire:
            wire.close()
            wire = None
        time.sleep(pause)
    results.put((name, sorted(times), failures))


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def share(times, part):
    return round(times[min(int(len(times) * part), len(times) - 1)], 2) if times else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--map", default="/v1/models/simmim/attention?image=shapes-textures:0&format=npy")
    parser.add_argument("--patience", type=float, default=3, help="by how much limits of time are wider")
    parser.add_argument("--judge-times", action="store_true", help="whether slow answers are faults: 10 and 25 ms")
    arguments = parser.parse_args()
    port = port_of(arguments.url)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Wire(port, 120) as wire:
        wire.send(f"GET {arguments.map} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        if wire.answer().status != 200:
            print("the map is not answered")
            return 1
    before = {"rss": resident(arguments.pid), "fds": descriptors(arguments.pid)}
    results = multiprocessing.Queue()
    askers = [("livez", "/livez", 0.02, False), ("livez_new", "/livez", 0.1, True), ("map", arguments.map, 0.1, False)]
    processes = [
        multiprocessing.Process(target=honest, args=(port, target, pause, fresh, arguments.seconds, results, name))
        for name, target, pause, fresh in askers]
    for process in processes:
        process.start()
    # Who means harm is elsewhere, and takes from this machine what the server and the honest leave of it.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(10)
    selector = selectors.EpollSelector()
    count = arguments.clients
    kinds = ["body"] * (count * 5 // 27) + ["reader"] * (count * 2 // 27)
    kinds += ["head"] * (count - len(kinds))
    random.Random(1).shuffle(kinds)
    clients, begin, ramp = [], time.monotonic(), min(10, arguments.seconds / 4)
    longest = dict.fromkeys(DUE, 0.0)
    closed = dict.fromkeys(DUE, 0)
    peak, end, look = before["rss"], time.monotonic() + arguments.seconds, 0
    while time.monotonic() < end:
        for key, _ in selector.select(0.05):
            if key.data.readable():
                key.data.ended = True
        now = time.monotonic()
        # They come one after another, so that they do not all go at one moment either.
        while len(clients) < min(count, int(count * (now - begin) / ramp)):
            clients.append(Client(kinds[len(clients)], port, selector))
        for client in clients:
            over = getattr(client, "ended", False) or client.step(now)
            if client.kind == "reader" and client.since and now - client.since > 5 and client.is_reset():
                over = True
            if client.since:
                longest[client.kind] = max(longest[client.kind], now - client.since)
            if over:
                closed[client.kind] += 1
                client.close()
                client.ended = False
                client.open()
        if now > look:
            peak, look = max(peak, resident(arguments.pid)), now + 0.5
    figures = {"clients": count, "seconds": arguments.seconds, "closed": closed,
               "longest_seconds": {kind: round(value, 1) for kind, value in longest.items()},
               "rss_mib": [round(before["rss"]), round(peak)]}
    faults = []
    for _ in processes:
        name, times, failures = results.get(timeout=120)
        figures[name] = {"n": len(times), "p50": share(times, 0.5), "p99": share(times, 0.99), "max": share(times, 1)}
        if arguments.judge_times and figures[name]["p99"] > {"livez": 10, "map": 25}.get(name, 1000):
            faults.append(f"{name}: p99 is {figures[name]['p99']} ms")
        if failures:
            faults.append(f"{failures} honest requests to {name} failed")
    for process in processes:
        process.join()
    for client in clients:
        client.close()
    for kind, seconds in longest.items():
        if seconds > DUE[kind] * arguments.patience:
            faults.append(f"a connection of kind {kind} was open for {seconds:.0f} s")
    if peak - before["rss"] > 150:
        faults.append(f"memory grew by {peak - before['rss']:.0f} MiB")
    deadline = time.monotonic() + 60
    while descriptors(arguments.pid) > before["fds"] + 10 and time.monotonic() < deadline:
        time.sleep(0.2)
    figures["fds"] = [before["fds"], descriptors(arguments.pid)]
    if figures["fds"][1] > before["fds"] + 10:
        faults.append("descriptors were not given back")
    for fault in faults:
        print(fault)
    print(json.dumps(figures))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
