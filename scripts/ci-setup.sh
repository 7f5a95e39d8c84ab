#!/usr/bin/env bash
# Installs the Debian packages that tests need and the machine lacks.
set -euo pipefail

# gcc and libc6-dev build the shim that watches and delays fsync; python3 and openssl check an export of the audit trail, and
# python3 with venv has the Python worker.
packages=(gcc libc6-dev)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
command -v openssl >/dev/null || packages+=(openssl)
# Programs that are driven through terminals, and the one that plays their recordings.
for program in vim htop less tmux asciinema; do command -v "$program" >/dev/null || packages+=("$program"); done

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing ${missing[*]} …"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}"
