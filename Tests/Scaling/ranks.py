#!/usr/bin/env python3
"""How quick ranks are, on this machine: figures for docs/scaling.md. Standard library alone.

  ranks.py efficiency PROGRAM            one process with two threads against two ranks with one each, ViT-S/16, SimMIM
  ranks.py network PROGRAM MBIT [RANKS]  ranks in network namespaces, each behind a port of MBIT megabits a second (root,
                                         iproute2), against the model of docs/scaling.md

Run it where nothing else runs, as with `chrt -f 50`.
"""
import json
import os
import subprocess
import sys
import tempfile

ARCH = "vit_small_patch16_224"
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
BYTES = 4


def job(batch, threads, ranks, count):
    """`count` steps over the same images, which are drawn once: the first step pays for that, and is not counted."""
    resources = {"threads": threads}
    if ranks > 1:
        resources["ranks"] = ranks
    return {"method": "simmim", "arch": ARCH, "dataset": "shapes-textures", "dataset_options": {"n_images": batch},
            "epochs": count, "batch_size": batch, "log_every_steps": 1000, "checkpoint": {"every_epochs": 1000},
            "resources": resources}


def steps(command, body, folder, launcher=None):
    """Seconds a step, without the first two, by the program's own clock: a line is late where its reader is."""
    path = os.path.join(folder, "job.json")
    with open(path, "w") as file:
        json.dump(body, file)
    out = tempfile.mkdtemp(dir=folder)
    arguments = [command, "train", "--config", path, "--out", out, "--json"]
    started = (launcher(arguments) if launcher else arguments)
    answer = subprocess.run(started, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"{' '.join(started)}\n{answer.stderr[-3000:]}")
    events = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    # The speed is that since the beginning, of up to 32 steps.
    ends = [event["step"] * body["batch_size"] / event["images_per_second"]
            for event in events if event.get("event") == "progress"]
    return (ends[-1] - ends[1]) / (len(ends) - 2)


def mpirun(ranks):
    return lambda arguments: MPIRUN + ["-n", str(ranks)] + arguments


def efficiency(program):
    batch, count = 32, 8
    with tempfile.TemporaryDirectory() as folder:
        alone = steps(program, job(batch, 2, 1, count), folder)
        both = steps(program, job(batch, 1, 2, count), folder, mpirun(2))
    print(f"{ARCH}, SimMIM, batch {batch}: one process with 2 threads {batch / alone:.2f} images/s ({alone:.3f} s a step), "
          f"two ranks with 1 thread {batch / both:.2f} images/s ({both:.3f} s a step), efficiency {alone / both:.3f}")


def trained(program, body, folder):
    path = os.path.join(folder, "dry.json")
    with open(path, "w") as file:
        json.dump(body, file)
    answer = subprocess.run([program, "train", "--config", path, "--dry-run", "--json"], capture_output=True, text=True)
    if answer.returncode:
        sys.exit(answer.stderr)
    return json.loads(answer.stdout)["trainable_parameters"]


def shell(*words):
    subprocess.run(words, check=True, capture_output=True)


class Network:
    """A bridge, and a namespace for each rank with a port of limited speed on both of its ends."""

    def __init__(self, ranks, mbit):
        self.ranks = ranks
        self.bridge = f"vsb{os.getpid() % 10000}"
        self.names = [f"vsr{os.getpid() % 10000}n{rank}" for rank in range(ranks)]
        self.mbit = mbit

    def __enter__(self):
        shell("ip", "link", "add", self.bridge, "type", "bridge")
        shell("ip", "addr", "add", "10.213.0.254/24", "dev", self.bridge)
        shell("ip", "link", "set", self.bridge, "up")
        for rank, name in enumerate(self.names):
            shell("ip", "netns", "add", name)
            shell("ip", "link", "add", f"{name}h", "type", "veth", "peer", "name", "eth0", "netns", name)
            shell("ip", "link", "set", f"{name}h", "master", self.bridge, "up")
            inside = ["ip", "-n", name]
            shell(*inside, "addr", "add", f"10.213.0.{rank + 1}/24", "dev", "eth0")
            shell(*inside, "link", "set", "eth0", "up")
            shell(*inside, "link", "set", "lo", "up")
            limit = ["root", "tbf", "rate", f"{self.mbit}mbit", "burst", "1m", "latency", "100ms"]
            if self.mbit:
                shell("tc", "qdisc", "add", "dev", f"{name}h", *limit)
                shell("ip", "netns", "exec", name, "tc", "qdisc", "add", "dev", "eth0", *limit)
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", self.bridge], capture_output=True)

    def launcher(self, arguments):
        """mpirun with each rank in its namespace; messages by TCP over its port."""
        words = MPIRUN + ["--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "eth0"]
        for name in self.names:
            words += ["-n", "1", "ip", "netns", "exec", name] + arguments + [":"]
        return ["env", "PMIX_MCA_ptl_base_if_include=" + self.bridge,
                "PMIX_MCA_ptl_base_remote_connections=1"] + words[:-1]


def network(program, mbit, ranks):
    # Small batches, so that what is exchanged counts.
    batch, count = 2 * ranks, 7
    with tempfile.TemporaryDirectory() as folder:
        body = job(batch, 1, ranks, count)
        parameters = trained(program, job(batch, 1, 1, count), folder)
        with Network(ranks, 0) as free:
            without = steps(program, body, folder, free.launcher)
        with Network(ranks, mbit) as shaped:
            found = steps(program, body, folder, shaped.launcher)
    size = parameters * BYTES
    ring = 2 * (ranks - 1) / ranks * size / (mbit * 1e6 / 8)
    print(f"{ranks} ranks, {mbit} Mbit/s, {ARCH}, SimMIM, batch {batch}: {parameters} numbers ({size / 1e6:.1f} MB); "
          f"a step takes {without:.3f} s by unshaped ports and {found:.3f} s by shaped ones, {found - without:.3f} s more; "
          f"the model says {ring:.3f} s")


def main():
    words = sys.argv[1:]
    if len(words) == 2 and words[0] == "efficiency":
        efficiency(words[1])
    elif len(words) in (3, 4) and words[0] == "network":
        network(words[1], int(words[2]), int(words[3]) if len(words) > 3 else 2)
    else:
        sys.exit(__doc__)


main()
