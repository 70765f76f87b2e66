#!/usr/bin/env python3
"""The arithmetic of deploy/bench, without a measurement: what counts as a loss, what replaces what, and the documents."""

import os
import sys
import unittest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPOSITORY, "deploy", "bench"))
sys.dont_write_bytecode = True

import bench  # noqa: E402
import document  # noqa: E402
import measure  # noqa: E402
from sections import SECTIONS  # noqa: E402


def record(section="forward", key="a", unit="images/s", ratios=None, **more):
    return {"section": section, "key": key, "what": "a pass", "unit": unit, "headline": True, "ours": 12.3456, "limit": None,
            "peers": {}, "ratios": ratios or {}, "goals": {}, "missed": [], "note": None, **more}


def run(kind="a processor", rows=(), names=("forward",), growth=()):
    return {
        "machine": {"kind": kind, "threads": 2, "model": "M", "system": "S"}, "date": "2026-01-01", "revision": "r",
        "versions": {"torch": "1"}, "rows": list(rows), "growth": list(growth), "notes": [f"{name}: a note" for name in names],
        "sections": [{"name": name, "title": name, "seconds": 1, "load": 0, "rounds": 3, "quick": False, "date": "d"}
                     for name in names]}


class Figures(unittest.TestCase):
    def test_a_loss_is_over_a_tenth_and_against_the_sense_of_the_unit(self):
        for unit, before, now, lost in (
            ("images/s", 0.9, 0.82, False), ("images/s", 0.9, 0.80, True), ("images/s", 0.9, 2, False),
            ("s", 1.0, 1.09, False), ("s", 1.0, 1.2, True), ("MB", 1.0, 0.5, False),
        ):
            found = bench.losses(
                {"rows": [record(unit=unit, ratios={"limit": before})]}, [record(unit=unit, ratios={"limit": now})])
            self.assertEqual(bool(found), lost, (unit, before, now))

    def test_what_is_not_there_on_both_sides_is_no_loss(self):
        self.assertEqual(bench.losses({"rows": [record(ratios={"PyTorch f32": 3})]}, [record(ratios={"limit": 0.1})]), [])
        self.assertEqual(bench.losses({"rows": []}, [record(ratios={"limit": 0.1})]), [])

    def test_sections_of_the_same_processor_replace_theirs_alone(self):
        old = run(rows=[record(), record("service", "b")], names=("forward", "service"))
        other = run("another one", rows=[record(key="z")])
        figures = document.merged({"machines": [old, other]}, run(rows=[record(key="new")]))
        mine = next(own for own in figures["machines"] if own["machine"]["kind"] == "a processor")
        self.assertEqual([(row["section"], row["key"]) for row in mine["rows"]], [("service", "b"), ("forward", "new")])
        self.assertEqual(sorted(section["name"] for section in mine["sections"]), ["forward", "service"])
        self.assertEqual(len(mine["notes"]), 2)
        self.assertEqual(len(figures["machines"]), 2)

    def test_the_exponent_is_the_slope_of_the_logarithms(self):
        self.assertAlmostEqual(measure.exponent([(1, 3), (2, 12), (4, 48)]), 2)
        self.assertAlmostEqual(measure.exponent([(0, 3), (10, 7), (1000, 7)]), 0)
        self.assertIsNone(measure.exponent([(0, 1), (5, 2)]))

    def test_a_table_says_ratio_goal_and_what_is_missed(self):
        row = record(ratios={"limit": 0.8, "P": 1.5}, goals={"limit": 0.9, "P": 1.4}, missed=["limit"], peers={"P": 8.0},
                     limit={"what": "the product", "value": 15.0})
        text = "\n".join(document.lines_of([row]))
        self.assertIn("**0.8** (at least 0.9) of 15 images/s, the product", text)
        self.assertIn("P 8: 1.5 (at least 1.4)", text)

    def test_only_what_stands_between_the_marks_changes(self):
        text = f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n"
        self.assertEqual(document.with_lines(text, ["new"], "x"), f"before\n{document.BEGIN}\nnew\n{document.END}\nafter\n")
        with self.assertRaises(SystemExit):
            document.with_lines("nothing", [], "x")

    def test_the_documents_say_what_the_figures_say(self):
        self.assertEqual(document.differing(document.read()), [], "deploy/bench/bench.py documents writes them")

    def test_the_sections_have_names_and_keys_of_their_own(self):
        names = [section.name for section in SECTIONS]
        self.assertEqual(len(set(names)), len(names))
        for section in SECTIONS:
            keys = [row.key for row in section.rows]
            self.assertEqual(len(set(keys)), len(keys), section.name)

    def test_a_missed_goal_is_named(self):
        for unit, bound, value, holds in (("images/s", 1.2, 1.3, True), ("images/s", 1.2, 1.1, False), ("s", 1.2, 1.1, True)):
            self.assertEqual(measure.holds(unit, bound, value), holds)


if __name__ == "__main__":
    unittest.main()
