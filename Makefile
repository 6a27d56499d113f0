# The two commands are `make paper` and `make test`; each sets up what it needs first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# May be given on the command line, as in `make paper SCALE=smoke CORES=4`. Without SCALE the scale is that of config.yaml.
CORES ?= all
ARGS ?=
# Of `make verify`.
LEVEL ?= 1
CELLS ?= 3
SEED ?= 0
MINUTES ?= 10
# Of `make test`: at first one makes the run of the whole pipeline, one waits for the SLURM node, one does the rest.
PROCESSES ?= 3
UV ?= uv

# By `python -m`, since the programs of .venv name their folder in a first line that cannot hold every name.
SNAKEMAKE = .venv/bin/python -m snakemake
LOCAL = $(SNAKEMAKE) --profile workflow/profiles/local --cores $(CORES)
# The program that reads config.yaml says what the scale is called; an empty or unknown name ends the recipe.
GIVEN = $(if $(filter undefined,$(origin SCALE)),,"$$SCALE")
NAMED = scale=$$(.venv/bin/python -m robustpath scale $(if $(GIVEN),--scale $(GIVEN)))

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Packages that these name would take the place of those in .venv.
unexport PYTHONPATH PYTHONHOME
# Without what Python compiles beside the sources, each of hundreds of jobs would compile them anew.
unexport PYTHONDONTWRITEBYTECODE
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
	@$(NAMED) && $(LOCAL) $(ARGS) --config scale=$$scale && echo "The paper: $$PWD/results/$$scale/paper.pdf"

paper-text: setup  ## The PDF of the published figures, tables and numbers: nothing is computed
	@$(MAKE) --no-print-directory start=text from-published

paper-review: setup  ## The same, every figure, table and number made anew from the published records
	@$(MAKE) --no-print-directory start=records from-published

from-published:
	@$(NAMED) && $(LOCAL) $(ARGS) --config scale=$$scale start=$(start) && \
		echo "The paper: $$PWD/results/$$scale-$(start)/paper.pdf"

verify: setup  ## Check what is published: LEVEL=0 files, 1 all that is printed, 2 cells retrained, 3 everything
	@$(NAMED) && $(LOCAL) $(ARGS) verify --config scale=$$scale start=raw \
		verify='{level: $(LEVEL), cells: $(CELLS), seed: $(SEED), minutes: $(MINUTES)}'

report: setup  ## Every figure and table with its question and its run, in one HTML file for a browser
	@$(NAMED) && $(LOCAL) --config scale=$$scale -- pictures && \
		$(SNAKEMAKE) --config scale=$$scale --report results/$$scale/report.html \
			--report-stylesheet workflow/report/report.css -- pictures && \
		echo "The report: $$PWD/results/$$scale/report.html"

arxiv: setup  ## The sources of the paper as arXiv takes them
	@$(NAMED) && $(LOCAL) --config scale=$$scale -- results/$$scale/arxiv.tar.gz && \
		echo "The archive: $$PWD/results/$$scale/arxiv.tar.gz"

crate: setup  ## What each file of the results is and what made it, as an RO-Crate
	@$(NAMED) && .venv/bin/python -m robustpath crate --scale $$scale

test: setup  ## All tests, up to a small run of the whole pipeline
	@OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n $(PROCESSES) --dist loadscope $(ARGS)

check:  ## What is fresh, stale or missing, and the one next step
	@if [ -f .venv/complete ]; then $(NAMED) && .venv/bin/python -m robustpath check --scale $$scale; \
	else echo 'Nothing is set up here.' && echo 'Next step: make setup'; fi

diff: setup  ## The changes of the paper since REV=revision, marked in a PDF
	@$(NAMED) && .venv/bin/python -m robustpath diff --rev '$(or $(REV),HEAD)' --scale $$scale

lint: setup  ## Style of the Python, the workflow and the scripts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/python -m snakefmt --check Snakefile workflow/rules
	$(SNAKEMAKE) --lint

gallery: setup  ## The pictures of README.md, from a finished laptop run
	@bash workflow/scripts/gallery.sh

setup:  ## Only what the others need: .venv, LaTeX, data packages
	@bash workflow/scripts/setup.sh

lock:  ## requirements.lock anew from requirements.in (needs uv)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package torch \
		--custom-compile-command 'make lock' --output-file requirements.lock requirements.in

clean:  ## Remove the results of this scale, caches and logs
	@bash workflow/scripts/clean.sh scale $(GIVEN)

distclean:  ## Remove everything that was made or downloaded, .venv too
	@bash workflow/scripts/clean.sh everything
