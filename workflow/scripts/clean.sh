#!/usr/bin/env bash
# Remove what was made here: clean.sh scale [NAME], the scale of config.yaml if none is named, or clean.sh everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# remove FILE…: those that are there, each named.
remove() {
    local file
    for file in "$@"; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            rm -rf -- "$file"
            echo "removed $file"
        fi
    done
}

if [ "$1" = everything ]; then
    remove results .snakemake .cache .venv
else
    if [ $# -eq 1 ]; then
        # Only the program that reads config.yaml knows what the scale is called there.
        [ -x .venv/bin/python ] || fail "without .venv nothing here reads config.yaml: name the scale, as in" \
            "'make clean SCALE=smoke'; nothing was removed."
        scale=$(.venv/bin/python -m robustpath scale)
    else
        scale=$2
    fi
    # Anything else may name another folder, or all of them.
    [[ $scale =~ ^[a-z][a-z0-9_]*$ ]] || fail "'$scale' is not the name of a scale (small letters, digits and" \
        "underscores): name one, as in 'make clean SCALE=smoke'; nothing was removed."
    remove "results/$scale" "results/$scale-records" "results/$scale-text"
fi
remove build .pytest_cache .ruff_cache
for folder in src tests notebooks workflow; do
    [ ! -d "$folder" ] || find "$folder" -name __pycache__ -type d -prune -exec rm -rf {} +
done
