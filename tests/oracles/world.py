"""Changes of the world between two runs, and cells that see them, each in a way of its own.

A run that reuses must then show what a fresh one shows. `CHANGING` is for what is new each time.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

Change = Callable[[Path], object]

VARIABLES = ("WORLD_X", "WORLD_Y", "WORLD_Z")


def prepare(folder: Path) -> None:
    """The folder as it is before the first run."""
    import numpy as np
    import pandas as pd
    from PIL import Image

    texts = {
        "data.txt": "one",
        "a.csv": "x",
        "t.csv": "a\n1\n",
        "j.json": '{"a": 1}',
        ".env": "A=1",
        "helper.py": "def f(): return 1",
        "outer.py": "import helper\ndef g(): return helper.f()",
        "reader.py": "from pathlib import Path\n"
        "X = Path(__file__).with_name('data.txt').read_text()",
        "envmod.py": "import os\nV = os.environ.get('WORLD_Z')",
        "script.py": "z = 1",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "sub").mkdir()
    (folder / "sub" / "s.txt").write_text("one")
    (folder / "link.txt").symlink_to("data.txt")
    (folder / "p.pkl").write_bytes(pickle.dumps(1))
    (folder / "m.bin").write_bytes(b"\x01")
    _insert(folder, "create table t (x); insert into t values (1)")
    _zip(folder, "one")
    np.save(folder / "a.npy", [1, 2, 3])
    _package(folder, "1.0")
    pd.DataFrame({"a": [1]}).to_parquet(folder / "p.parquet")
    Image.new("RGB", (3, 3)).save(folder / "i.png")
    for name in VARIABLES:
        os.environ.pop(name, None)


def _insert(folder: Path, script: str) -> None:
    database = sqlite3.connect(folder / "a.db")
    database.executescript(script)
    database.close()


def _zip(folder: Path, text: str) -> None:
    with zipfile.ZipFile(folder / "z.zip", "w") as file:
        file.writestr("a", text)


def _writes(name: str, text: str) -> Change:
    return lambda folder: (folder / name).write_text(text)


def _sets(name: str) -> Change:
    return lambda folder: os.environ.__setitem__(name, "2")


def _same_size_and_time(folder: Path) -> None:
    path = folder / "t.csv"
    was = path.stat()
    path.write_text("a\n9\n")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def _array(folder: Path) -> None:
    import numpy as np

    np.save(folder / "a.npy", [5, 6, 7])


def _parquet(folder: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [7]}).to_parquet(folder / "p.parquet")


def _package(folder: Path, version: str) -> None:
    """Installs a package beside the notebook's folder, in the place of the one that was there."""
    place = folder.parent / "installed"
    shutil.rmtree(place, ignore_errors=True)
    info = place / f"tiny-{version}.dist-info"
    info.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
    (info / "METADATA").write_text(text)
    (place / "tiny").mkdir()
    (place / "tiny" / "__init__.py").write_text("from .inner import version\n")
    (place / "tiny" / "inner.py").write_text(f"def version():\n    return {version!r}\n")


def _picture(folder: Path) -> None:
    from PIL import Image

    Image.new("RGB", (5, 5)).save(folder / "i.png")


two = _writes("data.txt", "two")

