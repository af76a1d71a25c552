"""What the ledger and the store take, and cleaning them."""

from __future__ import annotations

from tornado.web import authenticated

from jupyterlab_dossier.runs.cleaning import DAY, Policy

from .base import Handler, allowed


class StorageHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        engine = await self.service.engine()
        self.reply((await engine.clean(Policy(), dry=True)).to_json())


class CleanHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("CleanRequest")
        policy = Policy(asked["days"] * DAY, asked.get("size", Policy.size))
        engine = await self.service.engine()
        self.reply((await engine.clean(policy)).to_json())
