#!/bin/sh
# mt-940 5.1.1 reads a credit that the bank took back as money that came in.
#
# One would guess: in a statement line (field 61) RC, "reversal of credit", lowers the account, as D does.
# What happens:    with the default options the amount of an RC line is positive, so a returned payment counts twice:
#                  once when it came, once when it went. Opening balance and lines no longer give the closing balance,
#                  and nothing complains. With Options.all() the line is negative.
# Why it matters:  payments are booked from such lines. Compare opening + sum with closing before anything is booked.
# Source:          SWIFT MT940, field 61 subfield 3; mt940.models, Amount.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check mt-940==5.1.1
timeout 60 "$place/venv/bin/python" - <<'PY'
import sys
from decimal import Decimal

import mt940

STATEMENT = """:20:STATEMENT
:25:12345678
:28C:1/1
:60F:C260101EUR100,00
:61:2601020102C10,00NTRFPAID
:86:paid
:61:2601030103RC10,00NTRFRETURNED
:86:returned
:61:2601040104D5,00NTRFFEE
:86:fee
:62F:C260104EUR95,00
"""


def amounts(**options: object) -> list[Decimal]:
    return [line.data["amount"].amount for line in mt940.parse(STATEMENT, **options)]


plain = amounts()
print("lines by default:", *plain, "sum", sum(plain), "where the statement says", Decimal(95) - Decimal(100))
every = amounts(options=mt940.Options.all())
print("with all options:", *every, "sum", sum(every))
same = plain == [10, 10, -5] and every == [10, -10, -5]
print("as described" if same else "this has changed")
sys.exit(0 if same else 1)
PY
