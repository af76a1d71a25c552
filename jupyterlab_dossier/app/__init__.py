"""The server extension: thin handlers over the engine, the one part that knows jupyter_server."""

from .extension import DossierApp

__all__ = ["DossierApp"]

# For configurations that name this module itself as the extension.
_load_jupyter_server_extension = DossierApp._load_jupyter_server_extension
