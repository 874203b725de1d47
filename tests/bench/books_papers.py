"""Documents as files: XML and PDF/A-3b of one invoice after the other, beside WeasyPrint; one thread each."""

import json
import statistics
import subprocess
import tempfile
import time
import venv
from dataclasses import replace
from pathlib import Path

from models.money.paper.page import Row as Cells
from models.money.paper.page import page_of
from models.money.paper.paper import Paper
from models.money.paper.pdf import pdf
from models.money.paper.xml import xml
from tests.bench.bench import Bench
from tests.bench.table import Row, bounded, compared
from tests.support.papers import HOME, INVOICE

_WEASYPRINT = "weasyprint>=66,<70"
_DRIVER = Path(__file__).with_name("peer_weasyprint.py")
_LINES, _WARMING = 10, 3


def papers(bench: Bench) -> list[Row]:
    """The project in this process, in turns with the other in an environment of its own."""
    with tempfile.TemporaryDirectory(prefix="papers-") as directory:
        try:
            python: Path | None = _install(Path(directory))
        except RuntimeError as error:
            python = None
            bench.notes.append(f"books: without WeasyPrint, which could not be measured: {error}")
        return _measured(bench, python)


def _measured(bench: Bench, python: Path | None) -> list[Row]:
    paper, seconds = _invoice(), bench.options.login_seconds
    rates: dict[str, list[float]] = {"project": [], "WeasyPrint": []}
    for _ in range(bench.options.rounds):
        rates["project"].append(_rate(paper, seconds))
        if python is not None:
            rates["WeasyPrint"].append(_rate_of_other(python, paper, seconds))
        for name, measured in rates.items():
            if measured:
                bench.say(f"    books  {name}: {measured[-1]:,.1f} documents a second")
    own = statistics.median(rates["project"])
    other = statistics.median(rates["WeasyPrint"]) if rates["WeasyPrint"] else None
    return [
        compared("books", "a PDF of an invoice, beside WeasyPrint", (own, other), "1/s", at_least=4),
        bounded("books", "a PDF of an invoice", 1000 / own, "ms", at_most=30),
    ]


def _invoice() -> Paper:
    lines = tuple(replace(HOME, number=number, description=f"Home {number} Mbit/s") for number in range(1, _LINES + 1))
    net = sum(line.net for line in lines)
    tax = net * 16 // 100
    group = replace(INVOICE.taxes[0], base=net, tax=tax)
    return replace(INVOICE, lines=lines, taxes=(group,), net=net, tax=tax, total=net + tax, due=net + tax)


def _rate(paper: Paper, seconds: float) -> float:
    """Each with a number and a buyer of its own, so that nothing of the last one can be kept."""
    made, begun = -_WARMING, 0.0
    while made <= 0 or time.perf_counter() - begun < seconds:
        begun = time.perf_counter() if made == 0 else begun
        one_more = replace(paper, number=f"INV-{made}", buyer=replace(paper.buyer, name=f"Customer {made}"))
        written = pdf(one_more, xml(one_more))
        if not written.startswith(b"%PDF-1.7"):
            raise RuntimeError("no PDF")
        made += 1
    return made / (time.perf_counter() - begun)


def _rate_of_other(python: Path, paper: Paper, seconds: float) -> float:
    return float(_output(str(python), str(_DRIVER), str(seconds), stdin=json.dumps(_facts(paper))))


def _facts(paper: Paper) -> dict[str, object]:
    """What stands on our page, as texts."""
    page = page_of(paper)

    def texts(cells: Cells) -> list[str]:
        return [" ".join(line["text"] for line in cell["lines"]) for cell in cells]

    parties = [[str(party["name"]["lines"][0]["text"]), *texts(party["lines"])] for party in page.parties]  # type: ignore[index,arg-type]
    return {
        "seller": parties[0], "buyer": parties[1], "facts": [" ".join(texts(fact)) for fact in page.facts[1:]],
        "columns": texts(page.columns), "rows": [texts(row) for row in page.rows],
        "sums": [texts(line) for line in page.sums], "xml": xml(paper).decode(),
    }  # fmt: skip


def _install(into: Path) -> Path:
    """Its Python. Raises RuntimeError where it, or the library Pango, is not to be had."""
    venv.create(into, with_pip=True)
    python = into / "bin" / "python"
    _output(str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", _WEASYPRINT)
    _output(str(python), "-c", "import weasyprint")
    return python


def _output(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} …: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
