#!/bin/sh
# Babel 2.19.0 gives currencies fewer digits than ISO 4217 does: none to the forint, the rupiah and the Iraqi dinar.
#
# One would guess: get_currency_precision tells how many decimal digits an amount of the currency has.
# What happens:    it tells how people write it by habit (CLDR): 0 for HUF, IDR, COP, IQD and MGA, where ISO 4217 has
#                  2, 2, 2, 3 and 2. HUF, IDR and COP became 0 between 2.18.0 and 2.19.0, within one minor release.
# Why it matters:  who derives minor units from it stores 19.99 as 20, and after an update reads 1999 stored minor units
#                  as 1999 whole ones. Digits belong in a table of ISO 4217; Babel is told them.
# Source:          CLDR supplemental data, currencyData/fractions; ISO 4217, list one.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/new"
python3 -m venv "$place/old"
"$place/new/bin/pip" install --quiet --disable-pip-version-check Babel==2.19.0 iso4217==1.16.20260101
"$place/old/bin/pip" install --quiet --disable-pip-version-check Babel==2.18.0
printf '%s' 'from babel.numbers import get_currency_precision as digits
print(*(digits(code) for code in ("HUF", "IDR", "COP", "IQD", "MGA", "EUR")))' > "$place/digits.py"
old=$(timeout 60 "$place/old/bin/python" "$place/digits.py")
new=$(timeout 60 "$place/new/bin/python" "$place/digits.py")
iso=$(timeout 60 "$place/new/bin/python" -c 'from iso4217 import Currency
print(*(Currency(code).exponent for code in ("HUF", "IDR", "COP", "IQD", "MGA", "EUR")))')
echo "currencies    HUF IDR COP IQD MGA EUR"
echo "Babel 2.18.0  $old"
echo "Babel 2.19.0  $new"
echo "ISO 4217      $iso"
if [ "$new" = "0 0 0 0 0 2" ] && [ "$iso" = "2 2 2 3 2 2" ] && [ "$old" = "2 2 2 0 0 2" ]; then
    echo "as described"
else
    echo "this has changed"
    exit 1
fi
