# QuotaFlow. Every target sets up what it needs; `make` alone lists them.
PYTHON ?= python3
ARGS ?=
UV := uv==0.13.9

bin := .venv/bin
installed := .venv/.installed
java_packages := openjdk-17-jre-headless maven
jdk_package := openjdk-17-jdk-headless
server_packages := redis-server prometheus

.DEFAULT_GOAL := help
.PHONY: help install demo demo-clean check test fuzz java jdk servers bench bench-quick soak schemas dashboards lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

install: $(installed) ## make .venv with the locked dependencies and the quotaflow command

$(installed): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
		echo "make: there is no $(PYTHON). Install Python 3.11 or newer, or name one: make install PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: QuotaFlow needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make install PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { \
		echo "make: $(PYTHON) could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "installing the locked dependencies into .venv ..."
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(installed) ## a live table of a simulated sales floor (ARGS="--for 60")
	@$(bin)/quotaflow demo $(ARGS)

demo-clean: ## forget the demo's log, so that the next one starts afresh
	@rm -f quotaflow-demo.db quotaflow-demo.db-* quotaflow-demo.db.lock

check: $(installed) ## format, lint, types and import contracts
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports

test: $(installed) java servers ## the whole test suite, on a real Kafka, Redis and Prometheus too (ARGS="-k alerts")
	$(bin)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: $(installed) ## feed what takes input from outside with anything (ARGS="--seconds 60 --surface gateway")
	$(bin)/python -m tests.fuzz.run $(ARGS)

# Never fails: without Java or Maven the tests that need Kafka fail and the suite's last lines say why.
java:
	@command -v java >/dev/null && command -v mvn >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing $(java_packages) for the tests on Kafka ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(java_packages) >/dev/null || true; \
		else \
			echo "make: the tests on Kafka need Java 17 and Maven: apt-get install $(java_packages)" >&2; \
		fi; }

# Never fails either, for the same reason.
servers:
	@command -v redis-server >/dev/null && command -v prometheus >/dev/null && command -v promtool >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing $(server_packages) for the tests on real servers ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
				apt-get install -y -qq --no-install-recommends $(server_packages) >/dev/null || true; \
		else \
			echo "make: the tests on Redis and Prometheus need: apt-get install $(server_packages)" >&2; \
		fi; }

# Never fails: without a compiler Kafka Streams cannot be compared with, and the benchmark says so.
jdk: java
	@command -v javac >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing $(jdk_package) for the comparison with Kafka Streams ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(jdk_package) >/dev/null || true; \
		else \
			echo "make: the comparison with Kafka Streams needs a compiler: apt-get install $(jdk_package)" >&2; \
		fi; }

bench: $(installed) jdk ## measure everything on a real Kafka, into bench/RESULTS.md (ARGS="--part throughput")
	$(bin)/python -m bench.run $(ARGS)

bench-quick: $(installed) ## measure the pipeline on the embedded log within a minute, and print ratios
	$(bin)/python -m bench.quick $(ARGS)

soak: $(installed) java ## the proofs' long forms, for hours: schedules, courses of events, kills on Kafka, fuzzing
	$(bin)/python -m tests.soak.schedules --schedules 100000
	$(bin)/python -m tests.soak.convergence --courses 5000
	$(bin)/python -m tests.soak.kills $(ARGS)
	$(bin)/python -m tests.fuzz.run --seconds 60

schemas: $(installed) ## regenerate schemas: JSON Schema, OpenAPI and AsyncAPI documents
	$(bin)/python -m agents.contracts

dashboards: $(installed) ## regenerate the Grafana dashboards
	$(bin)/python -m streams.dashboards

lock: $(installed) ## compile requirements.lock, and of it requirements-run.lock, from pyproject.toml
	$(bin)/python -m pip install --quiet $(UV)
	$(bin)/uv pip compile --quiet --universal --generate-hashes --extra fast --extra store --extra dev \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	$(bin)/uv pip compile --quiet --universal --generate-hashes --extra fast --extra store --constraint requirements.lock \
		--custom-compile-command "make lock" --output-file requirements-run.lock pyproject.toml
