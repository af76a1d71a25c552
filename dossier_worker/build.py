"""Makes the zipapp: this package and cloudpickle in one file that any interpreter can run.

The same sources give the same bytes, so that the file can be named by its content.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).parent
PRIVATE = "dossier_worker/_cloudpickle"
_MAIN = "from dossier_worker.__main__ import main\n\nmain()\n"
_WHEN = (1980, 1, 1, 0, 0, 0)


def files() -> dict[str, bytes]:
    """Path within the zipapp -> content."""
    import cloudpickle  # type: ignore[import-untyped]

    found = {"__main__.py": _MAIN.encode()}
    for source in sorted(PACKAGE.rglob("*.py")):
        name = source.relative_to(PACKAGE.parent).as_posix()
        # A copy of cloudpickle that lies in the package already is made anew below.
        if source != Path(__file__) and not name.startswith(f"{PRIVATE}/"):
            found[name] = source.read_bytes()
    assert cloudpickle.__file__ is not None
    for source in sorted(Path(cloudpickle.__file__).parent.glob("*.py")):
        found[f"{PRIVATE}/{source.name}"] = _renamed(source.read_text()).encode()
    return found


def _renamed(source: str) -> str:
    """cloudpickle's imports of itself, made relative: it works under its private name then.

    What it writes into pickles names functions by `__module__`, which follows by itself.
    """
    source = re.sub(r"^(\s*)from cloudpickle import", r"\1from . import", source, flags=re.M)
    return re.sub(r"^(\s*)from cloudpickle\.", r"\1from .", source, flags=re.M)


def content() -> bytes:
    packed = io.BytesIO()
    packed.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files().items()):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def name() -> str:
    """The zipapp's file name: by its content."""
    return f"dossier_worker-{hashlib.sha256(content()).hexdigest()[:16]}.pyz"


def build(out: Path) -> Path:
    """Write the zipapp: to `out`, or under its content's name if `out` is a folder."""
    target = out / name() if out.is_dir() else out
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    temporary.write_bytes(content())
    temporary.replace(target)
    return target


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
