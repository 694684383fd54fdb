# Everything here is a plain go command; .ci/run is what decides.
GO ?= go
LINT = $(GO) run -C tools/lint .

.PHONY: test race lint fmt gen vuln bench soak build fuzz cover
build: ## bin/domicile
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/domicile ./cmd/domicile

test:
	$(GO) test -timeout 30m ./...

race:
	$(GO) test -race -timeout 30m ./...

lint:
	$(LINT) golangci-lint run ./...
	$(GO) run -C tools/gen . -check

fmt:
	$(LINT) gofumpt -l -w .

gen:
	$(GO) run -C tools/gen .

vuln: ## needs the vulnerability database, which is not reachable from everywhere
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

KILLS ?= 500
soak: ## kills a whole installation under writers, KILLS times
	DOMICILE_KILLS=$(KILLS) $(GO) test -count=1 -timeout 6h -v -run TestT1 ./daemon/daemontest

FUZZTIME ?= 20s
fuzz: ## every fuzz target, FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

cover:
	$(GO) test -coverprofile=cover.out ./... && $(GO) tool cover -func=cover.out | tail -1
