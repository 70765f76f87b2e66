#!/usr/bin/env python3
"""Cuts the power of a server at many moments, and holds what is left to what was acknowledged by then.

    power_cut.py VITSCOPE [--cuts N] [--seed N] [--at-promises] [--forget SYNCS … [--stop-at-first]]

A server lives its life, stops, and comes back for a second one, under the shim, which writes down every write, sync and rename. Then, for random moments
and for those right after an acknowledgement, a data directory is made as a cut in this moment would leave it
(`disk.py`), a server starts on it, and everything that was acknowledged by then has to be there. `--forget` leaves
syncs out of account, such as `folders` or `-wal`: then something has to be found missing, or the test is worth nothing.

Exit status: 0 when nothing was lost, 1 when something was, 3 where it cannot be tried. With `--forget` the other way
round.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

from disk import Disk
from life import Life, look_back, uninterrupted
from service import Server, job_body
from shim import NoCompiler, Shim, read_log


def recorded(program, folder):
    """A life under the shim: the promises, and the log."""
    data = os.path.join(folder, "data")
    os.makedirs(data)
    shim = Shim(os.path.join(folder, "shim"), data, logs=True)
    server = Server(program, data, environment=shim.environment())
    life = Life(now=lambda: shim.sequence)
    try:
        life.live(server)
        # One that works when the server is told to stop, and goes on in the next one.
        later = life.submit(server, "later", job_body(epochs=12, images=128, more={"checkpoint": {"every_epochs": 3}}))
        while not (server.get(f"/v1/jobs/{later}").json.get("step") or 0) > 2:
            time.sleep(0.02)
        server.stop()
        server = Server(program, data, environment=shim.environment())
        life.question(server)
        life.submit(server, "last", job_body(epochs=1))
        if life.watch(server, later).get("state") == "succeeded":
            life.promise("end", identifier=later, state="succeeded")
        if life.refusals:
            raise AssertionError(f"without any fault something was refused: {life.refusals}")
    finally:
        server.stop()
    return life, read_log(shim.log), data


def moments(life, lines, count, random_, only_promises):
    """Moments right after an acknowledgement, where a loss is a lie, and others between."""
    last = lines[-1].sequence
    given = [moment for moment, _, _ in life.promises]
    if only_promises:
        return random_.sample(given, min(len(given), count))
    chosen = random_.sample(given, min(len(given), (count + 1) // 2))
    chosen += [random_.randrange(1, last) for _ in range(count - len(chosen))]
    return sorted(set(chosen))


def after_cut(program, folder, lines, below, moment, life, wanted, forgets, choice):
    """Faults of a server on what the cut has left."""
    disk = Disk(below, forgets)
    for line in lines:
        if line.sequence > moment:
            break
        disk.take(line)
    data = os.path.join(folder, "cut")
    shutil.rmtree(data, ignore_errors=True)
    disk.write(data, choice)
    return look_back(program, data, life, wanted, until=moment)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--cuts", type=int, default=6)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options.add_argument("--forget", nargs="*", default=[])
    options.add_argument("--at", type=int, help="one moment, by its number in the log")
    options.add_argument("--at-promises", action="store_true", help="only moments right after an acknowledgement")
    options.add_argument("--stop-at-first", action="store_true", help="one loss is enough")
    options.add_argument("--keep", action="store_true")
    options = options.parse_args()
    random_ = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="vitscope-cut-")
    try:
        wanted = uninterrupted(options.program, folder)
        life, lines, below = recorded(options.program, folder)
        cuts = [options.at] if options.at else moments(
            life, lines, options.cuts, random_, options.at_promises)
        print(f"{len(lines)} lines, {len(life.promises)} promises, {len(cuts)} cuts, seed {options.seed}", flush=True)
        lost, start = 0, time.monotonic()
        for number, moment in enumerate(cuts):
            # Every other cut keeps something of what was not synced.
            choice = random.Random(options.seed + moment) if number % 2 else None
            faults = after_cut(options.program, folder, lines, below, moment, life, wanted, options.forget, choice)
            lost += bool(faults)
            for fault in faults:
                print(f"cut {moment} ({'some' if choice else 'nothing'} un-synced left): {fault}", flush=True)
            if lost and options.stop_at_first:
                break
        print(f"{len(cuts)} cuts in {time.monotonic() - start:.0f} s, {lost} with a loss")
        if options.forget:
            print("a loss was found, as it had to be" if lost else "no loss was found: this test notices nothing")
        return int((lost > 0) != bool(options.forget))
    except NoCompiler as error:
        print(error)
        return 3
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
