"""Of the pages that share one document, one writes a run's outputs into it."""

from __future__ import annotations

from collections.abc import Callable

Place = tuple[str, str]
Tell = Callable[[bool], None]


class Writers:
    """Who writes, by run and document: who came first, then who came next."""

    def __init__(self) -> None:
        self._clients: dict[Place, dict[str, Tell]] = {}

    def join(self, place: Place, client: str, tell: Tell) -> Callable[[], None]:
        """Tells a client whether it writes, now and later; call the result when it leaves.

        A client that comes again, before its broken connection was noticed, takes its own place.
        """
        clients = self._clients.setdefault(place, {})
        clients[client] = tell
        tell(next(iter(clients)) == client)

        def leave() -> None:
            if clients.get(client) is not tell:
                return
            wrote = next(iter(clients)) == client
            del clients[client]
            if not clients:
                self._clients.pop(place, None)
            elif wrote:
                next(iter(clients.values()))(True)

        return leave
