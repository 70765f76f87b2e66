#!/usr/bin/env python3
"""Stops a run at each of its steps and takes it up again: the end has the bytes of a run that nobody stopped.

    resumes.py VITSCOPE [--every N] [--first N]

Fifty steps; after step N the process gets SIGTERM, and in another run SIGKILL, and the same command goes on. A job of
the queue is paused and resumed as often as it comes to a new step.

Exit status: 0 when all ends are equal, 1 when one is not.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from service import Server, TERMINAL, job_body

STEPS = 50
FILES = ("model.safetensors", "metrics.jsonl")


def body():
    """50 steps of 16 images, each with its line of metrics and its checkpoint."""
    return {**job_body(epochs=10, images=80), "log_every_steps": 1, "checkpoint": {"every_steps": 3, "keep_last": 2}}


def contents(run):
    found = {}
    for name in FILES:
        with open(os.path.join(run, name), "rb") as file:
            found[name] = file.read()
    newest = os.path.join(run, "checkpoints", f"step-{STEPS}.safetensors")
    with open(newest, "rb") as file:
        found["checkpoint"] = file.read()
    return found


def train(program, config, out, step=None, how=None):
    """Trains until a step was told, then sends a signal; to the end without one."""
    process = subprocess.Popen([program, "train", "--config", config, "--out", out], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    for line in process.stdout:
        if step is not None and json.loads(line).get("step", 0) >= step:
            process.send_signal(how)
            step = None
    return process.wait()


def paused(program, folder, wanted):
    """A job that is paused at every step that it reaches."""
    server = Server(program, os.path.join(folder, "data"))
    try:
        identifier = server.ask("POST", "/v1/jobs", body()).json["id"]
        place, pauses, end = f"/v1/jobs/{identifier}", 0, time.monotonic() + 900
        while time.monotonic() < end:
            job = server.get(place).json
            if job["state"] in TERMINAL:
                break
            if job.get("held"):
                server.ask("POST", f"{place}/resume")
            elif job["state"] == "running" and not job.get("pause_requested_at"):
                pauses += server.ask("POST", f"{place}/pause").status == 202
            time.sleep(0.02)
        job = server.get(place).json
        is_equal = job["state"] == "succeeded" and contents(os.path.join(server.data, "jobs", identifier, "run")) == wanted
        return pauses, is_equal
    finally:
        server.stop()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--first", type=int, default=1)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="vitscope-resumes-")
    try:
        config = os.path.join(folder, "job.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(body(), file)
        out = os.path.join(folder, "straight")
        assert train(options.program, config, out) == 0
        wanted, wrong, count = contents(out), 0, 0
        for step in range(options.first, STEPS + 1, options.every):
            for how in (signal.SIGTERM, signal.SIGKILL):
                out = os.path.join(folder, f"{step}-{how.name}")
                train(options.program, config, out, step, how)
                status = train(options.program, config, out)
                count += 1
                found = contents(out) if status == 0 else {}
                if found != wanted:
                    wrong += 1
                    print(f"{how.name} after step {step}: status {status}, "
                          f"{[name for name in wanted if found.get(name) != wanted[name]]} are others", flush=True)
                shutil.rmtree(out, ignore_errors=True)
        pauses, is_equal = paused(options.program, folder, wanted)
        print(f"{count} stops and {pauses} pauses of one job: {wrong + (not is_equal)} ends are others")
        return int(wrong > 0 or not is_equal)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
