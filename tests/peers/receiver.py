"""A receiver of webhooks around the reference library of Standard Webhooks. Started by webhooks.py, in its environment.

It takes what the library calls genuine, keeps it by its id, and tells at GET / what it has.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

HOOK = Webhook(sys.argv[2])
KEPT: dict[str, object] = {}


class Receiver(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200, json.dumps(KEPT).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            payload = HOOK.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            self._answer(401, str(error).encode())
            return
        KEPT.setdefault(self.headers["webhook-id"], payload)
        self._answer(204, b"")

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
