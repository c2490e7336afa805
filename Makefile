# Two commands matter: `make book` builds the site, `make test` checks everything.
# PYTHON names the interpreter that creates .venv; TORCH_INDEX, when set, is the package index
# from which PyTorch alone is installed (the CPU-only build, or another CUDA).
PYTHON ?= python3
TORCH_INDEX ?=

BIN := .venv/bin
READY := .venv/ready
SITE := _build/html
# Importing torch's own test inputs takes seconds in each process: not in the fast part.
TORCHS_OWN := tests/losses/test_torch_samples.py
TORCH := $(shell grep '^torch==' requirements.txt)

.PHONY: book test check nbval serve lab notebooks notebooks-everywhere clean

book: $(READY)
	rm -rf _build build
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir _build/extra/download .
	$(BIN)/jupyter-book build . --warningiserror --keep-going
	@echo "The site is in $(SITE): open $(SITE)/index.html, or run: make serve"

test: check
	$(BIN)/python -m pytest -n 2 -m slow lossbook tests --ignore tests/site
	$(MAKE) --jobs 2 --output-sync nbval book
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/site

# Each runs every notebook, on one core: `nbval` compares what they print, `book` shows it.
nbval: $(READY)
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout 120 $(wildcard book/*.ipynb)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy lossbook
	$(BIN)/python -m pytest -n 2 -m "not slow" lossbook tests --ignore tests/site --ignore $(TORCHS_OWN)

serve:
	@test -f $(SITE)/index.html || $(MAKE) book
	$(BIN)/python -m http.server 8000 --bind localhost --directory $(SITE)

lab: $(READY)
	$(BIN)/jupyter lab book/intro.ipynb

notebooks: $(READY)
	$(BIN)/python book/notebooks.py

notebooks-everywhere: $(READY)
	$(BIN)/python book/notebooks.py --everywhere

clean:
	rm -rf _build build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install --index-url $(TORCH_INDEX) $(TORCH))
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps --no-build-isolation --editable .
	touch $@
