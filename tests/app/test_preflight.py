"""What is told of a cell before it is sent, with a second target of another interpreter."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from jupyterlab_dossier.targets import Target, Usable, catalogue
from jupyterlab_dossier.targets.local import LocalProvider


@pytest.fixture
def old(
    jp_config_dir: Path, jp_environ: Any, old_python: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A local target whose workers run in another environment."""
    # pytest-jupyter hands the path of the tests' own environment on to everyone.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    folder = jp_config_dir / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "old.toml").write_text(f'[old]\nkind = "local"\npython = "{old_python}"\n')
    return old_python


class Book:
    """A notebook with a running kernel."""

    def __init__(self, api: Any, notebook: Any, cells: Any, kernel: str) -> None:
        self._api = api
        self.kernel = kernel
        self.content = notebook(*cells)

    def _asked(self, cell: int, **more: Any) -> dict[str, Any]:
        asked = {"kind": "cell", "path": "a.ipynb", "kernel": self.kernel, "cell": f"c{cell}"}
        return {**asked, "content": self.content, **more}

    async def preflight(self, cell: int, **more: Any) -> list[dict[str, Any]]:
        status, answer = await self._api("POST", "preflight", self._asked(cell, **more))
        assert status == 200, answer
        problems: list[dict[str, Any]] = answer["problems"]
        return problems

    async def start(self, cell: int, **more: Any) -> tuple[int, Any]:
        status, answer = await self._api("POST", "runs", self._asked(cell, **more))
        return status, answer

    async def run(self, cell: int, **more: Any) -> dict[str, Any]:
        status, answer = await self.start(cell, **more)
        assert status == 201, answer
        while (record := await self.record(answer["run"]))["state"] == "running":
            await asyncio.sleep(0.05)
        return record

    async def record(self, run: str) -> dict[str, Any]:
        return dict((await self._api("GET", f"runs/{run}"))[1])

    async def runs(self) -> int:
        return len((await self._api("GET", "runs"))[1]["runs"])


@pytest.fixture
def book(api: Any, notebook: Any, jp_serverapp: Any) -> Any:
    async def make(*cells: Any) -> Book:
        kernel = await jp_serverapp.kernel_manager.start_kernel(kernel_name="python3")
        manager = jp_serverapp.kernel_manager.get_kernel(kernel)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.stop_channels()
        return Book(api, notebook, cells, kernel)

    return make


class Silent(LocalProvider):
    """Local processes on a platform that does not answer some times."""

    kind = "silent"

    def __init__(self, times: int) -> None:
        self.times = times

    async def check(self, target: Target) -> Usable:
        self.times -= 1
        if self.times >= 0:
            return Usable(False, "the cluster does not answer within 10 s", again=True)
        return await super().check(target)


@pytest.fixture
def silent(jp_serverapp: Any) -> Any:
    """Makes the target `silent`, which does not answer so many times."""

    async def make(times: int) -> Silent:
        service = jp_serverapp.web_app.settings["jupyterlab_dossier_service"]
        catalogue = (await service.engine()).catalogue
        settings = {"shared": True, "shares_folder": True, "workers": 2}
        catalogue.targets["silent"] = Target("silent", "silent", settings)
        catalogue.providers["silent"] = provider = Silent(times)
        return provider

    return make


def on(target: str, source: str, **more: Any) -> Any:
    return source, {"version": 1, "target": target, **more}


async def test_names_that_nothing_defines(book: Any) -> None:
    book = await book(
        "foo = 1",
        on("local", "print(foo + bar)"),
        on("local", "bar = 2"),
        on("local", "try:\n    nowhere\nexcept NameError:\n    print('as meant')"),
        on("local", "if 'a' in 'b':\n    print(nowhere)\nprint([n for n in 'ab'], __name__, _)"),
        on("local", "%whos\nnowhere = 1\nprint(nowhere)"),
    )
    problems = await book.preflight(1)
    assert [(p["cell"], p["level"], p["kind"], p["message"]) for p in problems] == [
        ("c1", "error", "undefined", "`foo` is not defined"),
        ("c1", "error", "undefined", "`bar` is not defined"),
    ]
    assert [p["action"] for p in problems] == [
        "Run code cell 1 first: it defines it",
        "Run code cell 3 first: it defines it",
    ]
    # Not only the browser asks: the run itself is refused, and nothing is recorded of it.
    status, answer = await book.start(1)
    assert status == 400
    assert answer["problems"] == problems
    assert "cell 1 (c1): `foo` is not defined. Run code cell 1 first" in answer["message"]
    assert await book.runs() == 0
    # What works is not stopped.
    assert await book.preflight(3) == []
    [perhaps] = await book.preflight(4)
    assert (perhaps["level"], perhaps["message"]) == ("warning", "`nowhere` is not defined")
    assert (await book.run(4))["state"] == "done"
    assert (await book.run(5))["state"] == "done"
    # Names made on the target are names.
    assert (await book.run(2))["state"] == "done"
    assert [p["message"] for p in await book.preflight(1)] == ["`foo` is not defined"]


