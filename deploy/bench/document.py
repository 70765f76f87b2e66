"""The committed figures, and the tables of the documents, which are made of them."""

import json
import os

from measure import REPOSITORY, is_rate

FIGURES = os.path.join(REPOSITORY, "docs", "performance.json")
PERFORMANCE = os.path.join(REPOSITORY, "docs", "performance.md")
README = os.path.join(REPOSITORY, "README.md")
BEGIN, END = "<!-- Made by `make bench` from here -->", "<!-- to here. -->"


def read():
    if not os.path.exists(FIGURES):
        return {"machines": []}
    with open(FIGURES, encoding="utf-8") as file:
        return json.load(file)


def rounded(value):
    """Every number of a record with four digits: more are noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: rounded(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(member) for member in value]
    return value


def write(figures):
    with open(FIGURES + ".part", "w", encoding="utf-8") as file:
        json.dump(rounded(figures), file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.rename(FIGURES + ".part", FIGURES)


def merged(figures, run):
    """`figures` with those of a run: sections that it measured replace the machine's older ones."""
    machines = [machine for machine in figures["machines"] if machine["machine"]["kind"] != run["machine"]["kind"]]
    old = next((machine for machine in figures["machines"] if machine["machine"]["kind"] == run["machine"]["kind"]), None)
    if old:
        measured = {section["name"] for section in run["sections"]}
        names = [section["name"] for section in old["sections"] if section["name"] not in measured]
        kept = [section for section in old["sections"] if section["name"] in names]
        run = {
            **run,
            "versions": {**old["versions"], **run["versions"]},
            "sections": kept + run["sections"],
            "rows": [row for row in old["rows"] if row["section"] in names] + run["rows"],
            "growth": run["growth"] if "growth" in measured else old["growth"],
            "notes": [note for note in old["notes"] if note.split(":")[0] in names] + run["notes"],
        }
    return {"machines": sorted(machines + [run], key=lambda machine: machine["machine"]["kind"])}


def number(value):
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{float(text):g}" if "e" not in text or abs(value) >= 1e-4 else text


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def bound(row, name):
    goal = row["goals"].get(name)
    return "" if goal is None else f"{'at least' if is_rate(row['unit']) else 'at most'} {goal:g}"


def against(row, name):
    """A ratio with its goal, bold where it is missed."""
    value = row["ratios"].get(name)
    if value is None:
        return ""
    text = number(value)
    goal = bound(row, name)
    if name in row["missed"]:
        text = f"**{text}**"
    return text + (f" ({goal})" if goal else "")


def lines_of(rows):
    """A Markdown table of some rows."""
    yield "| what | ours | by the limit | by peers |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        own = f"{number(row['ours'])} {row['unit']}"
        if "value" in row["goals"]:
            own = f"**{own}**" if "value" in row["missed"] else own
            own += f" ({bound(row, 'value')})"
        limit = against(row, "limit")
        if limit:
            limit += f" of {number(row['limit']['value'])} {row['unit']}, {row['limit']['what']}"
        peers = "; ".join(f"{name} {number(value)}: {against(row, name)}" for name, value in row["peers"].items())
        what = row["what"] + (f" ({row['note']})" if row.get("note") else "")
        yield "| " + " | ".join(map(cell, (what, own, limit, peers))) + " |"


def machine_line(machine):
    own = machine["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()) if version)
    return (f"{own['threads']} threads of {own['model']}, {own['system']}, {machine['date']}, commit "
            f"{machine['revision'] or 'unknown'}" + (f"; {versions}" if versions else "") + ".")


def tables(figures):
    """What stands between the marks of docs/performance.md."""
    if not figures["machines"]:
        yield "`make bench` has not been run on a quiet machine yet."
        return
    for index, machine in enumerate(figures["machines"]):
        if index:
            yield ""
        yield f"## {machine['machine']['kind']}"
        yield ""
        yield machine_line(machine)
        for section in machine["sections"]:
            rows = [row for row in machine["rows"] if row["section"] == section["name"]]
            yield ""
            yield f"### {section['title']}"
            yield ""
            yield (f"Measured on {section['date']} in {section['seconds']:.0f} s; load at the start "
                   f"{section['load']:.1f}, rounds {section['rounds']}." + (" A quick run." if section["quick"] else ""))
            if rows:
                yield ""
                yield from lines_of(rows)
            if section["name"] == "growth" and machine["growth"]:
                yield ""
                yield from growth_lines(machine["growth"])
            notes = [note for note in machine["notes"] if note.startswith(section["name"] + ":")]
            if notes:
                yield ""
                yield from (f"- {note.split(':', 1)[1].strip()}" for note in notes)


def growth_lines(growth):
    yield "| what | by how many: what it takes | grows with the power of | goal |"
    yield "| --- | --- | --- | --- |"
    for line in growth:
        points = ", ".join(f"{x:,g}: {number(y)}" for x, y in line["points"])
        power = "" if line["exponent"] is None else f"{line['exponent']:.2f}"
        yield "| " + " | ".join(map(cell, (line["what"], f"{points} {line['unit']}", power, line["goal"] or ""))) + " |"


def summary(figures):
    """What stands between the marks of the README."""
    if not figures["machines"]:
        yield "No figures are committed yet; `make bench` makes them."
        return
    for index, machine in enumerate(figures["machines"]):
        if index:
            yield ""
        yield machine_line(machine)
        yield ""
        yield from lines_of([row for row in machine["rows"] if row["headline"]])


def with_lines(text, lines, path):
    """`text` with other lines between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, other, after = rest.partition(END)
    if not mark or not other:
        raise SystemExit(f"{path} has lost its marks, {BEGIN} and {END}")
    return before + mark + "\n" + "\n".join(lines) + "\n" + other + after


def documents(figures):
    """Each document's path, its text, and its text as it should be."""
    for path, lines in ((PERFORMANCE, tables(figures)), (README, summary(figures))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield path, text, with_lines(text, lines, path)


def differing(figures):
    return [os.path.relpath(path, REPOSITORY) for path, text, wanted in documents(figures) if text != wanted]


def write_documents(figures):
    for path, text, wanted in list(documents(figures)):
        if text != wanted:
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
