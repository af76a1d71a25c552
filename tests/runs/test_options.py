"""Options of cells: checked before anything is sent, and kept where the cell runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from reusing import ran, run
from support import started, workflow

from jupyterlab_dossier.runs import BadInput, Cell, Engine
from jupyterlab_dossier.runs.preflight import options as options_of
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.catalogue import read_settings
from jupyterlab_dossier.targets.local import LocalProvider

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone counts it")


@pytest.mark.parametrize(
    ("target", "options", "name", "words"),
    [
        ("local", {"cores": 4}, ".cores", "no option of target 'local'"),
        pytest.param("local", {"memory": "1 GB"}, ".memory", "a whole number", marks=linux),
        pytest.param("local", {"memory": 1}, ".memory", "at least 64", marks=linux),
        ("kernel", {"memory": 100}, ".memory", "it takes none"),
    ],
)
async def test_wrong_options(
    engine: Engine, tmp_path: Path, target: str, options: Any, name: str, words: str
) -> None:
    # The second cell is wrong, so that a target which was looked at before is looked at again.
    cells = [{"source": s, "target": target, "options": o} for s, o in (("1", {}), ("2", options))]
    with pytest.raises(BadInput, match=words) as refused:
        await engine.submit(workflow(tmp_path, cells))
    assert refused.value.field == f"metadata.dossier.options{name}"
    assert "cell 1 (c1)" in str(refused.value)
    assert await engine.runs() == []


@linux
async def test_a_memory_limit(engine: Engine, tmp_path: Path) -> None:
    limited = {"target": "local", "options": {"memory": 100}}
    cells = [
        {"source": "small = bytearray(40 << 20)", **limited},
        {"source": "big = bytearray(300 << 20)\nprint(len(small))", "target": "local"},
        {"source": "big = bytearray(300 << 20)", **limited},
    ]
    run = await engine.submit(workflow(tmp_path, cells))
    record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["done", "done", "failed"]
    outputs, _ = await engine.outputs(run)
    assert outputs["c2"][0]["ename"] == "MemoryError"


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"cpu": "x y"}, "cpu", "must be a number of cores"),
        ({"env": {"1a": "x"}}, "env", "has the name '1a', which must be letters"),
        (
            {"env": {"PYTHONHASHSEED": "1"}},
            "env",
            "not PYTHONHASHSEED, a condition of",
        ),
        ({"tolerations": [{"key": "a b"}]}, "tolerations.0.key", "must be a name like"),
    ],
)
def test_a_pattern_is_told_in_words(tmp_path: Path, options: Any, field: str, words: str) -> None:
    catalogue = Catalogue({"pods": Target("pods", "kubernetes")})
    for inherited, at in (({}, ""), (options, "pods.")):
        cell = Cell("c", 0, "1", "pods", options, inherited)
        named, told = options_of.wrong(cell, "pods", catalogue) or ("", "")
        assert named == f"metadata.dossier.options.{at}{field}"
        assert words in told and told.startswith("the notebook's ") == bool(inherited)


class Pods(LocalProvider):
    """Local processes whose workers are given what cells ask of pods."""

    kind = "pods"
    settings = ("options",)

    def options(self, target: Target) -> dict[str, Any]:
        return {"properties": {"env": {"type": "object"}}}

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        return asked


async def test_the_environment_of_a_cell_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the run's conditions and the kernelspec's; and another value is another result."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    spec = tmp_path / "jupyter" / "kernels" / "moody"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": "moody", "env": {"MOOD": "the kernel's"}}
    (spec / "kernel.json").write_text(json.dumps(told))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    settings = {"shared": True, "shares_folder": True, "slots": 2, "workers": 2}
    settings["options"] = {"env": {"MOOD": "the target's"}}
    catalogue = Catalogue(
        {"local": Target("local", "local"), "pods": Target("pods", "pods", settings)},
        {"local": LocalProvider(), "pods": Pods()},
    )
    source = "import os\nprint(os.environ['OMP_NUM_THREADS'], os.environ['MOOD'])"

    def cells(threads: str) -> list[dict[str, Any]]:
        own = {"env": {"OMP_NUM_THREADS": threads, "MOOD": "its own"}}
        options: list[dict[str, Any]] = [own, {}]
        return [{"source": source, "target": "pods", "options": o} for o in options]

    async with started(tmp_path / "data", catalogue) as engine:
        record, outputs = await run(engine, tmp_path, cells("3"), kernelspec="moody")
        assert record.state == "done", record.why
        assert outputs["c0"][0]["text"] == "3 its own\n"
        assert outputs["c1"][0]["text"] == "2 the target's\n"
        record, _ = await run(engine, tmp_path, cells("3"), kernelspec="moody")
        assert ran(record) == []
        record, outputs = await run(engine, tmp_path, cells("4"), kernelspec="moody")
        assert ran(record) == ["c0"] and outputs["c0"][0]["text"] == "4 its own\n"
        assert "OMP_NUM_THREADS 3 → 4" in record.tasks[0].why


async def test_costly_targets(tmp_path: Path) -> None:
    folder = tmp_path / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "a.toml").write_text('[big]\nkind = "local"\ncostly = true\n')
    found, unread = read_settings([str(tmp_path)])
    assert unread == []
    rows = await Catalogue(found).describe()
    assert [row["name"] for row in rows if row["costly"]] == ["big"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[big]\nkind = "local"\ncostly = "yes"\n', "big.costly must be of type bool"),
        ('[big]\nkind = "local"\nslots = 0\n', "big.slots must be at least 1"),
        ('[big]\nkind = "local"\nslots = true\n', "big.slots must be of type int"),
        ("[big]\nslots = 1\n", "target 'big' needs a kind"),
        ("big = 1\n", "target 'big' needs a kind"),
    ],
)
async def test_a_wrong_table_takes_no_other_target_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: str, words: str
) -> None:
    folder = tmp_path / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "a.toml").write_text(table + '[small]\nkind = "local"\n')
    (folder / "b.toml").write_text("[torn\n")
    (folder / "c.toml").write_text('[other]\nkind = "local"\n')
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    catalogue = Catalogue()
    try:
        rows = {row["name"]: row for row in await catalogue.describe()}
        assert [name for name in rows if not rows[name]["usable"]] == ["big"]
        assert {"kernel", "local", "small", "other"} <= rows.keys()
        assert words in rows["big"]["why"] and "a.toml" in rows["big"]["why"]
        # What stands in a file that cannot be read is not known: its name says where to look.
        torn = await catalogue.check("torn")
        assert "b.toml cannot be read" in str(torn.why)
    finally:
        await catalogue.close()


@pytest.mark.parametrize(
    ("kind", "setting", "words"),
    [
        ("local", "costy", "its setting 'costy' is none of kind 'local' (did you mean 'costly'?)"),
        ("kubernetes", "name_space", "(did you mean 'namespace'?)"),
        ("local", "namespace", "its setting 'namespace' is none of kind 'local'"),
    ],
)
async def test_a_setting_that_nobody_reads_is_told(kind: str, setting: str, words: str) -> None:
    catalogue = Catalogue({"there": Target("there", kind, {setting: "x"})})
    usable = await catalogue.check("there")
    assert not usable.usable
    assert words in str(usable.why)
