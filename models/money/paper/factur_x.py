"""What makes a PDF/A-3b with an XML inside a Factur-X: its XMP metadata say so.

typst attaches the XML, but writes no XMP of others' schemas; factur-x would write the time of day into every file. So
the metadata stream is written again behind the file's end, as an incremental update (ISO 32000-1, 7.5.6): nothing of
what is there moves.
"""

from __future__ import annotations

import re

#: The schema, described as PDF/A-3 asks for it (ISO 19005-3, 6.6.2.3), and the four properties.
_URN = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = (
    ("DocumentFileName", "factur-x.xml", "The name of the embedded XML document"),
    ("DocumentType", "INVOICE", "The type of the hybrid document in capital letters"),
    ("Version", "1.0", "The version of the standard applying to the embedded XML document"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded XML document"),
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{_URN}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>"
    + "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, _, meaning in _PROPERTIES
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_VALUES = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_URN}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _ in _PROPERTIES)
    + "</rdf:Description>"
).encode()
#: Where they go: a schema beside those that typst describes (the list of them may stand there once), values at the end.
_SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas>"
_END = b"</rdf:RDF>"
_METADATA = re.compile(rb"/Metadata (\d+) 0 R")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def with_metadata(pdf: bytes) -> bytes:
    """The file, its metadata completed. Raises ValueError for a file that is not as typst writes them."""
    reference = _METADATA.search(pdf)
    number = int(reference[1]) if reference else 0
    begun = re.search(rb"^%d 0 obj\b" % number, pdf, re.MULTILINE)
    stream = _STREAM.search(pdf, begun.end()) if begun else None
    trailer = re.search(rb"trailer\s*<<(.*)>>\s*startxref\s+(\d+)\s+%%EOF\s*\Z", pdf, re.DOTALL)
    if stream is None or trailer is None or stream[1].count(_SCHEMAS_END) != 1 or stream[1].count(_END) != 1:
        raise ValueError("the PDF has no metadata that could be completed")
    metadata = stream[1].replace(_SCHEMAS_END, _SCHEMA + _SCHEMAS_END).replace(_END, _VALUES + _END)
    head = b"%d 0 obj\n<<\n  /Type /Metadata\n  /Subtype /XML\n  /Length %d\n>>\nstream\n" % (number, len(metadata))
    body = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    table = len(body) + len(head) + len(metadata) + len(b"\nendstream\nendobj\n")
    return b"".join((
        body, head, metadata, b"\nendstream\nendobj\n",
        b"xref\n%d 1\n%010d 00000 n \n" % (number, len(body)),
        b"trailer\n<<", trailer[1].rstrip(), b"\n  /Prev ", trailer[2], b"\n>>\nstartxref\n%d\n%%%%EOF\n" % table,
    ))  # fmt: skip
