"""Speaks bytes to an HTTP server on this machine, without a client library that would smooth them over."""

import socket
import time
import urllib.parse


class Torn(Exception):
    """What came is no whole answer."""


class Answer:
    """One answer, read by RFC 9112 and nothing else."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def field(self, name):
        return next((value for key, value in self.fields if key == name), None)


class Wire:
    """One connection."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False where the server has closed already."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def more(self):
        """Reads once; False at the connection's end."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        self.ended = not data
        self.buffer += data
        return bool(data)

    def line_end(self, mark):
        while mark not in self.buffer:
            if not self.more():
                raise Torn(self.buffer[:200])
        return self.buffer.index(mark)

    def take(self, count):
        while len(self.buffer) < count:
            if not self.more():
                raise Torn(self.buffer[:200])
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def answer(self, method="GET"):
        """The next answer; None where the connection ended before it."""
        while not self.buffer:
            if not self.more():
                return None
        head = self.take(self.line_end(b"\r\n\r\n") + 4).decode("latin-1").split("\r\n")
        version, status = head[0].split(" ")[:2]
        if version not in ("HTTP/1.1", "HTTP/1.0") or not status.isdigit():
            raise Torn(head[0])
        fields = [(line.split(":", 1)[0].lower(), line.split(":", 1)[1].strip()) for line in head[1:-2]]
        answer = Answer(int(status), fields, b"")
        lengths = [value for name, value in fields if name == "content-length"]
        chunked = answer.field("transfer-encoding") == "chunked"
        if len(lengths) > 1 or (lengths and chunked):
            raise Torn("an answer with two lengths")
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if chunked:
            while True:
                size = int(self.take(self.line_end(b"\r\n") + 2).split(b";")[0], 16)
                answer.body += self.take(size)
                self.take(2)
                if size == 0:
                    return answer
        if lengths:
            answer.body = self.take(int(lengths[0]))
        elif answer.field("connection") == "close" or version == "HTTP/1.0":
            while self.more():
                pass
            answer.body = self.take(len(self.buffer))
        else:
            raise Torn("an answer without a length on a connection that stays")
        return answer

    def answers(self, methods=()):
        """All answers until the server closes."""
        found = []
        while True:
            answer = self.answer(methods[len(found)] if len(found) < len(methods) else "GET")
            if answer is None:
                return found
            found.append(answer)


def port_of(url):
    return urllib.parse.urlsplit(url).port


def request(port, method, target, fields=(), body=None, timeout=60):
    """One request on a connection of its own."""
    names = [name.lower() for name, _ in fields]
    head = f"{method} {target} HTTP/1.1\r\n"
    if "host" not in names:
        head += f"Host: 127.0.0.1:{port}\r\n"
    for name, value in fields:
        head += f"{name}: {value}\r\n"
    if "connection" not in names:
        head += "Connection: close\r\n"
    if body is not None:
        head += f"Content-Length: {len(body)}\r\n"
    with Wire(port, timeout) as wire:
        wire.send(head.encode("latin-1") + b"\r\n" + (body or b""))
        return wire.answer(method)


def until(what, seconds=120):
    """Waits until `what` says so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False
