"""Lists the targets: the kind of each, whether it can be used now, and why not."""

from __future__ import annotations

import argparse
import asyncio

from .console import columns, document


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the targets as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_targets(asked))


async def _targets(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.targets import Catalogue

    catalogue = Catalogue()
    try:
        found = await catalogue.describe()
    finally:
        await catalogue.close()
    if asked.json:
        document({"targets": found})
    else:
        rows = [
            [row["name"], row["kind"], "yes" if row["usable"] else "no", row["why"] or ""]
            for row in found
        ]
        columns(["TARGET", "KIND", "USABLE", "WHY NOT"], rows)
    return 0
