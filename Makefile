# What one does with a working copy. `.ci/run` runs `make test` too, so a machine of ours and CI do the same.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
# One set of flags for building and testing: another set would be another full build.
CHECKED := --explicit-target-dependency-import-check error
DEMO := topology/local/demo.sh

# Python modules that tests need, where the system's Python lacks them (see .ci/packages).
export PATH := $(CURDIR)/.build/python/bin:$(PATH)

.PHONY: help needs deps build lint format test fuzz sanitize bench profile faults mutations demo down audit

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

needs: # What is missing, if anything; changes nothing
	@.ci/packages check

deps: ## Install the Debian packages that building and testing need (asks first)
	@.ci/packages install

build: needs ## Build everything, tests included
	$(SWIFT) build --build-tests $(CHECKED)

lint: ## Check the format of every Swift file
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift

format: ## Bring every Swift file into that format
	$(SWIFT) format --in-place --parallel --recursive Sources Tests Package.swift

test: needs lint build ## Lint, build and run every test, with PostgreSQL and RabbitMQ of their own
	$(SWIFT) test --skip-build --disable-xctest $(CHECKED)

fuzz: build ## Decode a million damaged messages, and cut connections at random (SEED=8: others)
	FUZZ_INPUTS=$${FUZZ_INPUTS:-1000000} SEED=$${SEED:-1} $(SWIFT) test --skip-build --disable-xctest $(CHECKED) \
	  --filter 'FuzzTests|CutTests'

sanitize: needs ## Lanes, the rooms of both C libraries and text writing under the thread and the address sanitizer
	Tests/Sanitizers/run.sh thread
	Tests/Sanitizers/run.sh address

bench: ## Measure against the C reference, on servers of its own (FULL=1: the long form; ONLY=latency,relay: parts)
	$(SWIFT) build -c release
	@python3 Tests/Benchmarks/bench.py $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))

profile: ## Say where worker and relay spend their time, and how PostgreSQL runs each statement
	@$(MAKE) --no-print-directory bench ONLY=profile

faults: needs ## Kill, cut, stop and fill everything for some minutes, then judge (SEED=8 repeats; DURATION=2h soaks)
	$(SWIFT) build -c release
	@python3 Tests/Faults/run.py

mutations: needs ## Sabotage scratch copies, one way at a time: the oracle has to notice each
	@python3 Tests/Faults/mutate.py

demo: deps ## Play the story on a private PostgreSQL and RabbitMQ, and audit what it left (SEED=8: another story)
	@echo "Building (a first build takes some minutes)"
	$(SWIFT) build -c release
	@$(DEMO) up

down: ## Stop what `make demo` started and remove its data
	@$(DEMO) down

audit: ## Check every invariant in the running demo's database
	@$(DEMO) audit
