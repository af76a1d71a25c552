from __future__ import annotations

from collections.abc import Iterator

import pytest

from .kernels import Kernels
from .shells import Shells


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    made = Kernels(tmp_path_factory.mktemp("kernels"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def shells() -> Iterator[Shells]:
    """Runs notebooks and tells values."""
    with Shells() as made:
        yield made


@pytest.fixture(scope="module")
def tracing() -> Iterator[Shells]:
    """Runs notebooks and tells what each cell needed."""
    with Shells("trace") as made:
        yield made
