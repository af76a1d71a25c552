"""What a run saw counts afterwards: in the graph, and for what an edit makes stale."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def test_what_a_run_saw(cli: Any, make: Any, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "helper.py").write_text("import os\ndef setting():\n    os.environ['X'] = '1'\n")
    cells = ["import os", "import helper\ngetattr(helper, 'set' + 'ting')()", "print(1)"]
    notebook = make(*cells)

    def ordered() -> set[tuple[str, str]]:
        edges = json.loads(cli("graph", notebook, "--json").stdout)["edges"]
        return {(edge["from"], edge["to"]) for edge in edges}

    assert ("c1", "c2") not in ordered()
    path = f"{installed}:{os.environ.get('PYTHONPATH', '')}"
    done = cli("run", notebook, "--json", PYTHONPATH=path)
    tasks = json.loads(done.stdout)["tasks"]
    assert (
        "not foreseen by the analysis: it changes its process (os.environ['X'])"
        in (tasks[1]["why"])
    )
    assert ("c1", "c2") in ordered()
    edited = make("import os\nx = 1", *cells[1:], name="new.ipynb")
    stale = json.loads(cli("stale", notebook, edited, "--json").stdout)["stale"]
    assert {cell["id"] for cell in stale} == {"c0"}
    edited = make(cells[0], f"y = 1\n{cells[1]}", cells[2], name="new.ipynb")
    stale = json.loads(cli("stale", notebook, edited, "--json").stdout)["stale"]
    assert {cell["id"] for cell in stale} == {"c1", "c2"}
