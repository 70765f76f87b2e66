#!/usr/bin/env python3
"""Makes the first, second, third … call of a kind fail, each in a life of its own, and looks at what is left.

    failing_calls.py VITSCOPE [--sample N | --every N] [--seed N] [--only CALL:ERROR[:COUNT] …]

Whatever fails, the server may refuse in words that say what to do, and may end at its start with a sentence. It may not
end otherwise, nor say that something is done which is not: afterwards a server without faults is held to everything
that was acknowledged (`life.py`).

Exit status: 0 when all of it held, 1 when something did not, 3 where it cannot be tried.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

from life import Life, Refused, look_back, uninterrupted
from service import DidNotStart, Server
from shim import NoCompiler, Shim

FOREVER = 1 << 40
# Which calls fail, how, and how many in a row: a disk that is full stays so for a while.
KINDS = [("write", "EIO", 1), ("write", "ENOSPC", 1), ("write", "ENOSPC", 20), ("write", "EINTR", 1),
         ("write", "short", 1), ("sync", "EIO", 1), ("sync", "EIO", 5), ("rename", "EIO", 1), ("rename", "ENOSPC", 1),
         ("open", "EIO", 1), ("open", "ENOSPC", 1), ("map", "EIO", 1), ("truncate", "EIO", 1),
         ("truncate", "ENOSPC", 1), ("unlink", "EIO", 1), ("mkdir", "ENOSPC", 1), ("write", "ENOSPC", FOREVER),
         ("sync", "EIO", FOREVER), ("open", "EIO", FOREVER)]


class Trials:
    def __init__(self, program, folder, wanted):
        self.program, self.folder, self.wanted = program, folder, wanted
        self.refusals = 0
        self.ends = 0

    def run(self, number, call, error, count):
        """Faults of one life in which the call `number` fails."""
        home = os.path.join(self.folder, "life")
        shutil.rmtree(home, ignore_errors=True)
        data = os.path.join(home, "data")
        os.makedirs(data)
        shim = Shim(os.path.join(self.folder, "shim"), data)
        shim.plan([call], number, count, error) if number else None
        life = Life(patience=60)
        server, faults = None, []
        try:
            server = Server(self.program, data, environment=shim.environment())
            life.live(server)
        except DidNotStart as why:
            self.ends += 1
            if "vitscope: " not in str(why):
                faults.append(f"it did not start and said only: {why}")
        except Refused as why:
            faults.append(f"the server ended: {why}; {tail(data + '.log')}")
        self.refusals += len(life.refusals)
        counts, failed = shim.counts(), shim.failed
        shim.disarm()
        if server:
            status = server.stop()
            if status != 143 and not faults:
                faults.append(f"it ended with {status}: {tail(data + '.log')}")
        faults += life.faults + look_back(self.program, data, life, self.wanted)
        return faults, counts, failed


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()[-600:]


def numbers(total, options, random_):
    if options.every:
        return range(1, total + 1, options.every)
    return sorted(random_.sample(range(1, total + 1), min(total, options.sample)))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--sample", type=int, default=1, help="so many of each kind")
    options.add_argument("--every", type=int, help="each, or each second … of each kind")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--number", type=int)
    options.add_argument("--keep", action="store_true")
    options = options.parse_args()
    random_ = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="vitscope-calls-")
    try:
        trials = Trials(options.program, folder, uninterrupted(options.program, folder))
        faults, counts, _ = trials.run(0, "write", "EIO", 1)
        if faults or trials.refusals:
            print(f"without any fault: {faults}")
            return 1
        print(f"calls of a life: {counts}; seed {options.seed}", flush=True)
        wrong = lives = hits = 0
        start = time.monotonic()
        for call, error, count in KINDS:
            if options.only and not {f"{call}:{error}", f"{call}:{error}:{count}"} & set(options.only):
                continue
            for number in [options.number] if options.number else numbers(counts[call], options, random_):
                faults, _, failed = trials.run(number, call, error, count)
                lives += 1
                hits += failed > 0
                wrong += bool(faults)
                for fault in faults:
                    print(f"{call} {number} ({error}, {'for ever' if count == FOREVER else count}): {fault}", flush=True)
        print(f"{lives} lives in {time.monotonic() - start:.0f} s, {hits} met their fault, {trials.refusals} refusals, "
              f"{trials.ends} ended at their start, {wrong} with something wrong")
        return int(wrong > 0)
    except NoCompiler as error:
        print(error)
        return 3
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
