"""Reads the command line, calls the command, and turns faults into exit statuses."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn, cast

from . import cancel, clean, graph, logs, resume, run, runs, show, stale, targets, verify
from .console import say

COMMANDS = (run, graph, stale, targets, runs, show, logs, cancel, resume, verify, clean)

# With this package jsonschema makes a grammar of IRIs as it is imported: seconds of each command,
# and no schema that is read here has an IRI.
sys.modules.setdefault("rfc3987_syntax", cast(ModuleType, None))

DONE, FAILED, WRONG_INPUT, CHANGED, INTERRUPTED = 0, 1, 2, 3, 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="jupyter dossier", description="Runs notebooks as workflows.", allow_abbrev=False
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rpartition(".")[2]
        words = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name, help=words.splitlines()[0], description=words, allow_abbrev=False
        )
        module.arguments(command)
        command.set_defaults(main=module.main)
    return top


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The `jupyter-dossier` script."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    status = _call(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone; without this Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _call(arguments: argparse.Namespace) -> int:
    # Late: `--help` and wrong usage need none of it.
    from jupyterlab_dossier.dataflow.client import AnalysisError, LibraryFault
    from jupyterlab_dossier.runs import BadInput
    from jupyterlab_dossier.runs.ledger.database import LedgerFault
    from jupyterlab_dossier.store import StoreFull
    from jupyterlab_dossier.targets import ProviderFault

    try:
        status: int = arguments.main(arguments)
        return status
    except (BadInput, LibraryFault) as error:
        say(f"error: {error}")
        return WRONG_INPUT
    except (StoreFull, LedgerFault, ProviderFault, AnalysisError) as error:
        say(f"error: {error}")
        return FAILED
    except BrokenPipeError:
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
