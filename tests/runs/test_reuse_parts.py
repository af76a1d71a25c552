"""Everything a result depends on counts: each of these edits runs what it must, and says why."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reusing import ran, run
from support import started, targets

from jupyterlab_dossier.runs import Engine


def _csv(path: Path, value: int) -> None:
    pd.DataFrame({"a": [value, 1]}).to_csv(path, index=False)


def _npy(path: Path, value: int) -> None:
    np.save(path, np.array([value, 1]))


def _parquet(path: Path, value: int) -> None:
    pd.DataFrame({"a": [value, 1]}).to_parquet(path)


def _database(path: Path, value: int) -> None:
    db = sqlite3.connect(path)
    db.execute("create table if not exists t (a)")
    db.execute("delete from t")
    db.execute("insert into t values (?)", (value,))
    db.commit()
    db.close()


READERS: dict[str, tuple[Callable[[Path, int], None], str, list[str]]] = {
    "pandas": (
        _csv,
        "data.csv",
        ["import pandas as pd", "df = pd.read_csv('data.csv')", "df.a.sum()", "print('no')"],
    ),
    "by a variable": (
        _csv,
        "data.csv",
        ["name = 'da' + 'ta'\nimport pandas as pd", "df = pd.read_csv(f'{name}.csv')", "df", "1"],
    ),
    "numpy": (
        _npy,
        "data.npy",
        ["import numpy as np", "a = np.load('data.npy')", "print(a.sum())", "print('no')"],
    ),
    "sqlite3": (
        _database,
        "data.db",
        [
            "import sqlite3",
            "with sqlite3.connect('data.db') as db:\n"
            "    rows = db.execute('select * from t').fetchall()\n"
            "db.close(); del db",
            "rows",
            "print('no')",
        ],
    ),
    "parquet": (
        _parquet,
        "data.parquet",
        ["import pandas as pd", "df = pd.read_parquet('data.parquet')", "df.a.sum()", "2"],
    ),
    "pyarrow": (
        _parquet,
        "data.parquet",
        [
            "import pyarrow.parquet as pq",
            "df = pq.read_table('data.parquet').to_pandas()",
            "df.a.sum()",
            "2",
        ],
    ),
}


@pytest.mark.parametrize("kind", READERS)
async def test_a_data_file_counts_by_content(engine: Engine, tmp_path: Path, kind: str) -> None:
    write, name, sources = READERS[kind]
    write(tmp_path / name, 3)
    await run(engine, tmp_path, sources)
    os.utime(tmp_path / name, (1, 1))
    again, _ = await run(engine, tmp_path, sources)
    assert ran(again) == [], [t.why for t in again.tasks]
    write(tmp_path / name, 4)
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1", "c2"]
    assert record.tasks[1].why == f"it ran: file `{name}` changed"
    assert outputs == (await run(engine, tmp_path, sources, fresh=True))[1]


async def test_a_native_reader_of_unknown_files_is_not_reused(
    engine: Engine, tmp_path: Path
) -> None:
    _parquet(tmp_path / "data.parquet", 1)
    cell = "import pyarrow.parquet as pq\nt = pq.read_table('.'.join(['data', 'parquet']))"
    await run(engine, tmp_path, [cell, "print(t.num_rows)"])
    record, _ = await run(engine, tmp_path, [cell, "print(t.num_rows)"])
    assert ran(record) == ["c0"]  # and leaves what it left before
    assert "it is not known which files `pq.read_table` reads" in (record.tasks[0].why or "")
    declared = [
        {"source": cell, "effects": {"reads": ["file:data.parquet"]}},
        "print(t.num_rows)",
    ]
    await run(engine, tmp_path, declared)
    assert ran((await run(engine, tmp_path, declared))[0]) == []
    _parquet(tmp_path / "data.parquet", 2)
    assert "c0" in ran((await run(engine, tmp_path, declared))[0])


async def test_set_up_counts(engine: Engine, tmp_path: Path) -> None:
    def sources(precision: int) -> list[str]:
        return ["import pandas as pd", f"pd.set_option('display.precision', {precision})",
                "df = pd.DataFrame({'a': [1 / 7]})", "df"]  # fmt: skip

    await run(engine, tmp_path, sources(2))
    assert ran((await run(engine, tmp_path, sources(2)))[0]) == []
    record, outputs = await run(engine, tmp_path, sources(5))
    assert ran(record) == ["c1", "c2", "c3"]
    words = "it ran: the set-up before it changed (`pd.set_option('display.precision', 5)`)"
    assert record.tasks[3].why == words
    assert "0.14286" in outputs["c3"][0]["data"]["text/plain"]


async def test_imports_count_where_they_stand_in_the_set_up(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("import os\nMODE = os.environ.get('ZED', 'dev')\n")
    sources = ["import os", "import conf", "os.environ['ZED'] = 'prod'", "print(conf.MODE)"]
    _, outputs = await run(engine, tmp_path, sources)
    assert outputs["c3"][0]["text"] == "dev\n"
    record, _ = await run(engine, tmp_path, sources)
    assert ran(record) == []
    sources[1:3] = sources[2:0:-1]
    record, outputs = await run(engine, tmp_path, sources)
    assert outputs["c3"][0]["text"] == "prod\n"
    assert "the set-up before it changed" in record.tasks[3].why


SET_UP_FILES = {
    "environment": (
        "settings.json",
        ('{"ZED": "one"}', '{"ZED": "two"}'),
        "os.environ.update(json.load(open('settings.json')))",
        "print(os.environ['ZED'])",
    ),
    "computed name": (
        "settings.json",
        ('{"ZED": "one"}', '{"ZED": "two"}'),
        "os.environ.update(json.load(open(NAME + '.json')))",
        "print(os.environ['ZED'])",
    ),
    "style": (
        "my.mplstyle",
        ("font.family: one", "font.family: two"),
        "import matplotlib.pyplot as plt\nplt.style.use('./my.mplstyle')",
        "print(plt.rcParams['font.family'][0])",
    ),
}


@pytest.mark.parametrize("kind", SET_UP_FILES)
async def test_files_that_set_up_reads_count(engine: Engine, tmp_path: Path, kind: str) -> None:
    name, (one, two), setup, shows = SET_UP_FILES[kind]
    sources = ["import json, os\nNAME = 'settings'", setup, shows, "print('after')"]
    (tmp_path / "data.csv").write_text("a\n1\n")
    sources.append("import pandas as pd\nprint(len(pd.read_csv('data.csv')))")
    (tmp_path / name).write_text(one)
    await run(engine, tmp_path, sources)
    again, outputs = await run(engine, tmp_path, sources)
    assert ran(again) == [], [t.why for t in again.tasks]
    assert outputs["c2"][0]["text"] == "one\n"
    (tmp_path / name).write_text(two)
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1", "c2", "c3", "c4"]  # whatever reads what the set-up set
    assert outputs["c2"][0]["text"] == "two\n"
    assert f"file `{name}` changed" in record.tasks[2].why
    again, _ = await run(engine, tmp_path, sources)
    assert ran(again) == []
    (tmp_path / "data.csv").write_text("a\n1\n2\n")
    record, _ = await run(engine, tmp_path, sources)
    assert ran(record) == ["c4"]  # another cell's file is not the set-up's


async def test_local_modules_count_with_what_they_import(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "below.py").write_text("def g():\n    return 1\n")
    (tmp_path / "own.py").write_text("import below\ndef f():\n    return below.g()\n")
    sources = ["import own", "x = own.f()\nprint(x)", "print('alone')"]
    await run(engine, tmp_path, sources)
    again, _ = await run(engine, tmp_path, sources)
    assert ran(again) == [], [t.why for t in again.tasks]
    # Of another length: Python itself knows its compiled modules by size and second.
    (tmp_path / "below.py").write_text("def g():\n    return 20\n")
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == ["c0", "c1"] and outputs["c1"][0]["text"] == "20\n"
    assert record.tasks[1].why == "it ran: module `below` changed"


async def test_the_version_of_a_package_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        place = tmp_path / version / "site-packages"
        (place / f"tiny-{version}.dist-info").mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
        (place / f"tiny-{version}.dist-info" / "METADATA").write_text(text)
        (place / "tiny.py").write_text(f"def f():\n    return {version!r}\n")
    sources = ["import tiny", "print(tiny.f())", "print('alone')"]
    before = os.environ.get("PYTHONPATH", "")
    for version, executed in (("1.0", 3), ("1.0", 0), ("2.0", 2), ("1.0", 0)):
        place = tmp_path / version / "site-packages"
        monkeypatch.setenv("PYTHONPATH", f"{place}:{before}")
        async with started(tmp_path / "data", targets(slots=2)) as engine:
            record, outputs = await run(engine, folder, sources)
        assert len(ran(record)) == executed, [t.why for t in record.tasks]
        assert outputs["c1"][0]["text"] == f"{version}\n"
        if version == "2.0":
            assert record.tasks[1].why == "it ran: tiny 1.0 → 2.0"


async def test_a_variable_of_the_environment_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ["import os\nlevel = os.environ.get('LEVEL', '0')", "print(level)", "print('no')"]
    for value, executed in (("1", 3), ("1", 0), ("2", 2)):
        monkeypatch.setenv("LEVEL", value)
        monkeypatch.setenv("OTHER", f"{value}{executed}")
        async with started(tmp_path / "data", targets(slots=2)) as engine:
            record, outputs = await run(engine, tmp_path, sources)
        assert len(ran(record)) == executed, [t.why for t in record.tasks]
        assert outputs["c1"][0]["text"] == f"{value}\n"
    assert record.tasks[0].why == "it ran: the environment variable `LEVEL` changed"


async def test_what_set_up_reads_of_the_environment_and_the_folder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [
        "import os",
        "os.environ['ZED'] = os.getenv('LEVEL', '0')",
        "print(os.environ['ZED'])",
        "os.environ['ROOT'] = os.getcwd()",
        "print(os.path.basename(os.environ['ROOT']))",
    ]
    for value, place, executed in (
        ("1", "one", {"c0", "c1", "c2", "c3", "c4"}),
        ("1", "one", set()),
        ("2", "one", {"c1", "c2", "c3", "c4"}),
        ("2", "two", {"c3", "c4"}),
    ):
        monkeypatch.setenv("LEVEL", value)
        (tmp_path / place).mkdir(exist_ok=True)
        async with started(tmp_path / "data", targets(slots=2)) as engine:
            record, outputs = await run(engine, tmp_path / place, sources)
        assert outputs["c2"][0]["text"] == f"{value}\n"
        assert outputs["c4"][0]["text"] == f"{place}\n"
        assert {*ran(record)} == executed, [t.why for t in record.tasks]


NEVER = {
    "clock": ("import time\nt = time.time()", "it reads the clock (`time.time`)"),
    "chance": ("import random\nr = random.random()", "random numbers that nobody seeded"),
    "entropy": ("import numpy as np\nr = np.random.default_rng().random()", "is not seeded"),
    "program": ("!true", "it starts programs"),
    "unseen": ("exec('x = ' + str(1))", "cannot be known"),
}


@pytest.mark.parametrize("kind", NEVER)
async def test_what_no_key_knows_runs_again(engine: Engine, tmp_path: Path, kind: str) -> None:
    source, words = NEVER[kind]
    await run(engine, tmp_path, [source])
    record, _ = await run(engine, tmp_path, [source])
    assert ran(record) == ["c0"]
    assert words in (record.tasks[0].why or ""), record.tasks[0].why


async def test_whoever_calls_a_clock_runs_again(engine: Engine, tmp_path: Path) -> None:
    sources = ["import time\ndef now():\n    return time.time() > 0", "t = now()", "print(t)"]
    await run(engine, tmp_path, sources)
    record, _ = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1"]  # its value is as before, so that the last one stands


async def test_the_user_may_say_so(engine: Engine, tmp_path: Path) -> None:
    cells = [{"source": "!true", "effects": {"reuse": True}},
             {"source": "print(1)", "effects": {"reuse": False}}]  # fmt: skip
    await run(engine, tmp_path, cells)
    record, _ = await run(engine, tmp_path, cells)
    assert ran(record) == ["c1"] and "its metadata says so" in (record.tasks[1].why or "")


async def test_seeded_numbers_are_reused(engine: Engine, tmp_path: Path) -> None:
    sources = ["import numpy as np\nnp.random.seed(3)", "print(np.random.rand())",
               "print(np.random.rand())"]  # fmt: skip
    await run(engine, tmp_path, sources)
    assert ran((await run(engine, tmp_path, sources))[0]) == []
    record, outputs = await run(engine, tmp_path, [sources[0], "print('no draw')", sources[2]])
    assert ran(record) == ["c1"]  # the last one draws what the one before it drew
    again = await run(engine, tmp_path, [sources[0], "print('no draw')", sources[2]], fresh=True)
    assert again[1] == outputs


async def test_written_files_are_there_afterwards(engine: Engine, tmp_path: Path) -> None:
    sources = ["x = 1", "open('out.txt', 'w').write(f'{x}')", "print(open('out.txt').read())",
               "y = 2"]  # fmt: skip
    await run(engine, tmp_path, sources)
    assert ran((await run(engine, tmp_path, sources))[0]) == []
    (tmp_path / "out.txt").unlink()
    record, _ = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1"] and (tmp_path / "out.txt").read_text() == "1"
    assert record.tasks[1].why == "it ran: file `out.txt` is not as it left it"
    (tmp_path / "out.txt").write_text("other")
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1"] and outputs["c2"][0]["text"] == "1\n"


async def test_a_file_written_twice_is_as_the_last_one_left_it(
    engine: Engine, tmp_path: Path
) -> None:
    sources = ["open('a.txt', 'w').write('1')", "print(open('a.txt').read())",
               "open('a.txt', 'w').write('2')", "print(open('a.txt').read())"]  # fmt: skip
    _, before = await run(engine, tmp_path, sources)
    again, after = await run(engine, tmp_path, sources)
    assert ran(again) == [] and after == before
    sources[3] = "print('so:', open('a.txt').read())"
    record, outputs = await run(engine, tmp_path, sources)
    assert outputs["c1"][0]["text"] == "1\n" and outputs["c3"][0]["text"] == "so: 2\n"
    assert "c3" in ran(record) and (tmp_path / "a.txt").read_text() == "2"


async def test_appending_is_done_again(engine: Engine, tmp_path: Path) -> None:
    sources = ["with open('log.txt', 'a') as f: f.write('x')"]
    for text in ("x", "xx"):
        await run(engine, tmp_path, sources)
        assert (tmp_path / "log.txt").read_text() == text


async def test_what_lives_in_a_process_is_made_again_where_it_is_needed(
    engine: Engine, tmp_path: Path
) -> None:
    sources = ["g = (i * i for i in range(5))", "print(next(g))", "x = 5", "print(next(g), x)"]
    await run(engine, tmp_path, sources)
    assert ran((await run(engine, tmp_path, sources))[0]) == []
    sources[3] = "print('so', next(g), x)"
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == ["c0", "c1", "c3"]
    assert outputs["c3"][0]["text"] == "so 1 5\n"


async def test_shared_objects_are_shared_with_what_was_reused(
    engine: Engine, tmp_path: Path
) -> None:
    sources = ["a = [1]", "b = [a]", "b[0].append(2)\nprint(a is b[0], a)"]
    await run(engine, tmp_path, sources)
    for first in ("a = [1]  # as before", "a = [0 + 1]"):
        sources = [first, "b = [a]", f"b[0].append(2)\nprint(a is b[0], a, {len(first)})"]
        record, outputs = await run(engine, tmp_path, sources)
        assert "c1" not in ran(record) and "c2" in ran(record)
        assert outputs["c2"][0]["text"].startswith("True [1, 2]")
