"""The server of the browser tests: no token, own folders. Never use it for anything else."""

import os
import tempfile

from jupyterlab.galata import configure_jupyter_server

# The ledger and the store of a test run are its own.
os.environ["JUPYTER_DATA_DIR"] = tempfile.mkdtemp(prefix="dossier-ui-tests-")

configure_jupyter_server(c)  # noqa: F821

c.ServerApp.allow_root = True  # noqa: F821
c.ServerApp.port = int(os.environ.get("DOSSIER_UI_TESTS_PORT", "8899"))  # noqa: F821
