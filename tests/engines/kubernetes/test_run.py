"""A notebook whose cells run in pods is the notebook of Restart & Run All."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from namespaces import PATIENCE, Namespace, catalogue, cell, gone, prints, until
from support import restart_and_run_all, started, workflow

from jupyterlab_dossier.runs.history.compare import differences

CELLS = [
    ("import numpy as np\nimport matplotlib.pyplot as plt", None),
    ("rng = np.random.default_rng(7)\ndata = rng.normal(size=(500, 3))\nprint(data.shape)", None),
    ("means = data.mean(axis=0)\nprint('means', means)\nmeans.round(3)", "pods"),
    ("def scaled(values):\n    return values * factor\nfactor = 3", "local"),
    (
        "import sys\nprint('to stderr', file=sys.stderr)\nbig = scaled(data)\nbig.sum().round(6)",
        "others",
    ),
    ("fig, ax = plt.subplots()\nax.plot(means)\nplt.show()", "pods"),
    ("print(type(big).__name__, (big / data).mean().round(6))", "kernel"),
    ("def third(values):\n    return values[3]\nthird(means)", "pods"),
    ("print('not any more')", "others"),
]


def toml(targets: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, settings in targets.items():
        lines += [f"[{name}]", 'kind = "kubernetes"']
        tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
        lines += [f"{k} = {json.dumps(v)}" for k, v in settings.items() if k not in tables]
        for key, table in tables.items():
            lines += [f"[{name}.{key}]"] + [f"{k} = {json.dumps(v)}" for k, v in table.items()]
    return "\n".join(lines)


def test_outputs_are_those_of_restart_and_run_all(
    make_namespace: Callable[[str], Namespace], tmp_path: Path
) -> None:
    one, two = make_namespace("one"), make_namespace("two")
    folder = tmp_path / "config" / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "pods.toml").write_text(toml({"pods": one.settings(), "others": two.settings()}))
    document = nbformat.v4.new_notebook()
    for index, (source, target) in enumerate(CELLS):
        cell = nbformat.v4.new_code_cell(source, id=f"c{index}")
        if target:
            cell.metadata["dossier"] = {"version": 1, "target": target}
        document.cells.append(cell)
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "python3"}
    path = tmp_path / "notebook.ipynb"
    nbformat.write(document, path)
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlab_dossier.cli", "run", str(path), "--json"],
        env={
            **os.environ,
            "JUPYTER_DATA_DIR": str(tmp_path / "data"),
            "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        },
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    tasks = json.loads(done.stdout)["tasks"]
    assert [task["target"] for task in tasks] == [t or "local" for _, t in CELLS]
    assert [task["state"] for task in tasks[-3:]] == ["done", "failed", "skipped"]
    ours = {cell.id: cell.outputs for cell in nbformat.read(path, 4).cells}
    theirs = restart_and_run_all(tmp_path, [source for source, _ in CELLS])
    found = {c: words for c, outputs in theirs.items() if (words := differences(ours[c], outputs))}
    assert not found
    for namespace in (one, two):
        assert namespace.names("jobs") == []
        assert [n for n in namespace.names("secrets") if n.startswith("dossier-")] == []


async def test_text_of_the_user_arrives_as_it_is(namespace: Namespace, tmp_path: Path) -> None:
    texts = ["$(HOME) $$(HOME) ${HOME}", "a: [b]\n- 'c\"", "`id`; rm -rf /", "ü" * 5000, "{{ x }}"]
    env = {f"TEXT_{n}": text for n, text in enumerate(texts)}
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        source = "import os\nprint([os.environ[f'TEXT_{n}'] for n in range(5)])"
        run = await engine.submit(workflow(tmp_path, [cell(source, env=env)]))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        outputs, _ = await engine.outputs(run)
        assert outputs["c0"][0]["text"] == f"{texts}\n"


async def test_the_environment_of_a_cell_is_that_of_its_pods_alone_and_of_its_result(
    namespace: Namespace, tmp_path: Path
) -> None:
    looks = "import os\nprint(os.environ.get('GREETING'))\n"
    hello = {"env": {"GREETING": "hello"}}

    async def run(last: str) -> tuple[list[str], list[str], str | None, list[str]]:
        # The last needs the first, so that one pod is free when it comes.
        cells = [
            cell(f"{looks}x = 1", **hello),
            cell(looks),
            cell(f"{looks}print(x)", env={"GREETING": last}),
        ]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        outputs, _ = await engine.outputs(run)
        said = ["".join(o["text"] for o in outputs[f"c{n}"]).split()[0] for n in range(3)]
        attempts = {row["cell"]: row["worker"] for row in await engine.ledger.tasks.attempts(run)}
        pods = [attempts[name] for name in sorted(attempts)]
        return said, [t.state for t in record.tasks], record.tasks[2].why, pods

    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        said, states, _, (first, other, third) = await run("hello")
        assert (said, states) == (["hello", "None", "hello"], ["done"] * 3)
        assert first == third != other
        said, states, _, _ = await run("hello")
        assert (said, states) == (["hello", "None", "hello"], ["reused"] * 3)
        said, states, why, (_, _, another) = await run("bye")
        assert (said, states) == (["hello", "None", "bye"], ["reused", "reused", "done"])
        assert "its options changed" in str(why) and another not in (first, other)
    await gone(namespace)


async def test_a_fan_of_cells_is_many_pods_under_the_limit(
    namespace: Namespace, tmp_path: Path
) -> None:
    source = "import os, time\ntime.sleep(2)\nprint(os.environ['HOSTNAME'])"
    most = 0
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(source) for _ in range(7)]))
        async for _ in engine.watch(run):
            most = max(most, sum(not w.ended for w in engine.pool.workers.values()))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        outputs, _ = await engine.outputs(run)
        pods = {o[0]["text"] for o in outputs.values()}
        assert most == len(pods) == 3
    await gone(namespace)


async def test_a_warm_pod_is_taken_again_and_an_idle_one_ends(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace, idle=4)) as engine:
        hosts = []
        for _ in range(2):
            run = await engine.submit(
                workflow(tmp_path, [cell("import os\nprint(os.environ['HOSTNAME'])")], fresh=True)
            )
            assert (await engine.wait(run)).state == "done"
            outputs, _ = await engine.outputs(run)
            hosts.append(outputs["c0"][0]["text"])
        assert hosts[0] == hosts[1]
        await gone(namespace)


async def test_an_interrupt_is_that_of_a_kernel(namespace: Namespace, tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        waits = "    print('on', flush=True)\n    time.sleep(100)\n"
        source = f"import time\ntry:\n{waits}finally:\n    print('off')"
        run = await engine.submit(workflow(tmp_path, [cell(source)]))
        await until(engine, run, prints("on"))
        engine.interrupt(run)
        record = await engine.wait(run)
        assert record.state == "failed" and "KeyboardInterrupt" in str(record.tasks[0].why)
        outputs, _ = await engine.outputs(run)
        assert [o.get("text") or o["ename"] for o in outputs["c0"]] == [
            "on\noff\n",
            "KeyboardInterrupt",
        ]
