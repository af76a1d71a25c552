"""The store: where the blobs of all runs live."""

from .private import NotPrivate, private_file, private_folder
from .store import Store, StoreFull, bytes_text

__all__ = [
    "NotPrivate",
    "Store",
    "StoreFull",
    "bytes_text",
    "private_file",
    "private_folder",
]
