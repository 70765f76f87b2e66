"""A step of training, beside the best matrix product of the same run and beside PyTorch; images from a folder of JPEGs; and
whether bf16 learns what f32 learns."""

import json
import os
import statistics
import tempfile

from measure import LeftOut, Row, Section, median

METHODS = (("simmim", "SimMIM", "images/s"), ("moco_v3", "MoCo v3", "pairs/s"), ("mae", "MAE", "images/s"),
           ("hybrid", "hybrid", "pairs/s"))
BATCH = 16
GOALS = {"f32": {"limit": 0.82, "PyTorch f32": 1.3}, "bf16": {"limit": 0.65, "PyTorch bf16": 1.5}}
ROWS = tuple(
    Row(f"{method}-{precision}", f"{title}, ViT-S/16, 224, batch {BATCH}, {precision}", unit, GOALS[precision],
        headline=method in ("simmim", "moco_v3"))
    for method, title, unit in METHODS for precision in ("f32", "bf16")
) + (
    Row("jpegs", "SimMIM, ViT-S/16, from a folder of JPEGs of 500 × 375, f32, beside the steps alone", "images/s",
        {"limit": 0.95}),
    Row("losses", "the losses of SimMIM in bf16 beside those in f32: the largest difference of the means of ten steps",
        "share", {"value": 0.02}),
)


def run(bench):
    has_bf16 = "bf16" in bench.machine["precisions"]
    precisions = ("f32", "bf16") if has_bf16 else ("f32",)
    speeds = {}
    for method, title, _ in METHODS:
        try:
            speeds[method] = steps(bench, method, precisions)
        except LeftOut as error:
            bench.note(f"{title}: {error}")
    for work in ([jpegs] if "simmim" in speeds else []) + ([losses] if has_bf16 else []):
        try:
            work(bench, speeds)
        except LeftOut as error:
            bench.note(f"{work.__name__}: {error}")


def steps(bench, method, precisions):
    own = {precision: [] for precision in precisions}
    with bench.peers("training", method, BATCH) as peers:
        for _ in range(bench.rounds):
            for precision in precisions:
                own[precision].append(bench.ours(
                    "train", "--method", method, "--batch", BATCH, "--precision", precision, "--rounds", 2))
            peers.measure_all(2)
        found = {name: BATCH / peers.seconds(name) for name in peers.names if peers.seconds(name)}
    speeds = {}
    for precision, reports in own.items():
        def middle(key):
            return median([report[key] for report in reports])

        speeds[precision] = middle("images_per_second")
        bench.record(
            f"{method}-{precision}", speeds[precision],
            limit=("the best matrix product of the run",
                   speeds[precision] * middle("gemm_ceiling_gflops") / middle("gflops")),
            peers={name: value for name, value in found.items() if name.endswith(precision)},
            gflops=middle("gflops"), product_gflops=middle("gemm_ceiling_gflops"))
    return speeds


def train(bench, folder, job):
    """The events of a training, and its folder."""
    path = os.path.join(folder, "job.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    out = os.path.join(folder, "run-" + job.get("precision", "f32"))
    done = bench.run([bench.program, "train", "--config", path, "--out", out])
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return events, out


def jpegs(bench, speeds):
    """Images a second of a whole training, from its own lines, without the first steps."""
    if not bench.python:
        raise LeftOut("JPEGs are made by Pillow, and PYTHON names no interpreter")
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        images = os.path.join(folder, "images", "one")
        os.makedirs(images)
        count = 8 * BATCH if bench.quick else 16 * BATCH
        bench.run([bench.python, "-c", MAKE_JPEGS, images, str(count)])
        events, _ = train(bench, folder, {
            "method": "simmim", "arch": "vit_small_patch16_224", "dataset": os.path.dirname(images), "epochs": 1,
            "batch_size": BATCH, "log_every_steps": 1})
    # Each line says the images a second since the first step: two of them say the time between.
    times = [(event["step"], event["step"] * BATCH / event["images_per_second"])
             for event in events if event.get("images_per_second") and event["step"] <= 32]
    if len(times) < 5:
        raise LeftOut(f"the training says no images a second: {events[-1:]}")
    (first, began), (last, ended) = times[2], times[-1]
    rate = (last - first) * BATCH / (ended - began)
    steps_alone = bench.ours("train", "--method", "simmim", "--batch", BATCH, "--precision", "f32", "--rounds", 3)
    bench.record("jpegs", rate, limit=("the steps alone, timed next", steps_alone["images_per_second"]))


MAKE_JPEGS = """
import random, sys
from PIL import Image
random.seed(0)
for index in range(int(sys.argv[2])):
    small = Image.frombytes("RGB", (50, 38), random.randbytes(50 * 38 * 3))
    small.resize((500, 375), Image.BICUBIC).save(f"{sys.argv[1]}/{index}.jpg", quality=90)
"""


def losses(bench, speeds):
    """The same small training twice: the means of ten steps each must stay together."""
    curves = {}
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        for precision in ("f32", "bf16"):
            _, out = train(bench, folder, {
                "method": "simmim", "arch": {
                    "img_size": 48, "patch_size": 6, "embed_dim": 96, "depth": 4, "num_heads": 3},
                "simmim": {"mask_patch_size": 6}, "augmentation": {"crop_min": 0.5}, "lr": 0.001,
                "dataset": "shapes-textures", "dataset_options": {"n_images": 640, "img_size": 48},
                "epochs": 2 if bench.quick else 8, "batch_size": 32, "precision": precision, "log_every_steps": 1})
            with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
                curves[precision] = [line["loss"] for line in map(json.loads, file) if "loss" in line]
    means = {
        precision: [statistics.fmean(losses[start:start + 10]) for start in range(0, len(losses) - 9, 10)]
        for precision, losses in curves.items()}
    if not means["f32"]:
        raise LeftOut("the training says no losses")
    differences = [abs(b - a) / a for a, b in zip(means["f32"], means["bf16"])]
    bench.record("losses", max(differences), curves={
        precision: [round(mean, 5) for mean in values] for precision, values in means.items()})


SECTION = Section("training", "Training", 400, ROWS, run)
