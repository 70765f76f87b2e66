"""What is measured, and how: the declarations that the sections are made of, and what they are measured with."""

import contextlib
import dataclasses
import json
import math
import os
import queue
import statistics
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
# Of these more is better; of everything else less.
RATES = ("images/s", "pairs/s", "requests/s")


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure. `goals` bound its ratio to the limit or to a peer by name, and `value` bounds the figure itself."""

    key: str
    what: str
    unit: str
    goals: dict = dataclasses.field(default_factory=dict)
    # Stands in the README, too.
    headline: bool = False


@dataclasses.dataclass(frozen=True)
class Section:
    """Some rows that are measured together. `run` takes a `Bench` and records them; `seconds` is all it may take."""

    name: str
    title: str
    seconds: int
    rows: tuple
    run: object
    # Whether `make bench-check` runs it again.
    is_checked: bool = True


class LeftOut(Exception):
    """Something that cannot be measured here, with the reason."""


def is_rate(unit):
    return unit in RATES


def holds(unit, bound, value):
    return value >= bound if is_rate(unit) else value <= bound


def median(numbers):
    return statistics.median(numbers)


def quantile(numbers, share):
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def exponent(points):
    """The slope of log y by log x: y grows as x to this power. Points of 0 are left out."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(logs) < 2:
        return None
    x_mean, y_mean = (statistics.fmean(part) for part in zip(*logs))
    spread = sum((x - x_mean) ** 2 for x, _ in logs)
    return sum((x - x_mean) * (y - y_mean) for x, y in logs) / spread if spread else None


class Bench:
    """One run: what it measured so far, and the time it has left."""

    def __init__(self, program, scratch, python, minutes, rounds, quick):
        self.program, self.scratch, self.python, self.quick = program, scratch, python, quick
        self.rounds = 1 if quick else rounds
        self.threads = len(os.sched_getaffinity(0))
        self.end = time.monotonic() + 60 * minutes
        self.deadline = self.end
        self.rows, self.growth, self.notes, self.versions = [], [], [], {}
        self.section = None

    def say(self, text):
        print(f"  {text}", flush=True)

    def remaining(self):
        left = self.deadline - time.monotonic()
        if left <= 1:
            raise LeftOut("the time that this run may take was used up")
        return left

    # -- records

    def record(self, key, ours, limit=None, peers=None, note=None, **more):
        """`limit` is (what it is, its value); `peers` are figures by name in the row's unit."""
        row = next(row for row in self.section.rows if row.key == key)
        peers = {name: value for name, value in (peers or {}).items() if value}
        ratios = {name: ours / value for name, value in peers.items()}
        if limit and limit[1]:
            ratios["limit"] = ours / limit[1]
        told = {**ratios, "value": ours}
        missed = [name for name, bound in row.goals.items() if name in told and not holds(row.unit, bound, told[name])]
        record = {
            "section": self.section.name, "key": key, "what": row.what, "unit": row.unit, "headline": row.headline,
            "ours": ours, "limit": {"what": limit[0], "value": limit[1]} if limit and limit[1] else None, "peers": peers,
            "ratios": ratios, "goals": row.goals, "missed": missed, "note": note, **more}
        self.rows.append(record)
        ratio_text = ", ".join(f"{name} {value:.3g}" for name, value in ratios.items())
        self.say(f"{row.what}: {ours:.4g} {row.unit}" + (f" (by {ratio_text})" if ratio_text else "")
                 + (f"; misses {', '.join(missed)}" if missed else ""))

    def record_growth(self, name, what, unit, points, goal=None):
        power = exponent(points)
        self.growth.append({"name": name, "what": what, "unit": unit, "points": points, "exponent": power, "goal": goal})
        self.say(f"growth with {name}: " + ", ".join(f"{x:g}: {y:.4g}" for x, y in points)
                 + (f"; exponent {power:.2f}" if power is not None else ""))

    def note(self, text):
        self.notes.append(f"{self.section.name}: {text}")
        self.say(text)

    # -- programs

    def run(self, command, timeout=600, **options):
        """The finished process; its output is text."""
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
                timeout=min(timeout, self.remaining()), **options)
        except subprocess.TimeoutExpired:
            raise LeftOut(f"`{' '.join(map(str, command[:4]))} …` took too long") from None
        if done.returncode != 0:
            raise LeftOut(f"`{' '.join(map(str, command[:4]))} …` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done

    def ours(self, *arguments):
        """What `vitscope bench …` says."""
        return json.loads(self.run([self.program, "bench", *map(str, arguments), "--json"]).stdout)

    def ours_with_peak(self, *arguments):
        """The same, and the largest resident memory of the process, bytes."""
        self.remaining()
        out = os.path.join(self.scratch, "peak.json")
        with open(out, "wb") as file:
            process = subprocess.Popen(
                [self.program, "bench", *map(str, arguments), "--json"], stdout=file, cwd=REPOSITORY)
        stop = threading.Timer(self.remaining(), process.kill)
        stop.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        stop.cancel()
        if process.returncode != 0:
            raise LeftOut(f"`vitscope bench {arguments[0]}` ended with {process.returncode}")
        with open(out, encoding="utf-8") as file:
            return json.load(file), usage.ru_maxrss * 1024

    @contextlib.contextmanager
    def peers(self, *arguments):
        """A `Peers`, which has no names where Python or a package is not there."""
        peers = Peers(self, arguments)
        try:
            yield peers
        finally:
            peers.close()


class Peers:
    """A resident process of peers.py: it has what it compares with ready, and times it when it is told."""

    def __init__(self, bench, arguments):
        self.bench, self.names, self.times, self.process = bench, [], {}, None
        if not bench.python:
            bench.note("peers were left out: PYTHON names no interpreter")
            return
        self.process = subprocess.Popen(
            [bench.python, os.path.join(HERE, "peers.py"), *map(str, arguments), "--threads", str(bench.threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True).start()
        ready = self._line()
        if ready is None:
            bench.note("peers were left out: peers.py did not start in time")
            self.close()
            return
        self.names = ready["names"]
        bench.versions.update(ready["versions"])
        for name, why in ready["left_out"].items():
            bench.note(f"{name} was left out: {why}")
        self.times = {name: [] for name in self.names}
        self.peaks = {}

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def _line(self, seconds=240):
        try:
            line = self.lines.get(timeout=min(seconds, self.bench.remaining()))
            return json.loads(line) if line else None
        except (queue.Empty, ValueError):
            return None

    def measure(self, name, count=1):
        """Adds the seconds of `count` runs of a peer to its times; a peer that fails is left out from then on."""
        if name not in self.names:
            return
        try:
            self.process.stdin.write(f"{name} {count}\n")
            self.process.stdin.flush()
            answer = self._line()
        except OSError:
            answer = None
        if answer is None or "failed" in answer:
            self.bench.note(f"{name} was left out: {answer['failed'] if answer else 'it ended, or took too long'}")
            self.names.remove(name)
            self.times[name] = []
            if answer is None:
                self.close()
                self.names.clear()
            return
        self.times[name] += answer["seconds"]
        if answer.get("peak_bytes"):
            self.peaks[name] = answer["peak_bytes"]

    def measure_all(self, count=1, names=None):
        for name in list(names if names is not None else self.names):
            self.measure(name, count)

    def seconds(self, name):
        """The median; nil where there is none."""
        return median(self.times[name]) if self.times.get(name) else None

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
