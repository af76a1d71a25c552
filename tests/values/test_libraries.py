"""Values of libraries, and the same in real IPython shells."""

from __future__ import annotations

import re
from typing import Any

import pytest


def test_fitted_estimators(book: Any) -> None:
    pytest.importorskip("sklearn")
    book.cell(
        0,
        """
        import numpy as np
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        X = np.random.default_rng(0).normal(size=(100, 4))
        y = (X[:, 0] > 0).astype(int)
        forest = RandomForestClassifier(5, random_state=0).fit(X, y)
        pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
        p, q = forest.predict(X), pipe.predict_proba(X)
        """,
        "X y forest pipe p q",
    )
    book.cell(
        1,
        "assert (forest.predict(X) == p).all() and (pipe.predict_proba(X) == q).all()\n"
        "assert pipe[1].coef_.shape == (1, 4)",
    )


def test_figures(book: Any) -> None:
    pytest.importorskip("matplotlib")
    book.cell(
        0,
        """
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        line, = ax.plot([1, 2], [3, 4])
        plt.close(fig)
        """,
        "fig ax line",
    )
    book.cell(
        1,
        """
        import matplotlib.pyplot as plt, io
        assert ax is fig.axes[0] and line is ax.lines[0] and not plt.get_fignums()
        ax.set_title('t')
        fig.savefig(io.BytesIO())
        """,
    )


def test_transforms_know_their_parents(book: Any) -> None:
    """They know them by `id`; a new parent with the old id of another would take its place."""
    pytest.importorskip("matplotlib")
    book.cell(
        0,
        """
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        bars = ax.bar(["a", "b"], [2, 3])
        plt.close(fig)
        """,
        "fig ax bars",
    )
    book.cell(
        1,
        """
        import gc, io
        from matplotlib.transforms import TransformNode
        def wrong():
            nodes = [obj for obj in gc.get_objects() if isinstance(obj, TransformNode)]
            assert len(nodes) > 20
            return [n for n in nodes for key, ref in n._parents.items() if id(ref()) != key]
        assert not wrong()
        low, high = ax.get_ylim()
        before = bars[1].get_window_extent().height
        ax.set_ylim(low, 2 * high)
        fig.savefig(io.BytesIO())
        assert abs(bars[1].get_window_extent().height / before - 0.5) < 0.01
        assert not wrong()
        """,
    )


def test_unimported_libraries_come_with_the_values(book: Any) -> None:
    pytest.importorskip("scipy")
    book.cell(
        0,
        "import scipy.sparse as sp\nm = sp.csr_matrix([[1, 0], [0, 2]])\n"
        "import decimal, pathlib, uuid\n"
        "v = [decimal.Decimal('1.5'), pathlib.Path('x'), uuid.UUID(int=1)]",
        "m v sp",
    )
    book.cell(1, "assert m.sum() == 3 and v[1].name == 'x' and sp.csr_matrix is type(m)")


def test_iterators_that_pickle(book: Any) -> None:
    book.cell(0, "it = iter([1, 2, 3])\nnext(it)\nz = zip('ab', [1, 2])", "it z")
    book.cell(1, "assert list(it) == [2, 3] and list(z) == [('a', 1), ('b', 2)]")


def test_ipython_shells(ipython_book: Any) -> None:
    book = ipython_book
    book.cell(
        0,
        "class A:\n    def m(self):\n        return 1 / 0  # here\ndef f(a):\n"
        "    return a.m()\na = A()\nip = get_ipython()",
        "a f ip",
    )
    book.cell(
        1,
        "import inspect, pickle\nassert '# here' in inspect.getsource(A.m)\n"
        "assert type(pickle.loads(pickle.dumps(a))) is A\nassert ip is get_ipython()\n"
        "b = f",
        "b f",
        take="a f A ip",
    )
    out = re.sub(r"\x1b\[[0-9;]*m", "", book.cell(2, "f(a)", ok=False))
    assert "return 1 / 0" in out and "return a.m()" in out
    assert "Cell In[1]" in out


def test_ipython_traceback_is_that_of_one_kernel(ipython_book: Any) -> None:
    define, call = "def f(x):\n    y = x\n    return 1 / y", "f(0)"
    ipython_book.cell(0, define, "f")
    there = ipython_book.cell(1, call, ok=False)
    here = ipython_book.cell(0, call, ok=False)

    def without_addresses(text: str) -> str:
        return re.sub(r"In\[\d+\]|\x1b\[[0-9;]*m|ipython-input-\S+", "", text)

    assert without_addresses(there) == without_addresses(here)
