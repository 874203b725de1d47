#!/bin/sh
# beancount 3.2.0 accepts a balance assertion that is wrong by one cent.
#
# One would guess: "balance Assets:Bank 10.01 EUR" fails on an account that holds 10.00 EUR.
# What happens:    it passes, without a word; 10.02 fails. The tolerance of an assertion is twice half of the last digit
#                  that is written. With the option "tolerance_multiplier" "0" the cent is found.
# Why it matters:  as a second opinion on books that are exact to the cent it misses the commonest error of all, the
#                  cent that was rounded away. Files for it must switch the tolerance off.
# Source:          beancount.ops.balance; the manual's page on precision and tolerances.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check beancount==3.2.0
timeout 60 "$place/venv/bin/python" - <<'PY'
import sys

from beancount import loader

BOOKS = """{option}
2026-01-01 open Assets:Bank EUR
2026-01-01 open Income:Plans EUR
2026-01-02 * "plan"
  Assets:Bank   10.00 EUR
  Income:Plans -10.00 EUR
2026-01-03 balance Assets:Bank {balance} EUR
"""
EXACT = 'option "tolerance_multiplier" "0"'
seen = {}
for option in ("", EXACT):
    for balance in ("10.00", "10.01", "10.02"):
        _entries, errors, _options = loader.load_string(BOOKS.format(option=option, balance=balance))
        seen[option, balance] = not errors
        print(f"{option or 'by default':36} balance {balance}: {'passes' if not errors else errors[0].message}")
same = seen == {("", "10.00"): True, ("", "10.01"): True, ("", "10.02"): False,
                (EXACT, "10.00"): True, (EXACT, "10.01"): False, (EXACT, "10.02"): False}
print("as described" if same else "this has changed")
sys.exit(0 if same else 1)
PY
