#!/bin/sh
# Installs the Debian packages that the given lists name and that are missing. Asks for sudo only when it must.
set -eu

missing=
for list in "$@"; do
    for package in $(grep -v '^#' "$list"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
done
[ -z "$missing" ] && exit 0

echo "Installing Debian packages:$missing" >&2
if [ "$(id -u)" -eq 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    echo "Root is needed. As root, run: apt-get install$missing" >&2
    exit 69
fi
$sudo apt-get update -qq
# The package names are words of our own lists, so the splitting is wanted.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >&2
