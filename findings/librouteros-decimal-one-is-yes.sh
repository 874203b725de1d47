#!/bin/sh
# librouteros 4.2.2 sends the number 1 as the word "yes", when it is a Decimal or a float.
#
# One would guess: a value is sent as its text: Decimal(1) as 1, Decimal("1.5") as 1.5.
# What happens:    Decimal(1) and 1.0 leave as "yes", Decimal(0) as "no", Decimal("1.5") as "1.5". The table of words is
#                  a dictionary with the keys True and False, and in Python 1.0 == Decimal(1) == True, with one hash.
#                  On the way in the type follows from the text: 712345678 comes as a number, 0712345678 as text.
# Why it matters:  a rate, a limit or a name that is computed may be any number; a router that is told "yes" where a
#                  number belongs refuses it or, where both are words, does something else. A name that was read as a
#                  number is no longer equal to the name it is compared with.
# Source:          librouteros.protocol, compose_word and parse_word.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check librouteros==4.2.2
timeout 60 "$place/venv/bin/python" - <<'PY'
import sys
from decimal import Decimal

from librouteros.protocol import compose_word, parse_word

sent = {repr(value): compose_word("limit", value) for value in (1, Decimal(1), Decimal(0), 1.0, Decimal("1.5"))}
read = {word: parse_word(word) for word in ("=name=712345678", "=name=0712345678", "=name=no")}
for value, word in (sent | read).items():
    print(f"{value:24} {word!r}")
expected = {"1": "=limit=1", "Decimal('1')": "=limit=yes", "Decimal('0')": "=limit=no", "1.0": "=limit=yes",
            "Decimal('1.5')": "=limit=1.5"}
names = {"=name=712345678": 712345678, "=name=0712345678": "0712345678", "=name=no": False}
same = sent == expected and {word: value for word, (_key, value) in read.items()} == names
print("as described" if same else "this has changed")
sys.exit(0 if same else 1)
PY
