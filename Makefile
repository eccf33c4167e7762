# What a developer runs. `make build` and `make test` need Go and make alone.

GO      ?= go
BUILD   := .build
LINTER  := $(BUILD)/golangci-lint
POM     := kafka/kafkatest/pom.xml
KAFKA   := $(BUILD)/kafka-$(shell sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' $(POM))
# The race detector needs a C compiler; Go knows whether there is one.
RACE    := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
FUZZTIME ?= 20s

# What the browser suite runs in; the tests take it from here.
CHROMIUM ?= $(firstword $(foreach tool,chromium chromium-browser google-chrome google-chrome-stable,$(shell command -v $(tool) 2>/dev/null)))
export CHROMIUM

# What the real-Kafka suite needs and this machine does not have.
MISSING := $(strip $(foreach tool,java mvn kcat,$(if $(shell command -v $(tool) 2>/dev/null),,$(tool))))

.PHONY: build docs test unit format vet lint real-kafka test-kafka kafka browser test-browser chaos bench parallel-table fuzz clean

build:
	$(GO) build -ldflags "-s -w" -o waterhealer .

# Everything that must be green before a commit. REQUIRE_KAFKA=1 makes the real-Kafka suite a must, REQUIRE_BROWSER=1 that
# of the page.
test: format vet lint unit browser real-kafka

format:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "not gofmt'ed:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...
	$(GO) vet -tags kafka,browser ./...

lint: $(LINTER)
	$(LINTER) run ./...

$(LINTER): tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

unit:
	@$(if $(RACE),,echo "no C compiler here: the tests run without the race detector")
	$(GO) test $(RACE) ./...
	$(GO) test -C tools/rules ./...

real-kafka:
ifeq ($(MISSING),)
	@$(MAKE) --no-print-directory test-kafka
else ifeq ($(REQUIRE_KAFKA),1)
	@echo "the real-Kafka suite must run (REQUIRE_KAFKA=1), but this machine has no: $(MISSING)"; exit 1
else
	@echo "the real-Kafka suite did not run: it needs Java 17, Maven and kcat, and this machine has no $(MISSING)"
endif

browser:
ifneq ($(CHROMIUM),)
	@$(MAKE) --no-print-directory test-browser
else ifeq ($(REQUIRE_BROWSER),1)
	@echo "the browser suite must run (REQUIRE_BROWSER=1), but this machine has no Chromium"; exit 1
else
	@echo "the browser suite did not run: it needs Chromium or Chrome, and this machine has none"
endif

# The page in a real browser: every test that has the build tag browser and a name that begins with TestBrowser.
# SHOTS=FOLDER, an absolute one, gets pictures of the page in all its states.
BROWSER_TESTS := -tags browser -run ^TestBrowser -count=1 -timeout 15m -p 1
test-browser:
	$(GO) test $(BROWSER_TESTS) ./e2e
	$(GO) test $(BROWSER_TESTS) ./observe/web $(if $(SHOTS),-shots $(SHOTS))

# The suite against a real Apache Kafka: every test that has the build tag kafka and a name that begins with
# TestKafka. Packages run one after another, as each may start three brokers.
KAFKA_TESTS := -tags kafka -run ^TestKafka $(RACE) -count=1 -timeout 40m -p 1
test-kafka: kafka
	@$(GO) test -tags kafka -list ^TestKafka $(RACE) ./... | grep -q ^TestKafka || \
		{ echo "there is no test of the real-Kafka suite"; exit 1; }
	$(GO) test $(KAFKA_TESTS) ./...

kafka: $(KAFKA)/complete

# The folder is emptied first, so that jars of an older pom.xml cannot stay.
$(KAFKA)/complete: $(POM)
	rm -rf $(KAFKA)
	mvn -B -q -ntp -f $(POM) dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA) -DincludeScope=runtime \
		-Dmaven.wagon.http.retryHandler.count=5
	touch $@

# The fault suite, whole; see CONTRIBUTING.md. FAULTS, SEED, RECORDS, STRIKES, ORDER and BROKERS narrow it, SLACK multiplies every bound on time.
CHAOS := $(if $(FAULTS),-faults $(FAULTS)) $(if $(SEED),-seed $(SEED)) $(if $(RECORDS),-records $(RECORDS)) \
	$(if $(STRIKES),-strikes $(STRIKES)) $(if $(ORDER),-order $(ORDER)) $(if $(BROKERS),-brokers $(BROKERS)) $(if $(SLACK),-slack $(SLACK))
chaos: $(if $(MISSING),,kafka)
	$(GO) run ./e2e/chaos $(CHAOS)

# What a record costs, against raw sarama; see docs/performance.md. PIPELINES, DATA, PARTITIONS, RECORDS, RUNS and
# BROKERS=embedded|kafka|both narrow it; SCALING=1, LATENCY=1 and OVERHEAD=1 (of metrics, traces, inspect) add what they say,
# RIVALS=1 other programs (it needs Java, Maven, Python), ONLY=1 leaves the rest out; STRICT=1 makes a missed target an error.
BENCH := $(if $(PIPELINES),-pipelines $(PIPELINES)) $(if $(DATA),-data $(DATA)) $(if $(PARTITIONS),-partitions $(PARTITIONS)) \
	$(if $(RECORDS),-records $(RECORDS)) $(if $(RUNS),-runs $(RUNS)) $(if $(BROKERS),-brokers $(BROKERS)) \
	$(if $(SCALING),-scaling) $(if $(LATENCY),-latency) $(if $(RIVALS),-rivals) $(if $(OVERHEAD),-overhead) $(if $(ONLY),-only) $(if $(STRICT),-strict)
bench: $(if $(filter kafka both,$(BROKERS)),kafka)
	$(GO) run ./e2e/bench $(BENCH)

# The references in docs/, which tests hold against the code.
docs:
	$(GO) test ./cmd ./operators ./operators/expression ./observe/metrics -run 'Reference$$' -update

# Every fuzz target for a short while.
fuzz:
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list ^Fuzz $$package | grep ^Fuzz); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

# What parallel-consumer publishes, on the same work: about a minute and a half.
parallel-table:
	$(GO) test -run '^$$' -bench ParallelConsumerTable -benchtime 1x -count 1 ./e2e

clean:
	rm -rf $(BUILD) waterhealer
