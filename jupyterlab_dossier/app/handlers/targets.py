"""Targets: where cells can run."""

from __future__ import annotations

from tornado.web import authenticated

from .base import Handler, allowed


class TargetsHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        engine = await self.service.engine()
        self.reply({"targets": await engine.targets()})
