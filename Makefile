# Every command of the README. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export CHROMIUM_PATH ?= $(or $(shell command -v chromium),$(shell command -v google-chrome),/usr/bin/chromium)
TESTED := jupyterlab_dossier dossier_worker

# What installers say by the thousand lines is shown where they fail.
quiet = ($(1)) > $(CURDIR)/$(VENV)/$(2).log 2>&1 || { cat $(CURDIR)/$(VENV)/$(2).log; exit 1; }

.PHONY: help demo install test test-python test-browser test-versions test-engines test-full hub same-result bench bench-engines lint lock screenshots wheel clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(VENV)/python.done: requirements.lock
	$(PYTHON) -m venv --upgrade-deps $(VENV)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	touch $@

node_modules/jlpm.done: $(VENV)/python.done package.json yarn.lock
	@echo 'installing the packages of the browser half (a minute or more) ...'
	@$(call quiet,jlpm install --immutable,packages)
	touch $@

$(VENV)/extension.done: node_modules/jlpm.done pyproject.toml $(shell find src style schema jupyter-config -type f)
	@$(call quiet,jlpm build:prod,build)
	@# Where it links to the extension, the installation would write into the source.
	rm -rf $(VENV)/share/jupyter/labextensions/jupyterlab-dossier jupyterlab_dossier/labextension/install.json
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	jupyter labextension develop . --overwrite
	jupyter server extension enable jupyterlab_dossier --sys-prefix
	touch $@

install: $(VENV)/extension.done ## set everything up in .venv

demo: install ## JupyterLab with the example open; prints its URL
	jupyter lab --no-browser --ServerApp.allow_root=True --ServerApp.root_dir=examples \
	  --LabApp.default_url=/lab/tree/digits.ipynb

browser-tools: install
	@test -x "$(CHROMIUM_PATH)" || { apt-get update -qq && apt-get install -y -qq chromium; }
	@$(call quiet,cd ui-tests && jlpm install --immutable,ui-tests)
	@test -x .venvs/collaboration/bin/python || { uv venv -q --python $(BIN)/python .venvs/collaboration && \
	  uv pip install -q --compile-bytecode --python .venvs/collaboration/bin/python -c requirements.lock \
	  jupyterlab jupyter-collaboration jupyter-server-nbmodel cloudpickle ipykernel psutil rich; }
	@test -x .venvs/ipykernel6/bin/python || { uv venv -q --python $(BIN)/python .venvs/ipykernel6 && \
	  uv pip install -q --compile-bytecode --python .venvs/ipykernel6/bin/python "ipykernel==6.29.5" cloudpickle numpy tornado; }

lint: install ## types, style and import rules on both sides
	ruff check $(TESTED) tests benchmarks hatch_build.py
	ruff format --check $(TESTED) tests benchmarks
	mypy
	lint-imports
	jlpm lint:check

test-python: install
	@pytest -q -n 2 --dist loadfile -m "not alone" || failed=1; \
	  pytest -q -m alone || failed=1; test -z "$$failed"

test-browser: install browser-tools
	jlpm test
	cd ui-tests && jlpm test

dist/wheel.done: $(VENV)/extension.done hatch_build.py \
  $(shell find $(TESTED) -name '*.py' -not -name _version.py -o -name '*.yaml')
	rm -rf dist
	$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist
	touch $@

VERSIONS := lab44 lab45 notebook7

.venvs/%/wheel.done: dist/wheel.done ui-tests/versions/environment.sh
	ui-tests/versions/environment.sh $* dist/*.whl
	touch $@

test-versions: browser-tools $(VERSIONS:%=.venvs/%/wheel.done) ## the wheel in JupyterLab 4.4, 4.5 and Notebook 7
	cd ui-tests && jlpm test:versions

test: lint test-python test-browser test-versions ## everything that needs no engine of its own

hub: install
	@test -x .venvs/hub/bin/jupyterhub || { uv venv -q --python $(BIN)/python .venvs/hub && \
	  uv pip install -q --compile-bytecode --python .venvs/hub/bin/python -c requirements.lock jupyterhub==6.1.1; }

test-engines: install browser-tools hub ## real engines (a Kubernetes cluster), started, tested and ended; Debian, root
	tests/engines/run

bench-engines: install ## what cells in pods cost, beside Jobs and copies; written to docs/benchmarks.md
	tests/engines/run python -m benchmarks.engines

PARTS := order edits reuse generated mutants precision faults browser pods manypods cluster
FULL_order := tests/oracles/test_order.py tests/runs/test_example.py tests/runs/test_workflow.py
FULL_edits := tests/oracles/test_edits.py
FULL_reuse := tests/oracles/test_reuse.py tests/oracles/test_world.py
FULL_generated := tests/oracles/test_generated.py
FULL_mutants := tests/oracles/test_mutants.py
FULL_precision := tests/oracles/test_precision.py
FULL_faults := tests/faults

test-full: install ## all of PART=order|edits|reuse|generated|mutants|precision|faults|browser|pods|manypods|cluster, else every part; resumable
	@for part in $(or $(PART),$(PARTS)); do $(MAKE) --no-print-directory full-$$part || failed="$$failed $$part"; done; \
	  $(MAKE) --no-print-directory same-result; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

same-result: ## docs/same-result.md from what the full runs left
	python -m tests.oracles.report

full-%:
	DOSSIER_FULL=1 pytest -q $(or $(FULL_$*),$(error there is no part $*: $(PARTS)))

PODS := DOSSIER_FULL=1 tests/engines/run python -m pytest -q
POD_FAULTS := tests/engines/kubernetes/test_faults.py

full-browser: browser-tools ## the browser tests in all windowing modes
	cd ui-tests && DOSSIER_FULL=1 jlpm test

full-pods: ## the faults of make test-engines, twenty times at other moments; Debian, root
	$(PODS) -n 4 $(POD_FAULTS) -k "not part_of_the_cluster"

full-manypods: ## 1,000 cells in pods, and a fan of 20 pods
	$(PODS) -s tests/engines/kubernetes/test_many.py

full-cluster:
	$(PODS) $(POD_FAULTS) tests/engines/kubernetes/test_lost.py -k "part_of_the_cluster or lost_node"

bench: install browser-tools ## ratios against peers, written to docs/benchmarks.md
	python -m benchmarks
	cd ui-tests && DOSSIER_FULL=1 DOSSIER_BENCH_ROUNDS=15 npx playwright test --project=contentVisibility --workers=1 startup footprint many largegraph
	cd ui-tests && DOSSIER_BENCH_ROUNDS=15 jlpm benchmarks

screenshots: install browser-tools .venvs/notebook7/wheel.done ## pictures for the README and the guide, from a live JupyterLab
	jlpm screenshots
	cd ui-tests && DOSSIER_SCREENSHOTS=1 jlpm test:versions --project=notebook7

wheel: dist/wheel.done ## a wheel with the prebuilt labextension and the worker

lock: ## newest versions that go together, into requirements.lock
	(echo "# The versions the tests run with: \`make lock\`"; \
	  echo "jupyterlab==4.6.4" | uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --extra test --extra bench --extra build --constraint - pyproject.toml) > requirements.new
	mv requirements.new requirements.lock

clean: ## forget what was built
	rm -rf $(VENV) node_modules ui-tests/node_modules lib jupyterlab_dossier/labextension
