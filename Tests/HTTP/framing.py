#!/usr/bin/env python3
"""Sends requests that servers and proxies have read differently, whole and split at every byte, to a running server.

    framing.py http://127.0.0.1:8080 --log SERVER.LOG

Each has a request for CANARY where another reader could see one. A request that must be refused gets 400 (or 413, 414,
421, 431), and then the connection ends; one that is fine gets its answers and no more. In the server's log no canary may
appear. Needs Python 3 alone. The last line is "N requests, N faults"; exit status 1 where there are faults.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from wire import Torn, Wire, port_of, request

HOST = "Host: localhost\r\n"
CANARY = f"GET /canary HTTP/1.1\r\n{HOST}\r\n"
POST = f"POST /v1/session HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"
LENGTH = len(CANARY)
# What may be said to a request that is not to be read on.
REFUSALS = (400, 413, 414, 421, 431)

# Refused, whatever follows.
REFUSED = {
    # Two ways to say where the body ends.
    "length and coding": POST + f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "coding and length": POST + f"Transfer-Encoding: chunked\r\nContent-Length: {LENGTH + 5}\r\n\r\n0\r\n\r\n" + CANARY,
    "lengths that differ": POST + f"Content-Length: 0\r\nContent-Length: {LENGTH}\r\n\r\n" + CANARY,
    "lengths that agree": POST + f"Content-Length: {LENGTH}\r\nContent-Length: {LENGTH}\r\n\r\n" + CANARY,
    "list of lengths": POST + f"Content-Length: 0, {LENGTH}\r\n\r\n" + CANARY,
    "signed length": POST + f"Content-Length: +{LENGTH}\r\n\r\n" + CANARY,
    "negative length": POST + "Content-Length: -1\r\n\r\n" + CANARY,
    "length in sixteens": POST + f"Content-Length: 0x{LENGTH:x}\r\n\r\n" + CANARY,
    "length with a point": POST + f"Content-Length: {LENGTH}.0\r\n\r\n" + CANARY,
    "length with a space": POST + f"Content-Length: 0 {LENGTH}\r\n\r\n" + CANARY,
    "length with an underscore": POST + "Content-Length: 1_0\r\n\r\n" + CANARY,
    "empty length": POST + "Content-Length:\r\n\r\n" + CANARY,
    "overflowing length": POST + f"Content-Length: {2 ** 64 + LENGTH}\r\n\r\n" + CANARY,
    "length beyond Int": POST + f"Content-Length: {2 ** 63 + LENGTH}\r\n\r\n" + CANARY,
    "space before the colon": POST + f"Content-Length : {LENGTH}\r\n\r\n" + CANARY,
    "tab before the colon": POST + f"Content-Length\t: {LENGTH}\r\n\r\n" + CANARY,
    "space before a coding's colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + CANARY,
    # Codings.
    "coding list": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "chunked first": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + CANARY,
    "two codings": POST + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "chunked twice": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "chunked in a list twice": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "unknown coding": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + CANARY,
    "identity": POST + "Transfer-Encoding: identity\r\n\r\n" + CANARY,
    "empty coding": POST + "Transfer-Encoding:\r\n\r\n" + CANARY,
    "coding before a space": POST + "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n" + CANARY,
    "quoted coding": POST + 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + CANARY,
    "coding with a comma": POST + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "coding with a parameter": POST + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" + CANARY,
    "coding behind a vertical tab": POST + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + CANARY,
    "coding before a zero": POST + "Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n" + CANARY,
    "folded coding": POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + CANARY,
    "coding of the old protocol": CHUNKED.replace("HTTP/1.1", "HTTP/1.0") + "0\r\n\r\n" + CANARY,
    # Lines.
    "folded field": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: b\r\n c\r\n\r\n" + CANARY,
    "field folded by a tab": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: b\r\n\tc\r\n\r\n" + CANARY,
    "first field folded": f"GET /v1 HTTP/1.1\r\n {HOST}\r\n" + CANARY,
    "bare newlines": "GET /v1 HTTP/1.1\nHost: localhost\n\n" + CANARY,
    "bare newline behind a field": "GET /v1 HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n" + CANARY,
    "bare newline at the head's end": "GET /v1 HTTP/1.1\r\nHost: localhost\r\n\n" + CANARY,
    "bare return behind a field": "GET /v1 HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n" + CANARY,
    "return within a field": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: b\rContent-Length: {LENGTH}\r\n\r\n" + CANARY,
    "two returns": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: b\r\r\n\r\n" + CANARY,
    "zero in a field": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: b\0c\r\n\r\n" + CANARY,
    "zero in a name": f"GET /v1 HTTP/1.1\r\n{HOST}X\0A: b\r\n\r\n" + CANARY,
    "zero in the target": f"GET /v1\0 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "zero in the method": f"GE\0T /v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "nameless field": f"GET /v1 HTTP/1.1\r\n{HOST}: b\r\n\r\n" + CANARY,
    "field without a colon": f"GET /v1 HTTP/1.1\r\n{HOST}nonsense\r\n\r\n" + CANARY,
    "name with a space": f"GET /v1 HTTP/1.1\r\n{HOST}X A: b\r\n\r\n" + CANARY,
    "name in brackets": f"GET /v1 HTTP/1.1\r\n{HOST}(X): b\r\n\r\n" + CANARY,
    "high bytes in a name": f"GET /v1 HTTP/1.1\r\n{HOST}X\xe9: b\r\n\r\n" + CANARY,
    # The first line.
    "tabs in the first line": f"GET\t/v1\tHTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "space in the target": f"GET /v1 x HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "space behind the version": f"GET /v1 HTTP/1.1 \r\n{HOST}\r\n" + CANARY,
    "long version": f"GET /v1 HTTP/1.10\r\n{HOST}\r\n" + CANARY,
    "padded version": f"GET /v1 HTTP/01.1\r\n{HOST}\r\n" + CANARY,
    "small version": f"GET /v1 http/1.1\r\n{HOST}\r\n" + CANARY,
    "version 1.2": f"GET /v1 HTTP/1.2\r\n{HOST}\r\n" + CANARY,
    "version 2": f"GET /v1 HTTP/2.0\r\n{HOST}\r\n" + CANARY,
    "no version": f"GET /v1\r\n{HOST}\r\n" + CANARY,
    "preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + CANARY,
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + CANARY,
    "space before the method": f" GET /v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "small method": f"get /v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "unknown method": f"BREW /v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "tunnel": f"CONNECT localhost:80 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "target without a slash": f"GET v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "star": f"GET * HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "fragment": f"GET /v1#/canary HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "high bytes in the target": f"GET /\xe9 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    # The server's name.
    "no host": "GET /v1 HTTP/1.1\r\n\r\n" + CANARY,
    "no host of the old protocol": "GET /v1 HTTP/1.0\r\n\r\n" + CANARY,
    "the same host twice": f"GET /v1 HTTP/1.1\r\n{HOST}{HOST}\r\n" + CANARY,
    "two hosts": f"GET /v1 HTTP/1.1\r\n{HOST}Host: evil.example\r\n\r\n" + CANARY,
    "host behind a space": f"GET /v1 HTTP/1.1\r\nHost : localhost\r\n\r\n" + CANARY,
    "foreign host": "GET /v1 HTTP/1.1\r\nHost: evil.example\r\n\r\n" + CANARY,
    "list of hosts": "GET /v1 HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n" + CANARY,
    "host with a user": "GET /v1 HTTP/1.1\r\nHost: evil.example@localhost\r\n\r\n" + CANARY,
    "host with a path": "GET /v1 HTTP/1.1\r\nHost: localhost/canary\r\n\r\n" + CANARY,
    "empty host": "GET /v1 HTTP/1.1\r\nHost:\r\n\r\n" + CANARY,
    "foreign absolute target": f"GET http://evil.example/v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "absolute target with a user": f"GET http://localhost@evil.example/v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "absolute target without a host": f"GET http:///v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "target of another scheme": f"GET file://localhost/etc/passwd HTTP/1.1\r\n{HOST}\r\n" + CANARY,
}

# Chunks that end the request: the head is fine, the body is not.
BROKEN_CHUNKS = {
    "letters": "xyz\r\nabc\r\n0\r\n\r\n", "signed": "+3\r\nabc\r\n0\r\n\r\n", "negative": "-3\r\nabc\r\n0\r\n\r\n",
    "with 0x": "0x3\r\nabc\r\n0\r\n\r\n", "with an underscore": "1_0\r\nabc\r\n0\r\n\r\n",
    "overflowing": "F0000000000000003\r\nabc\r\n0\r\n\r\n",
    "empty size": "\r\nabc\r\n0\r\n\r\n", "size behind a space": " 3\r\nabc\r\n0\r\n\r\n",
    "space behind the size": "3 \r\nabc\r\n0\r\n\r\n", "tab behind the size": "3\t\r\nabc\r\n0\r\n\r\n",
    "newline behind the size": "3\nabc\r\n0\r\n\r\n", "return behind the size": "3\rabc\r\n0\r\n\r\n",
    "newline behind the chunk": "3\r\nabc\n0\r\n\r\n", "return behind the chunk": "3\r\nabc\r0\r\n\r\n",
    "two bytes behind the chunk": "3\r\nabcxx0\r\n\r\n", "nothing behind the chunk": "3\r\nabc0\r\n\r\n",
    "newline in an extension": "3;x\nabc\r\n0\r\n\r\n", "return in an extension": "3;x\rabc\r\n0\r\n\r\n",
    "zero in an extension": "3;x\0\r\nabc\r\n0\r\n\r\n", "newline behind the last size": "0\n\r\n",
    "newline behind the last chunk": "0\r\n\n", "folded trailer": "0\r\nX-A: b\r\n c\r\n\r\n",
    "newline in a trailer": "0\r\nX-A: b\nX-B: c\r\n\r\n", "trailer without a colon": "0\r\nnonsense\r\n\r\n",
    "endless extension": "3;" + "x" * 40000 + "\r\nabc\r\n0\r\n\r\n",
    "endless trailer": "0\r\nX-A: " + "x" * 40000 + "\r\n\r\n",
}

# Too large to be read.
HEAVY = {
    "long field": f"GET /v1 HTTP/1.1\r\n{HOST}X-A: {'x' * 33000}\r\n\r\n" + CANARY,
    "long name": f"GET /v1 HTTP/1.1\r\n{HOST}{'x' * 33000}: a\r\n\r\n" + CANARY,
    "many fields": f"GET /v1 HTTP/1.1\r\n{HOST}{''.join(f'X-{i}: a' + chr(13) + chr(10) for i in range(101))}\r\n" + CANARY,
    "long target": f"GET /{'x' * 9000} HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "longer target": f"GET /{'x' * 40000} HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "long method": f"{'X' * 40000} /v1 HTTP/1.1\r\n{HOST}\r\n" + CANARY,
    "chunk that never ends": CHUNKED + "FFFFFFFFFFFFFFFF\r\n" + CANARY * 1500,
    "body beyond its limit": POST + f"Content-Length: {1 << 20}\r\n\r\n" + CANARY,
}

LAST = f"GET /livez HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
SIGN_IN = '{"token": "x"}'

# Fine, with the statuses of their answers; LAST follows, which is read where the connection stays.
FINE = {
    "canary as a body": (POST + f"Content-Length: {LENGTH}\r\n\r\n" + CANARY, [400, 200]),
    "canary as the body of GET": (f"GET /livez HTTP/1.1\r\n{HOST}Content-Length: {LENGTH}\r\n\r\n" + CANARY, [200, 200]),
    "canary as the body of DELETE": (
        f"DELETE /v1/models/none HTTP/1.1\r\n{HOST}Content-Length: {LENGTH}\r\n\r\n" + CANARY, [404, 200]),
    "canary where nothing is": (
        f"POST /nowhere HTTP/1.1\r\n{HOST}Content-Length: {LENGTH}\r\n\r\n" + CANARY, [404, 200]),
    "canary as a chunk of GET": (
        f"GET /livez HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{LENGTH:x}\r\n{CANARY}\r\n0\r\n\r\n", [200, 200]),
    "canary as a chunk": (CHUNKED + f"{LENGTH:x}\r\n{CANARY}\r\n0\r\n\r\n", [400]),
    "canary as a trailer": (CHUNKED + f"0\r\nX-A: {CANARY.splitlines()[0]}\r\nHost: evil.example\r\n\r\n", [400]),
    "padded length": (POST + f"Content-Length: 000{LENGTH}\r\n\r\n" + CANARY, [400, 200]),
    "padded chunk": (CHUNKED + f"0000{LENGTH:x}\r\n{CANARY}\r\n0000\r\n\r\n", [400]),
    "chunk of capitals": (CHUNKED + "0E\r\n" + SIGN_IN + "\r\n0\r\n\r\n", [204, 200]),
    "extended chunk": (CHUNKED + 'e;a="b";c\r\n' + SIGN_IN + "\r\n0;d\r\n\r\n", [204, 200]),
    "coding in other letters": (POST + "transfer-encoding: CHUNKED\r\n\r\ne\r\n" + SIGN_IN + "\r\n0\r\n\r\n", [204, 200]),
    "coding behind spaces": (POST + "Transfer-Encoding: \t chunked\r\n\r\ne\r\n" + SIGN_IN + "\r\n0\r\n\r\n", [204, 200]),
    "two spaces before the target": (f"GET  /livez HTTP/1.1\r\n{HOST}\r\n", [200, 200]),
    "two spaces before the version": (f"GET /livez  HTTP/1.1\r\n{HOST}\r\n", [200, 200]),
    "own absolute target": (f"GET http://127.0.0.1:1/livez HTTP/1.1\r\n{HOST}\r\n", [200, 200]),
    "star of OPTIONS": (f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n", [204, 200]),
    "lines before the request": (f"\r\n\r\nGET /livez HTTP/1.1\r\n{HOST}\r\n", [200, 200]),
    "encoded line ends": (f"GET /problems/x%0d%0a%0d%0aGET%20canary HTTP/1.1\r\n{HOST}\r\n", [400, 200]),
    "HEAD": (f"HEAD /v1 HTTP/1.1\r\n{HOST}\r\n", [200, 200]),
    "HEAD of nothing": (f"HEAD /nowhere HTTP/1.1\r\n{HOST}\r\n", [404, 200]),
    "HEAD with a body": (f"HEAD /v1 HTTP/1.1\r\n{HOST}Content-Length: {LENGTH}\r\n\r\n" + CANARY, [200, 200]),
    "expectation": (POST + f"Expect: 100-continue\r\nContent-Length: 14\r\n\r\n" + SIGN_IN, [100, 204, 200]),
    "expectation of GET": (
        f"GET /livez HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: {LENGTH}\r\n\r\n" + CANARY, [100, 200, 200]),
    "obscure expectation": (
        f"GET /livez HTTP/1.1\r\n{HOST}Expect: y 100-continue\r\nContent-Length: {LENGTH}\r\n\r\n" + CANARY, [200, 200]),
    "TRACE": (f"TRACE /v1 HTTP/1.1\r\n{HOST}X-Secret: a\r\n\r\n", [405, 200]),
}

# Fine, and the last of their connection: what follows is not read.
LASTING = {
    "old protocol": (f"GET /livez HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n\r\n" + CANARY, [200]),
    "offer of another protocol": (f"GET /livez HTTP/1.1\r\n{HOST}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + CANARY, [200]),
    "close": (f"GET /livez HTTP/1.1\r\n{HOST}Connection: keep-alive, close\r\n\r\n" + CANARY, [200]),
}


class Framing:
    """Runs the tables against one server, and collects faults."""

    def __init__(self, port, log):
        self.port, self.log = port, log
        self.start = os.path.getsize(log)
        self.sent = 0
        self.faults = []

    def exchange(self, pieces, expected, name, methods=()):
        """One connection. `expected` says what is right about the statuses of the answers."""
        self.sent += 1
        with Wire(self.port) as wire:
            for number, piece in enumerate(pieces):
                if number:
                    # Long enough for the server to have seen the piece before, nearly always.
                    time.sleep(0.0005)
                if not wire.send(piece):
                    break
            try:
                statuses = [answer.status for answer in wire.answers(methods)]
            except (Torn, TimeoutError) as error:
                statuses = [repr(error)]
        if not expected(statuses):
            self.faults.append(f"{name}, in pieces of {[len(piece) for piece in pieces][:3]} bytes: {statuses}")

    def pieces(self, text):
        """The request whole, cut once at each byte, and byte by byte."""
        data = text.encode("latin-1")
        yield [data]
        for cut in range(1, min(len(data), 600)):
            yield [data[:cut], data[cut:]]
        if len(data) < 600:
            yield [data[i:i + 1] for i in range(len(data))]

    def all(self, exchanges):
        """Side by side, since most of the time is waiting."""
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(self.exchange, *exchange) for exchange in exchanges]:
                done.result()

    def refused(self):
        def right(statuses):
            return len(statuses) <= 1 and all(status in REFUSALS for status in statuses)
        exchanges = []
        for name, text in REFUSED.items():
            exchanges += [(pieces, right, name) for pieces in self.pieces(text)]
        for name, text in HEAVY.items():
            data = text.encode("latin-1")
            cuts = (1, 20, 8000, 32760, 32768, 33000)
            exchanges += [([data], right, name)] + [([data[:cut], data[cut:]], right, name) for cut in cuts]
        for name, body in BROKEN_CHUNKS.items():
            exchanges += [(pieces, right, "chunk: " + name) for pieces in self.pieces(CHUNKED + body + CANARY)]
        self.all(exchanges)

    def fine(self):
        exchanges = []
        for name, (text, statuses) in FINE.items():
            methods = ["HEAD" if text.startswith("HEAD") else "GET"]
            for pieces in self.pieces(text + LAST):
                exchanges.append((pieces, lambda found, wanted=statuses: found == wanted, name, methods))
        for name, (text, statuses) in LASTING.items():
            for pieces in self.pieces(text):
                exchanges.append((pieces, lambda found, wanted=statuses: found == wanted, name))
        self.all(exchanges)

    def early_answer(self):
        """The answer comes before the body; what then comes is still the body."""
        self.sent += 1
        with Wire(self.port) as wire:
            wire.send(f"GET /livez HTTP/1.1\r\n{HOST}Content-Length: {LENGTH}\r\n\r\n".encode())
            first = wire.answer()
            wire.send(CANARY.encode() + LAST.encode())
            rest = wire.answers()
        if first.status != 200 or [answer.status for answer in rest] != [200]:
            self.faults.append(f"early answer: {first.status}, {[answer.status for answer in rest]}")

    def pipelined(self):
        """A thousand requests in one piece are answered in their order."""
        self.sent += 1
        text = "".join(f"GET /problems/none HTTP/1.1\r\n{HOST}X-Request-Id: n{i}\r\n\r\n" if i % 3 else
                       f"HEAD /v1 HTTP/1.1\r\n{HOST}X-Request-Id: n{i}\r\n\r\n" for i in range(1000))
        with Wire(self.port) as wire:
            wire.send((text + LAST).encode())
            found = [wire.answer("GET" if i % 3 else "HEAD").field("x-request-id") for i in range(1000)]
            end = wire.answers()
        if found != [f"n{i}" for i in range(1000)] or [answer.status for answer in end] != [200]:
            self.faults.append("a thousand pipelined requests are not answered in their order")

    def headless_bodies(self):
        """No answer to HEAD has a body, on any path; 304 has none either."""
        for target in ("/", "/livez", "/metrics", "/v1", "/v1/models", "/openapi.json", "/nowhere", "/v1/models/none",
                       "/v1/analysis-kinds", "/v1?x=1"):
            self.sent += 1
            whole = request(self.port, "GET", target)
            with Wire(self.port) as wire:
                wire.send(f"HEAD {target} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
                head = wire.answer("HEAD")
                while wire.more():
                    pass
                if wire.buffer or head.status != whole.status:
                    self.faults.append(f"HEAD {target}: {head.status} and {len(wire.buffer)} bytes")
                elif target not in ("/metrics",) and head.field("content-length") != whole.field("content-length"):
                    self.faults.append(f"HEAD {target} says another length than GET")

    def no_canary(self):
        """Nothing asked for the canary, but for the first request, which shows that the log would tell it."""
        with open(self.log, "rb") as log:
            log.seek(self.start)
            seen = [line for line in log if b"target=/canary" in line]
        if not seen or b"target=/canary-of-the-canary " not in seen[0]:
            self.faults.append("the log does not tell targets, so it proves nothing")
        self.faults += [f"smuggled: {line.decode('latin-1').strip()}" for line in seen[1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--log", required=True, help="what the server has logged")
    arguments = parser.parse_args()
    framing = Framing(port_of(arguments.url), arguments.log)
    request(framing.port, "GET", "/canary-of-the-canary")
    for check in (framing.refused, framing.fine, framing.early_answer, framing.pipelined, framing.headless_bodies):
        check()
    framing.no_canary()
    for fault in framing.faults[:100]:
        print(fault)
    print(f"{framing.sent} requests, {len(framing.faults)} faults")
    return 1 if framing.faults else 0


if __name__ == "__main__":
    sys.exit(main())
