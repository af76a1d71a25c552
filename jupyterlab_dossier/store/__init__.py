"""The store: where the blobs of all runs live."""

from .store import Store, StoreFull

__all__ = ["Store", "StoreFull"]
