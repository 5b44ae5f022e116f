"""Which subscriptions were made by command? Kept in the database beside those of the config, their options encrypted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from bot.config import ChannelConfig, OptionsOf, Told
from bot.database import Database, micros
from bot.errors import Mistake
from bot.subscriptions.cipher import Cipher

_ADD = """
INSERT INTO subscription (name, settings, created_at) VALUES (:name, :settings, :now)
ON CONFLICT (name) DO NOTHING
"""
_REMOVE = "DELETE FROM subscription WHERE name = :name"
_VERSION = "SELECT COUNT(*) AS number, COALESCE(MAX(created_at), 0) AS newest FROM subscription"
_ALL = "SELECT name, settings FROM subscription ORDER BY name"


@dataclass(frozen=True, slots=True)
class Store:
    """The stored subscriptions. `cipher` is called when the first secret is read or written, not before."""

    database: Database
    cipher: Callable[[], Cipher]
    options_of: OptionsOf

    def add(self, name: str, kind: str, options: Mapping[str, Any], told: Mapping[str, Any], now: datetime) -> bool:
        """Stores a subscription; False if the name is taken. Raises `Mistake` for options that the kind refuses."""
        self._checked(name, kind, options, told)
        secret = self.cipher().encrypt(json.dumps(options, sort_keys=True))
        settings = json.dumps({"kind": kind, "options": secret, "told": told}, sort_keys=True)
        with self.database.transaction() as tx:
            tx.execute(_ADD, {"name": name, "settings": settings, "now": micros(now)})
            return tx.changed == 1

    def remove(self, name: str) -> bool:
        """Forgets a subscription; what it has posted stays in the ledger. False if there is none."""
        with self.database.transaction() as tx:
            tx.execute(_REMOVE, {"name": name})
            return tx.changed == 1

    def all(self) -> list[ChannelConfig]:
        """Every stored subscription, as if it stood in the config."""
        return [self._opened(row["name"], json.loads(row["settings"])) for row in self.database.fetch(_ALL)]

    def version(self) -> object:
        """Changes whenever a subscription is added or removed."""
        return tuple(self.database.fetch(_VERSION)[0].values())

    def _opened(self, name: str, settings: Mapping[str, Any]) -> ChannelConfig:
        options = json.loads(self.cipher().decrypt(settings["options"]))
        return self._checked(name, settings["kind"], options, settings["told"])

    def _checked(self, name: str, kind: str, options: Mapping[str, Any], told: Mapping[str, Any]) -> ChannelConfig:
        model = self.options_of(kind)
        if model is None:
            raise Mistake(f"subscription {name!r} is of kind {kind!r}, which is not installed", "install it, or unsubscribe")
        try:
            return ChannelConfig(name, kind, model.model_validate(options), Told.model_validate(told))
        except ValidationError as error:
            # The values stay out of the words: they may be secrets.
            found = "; ".join(
                f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)
            )
            raise Mistake(f"subscription {name!r} cannot be: {found}", "see the page of its kind") from None
