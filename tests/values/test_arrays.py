"""numpy arrays: views stay views, large ones are mapped."""

from __future__ import annotations

from typing import Any

import pytest


def test_views_stay_views(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        a = np.arange(100_000.0)
        s = a[1:4]
        r = a.reshape(100, 1000)
        t = r.T
        back = a[::-1]
        every = r[::7, 3::11]
        ints = a.view('i8')
        zero = a[5:6].reshape(())
        """,
        "every t s back r a ints zero",
    )
    book.cell(
        1,
        """
        import numpy as np
        assert s.base is a and t.shape == (1000, 100) and back[0] == 99_999
        a[2] = -1
        assert s[1] == -1 and r[0, 2] == -1 and t[2, 0] == -1 and back[-3] == -1
        zero[...] = 77
        assert a[5] == 77 and ints.dtype == 'i8'
        every[1, 0] = 5
        assert a[7003] == 5 and np.shares_memory(every, a)
        """,
        "a s r t back every",
        mutated="a s r t back every ints zero",
    )
    book.cell(2, "assert s.base is a and s[1] == -1 and a[7003] == 5 and r[0, 2] == -1")


@pytest.mark.parametrize("size", [10, 100_000])
def test_view_exported_before_its_base_and_on_its_own(book: Any, size: int) -> None:
    book.cell(0, f"import numpy as np\na = np.zeros({size})\nv = a[2:7]", "v")
    book.cell(0, "w = a[4:9]", "w a", take="")
    book.cell(1, "v[3] = 8\nassert a[5] == 8 and w[1] == 8")


def test_kinds_of_arrays(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        kinds = {
            'structured': np.array([(1, 2.5)], dtype=[('x', 'i4'), ('y', 'f8')]),
            'zero': np.array(3.5),
            'empty': np.empty((0, 3)),
            'bool': np.array([True, False]),
            'text': np.array(['a', 'bcd']),
            'bytes': np.array([b'a', b'bcd']),
            'time': np.array(['2026-01-01', 'NaT'], dtype='datetime64[ns]'),
            'delta': np.array([1, 2], dtype='timedelta64[s]'),
            'complex': np.array([1j]),
            'swapped': np.array([1, 2], dtype='>i4'),
            'half': np.array([1.5], dtype='f2'),
        }
        strings = np.array(['a', 'b' * 40], dtype=np.dtypes.StringDType())
        fortran = np.asfortranarray(np.arange(6).reshape(2, 3))
        permuted = np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2).copy(order='K')
        frozen = np.arange(3)
        frozen.flags.writeable = False
        window = np.lib.stride_tricks.sliding_window_view(np.arange(5), 2)
        text = {k: (v.dtype.str, v.shape, v.tolist()) for k, v in kinds.items()}
        p_strides, p_list = permuted.strides, permuted.tolist()
        """,
        "kinds strings fortran permuted frozen window text p_strides p_list",
    )
    book.cell(
        1,
        """
        assert {k: (v.dtype.str, v.shape, v.tolist()) for k, v in kinds.items()} == text
        assert kinds['structured'].dtype.names == ('x', 'y')
        assert kinds['zero'].flags.owndata and kinds['zero'].flags.writeable
        assert strings.tolist() == ['a', 'b' * 40]
        assert fortran.flags.f_contiguous and fortran.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert permuted.strides == p_strides and permuted.tolist() == p_list
        assert not frozen.flags.writeable and frozen.tolist() == [0, 1, 2]
        assert window.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]] and not window.flags.writeable
        """,
    )


def test_view_of_a_permuted_base(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        a = np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2).copy(order='K')
        v = a[1:, :, ::2]
        """,
        "v a",
    )
    book.cell(1, "v[0, 0, 0] = -5\nassert a[1, 0, 0] == -5", "v a", mutated="v a")
    book.cell(2, "v[0, 0, 1] = -6\nassert a[1, 0, 2] == -6 and a[1, 0, 0] == -5")


def test_object_arrays(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        x = [1]
        a = np.array([x, None, 'text', (1, 2)], dtype=object)
        m = a.reshape(2, 2)
        lists = np.empty(2, object)
        lists[0], lists[1] = [1, 2], [3, 4]
        me = np.empty(1, object)
        me[0] = me
        """,
        "x a m lists me",
    )
    book.cell(
        1,
        """
        assert a[0] is x and m[1, 1] == (1, 2) and lists.tolist() == [[1, 2], [3, 4]]
        m[0, 1] = 'changed'
        assert a[1] == 'changed' and me[0] is me
        """,
    )


