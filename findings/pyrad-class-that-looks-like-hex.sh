#!/bin/sh
# pyrad 2.6.0 sends other octets than it was given, when they are an octets attribute that begins with "0x".
#
# One would guess: bytes that are put into an attribute of type octets go out as they are.
# What happens:    the four octets 30 78 34 31 ("0x41") leave as the single octet 41; other octets are left alone.
# Why it matters:  Class comes from elsewhere and goes back as it came (RFC 2865 section 5.25). A server or a test that
#                  puts it back through the dictionary returns another session's key, and nothing complains. Put it in
#                  raw: packet[25] = [octets].
# Source:          pyrad.tools, EncodeOctets.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check pyrad==2.6.0
timeout 60 "$place/venv/bin/python" - <<'PY'
import io
import sys

from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket

words = Dictionary(io.StringIO("ATTRIBUTE Class 25 octets\n"))
sent = {}
for octets in (b"plain", b"0x41"):
    packet = AcctPacket(dict=words, secret=b"of this test")
    packet["Class"] = octets
    sent[octets] = packet[25][0]
    print(f"given {octets!r:12} sent {sent[octets]!r}")
raw = AcctPacket(dict=words, secret=b"of this test")
raw[25] = [b"0x41"]
print(f"given {b'0x41'!r:12} sent {raw[25][0]!r} (raw)")
same = sent == {b"plain": b"plain", b"0x41": b"A"} and raw[25] == [b"0x41"]
print("as described" if same else "this has changed")
sys.exit(0 if same else 1)
PY
