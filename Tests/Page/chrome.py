"""Drives one headless Chromium over its DevTools pipe, with nothing but the standard library."""

import collections
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class ChromeError(Exception):
    """The browser is missing, ended, refused a command, or did not get there in time."""


class Chrome:
    """One browser process with one page. Use it as a context manager; it ends what it started."""

    def __init__(self, width=1280, height=800, binary=None):
        self.binary = binary or os.environ.get("CHROMIUM") or next(filter(shutil.which, BROWSERS), None)
        if self.binary is None:
            raise ChromeError("no Chromium found; install it (apt-get install chromium) or set CHROMIUM")
        self.size = (width, height)
        self.events = collections.deque()
        self._buffer = b""
        self._last_id = 0

    def __enter__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="page-test-", ignore_cleanup_errors=True)
        commands_out, self._commands = os.pipe()
        self._answers, answers_in = os.pipe()

        # Chromium reads commands from descriptor 3 and answers on 4. The pipes may already have those
        # numbers, so they move out of the way first.
        def pipes_to_3_and_4():
            high = [os.dup(commands_out), os.dup(answers_in)]
            high = [os.dup(fd) if fd in (3, 4) else fd for fd in high]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [self.binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--mute-audio",
             "--hide-scrollbars", f"--window-size={self.size[0]},{self.size[1]}",
             f"--user-data-dir={self._profile.name}", "about:blank"],
            preexec_fn=pipes_to_3_and_4, close_fds=False, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands_out)
        os.close(answers_in)
        targets = self._call("Target.getTargets", {}, None, 60)["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", {"targetId": page["targetId"], "flatten": True},
                                   None)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(*self.size)
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._profile.cleanup()

    def call(self, method, parameters=None, timeout=120):
        """Sends a DevTools command to the page and returns its result."""
        return self._call(method, parameters or {}, self._session, timeout)

    def evaluate(self, expression, timeout=120):
        """The JSON value of a JavaScript expression (a promise is awaited)."""
        answer = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True,
                                                "awaitPromise": True, "userGesture": True}, timeout)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise ChromeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait_for(self, expression, timeout=300):
        """Waits until the expression is truthy and returns its value."""
        deadline = time.monotonic() + timeout
        while True:
            value = self.evaluate(expression)
            if value:
                return value
            if time.monotonic() > deadline:
                raise ChromeError(f"not true within {timeout} s: {expression}")
            self.pump(0.1)

    def open(self, url, timeout=300):
        """Navigates and waits for the load event."""
        self.events = collections.deque(e for e in self.events if e["method"] != "Page.loadEventFired")
        error = self.call("Page.navigate", {"url": url}, timeout).get("errorText")
        if error:
            raise ChromeError(f"{url}: {error}")
        self._await_load(timeout)

    def reload(self, timeout=300):
        self.events = collections.deque(e for e in self.events if e["method"] != "Page.loadEventFired")
        self.call("Page.reload")
        self._await_load(timeout)

    def resize(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})

    def color_scheme(self, scheme):
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def key(self, key, code=None, virtual=0):
        base = {"key": key, "code": code or key, "windowsVirtualKeyCode": virtual}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **base})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **base})

    def screenshot(self, full=False):
        """The PNG of the viewport, or of the whole page, in base64."""
        return self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": full}, 60)["data"]

    def pump(self, seconds):
        """Collects events for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self._receive(left)
            if message and "method" in message:
                self.events.append(message)

    def take(self, *methods):
        """Removes and returns the events collected so far that have one of these methods."""
        found = [e for e in self.events if e["method"] in methods]
        self.events = collections.deque(e for e in self.events if e["method"] not in methods)
        return [e["params"] for e in found]

    def _await_load(self, timeout):
        deadline = time.monotonic() + timeout
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            if time.monotonic() > deadline:
                raise ChromeError(f"the page did not load within {timeout} s")
            self.pump(0.05)

    def _call(self, method, parameters, session, timeout=120):
        self._last_id += 1
        wanted = self._last_id
        message = {"id": wanted, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data):]
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            answer = self._receive(left)
            if answer is None:
                continue
            if answer.get("id") == wanted:
                if "error" in answer:
                    raise ChromeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)
        raise ChromeError(f"{method}: no answer within {timeout} s")

    def _receive(self, timeout):
        deadline = time.monotonic() + timeout
        while b"\0" not in self._buffer:
            left = max(0, deadline - time.monotonic())
            if not select.select([self._answers], [], [], left)[0]:
                return None
            chunk = os.read(self._answers, 1 << 20)
            if not chunk:
                raise ChromeError(f"{self.binary} ended unexpectedly")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)
