# The two commands are `make paper` and `make test`; each sets up what it needs first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# May be given on the command line, as in `make paper SCALE=smoke CORES=4`.
SCALE ?= $(shell sed -n 's/^scale: *\([^ \#]*\).*/\1/p' config.yaml)
CORES ?= all
ARGS ?=
# Of `make verify`.
LEVEL ?= 1
CELLS ?= 3
SEED ?= 0
MINUTES ?= 10
# Of `make test`: one works through the runs of the whole pipeline, the other through the rest.
PROCESSES ?= 2
UV ?= uv

PDF = $(CURDIR)/results/$(SCALE)/paper.pdf

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Packages that these name would take the place of those in .venv.
unexport PYTHONPATH PYTHONHOME
# Snakemake keeps files in the home; where that cannot be written to, as in many containers, .cache/home takes its place.
export HOME := $(or $(HOME),$(shell unset HOME; echo ~))
ifeq ($(shell d="$${XDG_CACHE_HOME:-$(HOME)/.cache}"; \
	{ mkdir -p "$$d" && f=$$(mktemp -p "$$d") && echo >"$$f" && rm "$$f" && echo writable; } 2>/dev/null),)
export XDG_CACHE_HOME := $(CURDIR)/.cache/home
export MPLCONFIGDIR := $(XDG_CACHE_HOME)/matplotlib
endif

.PHONY: help paper paper-text paper-review from-published verify check diff report arxiv crate test lint gallery setup lock clean distclean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'Settings: SCALE=smoke|laptop|cluster, CORES=number|all, ARGS="more arguments of snakemake or pytest",'
	@echo '          LEVEL, CELLS, SEED and MINUTES of verify (README.md, "Check it"), PROCESSES of test,'
	@echo '          PYTHON=interpreter of the set-up, APT=no (leave the system as it is)'

paper: setup  ## From raw data to the PDF; goes on where an earlier run stopped
	@.venv/bin/snakemake --profile workflow/profiles/local --cores $(CORES) $(ARGS) --config scale=$(SCALE)
	@echo 'The paper: $(PDF)'

paper-text: setup  ## The PDF of the published figures, tables and numbers: nothing is computed
	@$(MAKE) --no-print-directory start=text from-published

paper-review: setup  ## The same, every figure, table and number made anew from the published records
	@$(MAKE) --no-print-directory start=records from-published

from-published:
	@.venv/bin/snakemake --profile workflow/profiles/local --cores $(CORES) $(ARGS) --config scale=$(SCALE) start=$(start)
	@echo 'The paper: $(CURDIR)/results/$(SCALE)-$(start)/paper.pdf'

verify: setup  ## Check what is published: LEVEL=0 files, 1 all that is printed, 2 cells retrained, 3 everything
	@.venv/bin/snakemake --profile workflow/profiles/local --cores $(CORES) $(ARGS) verify \
		--config scale=$(SCALE) start=raw verify='{level: $(LEVEL), cells: $(CELLS), seed: $(SEED), minutes: $(MINUTES)}'

report: setup  ## Every figure and table with its question and its run, in one HTML file for a browser
	@.venv/bin/snakemake --profile workflow/profiles/local --cores $(CORES) --config scale=$(SCALE) -- pictures
	@.venv/bin/snakemake --config scale=$(SCALE) --report results/$(SCALE)/report.html \
		--report-stylesheet workflow/report/report.css -- pictures
	@echo 'The report: $(CURDIR)/results/$(SCALE)/report.html'

arxiv: setup  ## The sources of the paper as arXiv takes them
	@.venv/bin/snakemake --profile workflow/profiles/local --cores $(CORES) --config scale=$(SCALE) -- results/$(SCALE)/arxiv.tar.gz
	@echo 'The archive: $(CURDIR)/results/$(SCALE)/arxiv.tar.gz'

crate: setup  ## What each file of the results is and what made it, as an RO-Crate
	@.venv/bin/python -m robustpath crate --scale $(SCALE)

test: setup  ## All tests, up to a small run of the whole pipeline
	@OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n $(PROCESSES) --dist loadscope $(ARGS)

check:  ## What is fresh, stale or missing, and the one next step
	@if [ -f .venv/complete ]; then .venv/bin/python -m robustpath check --scale $(SCALE); \
	else echo 'Nothing is set up here.' && echo 'Next step: make setup'; fi

diff: setup  ## The changes of the paper since REV=revision, marked in a PDF
	@.venv/bin/python -m robustpath diff --rev '$(or $(REV),HEAD)' --scale $(SCALE)

lint: setup  ## Style of the Python, the workflow and the scripts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/rules
	.venv/bin/snakemake --lint

gallery: setup  ## The pictures of README.md, from a finished laptop run
	@workflow/scripts/gallery.sh

setup:  ## Only what the others need: .venv, LaTeX, data packages
	@workflow/scripts/setup.sh

lock:  ## requirements.lock anew from requirements.in (needs uv)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package torch \
		--custom-compile-command 'make lock' --output-file requirements.lock requirements.in

clean:  ## Remove the results of this scale, caches and logs
	rm -rf results/$(SCALE) results/$(SCALE)-records results/$(SCALE)-text build .pytest_cache .ruff_cache
	find src tests notebooks workflow -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## Remove everything that was made or downloaded, .venv too
	rm -rf results .snakemake .cache .venv src/robustpath.egg-info
