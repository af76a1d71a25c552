"""What a worker kernel says a cell really did."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio
from book import Book
from peer import Peer, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["forked", "exec"])
async def worker(request: pytest.FixtureRequest, module_server: Server, zipapp: Path) -> Peer:
    env = {"DOSSIER_WORKER_FORK": "0"} if request.param == "exec" else {}
    return module_server.worker(zipapp, env=env)


@pytest.fixture
def book(worker: Peer) -> Book:
    return Book(worker)


async def test_shape(book: Book) -> None:
    done = (await book.run("x = [1]", exports=["x"])).done
    seconds = done["effects"].pop("seconds")
    assert 0 < seconds < 1
    assert done["effects"] == {
        "bound": [], "deleted": [], "changed": [], "unchanged": [], "unchecked": [], "random": [],
        "drawn": [], "process": [], "network": [], "spawned": [], "hidden": [],
        "files": {"read": [], "written": [], "noticed": [], "new": []},
    }  # fmt: skip


async def test_not_asked_for(book: Book) -> None:
    result = await book.run("x = [1]", check=None)
    assert result.done["effects"] == {"bound": ["x"], "deleted": []}
    assert result.done["exports"] == []


async def test_unforeseen_changes_travel(book: Book) -> None:
    await book.run("x = [1]; d = {'x': x}; y = [3]", exports=["x", "d", "y"])
    old = dict(book.inputs)
    code = "getattr(x, 'app' + 'end')(2)\nglobals()['z'] = 5"
    assert await book.effects(code) == {"changed": ["d", "x"], "bound": ["z"]}
    assert {name for name, version in book.inputs.items() if old.get(name) != version} == {
        "d", "x", "z",
    }  # fmt: skip
    assert (await book.run("print(x, d, d['x'] is x, z)")).text() == "[1, 2] {'x': [1, 2]} True 5\n"


async def test_unchanged(book: Book) -> None:
    await book.run("x = [1]; y = [2]", exports=["x", "y"])
    found = await book.effects("y.append(1)", exports=["x", "y"], mutated=["x", "y"])
    assert found == {"unchanged": ["x"]}


async def test_temporary_files_have_names_of_their_own(book: Book) -> None:
    code = "import os, tempfile\nd = tempfile.mkdtemp()\nopen(d + '/x', 'w').close()\n"
    code += "f = tempfile.NamedTemporaryFile()\nprint(d, f.name)"
    result = await book.run(code)
    folder, file = result.text().split()
    files = result.done["effects"]["files"]
    assert files["new"] == files["written"] == sorted([folder, f"{folder}/x", file])
    files = (await book.run("open(d + '/x', 'w').close()")).done["effects"]["files"]
    assert (files["new"], files["written"]) == ([], [f"{folder}/x"])
    files = (await book.run("tempfile.mkdtemp(dir='.')")).done["effects"]["files"]
    assert files["new"] == [] and len(files["written"]) == 1


async def test_what_an_abstract_class_is_told_changes_it(book: Book) -> None:
    code = "import abc\nclass A(abc.ABC): pass\nclass B(abc.ABC): pass"
    await book.run(code, exports=["A", "B"])
    both = {"exports": ["A", "B"], "mutated": ["A", "B"]}
    assert await book.effects("A.register(int)\nissubclass(int, B)", **both) == {"unchanged": ["B"]}
    told = "print(issubclass(int, A), issubclass(int, B))"
    assert (await book.run(told)).text() == "True False\n"
    assert await book.effects("getattr(B, 'reg' + 'ister')(str)") == {"changed": ["B"]}
