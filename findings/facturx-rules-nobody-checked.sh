#!/bin/sh
# factur-x 7.8 says True of an invoice's business rules when nobody has looked at them.
#
# One would guess: xml_check_schematron is True when the invoice obeys the Schematron rules of its level.
# What happens:    the rules are not checked here: the invoice is posted to a Saxon server, at
#                  http://localhost:5000/transform unless another address is given. When nobody answers there, the
#                  result is True, and only the log says why. generate_xml asks the same way, by default.
# Why it matters:  a wrong total goes out as a checked invoice; and on a machine whose own service listens on port 5000
#                  every invoice is posted to that. Pass check_schematron="" and run the package's XSLT elsewhere (saxonche
#                  does it offline), or at least saxon_server_raise_if_http_error=True.
# Source:          facturx.facturx, xml_check_schematron, whose documentation of the last argument says so.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check factur-x==7.8
timeout 60 "$place/venv/bin/python" - <<'PY'
import inspect
import socket
import sys

import facturx

UN = "urn:un:unece:uncefact:data:standard"
INVOICE = f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="{UN}:CrossIndustryInvoice:100" xmlns:udt="{UN}:UnqualifiedDataType:100"
    xmlns:ram="{UN}:ReusableAggregateBusinessInformationEntity:100">
  <rsm:ExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter>
      <ram:ID>urn:factur-x.eu:1p0:minimum</ram:ID>
    </ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>INV-1</ram:ID>
    <ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20261127</udt:DateTimeString></ram:IssueDateTime>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty>
        <ram:Name>Seller</ram:Name>
        <ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR11123456782</ram:ID></ram:SpecifiedTaxRegistration>
      </ram:SellerTradeParty>
      <ram:BuyerTradeParty><ram:Name>Buyer</ram:Name></ram:BuyerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:TaxBasisTotalAmount>10.00</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">2.00</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>12.00</ram:GrandTotalAmount>
        <ram:DuePayableAmount>12.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
""".encode()

with socket.create_server(("127.0.0.1", 0)) as listener:
    nobody = f"http://127.0.0.1:{listener.getsockname()[1]}/transform"
seen = [facturx.xml_check_xsd(INVOICE), facturx.xml_check_schematron(INVOICE, saxon_server_url=nobody)]
print("schema:", seen[0])
print("rules, where nobody answers:", seen[1])
try:
    facturx.xml_check_schematron(INVOICE, saxon_server_url=nobody, saxon_server_raise_if_http_error=True)
    seen.append("no error")
except RuntimeError:
    seen.append("an error")
print("the same, when an error is asked for:", seen[2])
default = "http://localhost:5000/transform" in inspect.getsource(sys.modules[facturx.xml_check_schematron.__module__])
print("posted to localhost:5000 by default:", default)
same = seen == [True, True, "an error"] and default
print("as described" if same else "this has changed")
sys.exit(0 if same else 1)
PY