@pytest.mark.alone
async def test_packages_of_another_interpreter(book: Any, old: str) -> None:
    book = await book(
        on("old", "import pandas as pd\nframe = pd.DataFrame({'n': [1]})"),
        on("old", "import ipykernel\nipykernel.__version__"),
        on("old", "def later():\n    import polars\nprint('fine')"),
        on("local", "import pandas as pd\nframe = pd.DataFrame({'n': [1]})"),
        on("old", "print(len(frame))"),
        on("old", "%pip install --dry-run tomli"),
        on("local", "%pip list\n!pip install --help"),
    )
    [missing] = await book.preflight(0)
    assert (missing["level"], missing["kind"]) == ("error", "package")
    assert missing["message"] == "`pandas` is not installed on 'old'"
    assert f"{Path(old).parents[1]}/bin/python -m pip install pandas" in missing["action"]
    assert (await book.start(0))[0] == 400

    [differs] = await book.preflight(1)
    assert (differs["level"], differs["kind"]) == ("warning", "version")
    assert "6.29.5 on 'old': results may differ" in differs["message"]
    status, answer = await book.start(1)
    assert (status, answer["problems"]) == (201, [differs])
    while (await book.record(answer["run"]))["state"] == "running":
        await asyncio.sleep(0.05)

    [perhaps] = await book.preflight(2)
    assert (perhaps["level"], perhaps["kind"]) == ("warning", "package")
    assert perhaps["message"] == "`polars` is not installed on 'old', nor in the notebook's kernel"

    # A value needs the packages of its type, wherever it was made.
    assert (await book.run(3))["state"] == "done"
    [value] = await book.preflight(4)
    assert (value["level"], value["message"]) == ("error", "`pandas` is not installed on 'old'")

    [install] = await book.preflight(5)
    assert (install["level"], install["kind"]) == ("warning", "install")
    assert str(Path(old).parents[1]) in install["message"]
    assert "the notebook's kernel is not changed" in install["action"]
    [install] = await book.preflight(6)
    assert "the first such program on the PATH of 'local'" in install["message"]
    assert "the environment of the notebook's kernel too" in install["action"]

    # Once the facts are known, asking costs little.
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        await book.preflight(1)
        spent.append(time.perf_counter() - begun)
    print(f"preflight with cached facts: {min(spent) * 1000:.0f} ms")
    assert min(spent) < 5  # against hanging; docs have what it takes on a quiet machine


async def test_values_that_cannot_be_moved(book: Any, old: str) -> None:
    book = await book(
        on("local", "lines = open('a.txt', 'w')\nlines"),
        on("old", "lines.write('more')"),
        on("local", "lines.write('more')\nlines.close()"),
    )
    [unwritten] = [p for p in await book.preflight(1) if p["kind"] == "undefined"]
    assert unwritten["action"] == "Run code cell 1 first: it defines it"
    assert (await book.run(0))["state"] == "done"
    [problem] = await book.preflight(1)
    assert (problem["level"], problem["kind"]) == ("error", "unshippable")
    assert "`lines` (" in problem["message"]
    assert "made by code cell 1 and used by code cell 2" in problem["message"]
    assert "the worker kernel on 'local'" in problem["message"]
    assert "Run code cell 2 on 'local' too" in problem["action"]
    assert await book.preflight(2) == []
    assert (await book.run(2))["state"] == "done"