SEEN: dict[str, tuple[Change, tuple[str, ...]]] = {
    "name in a variable": (two, ("name = 'da' + 'ta.txt'", "print(open(name).read())")),
    "file read by a cell before": (two, ("t = open('data.txt').read()", "print(t)")),
    "names in a folder": (
        _writes("b.csv", "x"),
        ("from pathlib import Path", "print(sorted(p.name for p in Path('.').glob('*.csv')))"),
    ),
    "listdir": (_writes("n.txt", "x"), ("import os", "print(sorted(os.listdir('.')))")),
    "exists": (_writes("n.txt", "x"), ("import os", "print(os.path.exists('n.txt'))")),
    "exists, by variable": (
        _writes("n.txt", "x"),
        ("import os\nn = 'n.txt'", "print(os.path.exists(n))"),
    ),
    "stat": (
        _writes("data.txt", "longer"),
        ("import os", "print(os.stat('data.txt').st_size)"),
    ),
    "shell": (two, ("print(1)", "!cat data.txt")),
    "a program": (
        two,
        ("import subprocess", "print(subprocess.check_output(['cat', 'data.txt']))"),
    ),
    "a module": (_writes("helper.py", "def f(): return 2"), ("import helper", "print(helper.f())")),
    "a module of a module": (
        _writes("helper.py", "def f(): return 2"),
        ("import outer", "print(outer.g())"),
    ),
    "what a module reads": (two, ("import reader", "print(reader.X)")),
    "%run": (_writes("script.py", "z = 2"), ("%run script.py", "print(z)")),
    "sqlite3": (
        lambda folder: _insert(folder, "insert into t values (5)"),
        ("import sqlite3", "print(sqlite3.connect('a.db').execute('select * from t').fetchall())"),
    ),
    "a csv of the same size and time": (
        _same_size_and_time,
        ("import pandas as pd", "df = pd.read_csv('t.csv')", "print(df)"),
    ),
    "numpy": (_array, ("import numpy as np", "a = np.load('a.npy')", "print(a.sum())")),
    "parquet": (_parquet, ("import pandas as pd", "print(pd.read_parquet('p.parquet'))")),
    "memmap": (
        _writes("m.bin", "\x05"),
        ("import numpy as np", "print(int(np.memmap('m.bin', dtype='u1', mode='r')[0]))"),
    ),
    "a picture": (_picture, ("import matplotlib.pyplot as p", "print(p.imread('i.png').shape)")),
    "a variable of the environment": (
        _sets("WORLD_X"),
        ("import os", "print(os.environ.get('WORLD_X'))"),
    ),
    "a variable by another": (
        _sets("WORLD_Y"),
        ("import os\nk = 'WORLD_' + 'Y'", "print(os.environ.get(k))"),
    ),
    "the version of a package": (
        lambda folder: _package(folder, "2.0"),
        ("import tiny", "print(tiny.version())"),
    ),
    "a variable in a module": (_sets("WORLD_Z"), ("import envmod", "print(envmod.V)")),
    "linecache": (two, ("import linecache", "print(linecache.getline('data.txt', 1))")),
    "json": (
        _writes("j.json", '{"a": 2}'),
        ("from pathlib import Path\nimport json\np = Path('j.json')", "json.loads(p.read_text())"),
    ),
    "in another folder": (
        _writes("sub/s.txt", "two"),
        ("import os\nos.chdir('sub')", "print(open('s.txt').read())"),
    ),
    "a link": (two, ("print(open('link.txt').read())",)),
    "zip": (
        lambda folder: _zip(folder, "two"),
        ("import zipfile", "print(zipfile.ZipFile('z.zip').read('a'))"),
    ),
    "pickle": (
        lambda folder: (folder / "p.pkl").write_bytes(pickle.dumps(2)),
        ("import pickle", "print(pickle.load(open('p.pkl', 'rb')))"),
    ),
    "in a function": (
        _writes(".env", "A=2"),
        ("def load(): return open('.env').read()", "print(load())"),
    ),
    "a file that was written goes": (
        lambda folder: (folder / "w.txt").unlink(),
        ("open('w.txt', 'w').write('hello')", "print(open('w.txt').read())"),
    ),
    "a file that was written is another": (
        _writes("w.txt", "other"),
        ("open('w.txt', 'w').write('hello')", "print(open('w.txt').read())"),
    ),
}

# What everybody changes; looked at in every sample.
ALWAYS = (
    "a module",
    "a module of a module",
    "a csv of the same size and time",
    "numpy",
    "sqlite3",
    "parquet",
    "a variable of the environment",
    "the version of a package",
)

CHANGING: dict[str, tuple[str, ...]] = {
    "clock": ("import time", "print(time.time())"),
    "clock in a helper": ("import time\ndef now(): return time.time()", "print(now())"),
    "clock by another name": ("from time import time as t", "print(t())"),
    "clock handed on": ("import time as tt\nf = tt.time", "print(f())"),
    "date by another name": ("from datetime import datetime as d", "print(d.now().timestamp())"),
    "numpy's generator": ("import numpy as np", "print(np.random.rand())"),
    "random": ("import random", "print(random.random())"),
    "default_rng": ("from numpy.random import default_rng as r", "print(r().random())"),
    "in a library": (
        "from sklearn.model_selection import train_test_split as s",
        "print(s(list(range(1000)))[1][:5])",
    ),
    "uuid": ("import uuid", "print(uuid.uuid4())"),
    "tempfile": ("import tempfile", "print(tempfile.mkdtemp())"),
    "lines of a log": (
        "import logging, io\ns = io.StringIO()\n"
        "logging.basicConfig(stream=s, format='%(asctime)s %(msecs)f', force=True)",
        "logging.warning('x')\nprint(s.getvalue())",
    ),
}
