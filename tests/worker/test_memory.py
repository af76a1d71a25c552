"""Whether memory ran out, by the control group's own count."""

from __future__ import annotations

from pathlib import Path

import pytest

from dossier_worker.kernel import memory

V1 = "4:memory:/pods/one\n1:name=systemd:/\n0::/\n"
V2 = "0::/pods/one\n"


@pytest.mark.parametrize("inside", [False, True], ids=["host", "container"])
@pytest.mark.parametrize(
    ("group", "base", "events", "most"),
    [
        (V1, "memory", "memory.oom_control", "memory.limit_in_bytes"),
        (V2, "", "memory.events", "memory.max"),
    ],
    ids=["v1", "v2"],
)
def test_what_a_group_says(
    tmp_path: Path, group: str, base: str, events: str, most: str, inside: bool
) -> None:
    root, of = tmp_path / "fs", tmp_path / "cgroup"
    of.write_text(group)
    folder = root / base / ("" if inside else "pods/one")
    folder.mkdir(parents=True)
    assert memory.kills(root, of) == 0 and memory.limit(root, of) is None
    (folder / events).write_text("under_oom 0\noom 3\noom_kill 2\n")
    (folder / most).write_text("209715200\n")
    assert memory.kills(root, of) == 2
    assert memory.limit(root, of) == 200 << 20
    (folder / most).write_text("max\n" if not base else "9223372036854771712\n")
    assert memory.limit(root, of) is None
