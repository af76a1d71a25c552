"""The store: where the blobs of all runs live."""

from .store import Store, StoreFull, bytes_text

__all__ = ["Store", "StoreFull", "bytes_text"]
