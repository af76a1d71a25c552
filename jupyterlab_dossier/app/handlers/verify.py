"""Verifying a run: executing it again and comparing."""

from __future__ import annotations

from tornado.web import authenticated

from .base import Handler, allowed


class VerifyHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str) -> None:
        engine = await self.service.engine()
        self.reply(await engine.verifier.state(run))

    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        asked = self.body("VerifyRequest")
        engine = await self.service.engine()
        await engine.verifier.start(run, asked.get("outside", False))
        self.done()
