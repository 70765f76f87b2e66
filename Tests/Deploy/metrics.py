#!/usr/bin/env python3
"""What Prometheus finds: names and units of /metrics by promtool, the alerts with their own tests, and that every series
which an alert or a panel of the dashboard names is there.

    metrics.py PROGRAM

Ends with 77 where promtool (Debian: prometheus) is missing. Standard library only.
"""

import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "HTTP"))
from own_server import OwnServer  # noqa: E402
from wire import request  # noqa: E402

FOLDER = os.path.join(HERE, "..", "..", "deploy", "prometheus")
# A unit of the SI or of bytes stands at the end of a name, a counter says total after it.
UNITS = {"bytes": "_bytes", "seconds": "_seconds"}


def promtool(*words, text=None):
    answer = subprocess.run(["promtool", *words], input=text, capture_output=True, text=True)
    assert answer.returncode == 0, f"promtool {' '.join(words)}: {answer.stdout}{answer.stderr}"
    assert not answer.stderr.strip() or "SUCCESS" in answer.stdout, answer.stderr
    return answer.stdout


def names_of(expression):
    """The series of an expression: words that a bracket or brace follows are functions or series of ours."""
    return set(re.findall(r"\b((?:vitscope|process)_[a-z_]+)\b", expression))


def main():
    if shutil.which("promtool") is None:
        print("skipped: promtool missing")
        sys.exit(77)
    promtool("check", "config", os.path.join(FOLDER, "prometheus.yml"))
    promtool("test", "rules", os.path.join(FOLDER, "alerts_test.yml"))
    with OwnServer(os.path.abspath(sys.argv[1])) as server:
        assert server.ready(), server.said()
        text = request(server.port, "GET", "/metrics").body.decode()
    promtool("check", "metrics", text=text)
    series = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    kinds = dict(line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total"), f"{name} is a {kind}"
        for unit, ending in UNITS.items():
            if unit in name and kind != "histogram":
                assert ending in name, f"{name} does not say its unit"
    with open(os.path.join(FOLDER, "alerts.yml"), encoding="utf-8") as file:
        wanted = names_of(file.read())
    with open(os.path.join(FOLDER, "dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = {"groups": [{"name": "panels", "rules": [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", expression).replace("$instance", ".*")}
        for number, expression in enumerate(expressions)]}]}
    # JSON is YAML, and promtool reads rules of a file alone.
    place = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"vitscope-panels-{os.getpid()}.yml")
    try:
        with open(place, "w", encoding="utf-8") as file:
            json.dump(rules, file)
        promtool("check", "rules", place)
    finally:
        os.remove(place)
    wanted |= set().union(*map(names_of, expressions))
    missing = sorted(name for name in wanted if name not in series)
    assert not missing, f"named by alerts or panels, and not in /metrics: {missing}"
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
    print(f"{len(kinds)} families and {len(wanted)} names in alerts and panels are as promtool wants them")


if __name__ == "__main__":
    main()