def test_subclasses(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        m = np.matrix('1 2; 3 4')
        rec = np.rec.array([(1, 'a'), (2, 'b')], names='n,s')
        masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0], fill_value=-1)
        data = masked.data
        plain = np.ma.array([1, 2])
        none = np.ma.masked
        """,
        "m rec masked data plain none",
    )
    book.cell(
        1,
        """
        import numpy as np
        assert type(m) is np.matrix and (m * m).tolist() == [[7, 10], [15, 22]]
        assert type(rec) is np.recarray and rec.n.tolist() == [1, 2] and rec[1].s == 'b'
        assert type(masked) is np.ma.MaskedArray and masked.sum() == 4 and masked.fill_value == -1
        data[0] = 10
        assert masked[0] == 10 and plain.mask is np.ma.nomask and none is np.ma.masked
        masked[1] = 5
        assert masked.sum() == 18
        """,
    )


def test_memmap_travels_as_its_values(book: Any, tmp_path: Any) -> None:
    book.cell(
        0,
        f"""
        import numpy as np
        f = np.memmap({str(tmp_path / "x")!r}, dtype='f8', mode='w+', shape=(20_000,))
        f[:] = 2
        f = np.memmap(f.filename, dtype='f8', mode='c', shape=f.shape)
        """,
        "f",
    )
    (tmp_path / "x").unlink()
    book.cell(1, "assert f.sum() == 40_000\nf[0] = 1")


def test_large_arrays_are_mapped_writable_and_isolated(book: Any) -> None:
    book.cell(0, "import numpy as np\na = np.ones(1_000_000)", "a")
    blob = book.manifest("a")["buffers"][0]
    assert blob["size"] == 8_000_000
    book.cell(
        1,
        """
        import mmap
        assert isinstance(a.base, mmap.mmap)
        a[:] = 5
        """,
    )
    book.cell(2, "assert a.sum() == 1_000_000")
    book.cell(0, "assert a.sum() == 1_000_000", "a", mutated="a")
    assert book.manifest("a")["buffers"][0] == blob


def test_small_view_of_a_large_lone_base_is_compacted(book: Any) -> None:
    book.cell(
        0,
        """
        import numpy as np
        v = np.arange(1_000_000)[10:13]
        column = np.zeros((100_000, 50))[:, 3]
        big = np.arange(1_000_000)
        shared = [big[:3]]
        """,
        "v column shared",
    )
    assert book.manifest("v")["size"] < 1000
    assert book.manifest("column")["size"] < 900_000
    assert book.manifest("shared")["size"] > 8_000_000
    book.cell(1, "assert v.tolist() == [10, 11, 12] and column.shape == (100_000,)")


def test_deleted_array_frees_its_memory_in_the_cell(book: Any) -> None:
    book.cell(0, "import numpy as np, weakref\na = np.ones(1_000_000)\nb = a[:5]", "a b")
    book.cell(0, "import weakref\nr = weakref.ref(a)\ndel b\na = None\nassert r() is None")
    book.cell(
        1,
        "import weakref\nr = weakref.ref(a)\ndel a\nassert r() is not None\ndel b\n"
        "assert r() is None",
        take="a b",
    )


def test_an_array_over_a_buffer_of_the_users(book: Any) -> None:
    made = "import numpy as np\nraw = bytearray(4)\na = np.frombuffer(raw, 'u1')[1:]"
    book.cell(0, made, "a raw np")
    for kernel in (1, 2):
        book.cell(kernel, "a[0] += 1; raw[2] += 5", "a raw", "a raw")
    assert book.cell(0, "print(a, raw)") == "[ 2 10  0] bytearray(b'\\x00\\x02\\n\\x00')\n"


def test_a_memmap_that_writes_its_file_stays(book: Any, tmp_path: Any) -> None:
    made = f"import numpy as np\nf = np.memmap({str(tmp_path / 'x')!r}, 'u1', 'w+', shape=4)"
    book.cell(0, f"{made}\ng = f[1:]", "f g")
    assert "mapped into memory" in book.manifest("f")["unshippable"]
    assert "unshippable" in book.manifest("g")


def test_a_broadcast_view_is_taken_without_a_warning(book: Any) -> None:
    book.cell(
        0,
        """
        import warnings
        import numpy as np
        warnings.simplefilter('error')
        base = np.arange(3.0)
        across, down = np.meshgrid(base, base, copy=False)
        """,
        "base across down",
    )
    book.cell(1, "assert across.tolist() == [[0, 1, 2]] * 3 and down[:, 0].tolist() == [0, 1, 2]")
