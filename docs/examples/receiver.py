#!/usr/bin/env python3
"""A webhook receiver in Python's standard library: verifies each signature, takes each id once, prints.

Usage: receiver.py whsec_... [port]     (the secret that the registration answered; listens on 127.0.0.1:8443)
"""
import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
seen = set()  # a real receiver keeps the ids where it keeps what it does with them


def is_signed(headers, body):
    ident = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    mac = hmac.new(KEY, f"{ident}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split(" "))


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 65536))
        if not is_signed(self.headers, body):
            self.send_response(401)
        else:
            if self.headers["webhook-id"] not in seen:
                seen.add(self.headers["webhook-id"])
                print(json.dumps(json.loads(body), indent=2, ensure_ascii=False), flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 8443), Handler)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
