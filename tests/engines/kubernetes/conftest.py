"""A namespace of its own for each test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The engine of tests/runs is the one whose cells run in pods.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "runs")]

from namespaces import RESTRICTED, Namespace, kubectl  # noqa: E402


@pytest.fixture
def make_namespace() -> Iterator[Callable[[str], Namespace]]:
    made: list[str] = []

    def make(name: str) -> Namespace:
        name = f"{name}-{os.urandom(3).hex()}"
        kubectl("create", "namespace", name)
        kubectl("label", "namespace", name, RESTRICTED)
        made.append(name)
        return Namespace(name)

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def namespace(make_namespace: Callable[[str], Namespace]) -> Namespace:
    return make_namespace("cells")
