"""What the ledger and the store may keep, as the user has configured it.

`jupyterlab_dossier_config.py` or `.json` in Jupyter's config path is read by the server and by the
command line alike:

    c.Storage.days = 14
    c.Storage.size = "200G"
"""

from __future__ import annotations

from typing import Any

from jupyter_core.application import JupyterApp
from traitlets import Float, TraitError, TraitType
from traitlets.config import Configurable

from ..model import BadInput
from .cleaning import DAY, Policy

_UNITS = {"K": 10, "M": 20, "G": 30, "T": 40}


def size_of(text: str) -> int:
    """Bytes of a size such as `500M` or `20G`. Raises `ValueError`."""
    number = text.strip().upper().removesuffix("B")
    shift = _UNITS.get(number[-1:], 0)
    try:
        value = float(number[:-1] if shift else number)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15:
        raise ValueError(f"{text!r} is no size, such as 500M or 20G")
    return int(value * (1 << shift))


class Size(TraitType[int, "int | str"]):
    """A number of bytes, or a text such as `20G`."""

    info_text = "a size in bytes, or such as 500M or 20G"

    def validate(self, obj: Any, value: Any) -> int:
        try:
            return size_of(str(value))
        except ValueError:
            self.error(obj, value)
            raise  # `error` has raised


class Storage(Configurable):
    """How much of earlier runs is kept; `clean` removes the rest."""

    days = Float(30.0, min=0.0, max=1e6, help="Days for which runs that have ended are kept.").tag(
        config=True
    )
    size = Size(
        50 << 30,
        help="Bytes of values, or such as '20G', above which the oldest runs go,"
        " though they are not old.",
    ).tag(config=True)

    def policy(
        self, days: float | None = None, size: int | None = None, last: bool = True
    ) -> Policy:
        """The policy, with what was asked for in place of what is configured."""
        days = self.days if days is None else days
        return Policy(days * DAY, self.size if size is None else size, last)


class _Settings(JupyterApp):
    """Reads the configuration as the server does."""

    name = "jupyterlab_dossier"


def configured() -> Storage:
    """The limits where there is no server. Raises `BadInput` where they are wrong."""
    settings = _Settings(raise_config_file_errors=True)
    try:
        settings.load_config_file()
        return Storage(config=settings.config)
    except (TraitError, SyntaxError, ValueError) as error:
        raise BadInput(f"the configuration of jupyterlab_dossier: {error}") from None
