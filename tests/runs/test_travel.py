"""What of a notebook's folder travels with a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from jupyterlab_dossier.dataflow import Cell as Analysed
from jupyterlab_dossier.dataflow import analyse
from jupyterlab_dossier.runs.files import naming
from jupyterlab_dossier.runs.files.finding import Files
from jupyterlab_dossier.runs.files.naming import Named
from jupyterlab_dossier.runs.files.travel import Travel, Wanted
from jupyterlab_dossier.runs.model import Cell
from jupyterlab_dossier.runs.planning import plan as planning
from jupyterlab_dossier.store import Store
from jupyterlab_dossier.targets import Target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work" / "nb"
    made.mkdir(parents=True)
    return made


def find(folder: Path, *literals: str, reads: Iterable[str] = (), opens: bool = True) -> Files:
    named = Named(literals=frozenset(literals), reads=frozenset(reads), opens=opens)
    ours = folder / "dossier"
    wanted = Wanted(str(folder / "nb.ipynb"), Target("away", "local", {}), named=named)
    return Travel(Store(ours / "store"), ours).find(wanted)[0]


def files(found: Files) -> list[str]:
    return sorted(path for path, what in found.there.items() if what is not None)


def fill(folder: Path, *paths: str) -> None:
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("quote", ["'", '"', "'''"])
def test_text_of_any_kind_is_looked_through_in_no_time(quote: str) -> None:
    source = f'# don{quote}t\nr"' + "\\alpha " * 3000 + "\n" + "\\\\" * 3000
    naming.texts_in(source)


def test_hidden_files_are_sent_where_they_are_named(folder: Path) -> None:
    fill(folder, "a.csv", ".env", ".ssh/key", "sub/.netrc", "sub/b.csv", "dossier/ledger")
    found = find(folder, ".")
    assert files(found) == ["a.csv", "sub/b.csv"]
    assert found.notes == [
        "hidden, and not named in the cell, so not sent: `.env`, `.ssh`, `sub/.netrc`"
    ]
    assert files(find(folder, ".env", reads=["sub"])) == [".env", "sub/.netrc", "sub/b.csv"]


def test_what_is_too_much_for_a_guess_is_told_whatever_stands_beside_it(folder: Path) -> None:
    fill(folder, *(f"data/{n}" for n in range(1005)), "data/sub/x", "data/__pycache__/y")
    found = find(folder, "data/*")
    assert files(found) == []
    assert found.notes == [
        "`data/*` was not sent: at least 1001 files fit it, too much for a guess: declare them in"
        " the cell's `reads`"
    ]


def test_patterns_beside_the_folder_and_short_ones(folder: Path) -> None:
    fill(folder, "../data/1.csv", "../data/2.csv", "a.R", "b.R", "c")
    assert files(find(folder, "../data/*.csv")) == ["../data/1.csv", "../data/2.csv"]
    assert files(find(folder, "*.R", opens=False)) == ["a.R", "b.R"]
    assert files(find(folder, "*")) == ["a.R", "b.R", "c"]
    assert files(find(folder, "*", opens=False)) == []


def test_links_are_what_they_lead_to(folder: Path) -> None:
    fill(folder, "../data/1.csv")
    fill(folder, "in/x")
    (folder / "in" / "data").symlink_to(folder / ".." / "data")
    (folder / "in" / "again").symlink_to(folder / "in")
    assert files(find(folder, "in")) == ["in/data/1.csv", "in/x"]


def chain(length: int) -> planning.Plan:
    """Each cell uses the one before it, and names a file."""
    sources = [
        f"x{n} = open('{n}.txt').read()" + (f" + x{n - 1}" if n else "") for n in range(length)
    ]
    return plan_of(sources)


def plan_of(sources: Sequence[str]) -> planning.Plan:
    cells = [Cell(f"c{n}", n, source) for n, source in enumerate(sources)]
    graph = analyse([Analysed(cell.id, cell.source) for cell in cells])
    return planning.make(cells, graph.to_json())


def test_what_cells_name_is_what_their_lineages_name() -> None:
    plan = plan_of(
        [
            "import os\na = 'a.csv'",
            "import json\ndef f():\n    return a, 'b.csv'",
            "import sys\nsys.path.append('lib')\nb = 'c.csv'",
            "c = f()",
            "d = (b, c, 'd.csv')",
            "print(d, json)",
            "print(a)",
        ]
    )
    names = naming.Naming(plan)
    for cell in reversed(plan.order):
        line = {plan.steps[one].cell.source for one in planning.lineage(plan, cell)}
        texts = {*line, *(setup.source for setup in plan.steps[cell].prefix)}
        expected = {t for text in texts for t in re.findall(r"'([^']*)'", text)}
        assert names.of(cell).literals == expected
        assert names.of(cell) == naming.named(plan, cell)


def test_the_work_of_naming_grows_with_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    inputs = planning.Step.inputs.fget
    assert inputs is not None

    def counted(step: planning.Step) -> dict[str, str]:
        asked.append(step.cell.id)
        return inputs(step)

    monkeypatch.setattr(planning.Step, "inputs", property(counted))

    def work(length: int) -> int:
        plan = chain(length)
        asked.clear()
        names = naming.Naming(plan)
        named = [names.of(cell) for cell in plan.order]
        assert {f"{n}.txt" for n in range(length)} <= named[-1].literals
        return len(asked)

    assert work(80) == 2 * work(40)
