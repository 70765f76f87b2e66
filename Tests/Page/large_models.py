#!/usr/bin/env python3
"""Opens the page of a server of its own on models of real sizes, with random weights, and through a server's restart.

    large_models.py .build/release/vitscope [--models NAME,…] [--screenshots DIR] [--timeout SECONDS]

Of each model (random_model.py) the explorer is opened, pointed at and keyed, and its numbers are held against the API's. Then
a training is paused and resumed on the page, and the server ends and starts again under it. Needs Python 3 and Chromium,
nothing else. Exit status: 0 when all passed, 1 when one failed, 2 when it could not be run. What was measured is printed.
"""

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request

import random_model
from chrome import Chrome, ChromeError

IMAGE = "shapes-textures:3"
READY = "document.querySelector('[data-panel=attention]')?.dataset.state === 'ready'"
FIGURES = "[...document.querySelectorAll('.readout tbody tr')].map(r => r.children[1].textContent)"
CAPTION = "document.querySelector('.readout caption').textContent"
JOB = {
    "name": "restart", "method": "simmim", "arch": {"img_size": 48, "patch_size": 6, "embed_dim": 48, "depth": 3, "num_heads": 3},
    "dataset": "shapes-textures", "dataset_options": {"n_images": 512, "img_size": 48}, "epochs": 400, "batch_size": 64,
    "checkpoint": {"every_epochs": 1}, "log_every_steps": 4,
}
STATE = "document.querySelector('.job-head .state')?.dataset.state"