async def test_targets_options_and_files(book: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "here.csv").write_text("n\n1\n")
    book = await book(
        on("nowhere", "1"),
        on("local", "1", options={"gpu": 1}),
        on("local", "open('here.csv').read()"),
        on("local", "open('gone.csv').read()"),
        on(
            "local", "import os\nif os.path.exists('gone.csv'):\n    print(open('gone.csv').read())"
        ),
    )
    [unknown] = await book.preflight(0)
    assert (unknown["level"], unknown["kind"]) == ("error", "target")
    assert "there is no target 'nowhere'" in unknown["message"]
    [wrong] = await book.preflight(1)
    assert "gpu is no option of target 'local'" in wrong["message"]
    assert await book.preflight(2) == []
    [gone] = await book.preflight(3)
    assert (gone["level"], gone["kind"]) == ("warning", "file")
    assert "it reads `gone.csv`, which does not exist" in gone["message"]
    assert await book.preflight(4) == []


async def test_a_workflow(api: Any, notebook: Any, old: str) -> None:
    content = notebook(
        "import numpy\nx = 1",
        on("old", "import pandas"),
        "print(x + later)",
        "later = 2",
        "lines = open('a.txt', 'w')",
        on("old", "lines.write('more')"),
    )
    asked = {"kind": "workflow", "path": "a.ipynb", "content": content}
    status, answer = await api("POST", "preflight", asked)
    assert status == 200
    found = [(p["cell"], p["level"], p["kind"]) for p in answer["problems"]]
    assert found == [
        ("c1", "error", "package"),
        ("c2", "error", "undefined"),
        ("c5", "error", "unshippable"),
    ]
    name, value = answer["problems"][1:]
    assert name["message"] == "`later` is not defined: no cell before this one defines it"
    assert name["action"] == "Cell 3 does: move it before this one"
    assert "`lines`, made by cell 4 on 'local' and used by cell 5 on 'old'" in value["message"]
    status, refused = await api("POST", "runs", asked)
    assert status == 400
    assert refused["problems"] == answer["problems"]
    assert (await api("GET", "runs"))[1]["runs"] == []


async def test_a_cell_that_waits_is_looked_at_when_its_turn_comes(book: Any) -> None:
    book = await book(
        on("local", "import time\ntime.sleep(1)\nmade = 1"),
        on("local", "print(made)"),
        on("local", "print(never)"),
    )
    first = asyncio.ensure_future(book.run(0))
    while not await book.runs():
        await asyncio.sleep(0.02)
    second = asyncio.ensure_future(book.run(1))
    third = await book.run(2)
    assert (await first)["state"] == (await second)["state"] == "done"
    assert third["state"] == "failed"
    assert third["why"] == "not run: `never` is not defined. No cell of the notebook defines it"


async def test_what_a_target_that_does_not_answer_is_good_for_is_not_known_yet(
    book: Any, silent: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = await book(on("silent", "print(x)"), on("silent", "x = 1\nprint(x)"))
    words = "the cluster does not answer within 10 s: whether it can be used is not known now"
    provider = await silent(1)
    # The rest of what is wrong is told all the same.
    found = {(p["level"], p["kind"]): p["message"] for p in await pages.preflight(0)}
    assert found.keys() == {("warning", "target"), ("error", "undefined")}
    assert found["warning", "target"] == words
    assert provider.times == 0  # asked once: nobody waits for what may not come

    # The run asks again, and what was not known is nobody's matter any more.
    monkeypatch.setattr(catalogue, "PAUSE", 0.01)
    provider.times = 3
    status, answer = await pages.start(1)
    assert (status, answer["problems"]) == (201, [])
    while (record := await pages.record(answer["run"]))["state"] == "running":
        await asyncio.sleep(0.05)
    assert record["state"] == "done"
    assert provider.times < 0

    # As a workflow, too; its target is asked once for all cells.
    pages.content["cells"].pop(0)
    asked = {"kind": "workflow", "path": "a.ipynb", "content": pages.content, "fresh": True}
    provider.times = 1
    status, answer = await api("POST", "preflight", asked)
    assert [(p["level"], p["message"]) for p in answer["problems"]] == [("warning", words)]
    provider.times = 3
    status, answer = await api("POST", "runs", asked)
    assert (status, answer["problems"]) == (201, [])
    while (record := await pages.record(answer["run"]))["state"] == "running":
        await asyncio.sleep(0.05)
    assert record["state"] == "done"

    # One that stays silent is refused then, with the words of its cluster.
    monkeypatch.setattr(catalogue, "PATIENCE", 0.05)
    provider.times = 1000
    before = await pages.runs()
    status, answer = await pages.start(1)
    assert status == 400
    assert "the cluster does not answer" in answer["message"]
    assert await pages.runs() == before
