"""What a cell really did: seen from within its process, within a budget of time.

One module per way of seeing. Each is told when a cell begins, and writes what it saw into the
effects of the `done` message afterwards.
"""

from .check import Check

__all__ = ["Check"]
