#!/usr/bin/env python3
"""Bodies beyond their limits, one key posted a thousand times, and the end of a server with everything in flight.

    promises.py PROGRAM [--chunks 200000] [--rounds 2] [--posts 300]

Needs Python 3 alone. The last line is "N faults" after the figures; exit status 1 where there are faults.
"""

import argparse
import glob
import json
import os
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from own_server import OwnServer
from wire import Wire, request, until

JOB = {"name": "long", "method": "simmim", "dataset": "shapes-textures", "epochs": 20_000, "batch_size": 4,
       "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2},
       "dataset_options": {"n_images": 64, "img_size": 32}, "simmim": {"mask_ratio": 0.5, "mask_patch_size": 8}}
JSON = [("Content-Type", "application/json")]
BYTES = [("Content-Type", "application/octet-stream")]
HOST = "Host: localhost\r\n"


class Promises:
    def __init__(self, arguments):
        self.arguments = arguments
        self.faults = []

    def expect(self, right, what):
        if not right:
            self.faults.append(what)

    # Bodies

    def bodies(self):
        with OwnServer(self.arguments.program) as server:
            server.ready()
            self.too_large(server)
            self.torn(server)
            self.many_chunks(server)
            self.expect(server.status("GET", "/readyz") == 200, "the server does not answer after bad bodies")

    def too_large(self, server):
        limit = 64 << 10
        for declared in (limit + 1, 1 << 40, 1 << 62):
            with Wire(server.port) as wire:
                wire.send(f"POST /v1/models HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
                          f"Content-Length: {declared}\r\n\r\n".encode())
                found = wire.answers()
                self.expect([answer.status for answer in found] == [413], f"a declared body of {declared} bytes")
        with Wire(server.port) as wire:
            wire.send(f"POST /v1/models HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n".encode())
            chunk, sent = b"1000\r\n" + b" " * 0x1000 + b"\r\n", 0
            wire.socket.settimeout(0.05)
            while sent < 64 << 20 and not wire.buffer:
                try:
                    if not wire.send(chunk):
                        break
                    sent += 0x1000
                    if sent > limit:
                        wire.more()
                except TimeoutError:
                    pass
            wire.socket.settimeout(20)
            found = wire.answers()
            self.expect([answer.status for answer in found] == [413], "a chunked body without an end")
            print(json.dumps({"refused_after_bytes": sent, "limit": limit}))

    def torn(self, server):
        before = request(server.port, "GET", "/v1/uploads").body
        for head, body in [("Content-Length: 1000\r\n", b"x" * 500), ("Transfer-Encoding: chunked\r\n", b"5\r\nabc"),
                           ("Content-Length: 1000\r\n", b"")]:
            for _ in range(20):
                with Wire(server.port) as wire:
                    wire.send(f"POST /v1/uploads HTTP/1.1\r\n{HOST}Content-Type: application/octet-stream\r\n{head}\r\n"
                              .encode() + body)
        self.expect(request(server.port, "GET", "/v1/uploads").body == before, "a torn upload was kept")
        parts = lambda: [path for path in glob.glob(server.data + "/uploads/**", recursive=True) if os.path.isfile(path)]
        self.expect(until(lambda: not parts(), 60), f"a torn upload left {parts()[:3]}")

    def many_chunks(self, server):
        """A body of one-byte chunks takes no memory of its own."""
        piece = b"1\r\nx\r\n" * 1000

        def one(chunks):
            with Wire(server.port, 600) as wire:
                wire.send(f"POST /v1/uploads HTTP/1.1\r\n{HOST}Content-Type: application/octet-stream\r\n"
                          "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode())
                for _ in range(chunks // 1000):
                    wire.send(piece)
                wire.send(b"0\r\n\r\n")
                return [answer.status for answer in wire.answers()]
        chunks = self.arguments.chunks
        self.expect(one(chunks) == [201], "a body of one-byte chunks")
        before, start, peak = server.resident(), time.monotonic(), 0
        for _ in range(self.arguments.rounds):
            self.expect(one(chunks) == [200], "a body of one-byte chunks, again")
            peak = max(peak, server.resident())
        seconds = time.monotonic() - start
        figures = {"one_byte_chunks": chunks * self.arguments.rounds, "grown_mib": round(peak - before, 2),
                   "chunks_a_second": round(chunks * self.arguments.rounds / seconds)}
        print(json.dumps(figures))
        self.expect(peak - before < 16, f"one-byte chunks: {figures}")

    # Idempotency

    def one_job(self):
        with OwnServer(self.arguments.program, "--job-slots", "0") as server:
            server.ready()
            key, body = JSON + [("Idempotency-Key", "once")], json.dumps(JOB).encode()
            with ThreadPoolExecutor(50) as pool:
                found = list(pool.map(
                    lambda _: request(server.port, "POST", "/v1/jobs", key, body), range(self.arguments.posts)))
            ids = {json.loads(answer.body).get("id") for answer in found}
            first = [answer for answer in found if answer.field("idempotency-replayed") is None]
            self.expect({answer.status for answer in found} == {202} and len(ids) == 1 and len(first) == 1,
                        f"one key: {len(ids)} jobs, {len(first)} first answers, "
                        f"{sorted({answer.status for answer in found})}")
            listed = json.loads(request(server.port, "GET", "/v1/jobs").body)["jobs"]
            self.expect(len(listed) == 1, f"one key left {len(listed)} jobs")
            other = json.dumps({**JOB, "epochs": 2}).encode()
            self.expect(server.status("POST", "/v1/jobs", key, other) == 422, "one key with another body")
            server.process.kill()
            server.process.wait()
            with OwnServer(self.arguments.program, "--job-slots", "0", data=server.data) as again:
                again.ready()
                answer = request(again.port, "POST", "/v1/jobs", key, body)
                self.expect(answer.status == 202 and answer.body == first[0].body, "a replay after a kill differs")
                self.expect(answer.field("idempotency-replayed") == "true", "a replay does not say so")
                self.expect(again.status("POST", "/v1/jobs", key, other) == 422, "another body after a kill")

    # The end

    def drain(self):
        with OwnServer(self.arguments.program, "--demo") as server:
            server.ready()
            until(lambda: server.status("GET", "/v1/models/simmim/attention?image=shapes-textures:0") == 200)
            job = json.loads(request(server.port, "POST", "/v1/jobs", JSON, json.dumps(JOB).encode()).body)["id"]
            until(lambda: (json.loads(request(server.port, "GET", f"/v1/jobs/{job}").body).get("progress") or {})
                  .get("step", 0) > 2)
            answers, ends, threads = {}, {}, []

            def ask(number, target):
                try:
                    found = request(server.port, "GET", target, timeout=60)
                    answers[number] = found.status if found else 0
                except Exception as error:  # noqa: BLE001, it counts as no answer
                    answers[number] = repr(error)

            def listen(number):
                with Wire(server.port, 60) as wire:
                    wire.send(f"GET /v1/jobs/{job}/events HTTP/1.1\r\n{HOST}Accept: text/event-stream\r\n\r\n".encode())
                    try:
                        ends[number] = (wire.answer().body, time.monotonic())
                    except Exception as error:  # noqa: BLE001
                        ends[number] = (repr(error).encode(), time.monotonic())
            for number in range(50):
                target = (f"/v1/jobs/{job}?wait=60" if number < 45 else
                          f"/v1/models/simmim/analyses/tsne?probe_set=demo&seed={number}")
                threads.append(threading.Thread(target=ask, args=(number, target)))
            threads += [threading.Thread(target=listen, args=(number,)) for number in range(5)]
            half = [Wire(server.port, 60) for _ in range(5)]
            for wire in half:
                wire.send(f"POST /v1/uploads HTTP/1.1\r\n{HOST}Content-Type: application/octet-stream\r\n"
                          "Content-Length: 1000\r\n\r\nhalf".encode())
            for thread in threads:
                thread.start()
            # The metrics count this question itself, too; an analysis may be over already, and half an upload was cut off
            # where it took long until all had asked.
            in_flight = lambda: int(re.search(rb"vitscope_http_requests_in_flight (\d+)",
                                              request(server.port, "GET", "/metrics").body)[1]) - 1
            self.expect(until(lambda: in_flight() >= 45 + 5, 60), "the requests are not in flight")
            figures = {"in_flight": in_flight()}
            start = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(90)
            seconds = time.monotonic() - start
            for thread in threads:
                thread.join()
            kept = json.load(open(f"{server.data}/jobs/{job}/state.json", encoding="utf-8"))
            figures |= {"seconds": round(seconds, 2), "answers": sorted(map(str, set(answers.values()))),
                       "streams_ended_after": round(max(when for _, when in ends.values()) - start, 2)}
            print(json.dumps(figures))
            self.expect(status == 143 and seconds < 45, f"the end: status {status} after {seconds:.1f} s")
            self.expect(len(answers) == 50 and set(answers.values()) <= {200, 202, 503}, f"answers at the end: {answers}")
            self.expect(all(b"the server stops" in text for text, _ in ends.values()), f"streams: {ends}")
            for wire in half:
                try:
                    found = wire.answer()
                    self.expect(found is None or found.status >= 400, "half an upload was taken for a whole one")
                except Exception:  # noqa: BLE001, torn off is fine, too
                    pass
                wire.close()
            with OwnServer(self.arguments.program, "--job-slots", "0", data=server.data) as again:
                again.ready()
                found = json.loads(request(again.port, "GET", f"/v1/jobs/{job}").body)
                self.expect(found["state"] == "queued" and (found["checkpoint_step"] or 0) > 0 and found["attempt"] <= 1,
                            f"the job after the end: {found['state']}, step {found['checkpoint_step']}, {kept}")

    def second_signal(self):
        with OwnServer(self.arguments.program) as server:
            server.ready()
            with Wire(server.port, 60) as wire:
                wire.send(f"POST /v1/uploads HTTP/1.1\r\n{HOST}Content-Type: application/octet-stream\r\n"
                          "Content-Length: 1000\r\n\r\nhalf".encode())
                until(lambda: b"requests_in_flight 2" in request(server.port, "GET", "/metrics").body, 20)
                server.process.send_signal(signal.SIGTERM)
                until(lambda: "draining" in server.said(), 20)
                start = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                server.process.wait(60)
                seconds = time.monotonic() - start
                print(json.dumps({"second_signal_seconds": round(seconds, 2)}))
                self.expect(seconds < 10, f"a second signal ended the server after {seconds:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--chunks", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--posts", type=int, default=300)
    promises = Promises(parser.parse_args())
    for check in (promises.bodies, promises.one_job, promises.drain, promises.second_signal):
        check()
    for fault in promises.faults:
        print(fault)
    print(f"{len(promises.faults)} faults")
    return 1 if promises.faults else 0


if __name__ == "__main__":
    sys.exit(main())
