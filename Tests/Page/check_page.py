#!/usr/bin/env python3
"""Opens the dashboard of a running server in headless Chromium and checks that it works.

    check_page.py http://127.0.0.1:8080/ [--screenshots DIR] [--timeout SECONDS]

Needs Python 3 and Chromium, nothing else. The server must know at least one ready model and one image.
Exit status: 0 when every check passed, 1 when one failed, 2 when it could not be run. The last line is
"N passed, N failed".
"""

import argparse
import base64
import json
import os
import struct
import sys
import tempfile
import urllib.parse
import urllib.request
import zlib

from chrome import Chrome, ChromeError

PANELS = ("attention", "attention-distance", "attention-nmi", "attention-entropy", "high-frequency", "fourier", "cka")
# Panels ask when they come near the view, so each that has not is brought there.
NEAR = ("(() => { const idle = [...document.querySelectorAll('[data-panel][data-state=idle]')]"
        ".filter(e => !e.closest('[hidden]')); idle[0]?.scrollIntoView({block: 'center', behavior: 'instant'});"
        "return idle.length })()")
STATES = ("Object.fromEntries([...document.querySelectorAll('[data-panel]')]"
          ".map(e => [e.dataset.panel, e.dataset.state]))")
SETTLED = "document.querySelector('[data-panel]') && !document.querySelector('[data-panel][data-state=loading]')"
READOUT = "document.querySelector('.readout').textContent"
VIEW = f"[location.hash, {READOUT}, document.querySelector('.thumb[aria-pressed=true]')?.title]"
NMI = "[data-panel=attention-nmi]"
ANY = "[data-panel=any-analysis]"
COMPARE = "[data-panel=compare]"
PICTURE = "document.querySelector('.map-canvas').toDataURL()"


class NotReady(Exception):
    """The server has nothing to show, so nothing can be checked."""


