from __future__ import annotations

from collections.abc import Iterator

import pytest

from .kernels import Kernels


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    made = Kernels(tmp_path_factory.mktemp("kernels"))
    yield made
    made.close()
