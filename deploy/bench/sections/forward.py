"""The forward pass, beside the best matrix product of the same run and beside other programs."""

import dataclasses

from measure import LeftOut, Row, Section, median


@dataclasses.dataclass(frozen=True)
class Case:
    key: str
    what: str
    arch: str
    batch: int
    # All but the architecture and the batch that `vitscope bench forward` is told.
    options: tuple = ()
    peers: bool = False
    headline: bool = False


CASES = (
    Case("base-8", "ViT-B/16, 224, batch 8, every map and hidden state", "vit_base_patch16_224", 8, peers=True,
         headline=True),
    Case("base-1", "ViT-B/16, 224, batch 1, every map and hidden state", "vit_base_patch16_224", 1, peers=True),
    Case("small-518", "ViT-S/14, 518 (1,369 patches), batch 2, every map and hidden state", "vit_small_patch14_518", 2,
         peers=True),
    Case("small-518-last", "ViT-S/14, 518, batch 2, the last hidden state alone", "vit_small_patch14_518", 2,
         ("--shown", "last")),
    Case("base-32", "ViT-B/16, 224, batch 32, every map and hidden state", "vit_base_patch16_224", 32, peers=True),
    Case("base-8-rows", "ViT-B/16, 224, batch 8, the class token's rows", "vit_base_patch16_224", 8, ("--shown", "rows")),
    Case("tiny-8", "a model of the demo's size (tiny, 64, patches of 8), batch 8, every map", "vit_tiny_patch8_64", 8,
         ("--depth", "6")),
)
PRECISIONS = ("f32", "bf16")
# The goals of performance: f32 beside the better of OpenVINO and ONNX Runtime, bf16 beside OpenVINO's.
GOALS = {
    "f32": {"limit": 0.90, "OpenVINO f32": 1.2, "ONNX Runtime f32": 1.2, "PyTorch f32": 1.4},
    "bf16": {"limit": 0.80, "OpenVINO bf16": 1.2, "PyTorch bf16": 1.4},
}


def row(case, precision):
    goals = GOALS[precision] if case.peers else {"limit": GOALS[precision]["limit"]}
    return Row(f"{case.key}-{precision}", f"{case.what}, {precision}", "images/s", goals, case.headline)


def run(bench):
    has_bf16 = "bf16" in bench.machine["precisions"]
    if not has_bf16:
        bench.note("bf16 was left out: the processor does not multiply it")
    for case in CASES:
        measure(bench, case, PRECISIONS if has_bf16 else PRECISIONS[:1])


def measure(bench, case, precisions):
    big = case.batch > 8
    reports = {precision: [] for precision in precisions}

    def rounds(peers):
        for _ in range(bench.rounds if not big else min(bench.rounds, 2)):
            for precision in precisions:
                reports[precision].append(bench.ours(
                    "forward", "--arch", case.arch, "--batch", case.batch, "--precision", precision,
                    "--rounds", 2 if not big else 1, *case.options))
            if peers:
                peers.measure_all(2 if not big else 1)

    try:
        if case.peers:
            with bench.peers("forward", case.arch, case.batch) as peers:
                rounds(peers)
                found = {name: case.batch / peers.seconds(name) for name in peers.names if peers.seconds(name)}
        else:
            found = {}
            rounds(None)
    except LeftOut as error:
        bench.note(f"{case.what}: {error}")
        if not all(reports.values()):
            return
        found = {}
    for precision, own in reports.items():
        def middle(key):
            return median([report[key] for report in own])

        ceiling = middle("gemm_ceiling_gflops")
        speed = middle("images_per_second")
        bench.record(
            f"{case.key}-{precision}", speed,
            limit=("the best matrix product of the run", speed * ceiling / middle("gflops")),
            peers={name: value for name, value in found.items() if name.endswith(precision)},
            gflops=middle("gflops"), product_gflops=ceiling, register_gflops=middle("register_peak_gflops"))


SECTION = Section(
    "forward", "Forward pass", 420, tuple(row(case, precision) for case in CASES for precision in PRECISIONS), run)
