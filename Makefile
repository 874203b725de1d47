# Infora WiFi Billing: everything starts here. `make help` lists the commands.

VENV ?= $(CURDIR)/.venv
export VENV
PYTHON = "$(VENV)/bin/python"
# Options for pytest, such as: make test T="tests/service -k kill"
T ?=
# Parts of the bench, such as: make bench ONLY=logins,api
ONLY ?=
# For backups: directory or file to write, how many to keep there (0: all), PROVE=1 to restore it beside the running system.
TO ?=
KEEP ?=
PROVE ?=
# For restorations: file or directory to read, the private key's file, OVERWRITE=yes to move an old database aside.
FROM ?=
KEY ?=
OVERWRITE ?=

.DEFAULT_GOAL := help
.PHONY: help setup run start stop status doctor install uninstall upgrade demo backup restore prove test bench fault fresh check sbom \
	setup-for-tests

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: setup ## set up and run everything in the foreground; Ctrl-C stops it
	@exec $(PYTHON) -m service run

start: setup ## the same in the background; returns when it answers
	@exec $(PYTHON) -m service start

stop: ## stop what `make start` started; the data is kept
	@test ! -x $(PYTHON) || exec $(PYTHON) -m service stop

status: ## which parts are up and answer (exit code 0: all, 3: not running)
	@test -x $(PYTHON) || { echo "Not set up yet: make start."; exit 3; }; exec $(PYTHON) -m service status

doctor: ## what is in order, what is not, and what to do about it (exit code 0: all is well)
	@test -x $(PYTHON) || { echo "Not set up yet: make start."; exit 1; }; exec $(PYTHON) -m service doctor

upgrade: setup ## this release takes over from the one that runs, while customers log in
	@exec $(PYTHON) -m service upgrade

install: setup ## systemd runs it from boot on (as root; RADIUS_LISTEN=0.0.0.0 make install)
	@exec $(PYTHON) -m service install

uninstall: ## take systemd's units away; the data is kept
	@test ! -x $(PYTHON) || exec $(PYTHON) -m service uninstall

demo: setup ## a minute of two hundred demo customers against what `make start` started
	@exec $(PYTHON) -m tests.demo

backup: setup ## database, keys, spool and settings into one encrypted file (TO=DIRECTORY, PROVE=1)
	@exec $(PYTHON) -m service backup $(if $(TO),--to "$(TO)") $(if $(KEEP),--keep "$(KEEP)") $(if $(PROVE),--prove)

restore: setup ## an installation out of its backup (FROM=FILE or DIRECTORY, KEY=FILE, OVERWRITE=yes)
	@exec $(PYTHON) -m service restore --from "$(FROM)" $(if $(KEY),--key "$(KEY)") $(if $(filter yes,$(OVERWRITE)),--overwrite)

prove: setup ## restore a backup beside the running system, and compare (FROM=FILE or DIRECTORY, KEY=FILE)
	@exec $(PYTHON) -m service prove --from "$(FROM)" $(if $(KEY),--key "$(KEY)")

test: setup-for-tests ## all tests, on a real PostgreSQL and a real FreeRADIUS
	@exec $(PYTHON) -m $(if $(T),pytest $(T),tests)

bench: setup-for-tests ## this system and FreeRADIUS' own rlm_sql side by side (ONLY=logins,api: parts of it)
	@exec $(PYTHON) -m tests.bench $(if $(ONLY),--only "$(ONLY)")

fault: setup-for-tests ## the long fault suite (up to an hour)
	@exec $(PYTHON) -m $(if $(T),pytest -m long $(T),tests --long)

fresh: setup-for-tests ## both Debians in empty folders: install scripts, containers, units, up to a login (as root)
	@exec $(PYTHON) -m tests.fresh

check: setup-for-tests ## lint, types, migrations agree with the models
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q -m migrations tests

sbom: setup ## what is installed, with versions and licences, as CycloneDX: sbom.json
	@$(PYTHON) scripts/sbom >sbom.json && echo "sbom.json: written."

setup: ## install what is missing to run (called by the others)
	@scripts/setup

setup-for-tests:
	@scripts/setup --for-tests
