"""What the ledger and the store take, and cleaning them."""

from __future__ import annotations

from tornado.web import authenticated

from .base import Handler, allowed


class StorageHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        limits = self.service.storage
        engine = await self.service.engine()
        found = await engine.clean(limits.policy(), dry=True)
        self.reply({**found.to_json(), "limits": {"days": limits.days, "size": limits.size}})


class CleanHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("CleanRequest")
        policy = self.service.storage.policy(asked.get("days"), asked.get("size"))
        engine = await self.service.engine()
        self.reply((await engine.clean(policy)).to_json())
