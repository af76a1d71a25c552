"""Values of a kernel's variables: exported as blobs, loaded in another kernel as if made there."""

from .errors import LoadError, Unshippable
from .registry import Manifest
from .values import Values

__all__ = ["LoadError", "Manifest", "Unshippable", "Values"]
