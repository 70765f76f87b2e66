"""Analyses, beside the passes and products that they are made of."""

import os
import threading
import time

from measure import LeftOut, Row, Section, median
from server import Server, write_checkpoint

IMAGES = 48
# What asks for every map, every hidden state, and the products of CKA.
QUESTIONS = ("models/big/analyses/attention-distance?", "models/big/analyses/attention-nmi?",
             "models/big/analyses/attention-entropy?", "models/big/analyses/fourier?", "cka?a=big&b=big&")
POINTS, WIDTH, ITERATIONS, CLUSTERS = 2000, 64, 500, 10

ROWS = (
    Row("together",
        "distance, NMI, entropy, frequencies and CKA of ViT-B/16, asked at once, beside the forward passes alone", "s",
        {"limit": 1.15}, headline=True),
    Row("cka", "CKA of 13 × 13 layers on 10,000 images, beside its products", "s", {"limit": 2}),
    Row("tsne", f"t-SNE of {POINTS} points, {ITERATIONS} iterations", "s", {"scikit-learn": 1}),
    Row("probe", "linear probes of 12 depths: peak memory, beside the features in f32", "MB", {"limit": 1.5}),
)


def run(bench):
    for work in (together, cka, tsne, probe):
        try:
            work(bench)
        except LeftOut as error:
            bench.note(f"{work.__name__}: {error}")


def together(bench):
    count = 8 if bench.quick else IMAGES
    path = write_checkpoint(bench)
    times, forward = [], []
    with Server(bench, models=os.path.dirname(path)) as server:
        server.load("big", os.path.basename(path))
        for trial in range(min(bench.rounds, 3)):
            server.probe_set(f"bench-{trial}", count, seed=trial)
            faults = []

            def ask(question):
                try:
                    server.answer(f"/v1/{question}probe_set=bench-{trial}", min(300, bench.remaining()))
                except Exception as error:  # noqa: BLE001, told below
                    faults.append(f"{question}: {error}")

            forward.append(bench.ours("forward", "--batch", 8, "--precision", "f32", "--rounds", 2)["images_per_second"])
            threads = [threading.Thread(target=ask, args=(question,)) for question in QUESTIONS]
            start = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            times.append(time.perf_counter() - start)
            if faults:
                raise LeftOut("; ".join(faults))
    bench.record("together", median(times), limit=("the forward passes, with every map", count / median(forward)),
                 note=f"{count} images, decoding included")


def cka(bench):
    report = bench.ours("cka", "--images", 2000 if bench.quick else 10_000)
    bench.record("cka", report["duration_seconds"], limit=("its products at the best rate", report["product_seconds"]))


def tsne(bench):
    own = []
    with bench.peers("tsne", POINTS, WIDTH, ITERATIONS, CLUSTERS) as peers:
        for _ in range(min(bench.rounds, 3)):
            own.append(bench.ours(
                "tsne", "--images", POINTS, "--width", WIDTH, "--iterations", ITERATIONS)["duration_seconds"])
            peers.measure_all()
        found = {name: peers.seconds(name) for name in peers.names}
    bench.record("tsne", median(own), peers=found)


def probe(bench):
    images = 2000 if bench.quick else 10_000
    report, peak = bench.ours_with_peak("probe", "--images", images, "--layers", 12, "--epochs", 2)
    bench.record("probe", peak / 1e6, limit=("the features in f32", report["input_bytes"] / 1e6),
                 note=f"{images} images of 768 features, {report['duration_seconds']:.1f} s for 2 epochs")


SECTION = Section("analyses", "Analyses", 240, ROWS, run)
