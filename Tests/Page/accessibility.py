#!/usr/bin/env python3
"""Lets axe-core look at each view of the page of a running server, light and dark, at 1280 pixels and on a phone.

    accessibility.py http://127.0.0.1:8080/ --tools DIR [--timeout SECONDS]

axe-core comes from PyPI into DIR, once. Exit status: 0 without a violation, 1 with some, 2 where it could not be run, 77
where PyPI is out of reach. The last line is "N views, N violations".
"""

import argparse
import os
import subprocess
import sys
import venv
import zipfile

from chrome import Chrome, ChromeError
from check_page import SETTLED

PACKAGE = "axe-playwright-python==0.1.8"
FILE = "axe_playwright_python/axe.min.js"
PAIR = "#model=moco_v3&compare=simmim&layer=4&query=1,1&pins=1,1;3,5"
EXPLORER = "!!document.querySelector('[data-panel=attention][data-state=ready]')"
CLICK = "document.querySelector({!r}).click()"
# Name, address, what is pressed, and what must then be there.
VIEWS = (
    ("explorer", PAIR + "&step=1", None, EXPLORER),
    ("patch similarity", PAIR + "&overlay=patch-similarity", None, EXPLORER),
    ("maps of an analysis", PAIR + "&more=patch-similarity", "document.getElementById('more-kind').scrollIntoView()",
     "!!document.querySelector('[data-panel=any-analysis][data-state=ready] .map-tile')"),
    ("every head", PAIR + "&grid=distance", None, "!!document.querySelector('.grid-tiles .tile')"),
    ("any analysis", PAIR + "&more=token-similarity", "document.getElementById('more-kind').scrollIntoView()",
     "!!document.querySelector('[data-panel=any-analysis][data-state=ready]')"),
    ("unknown model", "#model=no-such-model", None, "!!document.querySelector('[data-panel=attention][data-state=error]')"),
    ("models", PAIR, CLICK.format("#open-models"), "!!document.querySelector('dialog[open] table')"),
    ("new probe set", PAIR, "[...document.querySelectorAll('button')].find(b => /New probe/.test(b.textContent)).click()",
     "!!document.querySelector('dialog[open] form')"),
    ("training", "#view=training", None, "!!document.querySelector('.job-row, .training-empty:not([hidden])')"),
    ("new training", "#view=training", CLICK.format("[aria-label='New training']"),
     "!!document.querySelector('#job-form [name=\"moco.dim\"]')"),
)
RUN = """axe.run(document, {resultTypes: ['violations'], rules: {'region': {enabled: true}}}).then(({violations}) =>
    violations.map(({id, help, nodes}) => `${id}: ${help} (${nodes.length}), ` + nodes.slice(0, 3).map(({html, any}) =>
        html.slice(0, 160) + ' ' + (any[0]?.message ?? '').slice(0, 140)).join(' | ')))"""


def axe(folder):
    """The text of axe-core; nil where it cannot be had."""
    wheels = os.path.join(folder, PACKAGE)
    if not os.path.isdir(wheels):
        try:
            venv.create(folder + "/venv", with_pip=True, clear=True)
            done = subprocess.run(
                [folder + "/venv/bin/python", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--retries",
                 "1", "--timeout", "10", "--disable-pip-version-check", "--dest", wheels + ".part", PACKAGE],
                capture_output=True, timeout=120, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"axe-core cannot be had: {error}")
            return None
        if done.returncode:
            print("axe-core cannot be had: " + done.stderr.decode(errors="replace")[-300:])
            return None
        os.rename(wheels + ".part", wheels)
    with zipfile.ZipFile(os.path.join(wheels, os.listdir(wheels)[0])) as wheel:
        return wheel.read(FILE).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--tools", required=True)
    parser.add_argument("--timeout", type=float, default=120)
    arguments = parser.parse_args()
    program = axe(os.path.abspath(arguments.tools))
    if program is None:
        return 77
    found = views = 0
    try:
        with Chrome() as chrome:
            for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
                chrome.resize(width, 800, mobile=width < 600)
                chrome.color_scheme(scheme)
                for name, address, press, ready in VIEWS:
                    chrome.open("about:blank")
                    chrome.open(arguments.url + address)
                    chrome.wait_for(SETTLED if "view=" not in address else "!!document.querySelector('#training')",
                                    arguments.timeout)
                    if press:
                        chrome.evaluate(press)
                    chrome.wait_for(ready, arguments.timeout)
                    chrome.evaluate(program + "; 0")
                    faults = chrome.evaluate(RUN)
                    views += 1
                    found += len(faults)
                    for fault in faults:
                        print(f"{name}, {scheme}, {width} px: {fault}")
    except (ChromeError, OSError) as error:
        print(f"the page could not be looked at: {error}")
        return 2
    print(f"{views} views, {found} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
