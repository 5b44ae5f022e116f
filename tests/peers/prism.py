"""Discord: Prism, which holds every request against an OpenAPI document; here that of Discord's webhooks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from tests.peers import installing
from tests.peers.peer import channel
from tests.peers.running import Program, free_port, started

PRISM = "@stoplight/prism-cli@5.14.2"
SCHEMAS, ZOD = "discord-api-spec@10.0.266135", "zod@4.1.12"  # made from Discord's own document
_SHELL = Path(__file__).with_name("discord.mjs")


@dataclass(frozen=True, slots=True)
class Judge:
    """A running Prism. What it has against a request stands in what it says."""

    port: int
    program: Program
    document: dict[str, Any]

    def webhook(self, **more: Any) -> Any:
        return channel("discord", webhook_url=f"http://127.0.0.1:{self.port}/webhooks/123456789012345678/made-up", **more)

    def has_against(self, body: Any) -> list[str]:
        """What the schema has against the JSON part of an upload, which Prism does not look into."""
        posting = self.document["paths"]["/webhooks/{webhook_id}/{webhook_token}"]["post"]
        schema = posting["requestBody"]["content"]["application/json"]["schema"]
        return [each.message for each in jsonschema.Draft202012Validator(schema).iter_errors(body)]


@contextmanager
def judge(folder: Path) -> Iterator[Judge]:
    own, place = installing.node().program, folder / "openapi.json"
    environment = {"PACKAGES": str(installing.npm(SCHEMAS, ZOD)), "OUT": str(place)}
    subprocess.run([own, _SHELL], env=environment, check=True)
    program, port = installing.npm(PRISM) / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js", free_port()
    words = ["mock", "--host", "127.0.0.1", "-p", str(port), "--multiprocess=false", "openapi.json"]
    with started([own, program, *words], folder) as server:
        server.until_it_listens(port)
        yield Judge(port, server, json.loads(place.read_text(encoding="utf-8")))
