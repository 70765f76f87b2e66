# `make run` and `make test` are all that a fresh checkout needs; `make help` lists the rest.

SWIFT ?= swift
PORT ?= 8080
DATA ?= data
KILLS ?= 300
SECONDS ?= 600
CANCELS ?= 500
FAULTS ?= 200
IMAGES ?= 20000
SHARDS ?= 16
PYTHON ?= python3
SECTIONS ?=
MINUTES ?= 25
BUILD := .build/release
VITSCOPE := $(BUILD)/vitscope
FORMATTED := Package.swift Sources Tests

.DEFAULT_GOAL := help
.PHONY: help run build test test-avx2 test-slurm test-shards soak fuzz sanitize bench bench-check check format packages install clean

help: ## list these targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build, then serve the demo on http://127.0.0.1:8080 (PORT=…, DATA=…)
	exec $(VITSCOPE) serve --demo --port $(PORT) --data $(DATA)

build: packages ## build the release
	$(SWIFT) build -c release --product vitscope

test: packages ## everything that .ci/run runs: format, build, unit and end-to-end tests, the page in a browser
	@deploy/install-packages.sh deploy/packages-test.txt
	$(MAKE) --no-print-directory check
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build
	$(MAKE) --no-print-directory test-avx2

# Whatever the processor has: its numbers must be right with the instructions of an older one, too.
test-avx2: ## the numerical tests once more, with the kernels of a processor that has AVX2 only (run by test)
	ONEDNN_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell $(SWIFT) test -c release --skip-build \
		--filter '^(Tensors|Models|Analysis|Service|Training)Tests\.'

test-slurm: build ## a training on a Slurm cluster of this machine, with killed workers, nodes, servers and schedulers (root)
	@deploy/install-packages.sh deploy/packages-slurm.txt
	python3 Tests/Slurm/trial.py $(VITSCOPE)

test-shards: build ## a large set of images in shards with a killed worker, against one task (IMAGES=20000, SHARDS=16)
	python3 Tests/Shards/trial.py $(VITSCOPE) --images $(IMAGES) --shards $(SHARDS)

soak: packages ## the tests that kill, cancel, flood and break disks, for longer: 300 kills, 500 cancels, 200 power cuts (KILLS=…, CANCELS=…, FAULTS=…)
	@deploy/install-packages.sh deploy/packages-test.txt
	$(SWIFT) build -c release --build-tests
	VITSCOPE_KILLS=$(KILLS) VITSCOPE_CANCELS=$(CANCELS) VITSCOPE_FAULTS=$(FAULTS) VITSCOPE_HTTP_SOAK=1 VITSCOPE_PAGE_SOAK=1 \
		$(SWIFT) test -c release --skip-build --no-parallel \
		--filter 'KillTests|NamedCrashTests|QueueLoadTests|HTTPTests|DiskFaultTests|ProcessWallTests|PageTests'
	python3 Tests/Faults/kills.py $(VITSCOPE) --kills $(KILLS)

fuzz: packages ## libFuzzer on every reader of foreign bytes (SECONDS=… for each, FORMATS="pickle png …")
	deploy/fuzz.sh $(SECONDS) $(FORMATS)

sanitize: packages ## unit tests under the address, thread and undefined-behaviour sanitizers (MODULES="Tensors …")
	for kind in address undefined thread; do MODULES="$(MODULES)" deploy/sanitize.sh $$kind || exit 1; done

# On a quiet machine; PYTHON is an interpreter that has the peers (torch, timm, onnx, onnxruntime, openvino, scikit-learn).
bench: build ## time everything beside its limit and its peers, into docs/performance.md (SECTIONS="forward …", QUICK=1, PYTHON=…, MINUTES=…)
	PYTHON="$(PYTHON)" SWIFT="$(SWIFT)" python3 deploy/bench/bench.py run --sections "$(SECTIONS)" --minutes $(MINUTES) $(if $(QUICK),--quick)

bench-check: build ## time again, and fail where a ratio lost over a tenth against the committed table (likewise)
	PYTHON="$(PYTHON)" SWIFT="$(SWIFT)" python3 deploy/bench/bench.py check --sections "$(SECTIONS)" --minutes $(MINUTES) $(if $(QUICK),--quick)

check: ## formatting, as the tests want it
	$(SWIFT) format lint --strict --recursive $(FORMATTED)

format: ## format every Swift file in place
	$(SWIFT) format --in-place --recursive $(FORMATTED)

packages: ## install the Debian packages that are missing
	@deploy/install-packages.sh deploy/packages.txt

PREFIX ?= /usr/local
install: build ## install the program, the page and the demo below PREFIX
	install -D -m 755 $(VITSCOPE) $(DESTDIR)$(PREFIX)/bin/vitscope
	mkdir -p $(DESTDIR)$(PREFIX)/share/vitscope
	cp -R public deploy/demo $(DESTDIR)$(PREFIX)/share/vitscope/

clean: ## remove what was built
	$(SWIFT) package clean
