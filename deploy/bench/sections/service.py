"""The service over HTTP, by a client of this folder on the same machine, whose own time is in every figure."""

import os
import time

from measure import LeftOut, Row, Section, median, quantile
from server import Server, throughput, wakeups, write_checkpoint

FORMATS = (("json", "JSON"), ("npy", "NPY"), ("png", "PNG"))
ATTENTION = "/v1/models/simmim/attention?image=shapes-textures:{image}&layer={layer}&head=0"

ROWS = (
    Row("uncached", "uncached attention of one head, beside decoding and the forward pass: median", "ms", {"value": 3},
        headline=True),
    Row("uncached-99", "the same, 99 of 100 below", "ms", {"value": 8}),
    Row("uncached-whole", "the same, all of it: median", "ms"),
) + tuple(
    Row(f"cached-{name}", f"cached attention of one head, {title}: median of the whole way", "ms", {"value": 1})
    for name, title in FORMATS
) + (
    Row("layer", "another layer of ViT-B/16, whose activations are not kept", "ms", {"value": 100}),
    Row("livez", "/livez on 8 connections, beside a bare Hummingbird", "requests/s", {"bare Hummingbird": 0.8}, headline=True),
    Row("page", "a file of the page on 8 connections, beside a bare Hummingbird", "requests/s",
        {"bare Hummingbird": 0.8}),
) + tuple(
    Row(f"rate-{name}", f"cached attention, {title}, on 4 connections, beside /livez", "requests/s", {"limit": 0.5})
    for name, title in FORMATS
) + (
    Row("start", "from the start to /readyz, no model", "s", {"value": 0.3}),
    Row("idle", "times a second that an idle server wakes", "wake-ups/s", {"value": 0.5}),
)


def run(bench):
    for work in (demo, big, idle):
        try:
            work(bench)
        except LeftOut as error:
            bench.note(f"{work.__name__}: {error}")


def demo(bench):
    trials = 50 if bench.quick else 200
    with Server(bench, "--demo") as server:
        while b'"loading"' in server.ask("GET", "/v1/models")[2]:
            time.sleep(0.05)
        server.latency(ATTENTION.format(image=900 + index, layer=3) for index in range(20))
        new = server.latency(ATTENTION.format(image=index, layer=3) for index in range(trials))
        rest = [whole - stages.get("decode", 0) - stages.get("forward", 0) for whole, stages in new]
        bench.record("uncached", median(rest), note=f"{trials} images; a network of 6 blocks of the demo")
        bench.record("uncached-99", quantile(rest, 0.99))
        bench.record("uncached-whole", median([whole for whole, _ in new]))
        for name, _ in FORMATS:
            path = ATTENTION.format(image=0, layer=3) + f"&format={name}"
            server.latency([path] * 5)
            bench.record(f"cached-{name}", median([whole for whole, _ in server.latency([path] * trials)]))
        rates(bench, server)


def rates(bench, server):
    """Each in turn, round after round, so that what disturbs the machine disturbs all."""
    seconds = 0.5 if bench.quick else 1.5
    page = next((path for path in ("/app.js", "/index.html", "/") if server.ask("GET", path)[0] == 200), None)
    paths = {name: ATTENTION.format(image=0, layer=3) + f"&format={name}" for name, _ in FORMATS}
    found = {}

    def add(name, port, path, connections):
        found.setdefault(name, []).append(throughput(port, path, connections, seconds))

    hello = None
    try:
        hello = Server(bench, program=[hello_program(bench)])
    except LeftOut as error:
        bench.note(f"bare Hummingbird was left out: {error}")
    try:
        for _ in range(bench.rounds):
            if hello:
                add("hello", hello.port, "/", 8)
            add("livez", server.port, "/livez", 8)
            if page:
                add("page", server.port, page, 8)
            add("livez-4", server.port, "/livez", 4)
            for name, path in paths.items():
                add(name, server.port, path, 4)
    finally:
        if hello:
            hello.__exit__()
    bare = {"bare Hummingbird": median(found["hello"])} if "hello" in found else {}
    bench.record("livez", median(found["livez"]), peers=bare)
    if page:
        bench.record("page", median(found["page"]), peers=bare, note=f"`{page}`")
    for name in paths:
        bench.record(f"rate-{name}", median(found[name]), limit=("/livez", median(found["livez-4"])))


def hello_program(bench):
    """Hummingbird with one route, built as the service is; deploy/bench/hello."""
    bench.run(
        [os.environ.get("SWIFT", "swift"), "build", "-c", "release", "--product", "Hello"], timeout=300,
        env={**os.environ, "VITSCOPE_HELLO": "1"})
    return os.path.join(os.path.dirname(bench.program), "Hello")


def big(bench):
    path = write_checkpoint(bench)
    with Server(bench, "--demo", models=os.path.dirname(path)) as server:
        server.load("big", os.path.basename(path))
        question = "/v1/models/big/attention?image=shapes-textures:{image}&layer={layer}&head=0&query=cls"
        times = []
        for image in range(2 if bench.quick else 5):
            server.latency([question.format(image=image, layer=0)])
            times += [whole for whole, _ in server.latency(
                question.format(image=image, layer=layer) for layer in (5, 11))]
        bench.record("layer", median(times))


def idle(bench):
    starts = []
    for trial in range(max(bench.rounds, 2)):
        with Server(bench) as server:
            starts.append(server.ready_seconds)
            if trial:
                continue
            time.sleep(2 if bench.quick else 8)
            before, start = wakeups(server.process.pid), time.perf_counter()
            time.sleep(3 if bench.quick else 20)
            each = (wakeups(server.process.pid) - before) / (time.perf_counter() - start)
            bench.record("idle", each, note="as the kernel counts threads that went to sleep")
    bench.record("start", median(starts))


SECTION = Section("service", "Service", 240, ROWS, run)
