"""Worker kernels that later tasks must run in: what was left there cannot be moved or replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..model import Json
from ..workers.worker import Kernel


@dataclass(eq=False)
class Place:
    """A worker kernel that is kept, and the names that keep their users there."""

    kernel: Kernel
    target: str
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """(version, name) of values that live only there, with the type in words."""
    tasks: list[str] = field(default_factory=list)
    """Cells that ran in it, or began to."""

    def enter(self, cell: str) -> None:
        """Notes that what stands in this kernel is from now on that cell's work too."""
        if cell not in self.tasks:
            self.tasks.append(cell)


class Places:
    """The kept worker kernels of one run."""

    def __init__(self) -> None:
        self.all: list[Place] = []
        self.shared: Place | None = None
        """The kernel of the cells that share one."""
        self.sticky: Place | None = None
        """The kernel whose process was changed beyond replay."""

    def keep(self, kernel: Kernel, target: str, why: str) -> Place:
        """The place of a kernel, which is not given up any more."""
        place = self.of(kernel)
        if place is None:
            place = Place(kernel, target)
            self.all.append(place)
        kernel.kept = kernel.kept or why
        return place

    def of(self, kernel: Kernel) -> Place | None:
        return next((place for place in self.all if place.kernel is kernel), None)

    def drop(self, place: Place) -> None:
        """Forgets a place: what it held is to be made again."""
        self.all.remove(place)
        if self.shared is place:
            self.shared = None
        if self.sticky is place:
            self.sticky = None

    def hold(self, place: Place, manifests: Iterable[Json]) -> None:
        """Notes which values live only there."""
        for manifest in manifests:
            place.names[(manifest["version"], manifest["name"])] = manifest["type"]

    def holder(self, manifest: Json) -> Place | None:
        """Where a value lives that cannot be moved."""
        key = (manifest["version"], manifest["name"])
        return next((place for place in self.all if key in place.names), None)

    def held(self) -> set[str]:
        """Names of values that live only in some place."""
        return {name for place in self.all for _, name in place.names}
