"""The same invoice by WeasyPrint, run by the Python of an environment that has it: `… SECONDS`, its facts on stdin.

Nothing of the project is imported. PDF/A-3b with the XML attached, in the same font; each with a number of its own.
"""

import html
import json
import sys
import time

from weasyprint import HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

#: Documents that count for nothing: fonts are read.
_WARMING = 3
_STYLE = """
@page { size: A4; margin: 16mm 18mm 20mm; @bottom-right { content: counter(page) " / " counter(pages) } }
body { font: 9pt "Noto Sans" } h1 { color: #1f4e79; border-bottom: 1.2pt solid #1f4e79 }
table { width: 100%; border-collapse: collapse } th { background: #1f4e79; color: white; text-align: left }
td, th { padding: 1mm 1.5mm } tr:nth-child(even) td { background: #f5f5f5 } .number { text-align: right }
.parties td { vertical-align: top; background: none } .sums { width: 50%; margin-left: 50% }
"""


def page(invoice: dict, number: int) -> str:
    """The page as HTML."""

    def lines(texts: list[str]) -> str:
        return "<br>".join(html.escape(text) for text in texts)

    def row(cells: list[str], tag: str = "td") -> str:
        number_cells = "".join(f"<{tag} class=number>{html.escape(cell)}</{tag}>" for cell in cells[1:])
        return f"<tr><{tag}>{html.escape(cells[0])}</{tag}>{number_cells}</tr>"

    return (
        f"<html lang=en><head><title>Invoice {number}</title><style>{_STYLE}</style></head><body><h1>Invoice</h1>"
        f"<table class=parties><tr><td>{lines(invoice['seller'])}</td><td>{lines(invoice['buyer'])}</td>"
        f"<td>{lines([f'Number {number}', *invoice['facts']])}</td></tr></table>"
        f"<table><thead>{row(invoice['columns'], 'th')}</thead>"
        f"<tbody>{''.join(map(row, invoice['rows']))}</tbody></table>"
        f"<table class=sums>{''.join(map(row, invoice['sums']))}</table></body></html>"
    )


def rate(invoice: dict, seconds: float) -> float:
    """Documents a second."""
    fonts, made, begun = FontConfiguration(), -_WARMING, 0.0
    while made <= 0 or time.perf_counter() - begun < seconds:
        begun = time.perf_counter() if made == 0 else begun
        attached = Attachment(string=invoice["xml"], name="factur-x.xml", relationship="Alternative")
        document = HTML(string=page(invoice, made)).render(font_config=fonts)
        written = document.write_pdf(pdf_variant="pdf/a-3b", attachments=[attached])
        if not written.startswith(b"%PDF-1.7"):
            raise SystemExit("no PDF")
        made += 1
    return made / (time.perf_counter() - begun)


if __name__ == "__main__":
    sys.stdout.write(f"{rate(json.load(sys.stdin), float(sys.argv[1]))}\n")