class Server:
    """A server in a folder of its own, which can end and start again at the same port."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.port = 0
        self.start()

    def start(self):
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--port", str(self.port), "--data", self.folder + "/data"], stdout=subprocess.PIPE,
                stderr=log)
        line = self.process.stdout.readline().decode()
        if "http://" not in line:
            raise OSError(f"the server did not start: {line}")
        self.url = line.split()[-1].rstrip("/") + "/"
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", "Prefer": "wait=60"})
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)


class LargeModelCheck:
    """Each check opens what it needs."""

    def __init__(self, chrome, server, timeout, screenshots):
        self.chrome = chrome
        self.server = server
        self.timeout = timeout
        self.screenshots = screenshots

    def model(self, name):
        """The explorer on one model."""
        width, depth, _, grid, _ = random_model.MODELS[name]
        heads = width // 64
        path = f"{self.server.folder}/data/models/{name}.safetensors"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        random_model.write(name, path)
        found = self.server.ask("v1/models", {"name": name, "path": f"{name}.safetensors", "arch": name})
        assert found["config"]["grid"] == [grid, grid], found
        middle = grid // 2
        self.open(f"#model={name}&image={IMAGE}&layer=6&query={middle},{middle}&pins={middle},{middle};2,3")
        self.wait(READY)
        # Each head has its map: none stays grey.
        self.wait(f"document.querySelectorAll('.heads .tile:not(.waiting)').length === {heads}")
        self.wait("document.querySelectorAll('.pins .tile:not(.waiting)').length === 2")
        self.expect_attention(name, 6, middle, middle)
        self.screenshot(name)
        self.chrome.evaluate("document.querySelector('.map-canvas').focus()")
        self.chrome.key("]")
        self.wait(f"location.hash.includes('layer=7') && {READY}")
        self.expect_attention(name, 7, middle, middle)
        # The hand: the layer's maps come when it is over the photo, and then follow it.
        x, y = self.place(0.25, 0.75)
        row, col = int(0.75 * grid), int(0.25 * grid)
        self.chrome.mouse("mouseMoved", x - 9, y - 9)
        self.chrome.pump(0.2)
        self.wait(f"performance.getEntriesByType('resource').some(r => /layer=7.*query=all/.test(r.name) && r.responseEnd)")
        self.chrome.pump(0.5)
        self.chrome.mouse("mouseMoved", x, y)
        self.wait(f"{CAPTION} === 'Query: row {row}, column {col}'")
        self.expect_attention(name, 7, row, col)
        print(f"{name}: a move of the hand {self.hover_milliseconds():.1f} ms, bytes of a layer {self.layer_bytes()}")
        self.chrome.mouse("mouseMoved", 2, 2)
        # Another overlay, with the numbers of the API.
        self.chrome.evaluate("(() => { const s = [...document.querySelectorAll('.controls select')].find(s => "
                             "[...s.options].some(o => o.value === 'patch-similarity')); s.value = 'patch-similarity';"
                             "s.dispatchEvent(new Event('change', {bubbles: true})) })()")
        self.wait(f"location.hash.includes('patch-similarity') && {READY}")
        answer = self.server.ask(f"v1/models/{name}/analyses/patch-similarity?image={IMAGE}&query={middle},{middle}")
        flat = [value for line in answer["similarity"][0][0][0] for value in line]
        mean = f"{sum(flat) / len(flat):.2f}".replace("-", "−")
        self.wait(f"{FIGURES}[2] === {json.dumps(mean)}")
        for width in (390, 1280, 1920):
            self.chrome.resize(width, 800, mobile=width < 600)
            self.chrome.pump(0.5)
            wide = self.chrome.evaluate("document.scrollingElement.scrollWidth")
            assert wide <= width, f"the page is {wide} px wide at {width}"
        self.chrome.resize(1280, 800)
        self.quiet()

    def restart(self):
        """A training is paused and resumed by its buttons; the server ends and starts under the open page."""
        job = self.server.ask("v1/jobs", JOB)["id"]
        self.open(f"#view=training&job={job}")
        self.wait(f"{STATE} === 'running'")
        self.press("Pause")
        self.wait(f"{STATE} === 'paused'")
        self.press("Resume")
        self.wait(f"{STATE} === 'running'")
        # What runs is told to the page; then nobody answers for a while.
        self.wait("!!document.querySelector('[data-panel=training-curves][data-state=ready] svg.chart')")
        self.server.stop()
        self.chrome.pump(3)
        self.server.start()
        self.chrome.evaluate("window.isTheSame = true; 0")
        self.wait(f"{STATE} === 'running' && !/No answer|does not answer/.test(document.body.textContent)")
        self.press("Cancel")
        self.press("Really cancel?")
        self.wait(f"{STATE} === 'cancelled'")
        assert self.chrome.evaluate("window.isTheSame"), "the page was loaded again"
        # While nobody answers the browser itself says so.
        self.quiet(lambda text: "ERR_" in text or "net::" in text)

    # Tools

    def open(self, address):
        self.chrome.open("about:blank")
        self.chrome.open(self.server.url + address)

    def wait(self, expression):
        try:
            return self.chrome.wait_for(expression, self.timeout)
        except ChromeError as error:
            problems = self.chrome.evaluate("[...document.querySelectorAll('.problem')].map(p => p.textContent).join('; ')")
            raise AssertionError(f"{error}; {problems}; {self.chrome.evaluate(FIGURES)}") from None

    def press(self, text):
        button = f"[...document.querySelectorAll('.job-head button')].find(b => b.textContent === {json.dumps(text)})"
        self.wait(f"!!{button}")
        self.chrome.evaluate(f"{button}.click()")

    def place(self, x, y):
        """Pixels of a place of the photo, as shares of its sides."""
        box = self.chrome.evaluate("(() => { const c = document.querySelector('.map-canvas'); c.scrollIntoView({block: 'center',"
                                   "behavior: 'instant'}); const b = c.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })()")
        return box[0] + x * box[2], box[1] + y * box[3]

    def expect_attention(self, name, layer, row, col):
        """The strongest patch beside the map is that of the API, and its share as near as a byte can be."""
        answer = self.server.ask(f"v1/models/{name}/attention?image={IMAGE}&layer={layer}&head=mean&query={row},{col}")
        flat = {(r, c): value for r, line in enumerate(answer["attention"][0][0][0][0]) for c, value in enumerate(line)}
        self.wait(f"/: .* %/.test({FIGURES}[2])")
        place, share = self.chrome.evaluate(FIGURES)[2].split(": ")
        found = flat[tuple(int(part) for part in place.split(","))]
        most = max(flat.values())
        # Bytes of the heads are averaged: half a step of each, and half of the last digit that is told.
        assert found >= most * (1 - 2 / 255), f"strongest {place} has {found}, and {most} is the most"
        told = float(share.split()[0]) / 100
        assert abs(told - most) <= most / 200 + 0.0006, f"share {share}, and the API says {most}"

    def hover_milliseconds(self):
        """What the page does for one move over the photo, its handler and its painting, the median of some."""
        return self.chrome.evaluate("""(async () => {
            const canvas = document.querySelector('.map-canvas'), box = canvas.getBoundingClientRect(), times = [];
            for (let i = 0; i < 21; i++) {
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                const move = {clientX: box.x + box.width * (0.1 + 0.04 * i), clientY: box.y + box.height / 3, bubbles: true};
                let before = 0, spent = 0;
                // The page paints between these two, in the same frame.
                requestAnimationFrame(() => { before = performance.now(); });
                const start = performance.now();
                canvas.dispatchEvent(new PointerEvent('pointermove', move));
                spent = performance.now() - start;
                await new Promise((done) => requestAnimationFrame(() => {
                    times.push(spent + performance.now() - before);
                    done();
                }));
            }
            return times.sort((a, b) => a - b)[10];
        })()""")

    def layer_bytes(self):
        """Bytes that came for the kept query in all layers, and for all patches of one."""
        return self.chrome.evaluate("performance.getEntriesByType('resource').filter(r => /dtype=u8/.test(r.name))"
                                    ".map(r => (/query=all/.test(r.name) ? 'whole ' : 'query ') + r.encodedBodySize).join(', ')")

    def quiet(self, allowed=lambda text: False):
        """Nothing was thrown or logged, and nothing asked of others."""
        self.chrome.pump(0.2)
        for event in list(self.chrome.events):
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                raise AssertionError(json.dumps(parameters)[:600])
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                text = parameters["entry"]["text"]
                assert allowed(text), text
            if event["method"] == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                assert url.startswith((self.server.url, "data:", "blob:", "about:")), url
        self.chrome.events.clear()

    def screenshot(self, name):
        if self.screenshots:
            with open(os.path.join(self.screenshots, name + ".png"), "wb") as file:
                file.write(base64.b64decode(self.chrome.screenshot()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--models", default=",".join(random_model.MODELS))
    parser.add_argument("--screenshots")
    parser.add_argument("--timeout", type=float, default=300)
    arguments = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="large-models-", ignore_cleanup_errors=True) as folder:
        server = None
        try:
            server = Server(os.path.abspath(arguments.program), folder)
            with Chrome() as chrome:
                check = LargeModelCheck(chrome, server, arguments.timeout, arguments.screenshots)
                work = [(name, lambda name=name: check.model(name)) for name in arguments.models.split(",")]
                for name, run in [*work, ("restart", check.restart)]:
                    try:
                        run()
                        print(f"ok   {name}")
                    except (AssertionError, ChromeError, OSError, KeyError) as error:
                        failed += 1
                        print(f"FAIL {name}: {error!r}")
        except (ChromeError, OSError) as error:
            print(f"the page could not be looked at: {error}")
            return 2
        finally:
            if server:
                server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
