"""Whether two values are the same, looked into."""

from __future__ import annotations

import collections
import enum
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dossier_worker.values.same import Differs, Unknown, compare


class Point:
    def __init__(self, x: Any) -> None:
        self.x = x


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def circle() -> list[Any]:
    found: list[Any] = [1]
    found.append(found)
    return found


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns or {"a": [1, 2], "b": ["x", None]})


SAME = {
    "numbers": lambda: [1, 2.5, float("nan"), 1j, complex(0, float("nan")), True, None],
    "texts": lambda: ("a", b"b", bytearray(b"c")),
    "a set of texts": lambda: {f"name {n}" for n in range(1000)},
    "a set of several types": lambda: {1, "a", (2, "b"), None},
    "a dict in order": lambda: {"b": 1, "a": [2]},
    "an instance": lambda: Point([1, Point(2)]),
    "slots": lambda: Slotted({"k": 1}),
    "an enum": lambda: [Colour.RED],
    "what contains itself": circle,
    "a counter": lambda: collections.Counter("hello"),
    "a deque": lambda: collections.deque([1, 2], maxlen=3),
    "an array": lambda: np.arange(12.0).reshape(3, 4)[:, ::2],
    "an array with nan": lambda: np.array([1.0, np.nan]),
    "an array of objects": lambda: np.array([{"a": 1}, None], dtype=object),
    "a frame": frame,
    "a frame in blocks": lambda: frame(a=[1.0, 2.0]).assign(b=[3.0, np.nan]),
    "an index": lambda: pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["n", None]),
    "times": lambda: pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"),
    "categories": lambda: pd.Series(["a", "b"], dtype="category"),
    "a generator of numbers": lambda: np.random.default_rng(1),
    "a function": lambda: lambda x: x + 1,
    "an exception": lambda: ValueError("wrong", 1),
}

OTHER = {
    "a number": (1, 2),
    "a type": (1, 1.0),
    "a bool": (1, True),
    "an item": ([1, [2, 3]], [1, [2, 4]]),
    "a length": ((1,), (1, 2)),
    "the order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "a set": ({1, 2}, {1, 3}),
    "an attribute": (Point(1), Point(2)),
    "an enum": (Colour.RED, Colour.BLUE),
    "a dtype": (np.zeros(2), np.zeros(2, dtype="f4")),
    "a shape": (np.zeros((2, 1)), np.zeros((1, 2))),
    "a value of a frame": (frame(), frame(a=[1, 3], b=["x", None])),
    "a column": (frame(a=[1]), frame(b=[1])),
    "an index": (frame(a=[1]), frame(a=[1]).set_axis([5])),
    "a constant of a function": (lambda x: x + 1, lambda x: x + 2),
    "a frequency": (pd.date_range("2026", periods=1, freq="D"), pd.DatetimeIndex(["2026-01-01"])),
}


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    compare(SAME[name](), SAME[name]())


@pytest.mark.parametrize("name", OTHER)
def test_different(name: str) -> None:
    with pytest.raises(Differs) as found:
        compare(*OTHER[name])
    assert str(found.value)


def test_what_rounding_does_is_told_apart() -> None:
    values = np.random.default_rng(0).random(1000)
    with pytest.raises(Differs) as found:
        compare(values, values * (1 + 1e-12))
    assert found.value.small
    with pytest.raises(Differs) as found:
        compare(values, values * 2)
    assert not found.value.small


def test_where_it_differs() -> None:
    with pytest.raises(Differs, match="column 'a': 1 of 2 elements"):
        compare(frame(a=[1.0, 2.0]), frame(a=[1.0, 3.0]))
    with pytest.raises(Differs, match="item 1: 'b' and 'c'"):
        compare(["a", "b"], ["a", "c"])


def test_texts_may_be_translated() -> None:
    compare(["/copy/a.csv"], ["/home/a.csv"], lambda text: text.replace("/copy", "/home"))


def test_what_cannot_be_looked_into() -> None:
    class Closed:
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("no")

    with pytest.raises(Unknown):
        compare(Closed(), Closed())


def test_sets_of_sets_in_any_order() -> None:
    """One is less than another where it is a part of it: that orders next to nothing."""
    several = [frozenset({f"{n}", f"{n + 1}"}) for n in range(300)]
    one, other = ({(part, n) for n, part in items} for items in _both_ways(several))
    compare(one, other)
    with pytest.raises(Differs):
        compare(one, {*list(other)[1:], (frozenset({"else"}), 0)})


def _both_ways(items: list[Any]) -> tuple[list[Any], list[Any]]:
    numbered = list(enumerate(items))
    return numbered, numbered[::-1]


def test_a_set_of_objects_that_look_alike() -> None:
    compare({Point(1)}, {Point(1)})
    with pytest.raises(Differs):
        compare({Point(1)}, {Point(2)})
    with pytest.raises(Unknown, match="look alike"):
        compare({Point(1), Point(2)}, {Point(3), Point(4)})


def test_figures_by_what_they_look_like() -> None:
    from matplotlib.figure import Figure

    def figure(values: list[int]) -> Figure:
        found = Figure(figsize=(2, 2))
        found.subplots().plot(values)
        return found

    compare(figure([1, 2]), figure([1, 2]))
    with pytest.raises(Differs, match="pictures"):
        compare(figure([1, 2]), figure([2, 1]))
