#!/usr/bin/env python3
"""Asks a server of its own for what its /openapi.json says, rightly and wrongly, with schemathesis.

    fuzz_openapi.py PROGRAM --venv DIR [--examples 2] [--cases 1000]

schemathesis is installed from PyPI into DIR, once. No answer is an error of the server, none has a status, a type or a
content that the document does not have, what the document allows is accepted and what it forbids refused. Exit status
77 where PyPI is out of reach. The last line is "N cases, N faults".
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import venv

from own_server import OwnServer

VERSION = "4.32.5"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "negative_data_rejection,positive_data_acceptance,missing_required_header,unsupported_method")


def installed(folder):
    """Path of the program; nil where it cannot be had."""
    program = f"{folder}/{VERSION}/bin/st"
    if os.path.exists(program):
        return program
    shutil.rmtree(f"{folder}/{VERSION}", ignore_errors=True)
    try:
        venv.create(f"{folder}/{VERSION}.part", with_pip=True, clear=True)
        done = subprocess.run(
            [f"{folder}/{VERSION}.part/bin/python", "-m", "pip", "install", "-q", "--retries", "1", "--timeout", "10",
             "--disable-pip-version-check", f"schemathesis=={VERSION}"], capture_output=True, timeout=300, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"schemathesis cannot be installed: {error}")
        return None
    if done.returncode:
        print("schemathesis cannot be installed: " + done.stderr.decode(errors="replace")[-500:])
        return None
    # Programs of a venv name their interpreter, so it is called by its own and not by its program's path.
    os.rename(f"{folder}/{VERSION}.part", f"{folder}/{VERSION}")
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--venv", required=True)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--examples", type=int, default=2, help="random requests of each operation, right and wrong")
    parser.add_argument("--cases", type=int, default=1000, help="fewer are a fault")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    program = installed(os.path.abspath(arguments.venv))
    if program is None:
        return 77
    settings = os.path.dirname(os.path.abspath(__file__)) + "/schemathesis.toml"
    # Jobs are taken in and wait: that they train is another test's affair.
    with OwnServer(arguments.program, "--demo", "--job-slots", "0") as server:
        server.ready()
        start = time.monotonic()
        done = subprocess.run(
            [os.path.dirname(program) + "/python", "-m", "schemathesis.cli", "--config-file", settings, "run",
             f"http://127.0.0.1:{server.port}/openapi.json", "--phases", arguments.phases, "--mode", "all", "-n", str(arguments.examples), "-w", "2", "--checks", CHECKS, "--request-timeout", "60",
             "--continue-on-failure", "--no-color", "--warnings", "off"]
            + (["--seed", str(arguments.seed)] if arguments.seed is not None else []),
            capture_output=True, text=True, check=False, cwd=server.folder.name)
        alive = server.status("GET", "/readyz") == 200 and server.process.poll() is None
    text = done.stdout + done.stderr
    cases = int((re.findall(r"(\d+) generated", text) or ["0"])[-1])
    faults = int((re.findall(r"found (\d+) unique failures", text) or ["0"])[-1])
    if done.returncode or not alive or cases < arguments.cases:
        print(text[-20_000:])
        print(f"schemathesis ended with {done.returncode}; the server is {'alive' if alive else 'dead'}")
        faults = max(faults, 1)
    print(f"{cases} cases, {faults} faults, {time.monotonic() - start:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
