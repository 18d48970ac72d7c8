#!/usr/bin/env python3
"""A webhook receiver in Python's standard library: verifies each signature, takes each id once, prints.

Usage: receiver.py SECRET [PORT]

SECRET is what the webhook's registration answered, whsec_...; where others can see the arguments of programs, set
WEBHOOK_SECRET instead and give none. Listens on 127.0.0.1, port 8443.
"""
import base64
import binascii
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


def usage(fault=""):
    print((f"receiver.py: {fault}\n\n" if fault else "") + __doc__.partition("\n\n")[2].strip(), file=sys.stderr)
    sys.exit(2)


def arguments():
    given = [os.environ["WEBHOOK_SECRET"]] if os.environ.get("WEBHOOK_SECRET") else []
    given += sys.argv[1:]
    if not given or len(given) > 2 or given[0] in ("-h", "--help"):
        usage()
    try:
        key = base64.b64decode(given[0].removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not given[0].startswith("whsec_") or not key:
        usage("the secret must be whsec_ and Base64, as the registration answered it")
    port = given[1] if len(given) > 1 else "8443"
    if not port.isdecimal() or int(port) > 65535:
        usage(f"{port} is no port")
    return key, int(port)


KEY, PORT = arguments()
TOLERANCE_SECONDS = 300
seen = set()  # a real receiver keeps the ids where it keeps what it does with them


def is_signed(headers, body):
    ident = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
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


try:
    server = HTTPServer(("127.0.0.1", PORT), Handler)
except OSError as fault:
    sys.exit(f"receiver.py: cannot listen on 127.0.0.1:{PORT}: {fault.strerror}")
print(f"listening on {server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
