#!/bin/sh
# Puts the pinned Plotly bundle where the dashboard expects it: public/lib/plotly-VERSION.min.js.
# pip downloads Plotly's own wheel from the index that it is configured for, and checks it; the one file that is
# wanted is checked again, and never committed. Silent when it is already there.
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
if ! python3 -m pip --version >/dev/null 2>&1; then
    echo "fetch-plotly: python3 has no pip; install the package python3-pip" >&2
    exit 69
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

printf 'plotly==%s --hash=sha256:%s\n' "$wheel_version" "$wheel_sha256" >"$work/requirements.txt"
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --dest "$work" --requirement "$work/requirements.txt"; then
    echo "fetch-plotly: pip did not bring plotly $wheel_version as it was pinned; nothing was installed" >&2
    exit 69
fi

python3 - "$work/plotly-$wheel_version-py3-none-any.whl" "$work/plotly.min.js" <<'PYTHON'
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
