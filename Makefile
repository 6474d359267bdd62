# Needs Python 3.11+ and make; everything else is fetched by `make setup`, which each target runs first.

PY := .venv/bin/python

.PHONY: run test setup lint bench papers clean

run: setup  ## the portal with its servers and the demo district; Ctrl-C stops it all (PORT=8001 for another port)
	@exec $(PY) -m tools.run

test: setup  ## every check and every test
	@exec $(PY) -m tools.test

setup:  ## the virtual environment, the front-end files, the collected static files
	@command -v python3 >/dev/null || { echo "Lỗi: máy chưa có python3; hãy cài Python 3.11 trở lên." >&2; exit 1; }
	@python3 tools/setup.py

lint: setup  ## ruff, mypy, import-linter, missing migrations, check --deploy
	@exec $(PY) -m tools.checks

bench: setup  ## how fast it is on many people (BENCH=search for one of the measurements)
	@exec $(PY) -m tools.bench $(BENCH)

papers: setup  ## the papers of the demo month as PDF and pictures in build/papers, their formulas recomputed (LibreOffice)
	@exec $(PY) -m tools.papers

clean:  ## removes what setup made; the data in .data stays
	rm -rf .venv build node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
