"""How the cost grows with what there is more of: one line and one exponent each."""

import contextlib
import json
import os
import sqlite3
import time
import uuid

from measure import LeftOut, Section, median
from server import Server
from sections.service import ATTENTION


def run(bench):
    for work in (tokens, depth, heads, images, clients, results, jobs):
        try:
            work(bench)
        except (LeftOut, OSError, sqlite3.Error) as error:
            bench.note(f"{work.__name__}: {error}")


def forward(bench, name, what, points, goal):
    """Milliseconds an image for `vitscope bench forward` with the options of each point."""
    bench.record_growth(name, what, "ms an image", [
        (size, 1000 / bench.ours("forward", "--precision", "f32", "--rounds", 3, *options)["images_per_second"])
        for size, options in points], goal)


def tokens(bench):
    sides = (112, 224, 448, 672)
    forward(bench, "tokens", "forward pass of ViT-S/16 with every map, images of 112 to 672", [
        ((side // 16) ** 2 + 1, ("--arch", f"vit_small_patch16_{side}", "--batch", 2)) for side in sides],
        "between 1 (linear layers) and 2 (maps)")


def depth(bench):
    forward(bench, "depth", "forward pass of a ViT-S/16 of 3 to 24 blocks", [
        (count, ("--arch", "vit_small_patch16_224", "--batch", 4, "--depth", count)) for count in (3, 6, 12, 24)], "1")


def heads(bench):
    forward(bench, "heads", "forward pass of a ViT-S/16 of 3 to 12 heads, so of 3 to 12 maps a block", [
        (count, ("--arch", "vit_small_patch16_224", "--batch", 4, "--heads", count)) for count in (3, 6, 12)],
        "below 0.5")


def images(bench):
    points = []
    with Server(bench, "--demo") as server:
        wait_for_models(server)
        for count in (50, 100, 200, 400):
            server.probe_set(f"grow-{count}", count, seed=count)
            start = time.perf_counter()
            server.answer(f"/v1/models/simmim/analyses/attention-nmi?probe_set=grow-{count}", min(120, bench.remaining()))
            points.append((count, time.perf_counter() - start))
    bench.record_growth("images", "attention-nmi of a model of the demo on a probe set", "s", points, "1")


def clients(bench):
    with Server(bench, "--demo") as server:
        wait_for_models(server)
        path = ATTENTION.format(image=0, layer=3)
        server.latency([path] * 5)
        points = [(count, server.rate(path, count, 1)) for count in (1, 4, 16, 64)]
    bench.record_growth("clients", "answers a second to cached attention as JSON, by connections", "requests/s", points,
                        "0 from where the processors are busy")


def results(bench):
    """An uncached map, a map of kept numbers and the list, beside so many kept results in the database."""
    points = {"an uncached map": [], "attention-nmi of one image": [], "a page of the list": [], "the start": []}
    counts = (0, 10_000) if bench.quick else (0, 10_000, 100_000, 1_000_000)
    data = os.path.join(bench.scratch, "results", "data")
    with Server(bench, "--demo", data=data) as server:
        wait_for_models(server)
    present = 0
    for count in counts:
        with contextlib.closing(sqlite3.connect(os.path.join(data, "results.sqlite"))) as base:
            base.execute("PRAGMA synchronous = OFF")
            with base:
                base.executemany(
                    "INSERT INTO result(id, kind, created_at, read_at, manifest, document) VALUES(?, ?, ?, ?, ?, ?)",
                    ((f"{index:064x}", "attention-nmi", index + 0.0, index + 0.0, '{"models":[]}', b"z" * 100)
                     for index in range(present + 1, count + 1)))
        present = count
        with Server(bench, "--demo", data=data) as server:
            wait_for_models(server)
            first = 10 + 100 * counts.index(count)
            server.latency(ATTENTION.format(image=990 + index, layer=2) for index in range(9))
            for name, paths in (
                ("an uncached map", [ATTENTION.format(image=first + index, layer=3) for index in range(60)]),
                ("attention-nmi of one image", [
                    f"/v1/models/simmim/analyses/attention-nmi?image=shapes-textures:{first + index}" for index in range(60)]),
                ("a page of the list", ["/v1/analyses"] * 20),
            ):
                points[name].append((count, median([whole for whole, _ in server.latency(paths)])))
            points["the start"].append((count, server.ready_seconds * 1000))
    for name, its in points.items():
        bench.record_growth(f"kept results: {name}", f"{name}, beside kept results", "ms", its, "0")


def jobs(bench):
    """The start and the lists beside so many jobs: copies of one that was cancelled, as an older program left them."""
    counts = (1, 1000) if bench.quick else (1, 1000, 10_000, 100_000)
    data = os.path.join(bench.scratch, "jobs", "data")
    with Server(bench, "--demo", data=data) as server:
        status, _, body = server.ask("POST", "/v1/jobs", {
            "method": "simmim", "arch": {"img_size": 48, "patch_size": 6, "embed_dim": 48, "depth": 4, "num_heads": 3},
            "simmim": {"mask_patch_size": 6}, "dataset": "shapes-textures",
            "dataset_options": {"n_images": 64, "img_size": 48}, "epochs": 1, "batch_size": 32})
        if status not in (200, 201, 202):
            raise LeftOut(f"no job: {status} {body[:300]!r}")
        identifier = json.loads(body)["id"]
        server.ask("POST", f"/v1/jobs/{identifier}/cancel", {})
        status, _, body = server.ask("GET", f"/v1/jobs/{identifier}?wait=60&until=terminal")
    points = {"the start": [], "the first page of jobs": [], "a page in the middle": [], "one job": []}
    present = 1
    for count in counts:
        with contextlib.closing(sqlite3.connect(os.path.join(data, "jobs.sqlite"))) as base:
            base.execute("PRAGMA synchronous = OFF")
            columns = [row[1] for row in base.execute("PRAGMA table_info(job)") if row[1] != "sequence"]
            template = dict(zip(columns, base.execute(
                f"SELECT {', '.join(columns)} FROM job WHERE id = ?", (identifier,)).fetchone()))
            with base:
                base.executemany(
                    f"INSERT INTO job({', '.join(columns)}) VALUES({', '.join('?' * len(columns))})",
                    ([copy_of(template, index)[column] for column in columns] for index in range(present, count)))
        present = max(present, count)
        with Server(bench, "--demo", data=data) as server:
            points["the start"].append((count, server.ready_seconds * 1000))
            page = json.loads(server.ask("GET", "/v1/jobs?page_size=50")[2])
            if "jobs" not in page:
                raise LeftOut(f"no list of jobs: {str(page)[:200]}")
            token = page.get("next_page_token") or page.get("next")
            for name, path in (
                ("the first page of jobs", "/v1/jobs?page_size=50"),
                ("a page in the middle", f"/v1/jobs?page_size=50&page_token={token}" if token else None),
                ("one job", f"/v1/jobs/{identifier}"),
            ):
                if path:
                    points[name].append((count, median([whole for whole, _ in server.latency([path] * 20)])))
    for name, its in points.items():
        bench.record_growth(f"jobs: {name}", f"{name}, beside jobs that have ended", "ms", its, "0")


def copy_of(template, index):
    """Another job like it, an older one; rows of an older program have no seal."""
    milliseconds = 1_700_000_000_000 + index
    identifier = str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | index & 0xFFF | 1 << 63))
    return {**template, "id": identifier, "seal": None, "created_at": template["created_at"] - 1e6 + index}


def wait_for_models(server):
    while b'"loading"' in server.ask("GET", "/v1/models")[2]:
        time.sleep(0.05)


SECTION = Section("growth", "Growth", 300, (), run, is_checked=False)
