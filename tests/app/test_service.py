"""What the handlers share: paths, the link's address, runs that outlived their process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_data_dir

from jupyterlab_dossier.app import service as services
from jupyterlab_dossier.runs import BadInput


@pytest.fixture
def service(jp_serverapp: Any) -> Any:
    return jp_serverapp.web_app.settings["jupyterlab_dossier_service"]


def test_paths_stay_below_the_root(service: Any, jp_root_dir: Path, tmp_path: Path) -> None:
    root = jp_root_dir.resolve()
    assert service.os_path("a/b.ipynb") == root / "a" / "b.ipynb"
    assert service.os_path("/a.ipynb") == root / "a.ipynb"
    (jp_root_dir / "out").symlink_to(tmp_path)
    for path in ("..", "../x.ipynb", "a/../../x.ipynb", "out/x.ipynb", "/", "\0"):
        with pytest.raises(BadInput) as refused:
            service.os_path(path)
        assert refused.value.field == "path"
    assert service.api_path(str(root / "a" / "b.ipynb")) == "a/b.ipynb"
    assert service.api_path("/elsewhere/b.ipynb") == "/elsewhere/b.ipynb"


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("localhost", True),
        ("", True),
        ("0.0.0.0", True),
        ("127.0.0.1", True),
        ("192.0.2.1", False),
        ("name.example", False),
    ],
)
def test_where_a_server_is_heard(ip: str, expected: bool) -> None:
    assert services._has_loopback(ip) is expected


async def test_the_link_has_a_port_of_its_own_where_the_server_speaks_tls(
    service: Any, jp_serverapp: Any, jp_http_port: int, jp_base_url: str
) -> None:
    engine = await service.engine()
    assert engine.pool.lives.url == f"ws://127.0.0.1:{jp_http_port}{jp_base_url}dossier/link"
    jp_serverapp.certfile = "server.pem"
    try:
        url = await service._link_url(service._link)
    finally:
        jp_serverapp.certfile = ""
    assert url.startswith("ws://127.0.0.1:")
    assert url != engine.pool.lives.url


SOURCES = (
    "with open('count', 'a') as file:\n    file.write('x')\nprint('before')",
    "import time\ntime.sleep(8)\nprint('slept')",
    "print('after')",
)


@pytest.fixture
def orphan(jp_environ: Any, jp_root_dir: Path, notebook: Any) -> str:
    """A run whose process was killed while its second cell ran."""
    path = jp_root_dir / "a.ipynb"
    path.write_text(json.dumps(notebook(*SOURCES)))
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab_dossier.cli", "run", str(path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    run = ""
    for line in process.stderr:
        if line.startswith("run 2"):
            run = line.split()[1].rstrip(":")
        if "cell 1 [c1]: running" in line:
            break
    process.kill()
    process.communicate(timeout=10)
    assert run
    assert (Path(jupyter_data_dir()) / "dossier" / "ledger.sqlite").exists()
    return run


async def test_a_server_takes_up_the_run_of_a_killed_process(
    orphan: str, api: Any, service: Any, jp_root_dir: Path
) -> None:
    await service.resume()
    assert service.busy
    engine = await service.engine()
    record = await engine.wait(orphan)
    assert record.state == "done", record
    assert [task.state for task in record.tasks] == ["done"] * 3
    outputs, _ = await engine.outputs(orphan)
    texts = [outputs[f"c{index}"][0]["text"] for index in range(3)]
    assert texts == ["before\n", "slept\n", "after\n"]
    assert (jp_root_dir / "count").read_text() == "x"
