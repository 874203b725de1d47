"""The bench's exit code: 1 where a figure is not what it is called, 2 for a scenario that does not exist."""

from collections.abc import Callable

import pytest

from tests.bench import __main__ as program
from tests.bench.bench import Bench
from tests.bench.check import Tally
from tests.bench.table import Row


class Server:
    """A side that is never asked anything."""

    name = "project"
    auth = acct = ("127.0.0.1", 9)
    url = ""

    def roots(self) -> list[int]:
        return []

    def login_server(self) -> int:
        return 0

    def tally(self) -> Tally:
        return Tally(0, 0)

    def set_sessions(self, rows: int) -> None:
        return


@pytest.mark.parametrize(("sentences", "code"), [([], 0), (["99 logins decided."], 1)])
def test_a_false_figure_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sentences: list[str], code: int
) -> None:
    def scenario(bench: Bench) -> list[Row]:
        bench.fail("logins", Server(), sentences)
        return [Row("logins", "rate", 31_207.0, None, "1/s")]

    scenarios: dict[str, Callable[[Bench], list[Row]]] = {"logins": scenario}
    monkeypatch.setattr(program, "SCENARIOS", scenarios)
    monkeypatch.setattr(program, "_started", lambda *_, **__: ("Some machine.", [], []))
    monkeypatch.setattr(program, "_ceilings", list)
    assert program.main(["--only", "logins"]) == code
    said = capsys.readouterr().out
    assert "31,207" in said
    assert said.count("FAILED: logins, project: 99 logins decided.") == 2 * len(sentences)


def test_a_scenario_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--only", "logins,nonsense"]) == 2
    assert "no scenario nonsense" in capsys.readouterr().out
