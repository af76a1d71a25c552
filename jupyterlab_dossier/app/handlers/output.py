"""All that a cell has printed, as a file: a notebook shows of a long output only a part."""

from __future__ import annotations

from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from .base import Handler, allowed


class OutputHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str, cell: str) -> None:
        engine = await self.service.engine()
        pieces = engine.whole_output(run, cell)
        first = await anext(pieces, b"")  # raises where there is no such run or cell
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        # What a cell printed is never a page of this server.
        self.set_header("Content-Disposition", f'attachment; filename="{run}-{cell}.txt"')
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "no-store")
        self.write(first)
        try:
            await self.flush()
            async for piece in pieces:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            return
        self.finish(set_content_type="text/plain; charset=utf-8")
