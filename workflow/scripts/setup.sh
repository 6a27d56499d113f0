#!/usr/bin/env bash
# All that `make paper` and `make test` need: .venv from requirements.lock; LaTeX, a C++ compiler and Fashion-MNIST
# from Debian. A machine that has all of it is left alone, in a fifth of a second. What only an administrator can
# install is named in one sentence; only Python itself is worth stopping for.
# PYTHON=… names the interpreter, APT=no leaves the system as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# An environment that is made anew cannot be made by its own interpreter.
PATH=${PATH//"$PWD/.venv/bin:"/}
# What lies in other folders must not count as installed here.
unset PYTHONPATH PYTHONHOME

LATEX="latexmk lmodern texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended"
FASHION="dataset-fashion-mnist"
COMPILER="g++ python3-dev"
LOG=build/setup.log
SYSTEM_LOG=build/setup_system.log
SCRATCH=$PWD/build/tmp # packages are unpacked here: the machine's own folder for that may be too small
STAMP=.venv/complete
DATA=${ROBUSTPATH_DATA:-.cache/data}

say() { printf 'set-up: %s\n' "$*"; }

fail() {
    wait # an apt-get at work: the error stays the last word
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# follow LOG PATTERN WHAT: standard input goes to the log; every 25th line that matches is one of progress.
follow() {
    local line count=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$1"
        [[ ! $line =~ ^$2 ]] || { count=$((count + 1)) && [ $((count % 25)) -ne 0 ]; } || say "      $count $3"
        [[ ! $line =~ ^Installing\ collected ]] || say "      installing"
    done
}

# Whoever may install Debian packages here, as the command to put before apt-get; fails where nobody may.
administrator() {
    [ "${APT:-yes}" != no ] && command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] && return
    sudo -n true 2>/dev/null && echo "sudo -n"
}

apt_install() {
    local admin
    admin=$(administrator) || return
    # Another apt-get, such as the machine's own upgrades, is waited for.
    local apt="$admin env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600"
    mkdir -p build
    { $apt update && $apt install -y --no-install-recommends "$@"; } </dev/null 2>&1 |
        follow "$SYSTEM_LOG" 'Setting up' "system packages set up"
}

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && "$1" -c 'import ensurepip' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3 python3.12 python3.13 /usr/bin/python3}; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# The place counts too: programs in a virtual environment name its folder, so a moved or copied one is made anew.
key() {
    { pwd && cat requirements.lock && grep '^torch==' requirements.in; } | cksum
}

