#!/usr/bin/env bash
# Installs from Debian packages what some tests need beside Python: a C compiler for the power-cut shim, Chromium for
# the journeys through the console, curl for the examples of the documentation.
# Idempotent. Without root or apt it says what is missing and goes on; the tests concerned then skip and say why,
# which fails a CI run.
set -euo pipefail

missing=()
need() { # need COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

need cc gcc
need make make
need chromium chromium
need curl curl
echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 || missing+=(libc6-dev)

fc-list 2>/dev/null | grep -q . || missing+=(fonts-dejavu-core fontconfig) # without a font Chromium draws no letters

if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
  missing+=(python3-venv)
fi

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "Not installed (needs root and apt): ${missing[*]}" >&2
  fi
fi
