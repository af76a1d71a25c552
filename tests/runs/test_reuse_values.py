"""Another hash is not yet another value."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reusing import edited, ran, run

from dossier_worker.values.equal import Comparison
from jupyterlab_dossier.runs import Engine


class Plain:
    def __init__(self, value: Any) -> None:
        self.value = value


class Own(list):  # type: ignore[type-arg]
    pass


def made(n: int) -> list[Any]:
    """The same each time, of other objects."""
    inner = [n, float(n), str(n) * 3, None]
    array = np.arange(6.0).reshape(2, 3)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", f"y{n}"], "c": [1.5, math.nan]})
    frame["when"] = pd.to_datetime(["2020-01-01", "2021-01-01"])
    return [inner, {"k": inner, "a": array}, array[0], frame, frame["b"], {1, 2}, Plain(inner),
            (1, (2, 3)), math.nan, frame.set_index("b"), 1 + 2j, range(3),
            bytearray(b"x")]  # fmt: skip


def test_equal_values_are_equal() -> None:
    assert Comparison().equal(made(1), made(1))
    for value, other in zip(made(1), made(1), strict=True):
        assert Comparison().equal(value, other), value


shared: list[int] = []
DIFFERENT: list[tuple[Any, Any]] = [
    (1, 1.0), (1, True), (0.0, -0.0), ("a", b"a"), ([1], (1,)), ({1: 2}, {1: 3}),
    ({1: 0, 2: 0}, {2: 0, 1: 0}), ([shared, shared], [[], []]), ([[], []], [shared, shared]),
    (np.arange(3), np.arange(3.0)), (np.arange(3), np.arange(4)), (Plain(1), Plain(2)),
    (Own([1]), Own([2])), (Own([1]), Own([1])), (np.ones((2, 2)), np.ones((2, 2)).T[::-1]),
    (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}, index=[5])),
    (pd.Series([1], name="a"), pd.Series([1], name="b")),
    (pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]})),
    (lambda: 1, lambda: 1),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(DIFFERENT)))
def test_others_are_not(number: int) -> None:
    a, b = DIFFERENT[number]
    assert not Comparison().equal(a, b)


async def test_those_after_an_equal_value_stand(engine: Engine, tmp_path: Path) -> None:
    """One string twice, or two equal ones: another pickle, and nobody can tell."""
    sources = ["n = 40", "s = 'ab' * n\nx = [s, s]\nd = {'x': x}", "d['x'] is x, x",
               "print(len(x))"]  # fmt: skip
    _, before = await run(engine, tmp_path, sources)
    record, after = await run(engine, tmp_path, edited(sources, 1, (
        "s = 'ab' * n\nx = [s, 'ab' * n]\nd = {'x': x}")))  # fmt: skip
    assert ran(record) == ["c1"] and after == before
    # What does run sees them as one, too.
    sources[1] = "s = 'ab' * n\nx = [s, 'ab' * (n + 0)]\nd = {'x': x}"
    sources[2] = "x.append(0)\nprint(d['x'] is x, len(d['x']))"
    record, after = await run(engine, tmp_path, sources)
    assert ran(record) == ["c1", "c2", "c3"]
    assert after["c2"][0]["text"] == "True 3\n" and after["c3"][0]["text"] == "3\n"


async def test_a_value_that_differs_is_told(engine: Engine, tmp_path: Path) -> None:
    sources = ["x = [1.0, 2.0]", "print(x)"]
    await run(engine, tmp_path, sources)
    record, _ = await run(engine, tmp_path, edited(sources, 0, "x = [1.0, -0.0]"))
    assert ran(record) == ["c0", "c1"]
    assert record.tasks[1].why == "it ran: input `x` from cell 0 changed"
