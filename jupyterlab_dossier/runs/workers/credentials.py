"""How workers prove who they are: a secret for the first time, then a credential."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from ..ledger.ledger import Ledger
from .workerlink import NotOurs, Welcome


class Credentials:
    """Hashes of what the workers of one engine may dial in with."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger, self._owner = ledger, owner
        self._known: dict[str, tuple[str | None, str | None]] = {}

    def expect(self, worker: str, secret: str | None, credential: str | None = None) -> None:
        """Lets a worker dial in with what has one of these hashes."""
        self._known[worker] = (secret, credential)

    def drop(self, worker: str) -> None:
        """It dials in no more."""
        self._known.pop(worker, None)

    async def acknowledged(self, worker: str) -> None:
        """Ends the secret of a worker that was heard: it has stored its credential."""
        known = self._known.get(worker)
        if known is not None and known[0] is not None:
            await self._spend_secret(worker)

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None:
        """As `WorkerEvents.authenticate`."""
        known = self._known.get(worker)
        if known is None:
            row = (await self._ledger.workers.named([worker])).get(worker)
            if row is not None and row["state"] != "ended" and row["owner"] != self._owner:
                raise NotOurs(f"worker {worker} belongs to another server")
            return None
        if credential is not None:
            good = known[1] is not None and hmac.compare_digest(known[1], hash_of(credential))
            if good and known[0] is not None:
                await self._spend_secret(worker)
            return Welcome() if good else None
        if secret is None or known[0] is None or not hmac.compare_digest(known[0], hash_of(secret)):
            return None
        fresh = secrets.token_urlsafe(32)
        self._known[worker] = (known[0], hash_of(fresh))
        await self._ledger.workers.update(worker, credential=hash_of(fresh))
        return Welcome(fresh)

    async def _spend_secret(self, worker: str) -> None:
        self._known[worker] = (None, self._known[worker][1])
        await self._ledger.workers.update(worker, secret=None, state="ready")


def hash_of(secret: str) -> str:
    """All that is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