complete() {
    [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(key)" ] && .venv/bin/python -c '' 2>/dev/null
}

# pip of .venv. The user's settings may say where packages come from, not where they go.
pip() {
    env -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_PYTHON -u PIP_CONSTRAINT -u PYTHONDONTWRITEBYTECODE \
        PIP_USER=0 PIP_REQUIRE_HASHES=0 PIP_DRY_RUN=0 TMPDIR="$SCRATCH" .venv/bin/python -m pip "$@"
}

pip_goes_elsewhere() {
    local settings
    settings=$(pip config list </dev/null 2>/dev/null | grep -E '^[a-z]+\.(target|prefix|root)=') || return 0
    fail "pip is set to install somewhere else (${settings//$'\n'/, }): take that out of its settings;" \
        "'.venv/bin/python -m pip config debug' lists their files."
}

pip_install() {
    pip install --no-compile --no-input --disable-pip-version-check --progress-bar off "$@" </dev/null 2>&1 |
        follow "$LOG" '(Collecting|Processing)' "packages fetched" && return
    tail -n 15 "$LOG" >&2
    fail "pip could not install the packages: fix what the lines above say and run again (all it said is in $LOG)."
}

# Compiled once here, modules need not be at every start: torch alone would take 2 s longer. By this rather than pip,
# which uses one core and compiles the packages' own tests. What cannot be compiled is compiled when it is imported.
compile_packages() {
    .venv/bin/python -m compileall -q -j 0 -x '/tests?/' .venv/lib >>"$LOG" 2>&1 || true
}

python_environment() {
    ! complete || return 0
    mkdir -p build
    if command -v flock >/dev/null; then
        exec 9>build/setup.lock
        flock -n 9 || { say "another set-up is at work here: waiting for it" && flock 9; }
        ! complete || return 0
    fi
    : >"$LOG"
    : >"$SYSTEM_LOG"
    local python torch packages
    if ! find_python >/dev/null && administrator >/dev/null; then
        say "python3 and python3-venv, by apt-get"
        apt_install python3 python3-venv || say "apt-get failed; the end of $SYSTEM_LOG says why"
    fi
    python=$(find_python) || fail "Python 3.11 or newer with its venv module is missing: have an administrator run" \
        "'apt-get install --no-install-recommends $(echo python3 python3-venv $(missing_system))'," \
        "or name an interpreter by PYTHON=…"
    torch=$(grep '^torch==' requirements.in)
    packages=$(grep -c '^[a-zA-Z].*==' requirements.lock)
    say "Python packages into .venv: once, 2 GB, a minute or two (details in $LOG)"
    say "[1/5] virtual environment of $("$python" --version)"
    # What an interrupted set-up left may lack files that pip would not miss.
    rm -rf .venv "$SCRATCH"
    mkdir -p "$SCRATCH"
    TMPDIR="$SCRATCH" "$python" -m venv .venv >>"$LOG" 2>&1 || fail "$python could not make a virtual environment; $LOG says why."
    pip_goes_elsewhere
    # Debian unpacks on one core while pip does on another.
    # shellcheck disable=SC2046
    install_system $(missing_system) &
    BEGUN=yes
    say "[2/5] the packages of requirements.lock, about $packages"
    pip_install --require-hashes -r requirements.lock
    say "[3/5] $torch"
    pip_install "$torch"
    say "[4/5] compiling, on all cores"
    compile_packages
    say "[5/5] robustpath itself"
    .venv/bin/python workflow/scripts/link_project.py "$PWD" ||
        fail "robustpath could not be put into .venv: fix what the lines above say and run again."
    rm -rf "$SCRATCH"
    key >"$STAMP.part" && mv "$STAMP.part" "$STAMP"
    say "Python packages are ready after $SECONDS s"
    wait
}

has_latex() {
    command -v latexmk >/dev/null && command -v pdflatex >/dev/null || return 1
    # Some packages come without their fonts: those of mathptmx are asked for by name.
    # shellcheck disable=SC2046
    [ ! -f paper/main.tex ] || TEXINPUTS=paper: kpsewhich ptmr8t.tfm utmr8a.pfb \
        $(sed -n 's/^\\usepackage.*{\(.*\)}.*/\1/p' paper/main.tex | tr ',' '\n' | sed 's/ *$/.sty/') >/dev/null
}

has_fashion() {
    [ -d /usr/share/datasets/fashion-mnist ] || [ -f "$DATA/train-images-idx3-ubyte.gz" ]
}

# torch.compile needs both.
has_compiler() {
    command -v "${CXX:-g++}" >/dev/null && [ -x .venv/bin/python ] && .venv/bin/python -c \
        'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

missing_system() {
    has_latex || echo "$LATEX"
    has_compiler || echo "$COMPILER"
    has_fashion || echo "$FASHION"
}

# install_system PACKAGE …, where that may be done here
install_system() {
    local start=$SECONDS
    [ $# -gt 0 ] && administrator >/dev/null || return 0
    say "system packages by apt-get: once, 0.8 GB at most, a minute or two (details in $SYSTEM_LOG)"
    if apt_install "$@"; then
        say "system packages are ready after $((SECONDS - start)) s"
    else
        say "apt-get failed; the end of $SYSTEM_LOG says why"
    fi
}

say_what_an_administrator_does() {
    local consequences=""
    has_latex || consequences+=" Without LaTeX all is made but the PDF."
    has_compiler || consequences+=" Without a C++ compiler and Python.h training is several times slower."
    has_fashion || consequences+=" Fashion-MNIST is downloaded when it is needed."
    say "have an administrator run 'apt-get install --no-install-recommends $*'.$consequences"
}

case $PWD in *:*) fail "the name of the folder $PWD has a colon, which PATH cannot hold: rename it and run again." ;; esac
BEGUN= # whether the system's packages were installed while Python's were
python_environment
missing=$(missing_system)
if [ -n "$missing" ] && [ -z "$BEGUN" ]; then
    # shellcheck disable=SC2086
    install_system $missing
    missing=$(missing_system)
fi
# shellcheck disable=SC2086
[ -z "$missing" ] || say_what_an_administrator_does $missing
