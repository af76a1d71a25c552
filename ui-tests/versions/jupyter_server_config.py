"""The server of the versions' tests: no token, own folders. Never use it for anything else."""

import os
import tempfile

os.environ["JUPYTER_DATA_DIR"] = tempfile.mkdtemp(prefix="dossier-versions-")
os.environ["JUPYTER_CONFIG_DIR"] = tempfile.mkdtemp(prefix="dossier-versions-")

c.ServerApp.allow_root = True  # noqa: F821
c.ServerApp.disable_check_xsrf = True  # noqa: F821
c.ServerApp.open_browser = False  # noqa: F821
c.ServerApp.port_retries = 0  # noqa: F821
c.ServerApp.root_dir = tempfile.mkdtemp(prefix="dossier-versions-")  # noqa: F821
c.IdentityProvider.token = ""  # noqa: F821
c.LabApp.expose_app_in_browser = True  # noqa: F821
c.JupyterNotebookApp.expose_app_in_browser = True  # noqa: F821
