#!/usr/bin/env python3
"""Measures what docs/performance.md says, and writes it there; or holds what is measured against it.

usage: bench.py run [--sections "forward service"] [--quick]     measures and writes docs/performance.json, .md and the README
       bench.py check [--sections …] [--quick]                   measures again; exit status 1 where a ratio lost over a tenth
       bench.py documents [--check]                              writes the tables from the JSON, or finds where they differ
       bench.py list                                             the sections and what they measure

Standard library only. PYTHON names an interpreter with torch, timm, onnx, onnxruntime, openvino, scikit-learn and
safetensors; what of these is not there is left out with a word. A section that fails is told, and the others go on.
"""

import argparse
import datetime
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import document  # noqa: E402
import machine  # noqa: E402
from measure import REPOSITORY, Bench, LeftOut, is_rate  # noqa: E402
from sections import SECTIONS  # noqa: E402

PROGRAM = os.path.join(REPOSITORY, ".build", "release", "vitscope")
# A ratio may lose so much before the check fails.
LOSS = 0.10
ROUNDS = 3


def chosen(names):
    known = {section.name: section for section in SECTIONS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no section is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(SECTIONS)


def interpreter():
    """The interpreter with the peers' packages; nil where there is none."""
    name = os.environ.get("PYTHON", "python3")
    path = shutil.which(name)
    if not path:
        return None
    done = subprocess.run([path, "-c", "import torch, timm"], capture_output=True)
    return path if done.returncode == 0 else None


def measure(sections, minutes, quick, program):
    """What a run of these sections says, as the JSON has it."""
    program = os.path.abspath(program)
    if not os.path.exists(program):
        raise SystemExit(f"{program} is not there; `make build` makes it")
    scratch = tempfile.mkdtemp(prefix="vitscope-bench-", dir=os.environ.get("TMPDIR"))
    told = []
    try:
        bench = Bench(program, scratch, interpreter(), minutes, ROUNDS, quick)
        bench.machine = machine.describe()
        print(f"{bench.machine['kind']}; load {machine.load():.1f}", flush=True)
        if machine.load() > 0.5 * bench.threads:
            print("others use this machine now: figures will be too low", flush=True)
        if not bench.python:
            print("without peers: PYTHON names no interpreter with torch and timm", flush=True)
        for section in sections:
            print(f"{section.title}", flush=True)
            bench.section, start = section, time.monotonic()
            bench.deadline = min(bench.end, start + section.seconds)
            busy = machine.load()
            signal.alarm(max(int(bench.deadline - start), 1) + 30)
            try:
                section.run(bench)
            except LeftOut as error:
                bench.note(f"left out: {error}")
            except Exception as error:  # noqa: BLE001, the others go on
                traceback.print_exc()
                bench.note(f"failed: {type(error).__name__}: {error}")
            finally:
                signal.alarm(0)
            told.append({
                "name": section.name, "title": section.title, "seconds": time.monotonic() - start, "load": busy,
                "rounds": bench.rounds, "quick": quick, "date": datetime.date.today().isoformat()})
            # Large files go as soon as they can.
            for name in ("results", "jobs", "build"):
                shutil.rmtree(os.path.join(scratch, name), ignore_errors=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {
        "machine": bench.machine, "date": datetime.date.today().isoformat(), "revision": machine.revision(REPOSITORY),
        "versions": bench.versions, "sections": told, "rows": bench.rows, "growth": bench.growth, "notes": bench.notes}


def took_too_long(*_):
    raise LeftOut("it took too long")


def run(asked):
    figures = document.read()
    found = measure(chosen(asked.sections), asked.minutes, asked.quick, asked.program)
    # A section of which nothing could be measured does not take the place of an older one.
    filled = {row["section"] for row in found["rows"]} | ({"growth"} if found["growth"] else set())
    had = {section["name"] for own in figures["machines"] if own["machine"]["kind"] == found["machine"]["kind"]
           for section in own["sections"]}
    found["sections"] = [section for section in found["sections"] if section["name"] in filled or section["name"] not in had]
    figures = document.rounded(document.merged(figures, found))
    document.write(figures)
    document.write_documents(figures)
    missed = [row for row in found["rows"] if row["missed"]]
    print(f"{len(found['rows'])} figures, {len(missed)} of them miss a goal; written to docs/performance.json, "
          "docs/performance.md and README.md")
    return 0


def losses(committed, rows):
    """What lost more than a tenth of a ratio: (section, key, name, before, now)."""
    before = {(row["section"], row["key"]): row for row in committed["rows"]}
    found = []
    for row in rows:
        old = before.get((row["section"], row["key"]))
        for name, ratio in (old or {}).get("ratios", {}).items():
            now = row["ratios"].get(name)
            if not now or not ratio:
                continue
            gain = now / ratio if is_rate(row["unit"]) else ratio / now
            if gain < 1 - LOSS:
                found.append((row["section"], row["key"], name, ratio, now))
    return found


def check(asked):
    figures = document.read()
    differing = document.differing(figures)
    if differing:
        print(f"{' and '.join(differing)} differ from docs/performance.json; `deploy/bench/bench.py documents` writes them")
        return 1
    kind = machine.describe()["kind"]
    committed = next((own for own in figures["machines"] if own["machine"]["kind"] == kind), None)
    if committed is None:
        print(f"no figures are committed for {kind}, so there is nothing to compare with; `make bench` makes them")
        return 0
    has_ratios = {row["section"] for row in committed["rows"] if row["ratios"]}
    sections = [section for section in chosen(asked.sections)
                if section.name in has_ratios and (asked.sections or section.is_checked)]
    end = time.monotonic() + 60 * asked.minutes
    found = losses(committed, measure(sections, asked.minutes, asked.quick, asked.program)["rows"])
    again = [section for section in sections if section.name in {loss[0] for loss in found}]
    if again and end - time.monotonic() > 60:
        # A neighbour of a moment takes a tenth as well: what is slower is slower twice.
        print("once more, for what was slower")
        second = losses(committed, measure(again, (end - time.monotonic()) / 60, asked.quick, asked.program)["rows"])
        found = [loss for loss in second if loss[:3] in {first[:3] for first in found}]
    for section, key, name, before, now in found:
        print(f"{section}/{key}: the ratio to {name} was {before:.3g} and is {now:.3g}")
    print(f"{len(found)} ratios lost more than {LOSS:.0%}" if found else f"no ratio lost more than {LOSS:.0%}")
    return 1 if found else 0


def documents(asked):
    figures = document.read()
    if not asked.check:
        document.write_documents(figures)
        return 0
    differing = document.differing(figures)
    for path in differing:
        print(f"{path} differs from docs/performance.json")
    return 1 if differing else 0


def list_sections(_):
    for section in SECTIONS:
        print(f"{section.name}: {section.title}, at most {section.seconds} s")
        for row in section.rows:
            print(f"  {row.key}: {row.what}, {row.unit}" + (f"; goals {row.goals}" if row.goals else ""))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, action in (("run", run), ("check", check)):
        command = commands.add_parser(name)
        command.add_argument("--sections", type=str.split, default=[], help="names with blanks between; all in silence")
        command.add_argument("--quick", action="store_true", help="a round of each, to see that it works")
        command.add_argument("--minutes", type=float, default=25, help="after which the rest is left out")
        command.add_argument("--program", default=PROGRAM, help="the built command")
        command.set_defaults(action=action)
    command = commands.add_parser("documents")
    command.add_argument("--check", action="store_true")
    command.set_defaults(action=documents)
    commands.add_parser("list").set_defaults(action=list_sections)
    asked = parser.parse_args()
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGALRM, took_too_long)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(asked.action(asked))


if __name__ == "__main__":
    main()
