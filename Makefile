# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin
PEER := benchmarks/fanout/peer

# With a .env of your own, that decides on the store; without one it is the embedded file.
STORE_DEFAULT := $(if $(wildcard .env),,STORE=$${STORE:-embedded})

.PHONY: help run demo test soak check benchmark benchmark-fanout clean
.DEFAULT_GOAL := help

help: ## 할 수 있는 일을 보여 줍니다 / Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 25

run: $(VENV)/runtime ## 서버를 시작합니다(포트는 PORT=...) / Start the server on http://127.0.0.1:5000 (PORT=... for another port)
	$(STORE_DEFAULT) $(BIN)/gunicorn --worker-class eventlet -w 1 app:app --bind 127.0.0.1:$(PORT)

demo: $(VENV)/runtime ## 예시 회사로 시작합니다 / Start it with a believable company in data/demo.sqlite3, made anew each time
	$(BIN)/python -m calendar_server.demo
	STORE=embedded EMBEDDED_PATH=data/demo.sqlite3 $(BIN)/gunicorn --worker-class eventlet -w 1 app:app --bind 127.0.0.1:$(PORT)

test: $(VENV)/development ## 테스트를 모두 실행합니다 / Install what the tests need and run all of them
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

soak: $(VENV)/development ## 강제 종료·단절·무작위 이력 테스트를 전체 규모로 실행합니다 / Run the tests of crashes, cuts and random histories at their full size (many minutes)
	SOAK=1 $(BIN)/python -m pytest -m soak

check: $(VENV)/development ## 형식, 린트, 타입, 계층만 검사합니다 / Format, lint, types and layers only
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

benchmark: $(VENV)/development ## 마이그레이션을 측정합니다 / Measure the migration (see benchmarks/README.md)
	$(BIN)/python benchmarks/migration.py

benchmark-fanout: $(VENV)/development $(PEER)/node_modules/.package-lock.json ## 팬아웃을 Node의 Socket.IO와 나란히 측정합니다(한 시간쯤) / Measure fan-out beside Socket.IO on Node (about an hour; see benchmarks/fanout/README.md)
	$(BIN)/python benchmarks/fanout/measure.py $(OPTIONS)

clean: ## 환경과 캐시를 지웁니다. data/는 남습니다 / Remove the environment and caches; data/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(PEER)/node_modules/.package-lock.json: $(PEER)/package-lock.json
	@command -v npm >/dev/null || \
		{ echo "Node.js 20 이상과 npm이 필요합니다 / Node.js 20 or newer with npm is needed"; exit 1; }
	@npm ci --prefix $(PEER) --ignore-scripts --no-audit --no-fund --loglevel=error

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 이상이 필요합니다 / Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "venv 모듈이 필요합니다 / The venv module is needed (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	@touch $@

$(VENV)/runtime: $(VENV)/python requirements.txt
	@echo "필요한 패키지를 설치합니다 / Installing requirements ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/development: $(VENV)/runtime requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
