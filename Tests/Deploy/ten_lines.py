#!/usr/bin/env python3
"""The example of docs/python.md as it stands, but for the port.

    ten_lines.py PROGRAM

Ends with 77 where NumPy is missing.
"""

import importlib.util
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "HTTP"))
from own_server import OwnServer  # noqa: E402

ROOT = os.path.join(HERE, "..", "..")


def main():
    if importlib.util.find_spec("numpy") is None:
        print("skipped: NumPy missing")
        sys.exit(77)
    with open(os.path.join(ROOT, "docs", "python.md"), encoding="utf-8") as file:
        text = file.read().split("```python\n")[1].split("```")[0]
    assert "127.0.0.1:8080" in text
    with OwnServer(os.path.abspath(sys.argv[1]), "--models", os.path.join(ROOT, "Tests/Fixtures/models/files")) as server:
        assert server.ready(), server.said()
        answer = subprocess.run(
            [sys.executable, "-c", text.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")],
            capture_output=True, text=True, env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
        assert answer.returncode == 0, answer.stderr
        words = answer.stdout.split()
        assert "float32" in words and "succeeded" in words, answer.stdout
    print("docs/python.md: " + answer.stdout.strip())


if __name__ == "__main__":
    main()
