# Two commands matter: `make demo` and `make test`. Both set up `.venv` first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-full coverage mutate check fix contract docs lint types wheel clean

$(STAMP): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,docs]'
	@touch $@

demo: $(STAMP)
	$(BIN)/harness run -c recipes/demo.toml -o study/demo
	@printf '\nnext:\n  %s\n  %s\n  %s\n' \
		'$(BIN)/harness report study/demo --tex --csv   # the table for a paper' \
		'$(BIN)/harness run -g folder -G root=DIR -m mobilefacenet -b synthpie   # your own faces' \
		'$(BIN)/harness new-plugin my-faces --kind generator   # your own generator'

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal

test-full: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Lines and branches, also of commands in forks and workers; the floor stands in pyproject.toml.
coverage: $(STAMP)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow" -n 2 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Whether the tests notice small changes of the code; a stopped run goes on where it was.
mutate: $(STAMP)
	$(BIN)/python tests/mutation/run.py --count 200 --seed 0

check: lint types docs coverage

fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)
	$(BIN)/python docs/site/build.py -o build/docs

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python scripts/words.py

contract: $(STAMP)
	$(BIN)/python tests/plugin/snapshot.py

types: $(STAMP)
	$(BIN)/mypy

wheel: $(STAMP)
	$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

clean:
	rm -rf $(VENV) build dist *.egg-info study
