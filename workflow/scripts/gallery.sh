#!/usr/bin/env bash
# The pictures of README.md and docs/gallery/README.md, docs/workflow.svg and docs/gallery/*.png, from a finished laptop
# run, or from another folder of results that is named: gallery.sh results/laptop-records.
# Needs graphviz (dot) and poppler-utils (pdftoppm), which nothing else here does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for program in dot pdftoppm; do
    command -v "$program" >/dev/null || {
        echo "error: $program is missing; have an administrator run 'apt-get install graphviz poppler-utils'." >&2
        exit 1
    }
done
mkdir -p docs/gallery
.venv/bin/python -m snakemake --quiet --rulegraph dot --config scale=laptop -- results/laptop/paper.pdf |
    sed -n '/^digraph/,/^}/p' | sed -E 's/color = "[^"]*"/color = "#0072b2"/; s/penwidth=2/penwidth=1.2/' |
    dot -Grankdir=LR -Granksep=0.35 -Tsvg >docs/workflow.svg
for figure in "${1:-results/laptop}"/generated/*.pdf; do
    pdftoppm -r 150 -png -singlefile "$figure" "docs/gallery/$(basename "$figure" .pdf)"
done
ls docs/workflow.svg docs/gallery/*
