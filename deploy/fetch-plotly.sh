#!/bin/sh
# Puts the pinned Plotly bundle where the dashboard expects it: public/lib/plotly-VERSION.min.js.
# The file comes from Plotly's own wheel on PyPI, is checked twice, and is never committed.
# Silent when it is already there. Needs python3; uses its pip, or the index's simple page when pip is missing.
set -eu

wheel_version=6.5.0
wheel_sha256=5ac851e100367735250206788a2b1325412aa4a4917a4fe3e6f0bc5aa6f3d90a
bundle_version=3.3.0
bundle_sha256=6ceddd4bac82a64f5a2b8814a4d10bb4288379262f1989caee3148e7c3509c72

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=$root/public/lib/plotly-$bundle_version.min.js

is_wanted() {
    [ -f "$1" ] && printf '%s  %s\n' "$bundle_sha256" "$1" | sha256sum --check --status -
}

if is_wanted "$target"; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The ordinary client is pip. A bare Debian python3 has none; then the same index is read over its JSON page.
download() {
    if python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            --dest "$work" "plotly==$wheel_version"
    else
        python3 - "$wheel_version" "$work" <<'PYTHON'
import configparser, json, os, pathlib, sys, urllib.parse, urllib.request

version, folder = sys.argv[1:]
config = configparser.ConfigParser(interpolation=None)
config.read(["/etc/pip.conf", pathlib.Path.home() / ".config/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", "")])
index = os.environ.get("PIP_INDEX_URL") or config.get("global", "index-url", fallback="https://pypi.org/simple")
page = index.rstrip("/") + "/plotly/"
request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
with urllib.request.urlopen(request, timeout=60) as answer:
    files = json.load(answer)["files"]
name = f"plotly-{version}-py3-none-any.whl"
url = next(file["url"] for file in files if file["filename"] == name)
with urllib.request.urlopen(urllib.parse.urljoin(page, url), timeout=60) as answer:
    pathlib.Path(folder, name).write_bytes(answer.read())
PYTHON
    fi
}

if ! download; then
    echo "fetch-plotly: cannot download plotly $wheel_version from PyPI; check the network or set PIP_INDEX_URL" >&2
    exit 69
fi

wheel=$work/plotly-$wheel_version-py3-none-any.whl
if ! printf '%s  %s\n' "$wheel_sha256" "$wheel" | sha256sum --check --status -; then
    echo "fetch-plotly: $(basename "$wheel") is not the file that was pinned; nothing was installed" >&2
    exit 65
fi

python3 - "$wheel" "$work/plotly.min.js" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as out:
    out.write(wheel.read("plotly/package_data/plotly.min.js"))
PYTHON

if ! is_wanted "$work/plotly.min.js"; then
    echo "fetch-plotly: plotly.min.js in the wheel is not the file that was pinned; nothing was installed" >&2
    exit 65
fi

mkdir -p "$root/public/lib"
# A rename is atomic only inside one file system, so the copy goes beside the target first.
cp "$work/plotly.min.js" "$target.part"
chmod 644 "$target.part"
mv "$target.part" "$target"
echo "fetch-plotly: public/lib/$(basename "$target")"
