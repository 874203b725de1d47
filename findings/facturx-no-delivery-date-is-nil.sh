#!/bin/sh
# factur-x 7.8 writes an invoice without a delivery date so that its own schema refuses it.
#
# One would guess: the actual delivery date (BT-72) is optional in EN 16931, so an invoice that names none comes out valid.
# What happens:    without BT-72 and without a delivery party the mandatory ApplicableHeaderTradeDelivery is written as
#                  xsi:nil="true", and the XML Schema that the package carries says that this element cannot be nil.
#                  With the schema's check on the call raises; with it off, or where only the rules of EN 16931 are
#                  asked, an invoice leaves that the recipient's first check refuses.
# Why it matters:  invoices for services rarely have a delivery date. The day of issue, or the last day of the billed
#                  period, makes the element a proper one.
# Source:          EN 16931-1, BT-72 (0..1); Factur-X 1.0, schema FACTUR-X_EN16931.xsd.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check factur-x==7.8
cat > "$place/invoice.py" <<'PYTHON'
from datetime import date

from facturx.generate_xml import generate_cii_xml

invoice = {
    "BT-1": "INV-1", "BT-2": date(2026, 11, 2), "BT-3": "380", "BT-5": "EUR", "BT-9": date(2026, 12, 2),
    "BG-4": {"name": "Net GmbH", "city": "Berlin", "country_code": "DE", "vat_identifier": "DE123456788"},
    "BG-7": {"name": "Jane Doe", "country_code": "DE"},
    "BG-23": [{"BT-116": "10.00", "BT-117": "1.90", "BT-118": "S", "BT-119": "19"}],
    "BG-25": [{"BT-126": "1", "BT-153": "Internet", "BT-129": "1", "BT-130": "C62", "BT-146": "10.00",
               "BT-151": "S", "BT-152": "19", "BT-131": "10.00"}],
    "BT-106": "10.00", "BT-109": "10.00", "BT-110": "1.90", "BT-112": "11.90", "BT-115": "11.90",
}
for label, terms in (("without BT-72", {}), ("with BT-72", {"BT-72": date(2026, 11, 2)})):
    written = generate_cii_xml(invoice | terms, level="en16931", check_xsd=False, check_schematron=False)
    try:
        generate_cii_xml(invoice | terms, level="en16931", check_xsd=True, check_schematron=False)
        verdict = "accepted"
    except Exception:
        verdict = "refused"
    print(f"{label}: nil={b'Delivery xsi:nil' in written}, its own schema: {verdict}")
PYTHON
seen=$(cd "$place" && timeout 120 venv/bin/python invoice.py 2>/dev/null)
echo "$seen"
if [ "$seen" = "without BT-72: nil=True, its own schema: refused
with BT-72: nil=False, its own schema: accepted" ]; then
    echo "as described"
else
    echo "this has changed"
    exit 1
fi
