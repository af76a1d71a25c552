"""Files of the notebook's folder travel to pods, and what cells write there comes back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from namespaces import Namespace, gone
from support import assert_equal_outputs, restart_and_run_all, started, workflow

from jupyterlab_dossier.targets import Catalogue, Target

CELLS = [
    ("import numpy as np\nimport pandas as pd\nfrom own.tables import read", None),
    ("table = read('data/t.csv')\nprint(table.describe())", "pods"),
    (
        "import os\nos.makedirs('out')\ntable.to_csv('out/doubled ü.csv')\n"
        "np.save('out/sums.npy', table.sum().to_numpy())\ntable.to_json('out/t.json')",
        "pods",
    ),
    ("print(np.load('out/sums.npy'), pd.read_csv('out/doubled ü.csv').shape)", "others"),
    ("print(pd.read_json('out/t.json').equals(table))\nopen('local.txt', 'w').write('x')", "local"),
    ("!cat local.txt data/t.csv | wc -l > out/lines.txt", "others"),
    (
        "import sqlite3\nwith sqlite3.connect('d.sqlite') as c:\n"
        "    c.execute('create table t (n)')\n    c.execute('insert into t values (7)')",
        "pods",
    ),
    (
        "print(sqlite3.connect('d.sqlite').execute('select * from t').fetchall())\n"
        "print(open('out/lines.txt').read())\nos.remove('local.txt')",
        "others",
    ),
    ("with open('half.txt', 'w') as f: f.write('half')\nraise ValueError('no')", "pods"),
    ("open('never.txt', 'w')", "others"),
]


def fill(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "t.csv").write_text("a,b\n" + "".join(f"{n},{2 * n}\n" for n in range(900)))
    (folder / "own").mkdir()
    (folder / "own" / "__init__.py").write_text("")
    (folder / "own" / "tables.py").write_text(
        "import pandas as pd\nfrom own.inner import named\n"
        "def read(path):\n    return pd.read_csv(path).rename(columns=named)\n"
    )
    (folder / "own" / "inner.py").write_text("def named(name):\n    return 'col ' + name\n")


def contents(folder: Path) -> dict[str, bytes]:
    """All files, but what the interpreter keeps for itself."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


async def test_folder_and_outputs_are_those_of_restart_and_run_all(
    make_namespace: Callable[[str], Namespace], tmp_path: Path
) -> None:
    one, two = make_namespace("files-one"), make_namespace("files-two")
    targets = {
        "pods": Target("pods", "kubernetes", one.settings()),
        "others": Target("others", "kubernetes", two.settings()),
    }
    ours, theirs = tmp_path / "ours" / "nb", tmp_path / "theirs" / "nb"
    fill(ours), fill(theirs)
    expected = restart_and_run_all(theirs, [source for source, _ in CELLS])
    async with started(tmp_path / "dossier", Catalogue(targets)) as engine:
        cells = [{"source": source, "target": target} for source, target in CELLS]
        record = await engine.wait(await engine.submit(workflow(ours, cells)))
        outputs, _ = await engine.outputs(record.run)
    why = {task.id: (task.state, task.why) for task in record.tasks}
    assert record.state == "failed" and why["c8"][0] == "failed", why
    assert_equal_outputs(outputs, expected)
    left, there = contents(ours), contents(theirs)
    assert left.keys() == there.keys(), why
    assert {p for p in left if left[p] != there[p]} == set()
    assert not os.path.exists(ours / "never.txt")
    for namespace in (one, two):
        await gone(namespace)
