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
# Daemons among them are for tests that start their own: none starts now, and none with the machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$sudo rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
fi
# The package names are words of our own lists, so the splitting is wanted.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >&2
if command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086
    dpkg -L $missing | sed -n 's|.*/systemd/system/\([^/@]*\.service\)$|\1|p' | sort -u |
        while read -r unit; do $sudo systemctl disable --quiet "$unit" 2>/dev/null || true; done
fi
