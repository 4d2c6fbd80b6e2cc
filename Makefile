# make run ARGS=…   builds triage and runs it; without ARGS it diagnoses a bundled real error, no cluster needed
# make test         builds and runs every test
# make install      puts triage and kubectl-triage under PREFIX (default /usr/local)
PREFIX ?= /usr/local
RELEASE = .build/release/triage
BUILD_RELEASE = swift build -c release --static-swift-stdlib --product triage

EXAMPLE = diagnose --file docs/example/output.txt \
	--snapshot docs/example/snapshot.json
ARGS ?= $(EXAMPLE)

.PHONY: run test build install lint format golden bench bench-library bench-symptoms bench-facts fuzz crash

run: build
	@$(RELEASE) $(ARGS)

build:
	@.ci/install build
	@$(BUILD_RELEASE) >&2

test:
	@.ci/install build test
	swift build --build-tests
	# One process a target: all in one stalled on two busy cores, for a reason that is not found yet.
	set -e; for target in $(notdir $(wildcard Tests/*Tests)); do \
	  swift test --skip-build --filter "^$$target\."; done
	.build/debug/triage test playbooks
	.build/debug/triage lint playbooks

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/triage
	install -m 755 $(RELEASE) $(DESTDIR)$(PREFIX)/bin/triage
	ln -sf triage $(DESTDIR)$(PREFIX)/bin/kubectl-triage
	cp -R playbooks schemas $(DESTDIR)$(PREFIX)/share/triage/

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

# Rewrites the golden files; read the difference before committing it.
golden:
	UPDATE_GOLDEN=1 swift test

# Evaluations and compilations of CEL, with cel-go's figures beside them.
bench:
	swift build -c release --static-swift-stdlib --product bench
	.build/release/bench

# 10,000 playbooks: loading them beside libyaml alone, and the command with and without them.
bench-library:
	swift build -c release --static-swift-stdlib --product triage
	swift build -c release --static-swift-stdlib --product bench-library
	.build/release/bench-library

# 100 MB of log searched for every symptom, beside ripgrep with the same patterns.
bench-symptoms:
	swift build -c release --static-swift-stdlib --product bench-symptoms
	.build/release/bench-symptoms

# 100,000 pods from a server and from a snapshot through a whole diagnosis, beside Foundation's decoders.
bench-facts:
	swift build -c release --static-swift-stdlib --product triage
	swift build -c release --static-swift-stdlib --product bench-facts
	.build/release/bench-facts

# Ten minutes of random and mutated expressions under the address sanitizer.
fuzz:
	# No leaks: what globals hold in enums' boxes looks lost to the detector, since their addresses carry tag bits.
	ASAN_OPTIONS=detect_leaks=0 CEL_FUZZ_SECONDS=600 swift test --sanitize=address --scratch-path .build-fuzz --filter 'CELTests.FuzzTests'

# Kills 500 updates of a library at random moments, fills 50 disks and 50 files: minutes, before a release.
crash:
	TRIAGE_KILLS=500 swift test --filter 'LibrariesTests.InterruptionTests'
