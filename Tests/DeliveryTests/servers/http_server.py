"""A small webhook receiver for tests: records every request, answers as the path says, checks signatures itself.

    http_server.py RECORD [--secret whsec_…]… [--certificate FOLDER] [--release FILE]

Prints its port. Appends one JSON object per request to RECORD. Ends when its standard input ends.
Paths: /status/<code>[/<retry-after>], /once/<code> (fails only the first time for a webhook-id), /redirect, /echo
(400 with the request's own URL and headers), /pad/<n>/… (400, n bytes, then the request's own URL), /endless (200 and
a body without end), /big (400 and 100 KB), /stall (answers when the file RELEASE exists), anything else 204.
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("record")
parser.add_argument("--secret", action="append", default=[])
parser.add_argument("--certificate")
parser.add_argument("--release")
options = parser.parse_args()
lock = threading.Lock()
seen = set()


def verdicts(headers, body):
    """For each secret, whether one of the signatures is right: as Standard Webhooks tells receivers to check."""
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    given = [s.partition(",")[2] for s in headers.get("webhook-signature", "").split(" ") if s.startswith("v1,")]
    keys = [base64.b64decode(s.removeprefix("whsec_")) for s in options.secret]
    right = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return [any(hmac.compare_digest(r, g) for g in given) for r in right]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        key = self.headers.get("webhook-id")
        with lock, open(options.record, "a") as record:
            first = key not in seen
            seen.add(key)
            entry = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                     "body": base64.b64encode(body).decode(), "valid": verdicts(self.headers, body)}
            record.write(json.dumps(entry) + "\n")
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[0] == "status":
            self.answer(int(parts[1]), {"retry-after": parts[2]} if len(parts) > 2 else {}, b"no thanks\r\nx: y")
        elif parts[0] == "once" and first:
            self.answer(int(parts[1]))
        elif parts[0] == "redirect":
            self.answer(302, {"location": "/after-redirect"})
        elif parts[0] == "echo":
            url = f"http://{self.headers['host']}{self.path}"
            self.answer(400, {}, (url + " " + self.headers.get("webhook-signature", "")).encode())
        elif parts[0] == "pad":
            self.answer(400, {}, b"x" * int(parts[1]) + f"http://{self.headers['host']}{self.path}".encode())
        elif parts[0] == "big":
            self.answer(400, {}, b"x" * 100_000)
        elif parts[0] == "endless":
            self.endless()
        else:
            while parts[0] == "stall" and not os.path.exists(options.release):
                time.sleep(0.01)
            self.answer(204)

    def answer(self, code, headers={}, body=b""):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if code != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def endless(self):
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 4096)
        except OSError:
            self.close_connection = True

    do_GET = do_POST


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Receiver)
if options.certificate:
    cert, key = (os.path.join(options.certificate, name) for name in ("cert.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
