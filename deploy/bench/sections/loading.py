"""From a checkpoint on the disk to a model that answers, beside torch.load (of a .pth) and safetensors, each with
load_state_dict."""

import os
import time

from measure import Row, Section, median
from server import Server, write_checkpoint

GOALS = {"torch.load": 1.2}
ROWS = (
    Row("safetensors", "ViT-B/16 from .safetensors, read, digested and packed in one process", "s", GOALS, headline=True),
    Row("pth", "ViT-B/16 from .pth, likewise", "s", GOALS),
    Row("peak", "peak memory of the process that loads .safetensors", "MB", {"limit": 1.1}),
    Row("registration",
        "ViT-B/16 by POST /v1/models for the first time, read in a process of its own and kept in our form", "s"),
    Row("again", "the same again, from our form", "s", GOALS),
)
# Seconds after which a file that was changed counts as settled.
SETTLING = 3
ARCH = "vit_base_patch16_224"


def run(bench):
    path = write_checkpoint(bench)
    size = os.path.getsize(path) / 1e6
    own = {"safetensors": [], "pth": []}
    peak = None
    registrations, repetitions = [], []
    with bench.peers("loading", ARCH, path) as peers:
        pth = path.rsplit(".", 1)[0] + ".pth"
        with Server(bench, models=os.path.dirname(path)) as server:
            for trial in range(max(bench.rounds, 2)):
                for kind, file in (("safetensors", path), ("pth", pth)):
                    if not os.path.exists(file):
                        continue
                    report, memory = bench.ours_with_peak("load", file, "--rounds", 1)
                    own[kind].append(report["duration_seconds"])
                    if kind == "safetensors":
                        peak = memory
                # A new name of the file is a file that was never seen. One that was just changed is not remembered.
                name = f"big-{trial}.safetensors"
                os.link(path, os.path.join(os.path.dirname(path), name))
                time.sleep(SETTLING)
                registrations.append(server.load(f"first-{trial}", name))
                server.forget(f"first-{trial}")
                repetitions.append(server.load(f"again-{trial}", name))
                server.forget(f"again-{trial}")
                peers.measure_all(2)
        found = {name: peers.seconds(name) for name in peers.names}
    for kind, seconds in own.items():
        if seconds:
            bench.record(kind, median(seconds), peers=found)
    if not own["pth"]:
        bench.note("the .pth was left out: torch writes it, and is not there")
    bench.record("peak", peak / 1e6, limit=("the file", size))
    bench.record("registration", median(registrations), peers=found, note="the file's pages are in the system's cache")
    bench.record("again", median(repetitions), peers=found)


SECTION = Section("loading", "Loading", 150, ROWS, run)
