"""pandas objects: blocks, copy-on-write, and what a change costs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest

copy_on_write = pytest.mark.skipif(
    int(version("pandas").partition(".")[0]) < 3, reason="pandas 3 always copies on write"
)


@copy_on_write
def test_copy_on_write_after_the_trip(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np, pandas as pd
        arr = np.arange(6.0).reshape(3, 2)
        shared = pd.DataFrame(arr, copy=False)
        df = pd.DataFrame({'a': [1.0, 2.0, 3.0], 'b': [4.0, 5.0, 6.0], 't': ['x', 'y', None]})
        s = df['a']
        part = df.iloc[:2]
        """,
        "arr shared df s part",
    )
    changes = """
        s.iloc[0] = 100
        assert df['a'].tolist() == [1, 2, 3] and part['a'].tolist() == [1, 2]
        part.iloc[0, 1] = 50
        assert df['b'].tolist() == [4, 5, 6]
        df.iloc[2, 0] = -1
        assert s.tolist() == [100, 2, 3] and df['a'].tolist() == [1, 2, -1]
        shared.iloc[0, 0] = 9
        assert arr[0, 0] == 9
        """
    book.cell(1, changes)
    book.cell(2, changes, take="shared s part df arr")
    book.cell(0, changes, take="")


@copy_on_write
def test_copy_on_write_inside_one_value(book: Any) -> None:
    book.cell(
        0,
        """
        import pandas as pd
        df = pd.DataFrame({'a': [1.0, 2.0], 'b': [3.0, 4.0]})
        box = {'df': df, 's': df['a'], 'view': df[:], 'idx': df.set_index('a')}
        """,
        "box",
    )
    book.cell(
        1,
        """
        box['s'].iloc[0] = 100
        box['view'].iloc[1, 1] = 100
        assert box['df'].values.tolist() == [[1, 3], [2, 4]]
        box['df'].iloc[0, 0] = 7
        assert box['idx'].index.tolist() == [1, 2]
        """,
    )


@copy_on_write
def test_array_from_a_frame_still_looks_at_it(book: Any) -> None:
    book.cell(0, "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, 2.0]})", "df")
    book.cell(1, "v = df.to_numpy()\nassert not v.flags.writeable", "v")
    book.cell(2, "df.iloc[0, 0] = 5\nassert v[0, 0] == 5")


def test_dtypes(book: Any) -> None:
    pytest.importorskip("pyarrow")
    book.cell(
        0,
        """
        import numpy as np, pandas as pd
        df = pd.DataFrame({
            's': ['a', None, 'c'],
            'c': pd.Categorical(['x', 'y', 'x'], ordered=True),
            'd': pd.to_datetime(['2026-01-01', None, '2026-01-03']),
            'z': pd.to_datetime(['2026-01-01'] * 3).tz_localize('Europe/Berlin'),
            'i': pd.array([1, None, 3], dtype='Int64'),
            'o': [[1], {2}, None],
            'arrow': pd.array([1, 2, None], dtype='int64[pyarrow]'),
            'p': pd.period_range('2026', periods=3, freq='M'),
            'v': pd.interval_range(0, 3),
            'sp': pd.arrays.SparseArray([0, 0, 1]),
            'f': [1.0, np.nan, 3.0],
        })
        df.attrs['note'] = 'kept'
        m = df.set_index(['s', 'c'])
        r = df.groupby('c', observed=True)['f'].sum()
        text = repr((df, df.dtypes, m, r, m.index))
        """,
        "df m r text",
    )
    book.cell(
        1,
        """
        import pandas as pd
        assert repr((df, df.dtypes, m, r, m.index)) == text
        assert df.attrs == {'note': 'kept'}
        df['o'][0].append(2)
        m.iloc[0, 0] = pd.Timestamp('2000-01-01')
        assert df['d'][0].year == 2026
        """,
    )


def test_identity_of_frames_and_indexes(book: Any) -> None:
    book.cell(
        0,
        """
        import pandas as pd
        idx = pd.Index(['x', 'y'], name='key')
        df = pd.DataFrame({'a': [1, 2]}, index=idx)
        box = [df, idx]
        same = df.index is idx
        """,
        "idx df box same",
    )
    book.cell(1, "assert box[0] is df and box[1] is idx and (df.index is idx) == same")
    book.cell(1, "assert df.index.equals(idx) and df.index.name == 'key'")


@copy_on_write
def test_small_part_does_not_take_the_large_frame_along(book: Any) -> None:
    book.cell(
        0,
        "import numpy as np, pandas as pd\n"
        "df = pd.DataFrame(np.ones((100_000, 4)), columns=list('abcd'))",
        "df",
    )
    book.cell(1, "head = df.head()\nmeans = df.mean()", "head means")
    assert book.manifest("head")["deps"] == [] and book.manifest("head")["size"] < 5000
    assert book.manifest("means")["deps"] == []
    book.cell(2, "assert head.values.sum() == 20")


def test_changed_frame_writes_only_what_changed(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np, pandas as pd
        df = pd.DataFrame({'a': np.arange(50_000.0)})
        df['b'] = np.arange(50_000)
        df['t'] = 'text'
        """,
        "df",
    )
    before = {b["blob"] for b in book.manifest("df")["buffers"]}
    book.cell(1, "df.loc[5, 'b'] = -1", "df", mutated="df")
    after = {b["blob"] for b in book.manifest("df")["buffers"]}
    assert len(after - before) == 1 and len(before & after) >= 1
    book.cell(2, "assert df['b'][5] == -1 and df['a'][5] == 5 and df['t'][5] == 'text'")


@pytest.mark.skipif(version("pandas") >= "3", reason="writes through views ended with pandas 3")
def test_writes_through_views_of_frames(book: Any) -> None:
    book.cell(0, "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, 2.0]})\ns = df['a']", "df s")
    book.cell(1, "s.iloc[0] = 100\nassert df['a'].tolist() == [100, 2]")


def test_attrs_are_one_dict(book: Any) -> None:
    book.cell(0, "import pandas as pd\nf = pd.DataFrame({'a': [1]})\nnotes = f.attrs", "f notes pd")
    book.cell(1, "notes['unit'] = 'm'; f", "f notes", "f notes")
    assert book.cell(2, "print(f.attrs, notes)") == "{'unit': 'm'} {'unit': 'm'}\n"