class PageCheck:
    """The checks in the order in which they run: each continues where the one before left the page."""

    def __init__(self, chrome, url, timeout, screenshots):
        self.chrome = chrome
        self.url = url
        self.timeout = timeout
        self.screenshots = screenshots
        self.passed = 0
        self.failures = []
        self.requests = []

    def run(self):
        for check in (self.policy, self.finding, self.preloaded, self.panels, self.modules, self.requests_stay_here, self.hover, self.keyboard,
                      self.pin_and_layer, self.restored_from_the_address, self.several_pins, self.every_head,
                      self.heads, self.names, self.overlays, self.menus_and_pictures, self.report, self.any_analysis,
                      self.maps_of_an_analysis, self.published_curves, self.one_refuses, self.several_models, self.comparison,
                      self.upload, self.wrong_file, self.one_image, self.unknown_model, self.back_and_forward, self.queue,
                      self.questions, self.templates, self.training, self.training_inside, self.phone,
                      self.training_on_a_phone, self.dark):
            try:
                check()
                self.expect_quiet(check.__name__)
            except NotReady:
                raise
            except Exception as error:
                # Also a KeyError is a finding: something that the page should have is not there.
                self.failures.append(check.__name__)
                plain = isinstance(error, (AssertionError, ChromeError))
                print(f"FAIL {check.__name__}: {error if plain else repr(error)}")
                self.collect()
            else:
                self.passed += 1
                print(f"ok   {check.__name__}")
            self.screenshot(check.__name__)

    # The checks

    def policy(self):
        """The page comes with a policy that lets nothing in from elsewhere."""
        try:
            with urllib.request.urlopen(self.url, timeout=120) as answer:
                policy = answer.headers.get("Content-Security-Policy", "")
                kind = answer.headers.get_content_type()
        except OSError as error:
            raise NotReady(f"{self.url} does not answer: {error}") from None
        assert kind == "text/html", f"{self.url} is {kind}"
        assert "default-src 'self'" in policy, f"Content-Security-Policy is {policy!r}"
        assert "unsafe" not in policy, f"Content-Security-Policy is {policy!r}"

    def finding(self):
        """The first view tells what is to be seen, with this server's numbers, and a chart library is not waited for."""
        self.open("")
        self.chrome.evaluate("localStorage.clear()")
        self.open("")
        self.chrome.wait_for("document.querySelector('[data-panel=finding]')?.dataset.state === 'ready'", self.timeout)
        words = self.chrome.evaluate("document.querySelector('.finding-words').textContent")
        for model in ("moco_v3", "simmim"):
            layer = 4
            with urllib.request.urlopen(f"{self.url}v1/models/{model}/analyses/attention-nmi?probe_set=demo") as answer:
                nmi = json.load(answer)["mean"][layer]
            assert f"{model}" in words and f"NMI {nmi:.2f}" in words, f"{words!r} lacks {model} with {nmi:.2f}"
        assert "50 images" in words, words
        # Three pinned patches of two models.
        self.chrome.wait_for("document.querySelectorAll('.map:not([hidden]) .pins .tile:not(.waiting)').length === 6",
                             self.timeout)
        for step in (1, 2, 3):
            self.chrome.evaluate(f"document.querySelectorAll('.finding-steps button')[{step - 1}].click()")
            assert f"step={step}" in self.chrome.evaluate("location.hash")
        self.settle()
        self.chrome.evaluate("document.querySelector('.finding-guide > .link').click()")
        self.open("")
        self.settle()
        assert self.chrome.evaluate("document.querySelector('.finding-guide').hidden"), "the steps came back"
        self.chrome.evaluate("localStorage.clear()")

    def preloaded(self):
        """The modules of the first view are asked for together, by the document itself."""
        self.open("")
        self.settle()
        loaded = self.chrome.evaluate("performance.getEntriesByType('resource').map(r => r.name).filter(n => n.endsWith('.js'))")
        named = self.chrome.evaluate("[...document.querySelectorAll('link[rel=modulepreload], script[type=module]')]"
                                     ".map(e => e.href || e.src)")
        assert sorted(set(loaded)) == sorted(named), f"differ in {sorted(set(loaded) ^ set(named))}"

    def panels(self):
        """After loading, every panel is drawn."""
        self.open("")
        states = self.settle()
        if "welcome" in states:
            raise NotReady("the server has no models; start it with its demo")
        expected = {panel: "ready" for panel in PANELS}
        found = {panel: states.get(panel, "missing") for panel in PANELS}
        # CKA needs a probe set; a server without one may leave that panel empty, with the reason.
        if found["cka"] == "empty" and self.chrome.evaluate("document.getElementById('probe').value") == "image":
            expected["cka"] = "empty"
        assert found == expected, f"{found}; {self.problems()}"
        plots = self.chrome.evaluate("document.querySelectorAll('.panel svg.chart').length")
        assert plots >= 5, f"only {plots} drawn charts"
        colors = self.chrome.evaluate("(() => { const c = document.querySelector('.map-canvas');"
                                      "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                                      "return new Set(new Uint32Array(d.buffer)).size })()")
        assert colors > 20, f"the attention map has {colors} colours"

    def modules(self):
        """The page's own modules count, decode and ask as they should (modules.js)."""
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules.js"), encoding="utf-8") as file:
            failures = self.chrome.evaluate(f"{file.read().strip()}({json.dumps(self.url)})")
        assert failures == [], "; ".join(failures)

    def requests_stay_here(self):
        """No request left the origin, nor the folder that the page lives in."""
        self.collect()
        assert self.requests, "no request was seen"
        foreign = [url for url in self.requests if not url.startswith((self.url, "data:", "blob:"))]
        assert not foreign, f"requests to {foreign[:5]}"

    def hover(self):
        """Moving over the photo moves the map, and asks the server nothing."""
        self.move(0.3, 0.3)
        self.chrome.wait_for("/row/.test(document.querySelector('.readout').textContent)", 10)
        self.collect()
        before, text = len(self.requests), self.chrome.evaluate(READOUT)
        picture = self.chrome.evaluate(PICTURE)
        for step in range(1, 8):
            self.move(0.3 + 0.06 * step, 0.3 + 0.04 * step)
        self.chrome.pump(0.3)
        self.collect()
        assert self.chrome.evaluate(READOUT) != text, "the figures did not change"
        assert self.chrome.evaluate(PICTURE) != picture, "the picture did not change"
        # The list of models is asked for while one of them is loading, whatever the hand does.
        sent = [url for url in self.requests[before:] if not url.endswith("/v1/models")]
        assert not sent, f"hovering sent {sent}"

    def keyboard(self):
        """Arrow keys move the query, and Escape goes back."""
        self.chrome.mouse("mouseMoved", 2, 2)
        self.chrome.evaluate("document.querySelector('.map-canvas').focus()")
        self.chrome.key("ArrowDown", virtual=40)
        first = self.query()
        self.chrome.key("ArrowRight", virtual=39)
        second = self.query()
        assert first and second and first != second, f"queries {first!r} and {second!r}"
        self.chrome.key("Escape", virtual=27)
        assert not self.query(), f"query {self.query()!r} after Escape"

    def pin_and_layer(self):
        """A click keeps a patch; the slider moves the layer; both are in the address."""
        x, y = self.place(0.55, 0.45)
        self.chrome.click(x, y)
        assert self.query(), "the click is not in the address"
        self.chrome.evaluate("(() => { const l = document.getElementById('layer'); l.value = 0;"
                             "l.dispatchEvent(new Event('input', {bubbles: true})) })()")
        assert "layer=0" in self.chrome.evaluate("location.hash")
        self.settle()

    def restored_from_the_address(self):
        """A reload shows the same."""
        before = self.chrome.evaluate(VIEW)
        self.chrome.reload()
        self.settle()
        self.chrome.pump(0.3)
        after = self.chrome.evaluate(VIEW)
        assert before == after, f"{before} became {after}"

    def several_pins(self):
        """Shift-click pins beside the others, a drag averages, and both are in the address."""
        before = self.chrome.evaluate("document.querySelectorAll('.map .pins .tile').length")
        x, y = self.place(0.9, 0.9)
        self.chrome.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.chrome.mouse(kind, x, y, button="left", clickCount=1, modifiers=8)
        self.chrome.wait_for(f"document.querySelectorAll('.map .pins .tile').length > {before}", 10)
        start, end = self.place(0.1, 0.1), self.place(0.45, 0.3)
        self.chrome.mouse("mouseMoved", *start)
        self.chrome.mouse("mousePressed", *start, button="left", clickCount=1)
        for share in (0.3, 0.6, 1):
            self.chrome.mouse("mouseMoved", *(a + share * (b - a) for a, b in zip(start, end)), button="left")
        self.chrome.mouse("mouseReleased", *end, button="left", clickCount=1)
        self.chrome.wait_for("/query=0,0-[12],3/.test(location.hash)", 10)
        self.settle()
        assert "rows 0" in self.chrome.evaluate(READOUT), self.chrome.evaluate(READOUT)
        self.chrome.evaluate("document.querySelector('.map-canvas').focus()")
        for key, pattern in (("c", "query=cls"), ("m", "query=mean"), (".", "head=0"), ("a", "^(?!.*head=)"), ("]", "layer=")):
            self.chrome.key(key)
            assert self.chrome.evaluate(f"/{pattern}/.test(location.hash)"), f"{key}: {self.chrome.evaluate('location.hash')}"
        self.settle()
        self.chrome.key("Escape", virtual=27)
        self.settle()

    def every_head(self):
        """The layers and heads of the kept query stand in a grid, can be ordered, and lead to their map."""
        self.chrome.evaluate("document.querySelector('#head-grid > summary').click()")
        self.chrome.wait_for("document.querySelectorAll('.grid-block .tile canvas').length > 0", 20)
        config = self.chrome.evaluate("fetch('v1/models/' + document.getElementById('model-a').value)"
                                      ".then(r => r.json()).then(m => [m.config.depth, m.config.num_heads])")
        count = self.chrome.evaluate("document.querySelector('.grid-block').querySelectorAll('.tile').length")
        assert count == config[0] * config[1], f"{count} maps of {config}"
        for order in ("distance", "entropy", "nmi"):
            self.choose("#head-grid select", order)
            self.chrome.wait_for("/\\d: [\\d.]/.test(document.querySelector('.grid-block .tile').title)", 60)
            values = [float(title.rsplit(": ", 1)[1].split()[0]) for title in self.chrome.evaluate(
                "[...document.querySelector('.grid-block').querySelectorAll('.tile')].map(tile => tile.title)")]
            assert values == sorted(values), f"{order}: {values}"
        self.chrome.evaluate("document.querySelector('.grid-block .tile').click()")
        assert "head=" in self.chrome.evaluate("location.hash")
        self.chrome.evaluate("document.querySelector('#head-grid > summary').click()")
        self.chrome.evaluate("document.querySelector('.map-canvas').focus()")
        self.chrome.key("a")
        self.settle()

    def heads(self):
        """A press on the small map of a head shows that head; another press goes back."""
        self.chrome.wait_for("document.querySelector('.heads .tile canvas')?.width > 0", 20)
        picture = self.chrome.evaluate(PICTURE)
        self.chrome.evaluate("document.querySelector('.heads .tile').click()")
        self.settle()
        self.chrome.wait_for("document.querySelector('.heads .tile').getAttribute('aria-pressed') === 'true'", 10)
        self.chrome.pump(0.3)
        assert "head=0" in self.chrome.evaluate("location.hash")
        if self.chrome.evaluate("document.querySelectorAll('.heads .tile').length") > 1:
            assert self.chrome.evaluate(PICTURE) != picture, "head 0 looks like the mean of all heads"
        self.chrome.evaluate("document.querySelector('.heads .tile').click()")
        self.settle()

    def names(self):
        """Every control and picture has a name for those who do not see it."""
        nameless = self.chrome.evaluate("""[...document.querySelectorAll(
                'button, select, input, img, canvas[tabindex], summary, [role=img]')]
            .filter(e => !e.closest('[hidden]')
                      && !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length
                         || e.tagName === 'IMG' && e.hasAttribute('alt') || e.querySelector('img[alt]')?.alt))
            .map(e => e.outerHTML.slice(0, 120))""")
        assert not nameless, f"without a name: {nameless[:4]}"
        assert self.chrome.evaluate("document.documentElement.lang"), "the document has no language"

    def overlays(self):
        """A patch's similarity lies over the photo like attention, at any depth, with the numbers of the API."""
        before = self.chrome.evaluate("location.hash")
        self.open("#model=moco_v3&compare=simmim&image=shapes-textures:3&query=2,3&pins=5,5&overlay=patch-similarity&depth=3")
        self.settle()
        self.expect_similarity("moco_v3", 2, 3, 3)
        picture = self.chrome.evaluate(PICTURE)
        self.chrome.evaluate("document.querySelector('.map-canvas').focus()")
        self.chrome.key("]")
        self.settle()
        self.chrome.pump(0.3)
        assert "depth=4" in self.chrome.evaluate("location.hash"), self.chrome.evaluate("location.hash")
        assert self.chrome.evaluate(PICTURE) != picture, "another depth has the same map"
        # All patches are here: the hand asks the server nothing.
        self.collect()
        sent = len(self.requests)
        self.move(0.4, 0.8)
        self.chrome.wait_for("/row 6, column 3/.test(document.querySelector('.readout caption').textContent)", 10)
        self.expect_similarity("moco_v3", 6, 3, 4)
        self.collect()
        asked = [url for url in self.requests[sent:] if "similarity" in url]
        assert not asked, f"hovering sent {asked}"
        self.chrome.mouse("mouseMoved", 2, 2)
        self.choose(".controls select", "rollout")
        self.settle()
        assert "Attention rollout" in self.chrome.evaluate(READOUT), self.chrome.evaluate(READOUT)
        self.open(before)
        self.settle()

    def expect_similarity(self, model, row, col, depth):
        """The figures beside the map are those of the API."""
        path = f"v1/models/{model}/analyses/patch-similarity?image=shapes-textures:3&query={row},{col}&depths={depth}"
        with urllib.request.urlopen(self.url + path) as answer:
            cosines = json.load(answer)["similarity"][0][0][0]
        flat = {(r, c): value for r, line in enumerate(cosines) for c, value in enumerate(line)}
        mean = sum(flat.values()) / len(flat)
        del flat[row, col]
        place = max(flat, key=flat.get)
        words = self.chrome.evaluate("[...document.querySelectorAll('.readout tbody tr')].map(r => r.children[1].textContent)")
        number = lambda value: f"{value:.2f}".replace("-", "−")
        assert words[0] == f"{place[0]},{place[1]}: {number(flat[place])}" and words[2] == number(mean), f"{words}, {place}, {mean}"

    def maps_of_an_analysis(self):
        """Maps that an analysis answers are drawn over the photo, and tell their numbers to the hand and the keys."""
        self.choose("#more-kind", "patch-similarity")
        self.fill("Query", "2,3")
        self.fill("Depths", "1-3")
        assert self.settle()["any-analysis"] == "ready", self.problems()
        labels = self.chrome.evaluate(f"[...document.querySelectorAll('{ANY} .map-tile figcaption')].map(c => c.textContent)")
        assert labels[:3] == ["depth 1", "depth 2", "depth 3"], labels
        self.chrome.evaluate(f"document.querySelector('{ANY} .map-tile canvas').focus()")
        self.chrome.key("ArrowRight", virtual=39)
        link = self.chrome.evaluate(f"document.querySelector('{ANY} .menu a').href")
        with urllib.request.urlopen(link) as answer:
            value = json.load(answer)["similarity"][0][0][0][0][1]
        words = self.chrome.evaluate(f"document.querySelector('{ANY} .map-value').textContent")
        assert words == f"depth 1, row 0, column 1: {value:.4f}".replace("-", "−"), f"{words!r}, {value}"
        self.choose("#more-kind", "")

    def published_curves(self):
        """What the paper tells stands beside one's own curves when it is wanted, on the paper's axis with one press."""
        legend = "[...document.querySelectorAll('[data-panel=attention-nmi] .legend')].map(l => l.textContent)"
        known = self.chrome.evaluate(legend)
        press = ("[...document.querySelectorAll('.analyses-bar .check')].find(l => /Published/.test(l.textContent))"
                 ".querySelector('input').click()")
        self.chrome.evaluate(press)
        self.settle()
        assert len(self.chrome.evaluate(legend)) == len(known) + 1, self.chrome.evaluate(legend)
        button = f"[...document.querySelectorAll('{NMI} .panel-actions button')].find(b => /Paper/.test(b.textContent))"
        for pressed in ("true", "false"):
            self.chrome.evaluate(f"{button}.click()")
            assert self.chrome.evaluate(f"{button}.getAttribute('aria-pressed')") == pressed
            ticks = self.chrome.evaluate(f"[...document.querySelectorAll('{NMI} svg.chart text')].map(t => t.textContent)")
            assert ("0.6" in ticks) == (pressed == "true"), ticks
        self.chrome.evaluate(press)

    def menus_and_pictures(self):
        """The data menu links to the call itself; the chart becomes a PNG under the page's policy."""
        links = self.chrome.evaluate(f"[...document.querySelectorAll('{NMI} .menu a')].map(a => a.href)")
        queries = [urllib.parse.parse_qs(urllib.parse.urlsplit(link).query) for link in links]
        formats = {query.get("format", ["json"])[0] for query in queries}
        assert {"json", "csv", "npy"} <= formats, f"formats {formats}"
        with urllib.request.urlopen(links[0], timeout=300) as answer:
            assert "mean" in json.load(answer), f"{links[0]} has no mean"
        # What a press saves, before it becomes a download.
        self.chrome.evaluate("window.saved = []; window.makeURL ??= URL.createObjectURL;"
                             "URL.createObjectURL = (blob) => { saved.push(blob); return makeURL.call(URL, blob) }; 0")
        self.chrome.evaluate(f"[...document.querySelectorAll('{NMI} .menu button')].filter(b => /^(PNG|SVG)$/"
                             ".test(b.textContent)).forEach(b => b.click())")
        self.chrome.wait_for("saved.some(blob => blob.type === 'image/png' && blob.size > 5000)", 20)
        svg = self.chrome.evaluate("saved.find(blob => blob.type === 'image/svg+xml').text()")
        for words in ("Normalised mutual information", "NMI", "layer", "curve",
                      self.chrome.evaluate("document.getElementById('model-a').value")):
            assert words in svg, f"the SVG lacks {words!r}"
        texts = self.chrome.evaluate(f"[...document.querySelectorAll('{NMI} .menu-row')].pop().textContent")
        assert "Copy link" in texts, f"the menu ends with {texts!r}"

    def report(self):
        """What is on the page becomes one file that needs nothing else."""
        self.chrome.evaluate("window.saved = []; document.getElementById('save-report').click()")
        text = self.chrome.wait_for("saved.find(blob => blob.type === 'text/html')?.text()", 20)
        for part in ("<svg", "data:image/png;base64,", "Normalised mutual information", "NMI", "#model=", "/analyses/attention-nmi",
                     self.chrome.evaluate("document.querySelector('.finding-words').textContent")[:20]):
            assert part in text, f"the report lacks {part!r}"
        for part in ("<script", "src=\"http", "<link"):
            assert part not in text, f"the report has {part!r}"

    def any_analysis(self):
        """Every analysis has a place: one is chosen, drawn with its figures, and kept in the address."""
        kinds = self.chrome.evaluate("[...document.querySelectorAll('#more-kind option')].map(o => o.value).filter(v => v)")
        with urllib.request.urlopen(f"{self.url}v1/analysis-kinds", timeout=300) as answer:
            # The attention of a layer is explored above.
            declared = [kind for kind in json.load(answer)["analysis_kinds"] if kind["name"] != "attention"]
        assert len(declared) > 1 and sorted(kinds) == sorted(kind["name"] for kind in declared), f"{kinds}"
        compared = self.chrome.evaluate(f"[...document.querySelectorAll('{COMPARE} .checks')].pop().textContent")
        for kind in (kind for kind in declared if kind["in_comparisons"]):
            assert kind["title"] in compared, f"{kind['name']} is not offered to be compared"
        for kind, mark in (("token-similarity", ".cell"), ("singular-values", ".curve"),
                           ("token-displacement", ".points")):
            self.choose("#more-kind", kind)
            states = self.settle()
            assert states["any-analysis"] == "ready", f"{kind}: {states}; {self.problems()}"
            found = self.chrome.evaluate(f"document.querySelectorAll('{ANY} {mark}').length")
            assert found > 0, f"{kind} has no {mark}"
        links = self.chrome.evaluate(f"[...document.querySelectorAll('{ANY} .menu a')].map(a => a.href)")
        with urllib.request.urlopen(links[0], timeout=300) as answer:
            result = json.load(answer)
        # The permalink answers the same without the question.
        with urllib.request.urlopen(f"{self.url}v1/analyses/{result['analysis_id']}", timeout=300) as answer:
            assert json.load(answer)["analysis_id"] == result["analysis_id"]
        self.open(self.chrome.evaluate("location.hash"))
        assert self.settle()["any-analysis"] == "ready", self.problems()
        assert self.chrome.evaluate("document.getElementById('more-kind').value") == "token-displacement"
        self.choose("#more-kind", "tsne")
        self.fill("Perplexity", "-3")
        states = self.settle()
        assert states["any-analysis"] == "error" and "perplexity" in self.problems(), f"{states}; {self.problems()}"
        self.collect(refused=True)
        self.choose("#more-kind", "")

    def one_refuses(self):
        """Of two models one refuses an analysis: its words are told, and the other is drawn."""
        address = "analyses/tsne?"
        self.chrome.evaluate("window.asked = window.fetch; window.fetch = (url, init) => "
                             f"String(url).includes('simmim/{address}') ? Promise.resolve(new Response(JSON.stringify("
                             "{title: 'No', status: 422, detail: 'too many points'}), {status: 422})) : asked(url, init); 0")
        self.choose("#more-kind", "tsne")
        states = self.settle()
        note = self.chrome.evaluate(f"document.querySelector('{ANY} .panel-note').textContent")
        self.chrome.evaluate("window.fetch = asked; 0")
        assert states["any-analysis"] == "ready" and "simmim: too many points" in note, f"{states}; {note}"
        self.choose("#more-kind", "")

    def several_models(self):
        """Two models are compared: curves, differences with errors, and a page that stands alone."""
        boxes = f"[...document.querySelectorAll('{COMPARE} .checks:first-child input')]"
        if self.chrome.evaluate(f"{boxes}.length") < 2:
            return
        self.chrome.evaluate(f"{boxes}.forEach((box, i) => {{ if (box.checked !== i < 2) box.click() }})")
        self.chrome.evaluate(f"document.querySelector('{COMPARE} .primary').click()")
        states = self.settle()
        assert states["compare"] == "ready", f"{states}; {self.problems()}"
        rows = self.chrome.evaluate(f"[...document.querySelectorAll('{COMPARE} tbody tr')].map(e => e.textContent)")
        assert rows and any("±" in row for row in rows), f"differences: {rows}"
        page = self.chrome.evaluate(f"document.querySelector('{COMPARE} .panel-actions a').href")
        with urllib.request.urlopen(page, timeout=300) as answer:
            text = answer.read().decode()
        assert "data:image/png;base64," in text and "<script" not in text, f"{page} does not stand alone"
        self.chrome.evaluate(f"{boxes}.forEach((box) => {{ if (box.checked) box.click() }})")
        self.chrome.evaluate(f"document.querySelector('{COMPARE} .primary').click()")
        states = self.settle()
        assert states["compare"] == "error" and "models" in self.problems(), f"{states}; {self.problems()}"
        self.collect(refused=True)

    def comparison(self):
        """A second model stands beside the first, in maps, curves and CKA."""
        second = self.chrome.evaluate("[...document.querySelectorAll('#model-b option')].map(o => o.value)"
                                      ".find(v => v && v !== document.getElementById('model-a').value)")
        if not second:
            second = self.chrome.evaluate("document.getElementById('model-a').value")
        self.chrome.evaluate(f"(() => {{ const b = document.getElementById('model-b'); b.value = {json.dumps(second)};"
                             "b.dispatchEvent(new Event('change', {bubbles: true})) })()")
        self.chrome.wait_for("document.querySelectorAll('.map:not([hidden])').length === 2", 20)
        states = self.settle()
        assert all(states[panel] in ("ready", "empty") for panel in PANELS), f"{states}; {self.problems()}"
        curves = self.chrome.evaluate(f"document.querySelectorAll('{NMI} .curve').length")
        assert curves >= 2, f"{curves} curves"

    def upload(self):
        """A picture from the visitor's disk is sent and looked at."""
        self.open("")
        self.settle()
        self.choose_file("picture.png", png(120, 90))
        self.chrome.wait_for("location.hash.includes('image=sha256:')", 30)
        states = self.settle()
        assert states["attention"] == "ready", f"{states}; {self.problems()}"

    def wrong_file(self):
        """A text file as image is refused with the server's sentence."""
        self.choose_file("notes.png", b"These are words, not pixels.\n")
        text = self.chrome.wait_for("document.querySelector('#notice .problem')?.textContent", 30)
        assert len(text) > 20, f"the notice says {text!r}"
        self.collect(refused=True)

    def one_image(self):
        """The curves can be measured on the image alone; CKA then says what it needs."""
        self.chrome.evaluate("(() => { const p = document.getElementById('probe'); p.value = 'image';"
                             "p.dispatchEvent(new Event('change', {bubbles: true})) })()")
        self.chrome.pump(0.2)
        states = self.settle()
        assert states["attention-nmi"] == "ready" and states["cka"] == "empty", f"{states}; {self.problems()}"

    def unknown_model(self):
        """A shared address with a model that is gone says so."""
        self.open("#model=no-such-model")
        states = self.settle()
        assert states["attention"] == "error", f"{states}"
        assert "no-such-model" in self.problems(), f"the page says {self.problems()!r}"
        self.collect(refused=True)

    def back_and_forward(self):
        """Quickly back and forward between models, images and views: the page ends where the address says."""
        self.open("")
        self.settle()
        for view in ("training", ""):
            self.chrome.evaluate(f"[...document.querySelectorAll('.views button')].find(b => "
                                 f"b.textContent === {json.dumps('Training' if view else 'Explore')}).click()")
        # A slow machine must have gone back before it goes forward, or it would leave the page.
        self.chrome.evaluate("(async () => { const moved = () => new Promise(r => addEventListener('popstate', r, {once: true}));"
                             "for (let i = 0; i < 10; i++) for (const way of ['back', 'forward']) {"
                             "const there = moved(); history[way](); await there }"
                             "await new Promise(r => setTimeout(r, 500)) })()")
        states = self.settle()
        view = urllib.parse.parse_qs(self.chrome.evaluate("location.hash").lstrip("#")).get("view", [""])[0]
        assert ("attention" in states) == (view == ""), f"{view!r}: {states}"

    def queue(self):
        """The queue is a press away, and says when there is nothing in it."""
        self.chrome.evaluate("document.querySelector('.queue summary').click()")
        self.chrome.wait_for("document.querySelector('.queue-list li')?.textContent.length > 5", 20)

    def questions(self):
        """Snapshots that never come are asked about before a training starts."""
        self.open("#view=training")
        self.chrome.wait_for("!!document.querySelector('.job-row, .training-empty:not([hidden])')", 30)
        self.chrome.evaluate("document.querySelector('[aria-label=\"New training\"]').click()")
        self.chrome.wait_for("!!document.querySelector('#job-form [name=\"moco.dim\"]')", 30)
        self.fill_form({"Images": 64, "Batch": 16, "Epochs": 2, "Every": 500, "Name": "never"})
        self.chrome.evaluate("document.querySelector('#job-form form').requestSubmit()")
        text = self.chrome.wait_for("document.querySelector('#job-form .form-result .reason')?.textContent", 60)
        assert "500" in text, text
        self.fill_form({"Every": 1})
        self.chrome.evaluate("[...document.querySelectorAll('#job-form button')].find(b => b.textContent === 'Estimate').click()")
        text = self.chrome.wait_for("/in all/.test(document.querySelector('#job-form .form-result').textContent) && "
                                    "document.querySelector('#job-form .form-result').textContent", 60)
        # Heads as wide as the paper's would be 21 million parameters.
        assert float(text.split(" M parameters")[0]) < 3, text

    def templates(self):
        """A template fills the form, and so does a job that is here."""
        self.open("#view=training")
        self.chrome.wait_for("!!document.querySelector('.job-row, .training-empty:not([hidden])')", 30)
        self.chrome.evaluate("document.querySelector('[aria-label=\"New training\"]').click()")
        self.chrome.wait_for("document.querySelectorAll('#job-from option').length > 3", 30)
        self.choose("#job-from", "paper-simmim")
        value = "[...document.querySelectorAll('#job-form .field')].find(f => f.textContent.startsWith({!r})).querySelector('input, select').value"
        self.chrome.wait_for(value.format("Epochs") + " === '800'", 10)
        assert self.chrome.evaluate(value.format("Method")) == "simmim"
        assert self.chrome.evaluate(value.format("Architecture")) == "vit_base_patch16_224"
        self.choose("#job-from", "small-hybrid")
        self.chrome.wait_for(value.format("Epochs") + " === '10'", 10)
        assert self.chrome.evaluate(value.format("Images")) == "2048" and self.chrome.evaluate(value.format("Method")) == "hybrid"
        self.chrome.evaluate("document.querySelector('#job-form').close()")

    def training(self):
        """A training is posted with the form, followed live to its end, and its curves are drawn."""
        self.open("#view=training")
        self.chrome.wait_for("!!document.querySelector('.job-row, .training-empty:not([hidden])')", 30)
        self.chrome.evaluate("document.querySelector('[aria-label=\"New training\"]').click()")
        # The form is built from the settings that the server declares.
        self.chrome.wait_for("!!document.querySelector('#job-form [name=\"moco.dim\"]')", 30)
        self.fill_form({"Images": 20_000_000, "Batch": 16, "Epochs": 2, "Every": 1, "Name": "page check"})
        # The browser would keep such a number back; the server says it beside the field.
        self.chrome.evaluate("document.querySelector('#job-form form').noValidate = true")
        self.chrome.evaluate("document.querySelector('#job-form form').requestSubmit()")
        self.chrome.wait_for("[...document.querySelectorAll('#job-form .fault')].some(f => f.textContent)", 60)
        self.collect(refused=True)
        self.fill_form({"Images": 64})
        self.chrome.evaluate("document.querySelector('#job-form form').requestSubmit()")
        self.chrome.wait_for("document.querySelector('.job-row[aria-pressed=true]')?.textContent"
                             ".includes('page check')", 60)
        # Only the events tell this without a reload.
        self.chrome.wait_for("document.querySelector('.job-head .state').dataset.state === 'succeeded'", self.timeout)
        for panel in ("training-curves", "trajectory-attention-nmi", "trajectory-fourier"):
            self.chrome.wait_for(f"!!document.querySelector('[data-panel={panel}][data-state=ready] svg.chart')",
                                 self.timeout)
        assert not self.problems(), self.problems()

    def training_inside(self):
        """The explorer looks inside the training's newest checkpoint."""
        self.chrome.wait_for("!!document.querySelector('.job-checkpoints .primary')", 30)
        self.chrome.evaluate("document.querySelector('.job-checkpoints .primary').click()")
        self.chrome.wait_for("!!document.querySelector('[data-panel=attention]')", 10)
        states = self.settle()
        assert states["attention"] == "ready" and states["attention-nmi"] == "ready", f"{states}; {self.problems()}"
        assert "model=job:" in self.chrome.evaluate("location.hash")

    def training_on_a_phone(self):
        """The trainings fit on a phone too."""
        self.open("#view=training")
        self.chrome.wait_for("!!document.querySelector('.job-head .state')", 30)
        self.settle()
        self.chrome.pump(0.5)
        width = self.chrome.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390, f"the page is {width} px wide"

    def phone(self):
        """At 390 pixels nothing is cut off or scrolls sideways."""
        self.chrome.resize(390, 844, mobile=True)
        self.open("#more=token-similarity")
        states = self.settle()
        assert states["attention"] == "ready", f"{states}; {self.problems()}"
        self.chrome.pump(0.5)
        width = self.chrome.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390, f"the page is {width} px wide"

    def dark(self):
        """The dark scheme is dark, and its text is readable (contrast of 4.5 and more)."""
        self.chrome.resize(1280, 800)
        self.chrome.color_scheme("dark")
        self.open("")
        self.settle()
        contrast = self.chrome.evaluate("""(() => {
            const style = getComputedStyle(document.documentElement);
            const light = name => { const hex = style.getPropertyValue(name).trim();
                const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
                    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b };
            const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
            return Math.min(...['--text', '--muted', '--accent', '--a', '--b', '--bad', '--warn', '--good']
                .map(c => ratio(c, '--card')))
        })()""")
        assert contrast >= 4.5, f"contrast {contrast:.2f}"

    # What the checks share

    def open(self, fragment):
        self.chrome.open("about:blank")
        self.chrome.open(self.url + fragment)

    def settle(self):
        """Waits until no panel is loading; returns the state of each."""
        try:
            self.chrome.wait_for(SETTLED, self.timeout)
            # What comes near is asked for in the next frame, so a panel is settled when it is seen neither idle nor loading.
            while self.chrome.evaluate(f"{NEAR} || !({SETTLED})"):
                self.chrome.pump(0.1)
                self.chrome.wait_for(SETTLED, self.timeout)
        except ChromeError:
            states = self.chrome.evaluate(STATES)
            raise AssertionError(f"still loading after {self.timeout} s: {states}; {self.problems()}") from None
        self.chrome.evaluate("scrollTo(0, 0)")
        return self.chrome.evaluate(STATES)

    def problems(self):
        return self.chrome.evaluate("[...document.querySelectorAll('.problem')].map(e => e.textContent).join(' | ')")

    def fill_form(self, values):
        """Types into the form of a new training, by the beginnings of its labels."""
        for label, value in values.items():
            found = self.chrome.evaluate(
                f"""(() => {{ const input = [...document.querySelectorAll('#job-form label')]
                    .find(l => l.textContent.startsWith({json.dumps(label)}))?.querySelector('input');
                if (input) input.value = {json.dumps(str(value))}; return Boolean(input) }})()""")
            assert found, f"the form has no {label}"

    def choose(self, selector, value):
        """Chooses in a select as a hand does."""
        self.chrome.evaluate(f"(() => {{ const s = document.querySelector({json.dumps(selector)});"
                             f"s.value = {json.dumps(value)};"
                             "s.dispatchEvent(new Event('change', {bubbles: true})) })()")
        self.chrome.pump(0.3)

    def fill(self, label, value):
        """Types into a parameter of the chosen analysis."""
        self.chrome.evaluate(f"""(() => {{ const input = [...document.querySelectorAll('{ANY} label')]
            .find(l => l.textContent.startsWith({json.dumps(label)})).querySelector('input');
            input.value = {json.dumps(value)};
            input.dispatchEvent(new Event('change', {{bubbles: true}})) }})()""")
        self.chrome.pump(0.3)

    def query(self):
        return urllib.parse.parse_qs(self.chrome.evaluate("location.hash").lstrip("#")).get("query", [""])[0]

    def place(self, x, y):
        self.chrome.evaluate("document.querySelector('.map-canvas').scrollIntoView({block: 'center'})")
        box = self.chrome.evaluate("(({left, top, width, height}) => ({left, top, width, height}))"
                                   "(document.querySelector('.map-canvas').getBoundingClientRect())")
        return box["left"] + x * box["width"], box["top"] + y * box["height"]

    def move(self, x, y):
        self.chrome.mouse("mouseMoved", *self.place(x, y))

    def choose_file(self, name, content):
        """Puts a file into the page's file input, as the file dialog would."""
        folder = tempfile.mkdtemp(prefix="page-test-file-")
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        root = self.chrome.call("DOM.getDocument")["root"]["nodeId"]
        node = self.chrome.call("DOM.querySelector", {"nodeId": root, "selector": "#file"})["nodeId"]
        self.chrome.call("DOM.setFileInputFiles", {"nodeId": node, "files": [path]})
        self.chrome.pump(0.5)
        os.remove(path)
        os.rmdir(folder)

    def collect(self, refused=False):
        """Takes the browser's messages: notes the requests, returns the errors.
        `refused` leaves out that a request was answered with an error: the check asked for that."""
        self.chrome.pump(0.1)
        for event in self.chrome.take("Network.requestWillBeSent"):
            self.requests.append(event["request"]["url"])
        errors = [event["exceptionDetails"].get("exception", {}).get("description", event["exceptionDetails"]["text"])
                  for event in self.chrome.take("Runtime.exceptionThrown")]
        for event in self.chrome.take("Log.entryAdded"):
            entry = event["entry"]
            # A busy server answers 503 and the page tries again: Chromium logs it, but it is no fault.
            busy = entry["source"] == "network" and " 503 " in entry["text"]
            if entry["level"] == "error" and not busy and not (refused and entry["source"] == "network"):
                errors.append(f"{entry['text']} {entry.get('url', '')}")
        for event in self.chrome.take("Runtime.consoleAPICalled"):
            if event["type"] in ("error", "assert", "warning"):
                errors.append(" ".join(str(value.get("value", value.get("description"))) for value in event["args"]))
        return errors

    def expect_quiet(self, name):
        errors = self.collect()
        assert not errors, f"the console says: {errors[:3]}"
        foreign = [url for url in self.requests if not url.startswith((self.url, "data:", "blob:", "about:"))]
        assert not foreign, f"requests left the page's folder: {foreign[:3]}"

    def screenshot(self, name):
        if self.screenshots:
            os.makedirs(self.screenshots, exist_ok=True)
            with open(os.path.join(self.screenshots, f"{name}.png"), "wb") as file:
                file.write(base64.b64decode(self.chrome.screenshot()))


def png(width, height):
    """A small picture: a bright disk on a gradient."""
    rows = b"".join(b"\0" + bytes(channel for x in range(width) for channel in (
        (250, 220, 60) if (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2
        else (x * 255 // width, 90, y * 255 // height))) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--screenshots", metavar="DIR", help="write a PNG after each check")
    parser.add_argument("--timeout", type=float, default=120, help="seconds until the panels must be drawn (120)")
    arguments = parser.parse_args()
    url = arguments.url if arguments.url.endswith("/") else arguments.url + "/"
    try:
        with Chrome() as chrome:
            check = PageCheck(chrome, url, arguments.timeout, arguments.screenshots)
            check.run()
    except (ChromeError, NotReady, OSError) as error:
        print(f"the page could not be checked: {error}", file=sys.stderr)
        print("0 passed, 1 failed")
        return 2
    print(f"{check.passed} passed, {len(check.failures)} failed")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
