"""A ConfigMap of the name of ours, with another program, was there before."""

from __future__ import annotations

import base64
from pathlib import Path

from namespaces import Namespace, apply, catalogue, cell, gone, kubectl, outcome
from support import started

from jupyterlab_dossier.targets.kubernetes.objects import PLANTED, zipapp


async def test_a_planted_program_does_not_run(namespace: Namespace, tmp_path: Path) -> None:
    theirs = b"print('theirs'); import time; time.sleep(600)"
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        name = zipapp(engine.pool.lives.zipapp()).metadata.name
        apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": namespace.name},
                "binaryData": {"worker.pyz": base64.b64encode(theirs).decode()},
            }
        )
        record, _ = await outcome(engine, tmp_path, cell("print(1)"))
        assert record.tasks[0].state == "failed"
        assert f"{PLANTED}: delete the ConfigMap {name}" in str(record.tasks[0].why)
        # As it says.
        kubectl("delete", "configmap", name, "-n", namespace.name)
        record, _ = await outcome(engine, tmp_path, cell("print(2)"))
        assert record.state == "done", record
    await gone(namespace)
