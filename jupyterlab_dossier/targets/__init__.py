"""Targets: named places where cells can run, and the providers that start workers there."""

from .catalogue import Catalogue
from .provider import Ended, NoAnswer, Provider, ProviderFault, Target, Usable, WorkerOrder

__all__ = [
    "Catalogue",
    "Ended",
    "NoAnswer",
    "Provider",
    "ProviderFault",
    "Target",
    "Usable",
    "WorkerOrder",
]
