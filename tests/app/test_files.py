"""Cells one by one on a target without the notebook's folder, between cells of the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AWAY = {"version": 1, "target": "away"}


@pytest.fixture
def jp_environ(jp_environ: Any, jp_env_config_path: Path) -> Any:
    targets = jp_env_config_path / "dossier" / "targets.d"
    targets.mkdir(parents=True)
    settings = ('kind = "local"', "shared = false", "shares_folder = false")
    (targets / "away.toml").write_text("\n".join(("[away]", *settings)))
    return jp_environ


async def test_files_go_there_and_back(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any, jp_root_dir: Path
) -> None:
    """Both see what the other wrote, changed and removed, as in one kernel."""
    (jp_root_dir / "helper.py").write_text("def shout(text):\n    return text.upper()\n")
    content = notebook(
        "open('a.txt', 'w').write('by the kernel')",
        ("import helper\nopen('b.txt', 'w').write(helper.shout(open('a.txt').read()))", AWAY),
        "print(open('b.txt').read())\nopen('b.txt', 'a').write(', and more')",
        ("print(open('b.txt').read())\nimport os\nos.remove('a.txt')\nos.mkdir('sub')", AWAY),
        "import os\nprint(os.path.exists('a.txt'), os.path.isdir('sub'))\nos.remove('b.txt')",
        ("print(os.path.exists('b.txt'), os.listdir('sub'))", AWAY),
        ("open('half.txt', 'w').write('half')\n1 / 0", AWAY),
        "print(open('half.txt').read())",
    )
    await kernel.run(f"%cd -q {str(jp_root_dir)!r}")
    said = []
    for cell in content["cells"]:
        if not cell["metadata"]:
            status, _ = await one_by_one("prepare", content, cell["id"])
            assert status == 200
            said.append(await kernel.run(cell["source"]))
            continue
        status, answer = await one_by_one("run", content, cell["id"])
        assert status == 201, answer
        bodies = [e["body"] for e in await events(answer["run"]) if e["kind"] == "output"]
        said.append("".join(b["content"].get("text", "") for b in bodies))
    assert said[2] == "BY THE KERNEL\n"
    assert said[3] == "BY THE KERNEL, and more\n"
    assert said[4] == "False True\n"
    assert said[5] == "False []\n"
    assert said[7] == "half\n"
