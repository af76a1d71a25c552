"""JSON lines: {"id", "cells", "parameters"?} in, {"id", "graph"} or {"id", "error"} out.

With "old" (the cells of before, which of them failed, which are quiet): {"id", "stale"} out.

Arguments are files with users' own library data. Run as a folder by any interpreter: the package
loads itself under a private name, so that nothing beside it gets on sys.path.
"""

import importlib.util
import os
import sys


def main() -> None:
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    name = "_dossier_dataflow"
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    library = importlib.import_module(f"{name}.library")
    users = importlib.import_module(f"{name}.library.users")
    users.load(library.library(), sys.argv[1:])
    importlib.import_module(f"{name}.server").serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
