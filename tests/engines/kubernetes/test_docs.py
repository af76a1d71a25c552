"""The first lines of docs/kubernetes.md, as they are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import nbformat
from namespaces import IMAGE, PATIENCE, RESTRICTED, Namespace, kubectl
from test_rights import kubeconfig

ROOT = Path(__file__).parents[3]
# What a reader puts in the place of an example.
READERS = {"registry.example.org/team/science:1": IMAGE}


def lines() -> tuple[str, str, str]:
    """What is installed, what an administrator does, and what a user does."""
    text = (ROOT / "docs/kubernetes.md").read_text()
    block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block is not None
    text = block[1]
    for example, real in READERS.items():
        assert example in text
        text = text.replace(example, real)
    install, *rest = text.splitlines(keepends=True)
    assert len(rest) < 10
    administrator = [line for line in rest if line.startswith("kubectl")]
    return install, "".join(administrator), "".join(x for x in rest if x not in administrator)


def test_from_nothing_to_a_first_cell(tmp_path: Path) -> None:
    install, administrator, user = lines()
    assert "'.[kubernetes]'" in install  # as `make install` did
    path = tmp_path / "notebook.ipynb"
    code = nbformat.v4.new_code_cell("import platform\nplatform.node()", id="c0")
    nbformat.write(nbformat.v4.new_notebook(cells=[code]), path)
    cells = Namespace("cells")
    # Somebody without any right: a service account, whose name stands for a user's.
    nobody = kubeconfig(Namespace("default"), tmp_path, [], "reader")
    told = {**os.environ, "USER_NAME": "system:serviceaccount:default:reader"}
    try:
        subprocess.run(
            ["bash", "-ec", administrator], cwd=ROOT, env=told, check=True, timeout=PATIENCE
        )
        kubectl("label", "namespace", "cells", RESTRICTED)
        done = subprocess.run(
            ["bash", "-ec", user], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")},
                "HOME": str(tmp_path), "KUBECONFIG": nobody,
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"pods\s+kubernetes\s+yes", done.stdout), done.stdout
        (output,) = nbformat.read(path, 4).cells[0].outputs
        assert output["data"]["text/plain"].startswith("'dossier-"), json.dumps(output)
        assert cells.names("jobs") == []
    finally:
        kubectl("delete", "namespace", "cells", "--wait=false")
