"""The ledger: everything that ran, in one SQLite file."""

from __future__ import annotations

from pathlib import Path

from .database import Database
from .events import Events
from .keys import Keys
from .observations import Observations
from .outputs import Outputs
from .runs import Runs
from .schema import MIGRATIONS
from .tasks import Tasks
from .versions import Versions
from .workers import Workers


class Ledger:
    """The record of everything that ran, by what is recorded.

    Each method of a part is one transaction. What several engines may do at once (taking up a
    run, committing a task) is decided there, by conditions in the statement itself.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path, MIGRATIONS)
        self.events = Events(self.database)
        self.runs = Runs(self.database, self.events)
        self.tasks = Tasks(self.database, self.events)
        self.versions = Versions(self.database)
        self.outputs = Outputs(self.database)
        self.keys = Keys(self.database, self.events)
        self.observations = Observations(self.database)
        self.workers = Workers(self.database, self.events)

    def close(self) -> None:
        self.database.close()
