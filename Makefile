# Everything a person needs: make up, make down, make test, make check, make bench.
GOFLAGS := -trimpath -buildvcs=false
export GOFLAGS

STACK ?= local
LINTER := $(CURDIR)/.slipway/bin/golangci-lint
ACTIONLINT := $(CURDIR)/.slipway/bin/actionlint
# Modules of the repository: the program, the sample app, and what Slipway runs beside it.
MODULES := . app dbinit tools/plugin tools/pulumi-resource-docker tools/pulumi-resource-random tools/pulumi-resource-tls

.PHONY: help up down preview logs doctor test check bench judge

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

up: ## ship the sample app to the local Docker Engine and print its URL; ARGS='-c docker.httpsPort=8743' changes a key
	@go run . up -s $(STACK) $(ARGS)

down: ## remove the stack; add ARGS=--delete-data to delete the database too
	@go run . destroy -s $(STACK) $(ARGS)

preview: ## show what up would change
	@go run . preview -s $(STACK) $(ARGS)

logs: ## print the logs of the stack
	@go run . logs -s $(STACK) $(ARGS)

doctor: ## say what is missing on this machine
	@go run . doctor -s $(STACK) $(ARGS)

test: ## run all tests, end to end on the real Docker Engine too, and print the coverage
	@test/run $(MODULES)

check: ## format and lint, as CI does
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@echo "building the linter (the first time about 2 min) …"
	@go build -C tools/golangci-lint -o $(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@go build -C tools/actionlint -o $(ACTIONLINT) github.com/rhysd/actionlint/cmd/actionlint
	@echo "linting .github/workflows"; $(ACTIONLINT) -shellcheck= -pyflakes= .github/workflows/*.yml
	@for m in $(MODULES); do echo "linting $$m"; (cd $$m && $(LINTER) run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

judge: ## measure how often the comparison of two versions is wrong, in simulated rollouts (about 10 min); ARGS='-runs 100 -only outage'
	@go run ./test/judge $(ARGS)

bench: ## measure the figures in docs/benchmarks.md; ARGS=-cold also builds everything from nothing
	@go test ./test -run '^TestFigures$$' -count 1 -timeout 60m -v -figures $(ARGS)
