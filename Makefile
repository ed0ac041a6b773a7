# The only entry. Everything a target needs, it sets up first; `make help` lists them.
# PYTHON names the interpreter that makes .venv (3.11 or newer). STACK, ONCE and
# TONGZHOU_PORT_BASE are read by what runs. With STACK=external, WORKERS=0: one server's roles.
PYTHON ?= python3
VENV := .venv/bin/python
SETUP = command -v '$(PYTHON)' >/dev/null || { echo "error: no '$(PYTHON)' found; install Python 3.11 or newer, or give PYTHON=<its path>" >&2; exit 1; }; '$(PYTHON)' deploy/local/bootstrap.py
LOCAL := $(if $(filter docker,$(STACK)),dev,local)

.DEFAULT_GOAL := help
.PHONY: help run test proof engine mutation bench chaos check doctor clean test-containers

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1 # /p' Makefile | awk -F ' # ' '{ printf "  %-22s %s\n", $$1, $$2 }'

run: ## start the stack and the five services, play the journeys, serve until Ctrl-C (ONCE=1: stop after)
	@$(SETUP) $(LOCAL) && exec $(VENV) -m deploy.local run

test: ## run all tests on a real PostgreSQL and a real Kafka (WORKERS=2: as many at a time)
	@$(SETUP) dev && exec $(VENV) -m pytest -n $(or $(WORKERS),logical) --maxprocesses 4 --dist loadgroup

proof: ## prove order under faults, and crash at every point (EVENTS=100000 SEED=7)
	@$(SETUP) dev && exec $(VENV) -m tests.proof $(if $(EVENTS),--events $(EVENTS)) $(if $(SEED),--seed $(SEED))

bench: ## measure speed beside its yardsticks (ONLY=E3,E6 REPS=5 PEERS=1), write bench/results/<date>.json
	@$(SETUP) dev && exec $(VENV) -m bench

check: ## format, lint, types, import contracts, generated files, the tree's own rules
	@$(SETUP) dev && $(VENV) -m ruff format --check && $(VENV) -m ruff check && $(VENV) -m mypy && .venv/bin/lint-imports && $(VENV) -m shared.events.export --check && $(VENV) -m pytest -q tests/arch

engine: ## check a million drawn splits and recoveries against the reference (CASES=20000 SEED=7)
	@$(SETUP) dev && exec $(VENV) -m tests.engine $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

mutation: ## plant mistakes in the rules of guarantee and in shared/money.py, count what the unit tests notice
	@$(SETUP) dev && $(VENV) -m pip install --quiet --require-hashes --requirement requirements/mutation.txt && $(VENV) -m tests.mutation

test-containers: ## run the integration tests on the docker stack
	@$(SETUP) dev && $(VENV) -m deploy.local images && exec env STACK=docker $(VENV) -m pytest -m integration

chaos: ## hurt the real system for MIN minutes by the faults that SEED draws, and check what must hold
	@$(SETUP) dev && exec $(VENV) -m tests.chaos $(if $(MIN),--minutes $(MIN)) $(if $(SEED),--seed $(SEED))

doctor: ## say what is wrong with this machine or checkout, and how to mend it
	@$(SETUP) check && exec '$(PYTHON)' -m deploy.local.doctor

clean: ## remove what the project made: .venv, .run, caches
	@$(SETUP) check && exec '$(PYTHON)' -m deploy.local.clean
