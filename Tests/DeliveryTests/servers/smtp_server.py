"""A small SMTP server for tests: keeps every message it accepted, fails as the recipient's name says.

    smtp_server.py RECORD [--tls] [--require-login USER PASSWORD] [--greeting TEXT] [--certificate FOLDER]
                   [--release FILE]

Prints its port. Appends one JSON object per accepted message to RECORD. Ends when its standard input ends.
Recipients: refuse550@, relay554@ and busy451@ are refused at RCPT, data554@ and data452@ after the message, drop@ loses the
connection after the message, echo@ is refused with what the client logged in with, stall@ is answered when the file
RELEASE exists, anything else is accepted. ONCE: a recipient that starts with once- fails only the first time.
"""
import argparse
import base64
import email.policy
import email.utils
import json
import os
import re
import socketserver
import ssl
import subprocess
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("record")
parser.add_argument("--tls", action="store_true")
parser.add_argument("--require-login", nargs=2)
parser.add_argument("--greeting", default="220 mail.example.com ready")
parser.add_argument("--certificate")
parser.add_argument("--release")
options = parser.parse_args()
lock = threading.Lock()
seen = {}


def tls_context():
    if not options.certificate:
        return None
    cert, key = (os.path.join(options.certificate, name) for name in ("cert.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


context = tls_context()


class Session(socketserver.BaseRequestHandler):
    def setup(self):
        self.tls = options.tls
        if self.tls:
            self.request = context.wrap_socket(self.request, server_side=True)
        self.lines = self.request.makefile("rb")
        self.login = None

    def say(self, text):
        self.request.sendall(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.converse()
        except (OSError, ValueError):
            pass

    def converse(self):
        self.say(options.greeting)
        sender, recipient = None, None
        while line := self.lines.readline():
            verb = line.decode("utf-8", "replace").strip()
            upper = verb.upper()
            if upper.startswith("EHLO"):
                offers = ["mail.example.com", "8BITMIME"]
                offers += ["STARTTLS"] if context and not self.tls else []
                offers += ["AUTH PLAIN"] if options.require_login else []
                self.say("\r\n".join(f"250{' ' if i == len(offers) - 1 else '-'}{o}" for i, o in enumerate(offers)))
            elif upper == "STARTTLS":
                self.say("220 go ahead")
                self.request = context.wrap_socket(self.request, server_side=True)
                self.lines, self.tls = self.request.makefile("rb"), True
            elif upper.startswith("AUTH PLAIN"):
                self.authenticate(verb)
            elif upper.startswith("MAIL FROM:"):
                if options.require_login and not self.login:
                    self.say("530 login first")
                    continue
                sender = re.search("<(.*)>", verb).group(1)
                self.say("250 ok")
            elif upper.startswith("RCPT TO:"):
                recipient = re.search("<(.*)>", verb).group(1)
                self.say(self.on_recipient(recipient))
            elif upper == "DATA":
                self.say("354 go on")
                if not self.on_data(sender, recipient):
                    return
            elif upper == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def authenticate(self, verb):
        words = verb.split()
        if len(words) < 3:
            self.say("334 ")
            words.append(self.lines.readline().decode().strip())
        self.blob = words[2]
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        self.login = [user, password] if [user, password] == options.require_login else None
        self.say("235 welcome" if self.login else f"535 no such login {password} {self.blob}")

    def fails(self, recipient):
        """Whether this recipient's failure applies to this attempt."""
        with lock:
            seen[recipient] = seen.get(recipient, 0) + 1
            return not recipient.startswith("once-") or seen[recipient] == 1

    def on_recipient(self, recipient):
        name = recipient.split("@")[0].removeprefix("once-")
        answers = {"refuse550": "550 5.1.1 no such mailbox", "relay554": "554 5.7.1 relay access denied", "busy451": "451 4.3.0 try later",
                   "echo": "550 you said " + " ".join(self.login or []) + " " + getattr(self, "blob", "")}
        return answers[name] if name in answers and self.fails(recipient) else "250 ok"

    def on_data(self, sender, recipient):
        raw = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                return False
            raw += line[1:] if line.startswith(b".") else line
        name = recipient.split("@")[0].removeprefix("once-")
        if name == "data554" and self.fails(recipient):
            self.say("554 5.7.1 refused")
            return True
        if name == "data452" and self.fails(recipient):
            self.say("452 4.2.2 mailbox full")
            return True
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        entry = {"from": sender, "to": recipient, "raw": base64.b64encode(raw).decode(), "tls": self.tls,
                 "login": self.login or [], "connection": self.client_address[1], "names": mail.keys(),
                 "subject": str(mail["subject"]), "fromHeader": str(mail["from"]), "toHeader": str(mail["to"]),
                 "messageID": str(mail["message-id"]), "text": mail.get_content().replace("\r\n", "\n"),
                 "defects": [str(d) for d in mail.defects],
                 "date": int(email.utils.parsedate_to_datetime(str(mail["date"])).timestamp())}
        with lock, open(options.record, "a") as record:
            record.write(json.dumps(entry) + "\n")
        if name == "drop" and self.fails(recipient):
            return False
        while name == "stall" and not os.path.exists(options.release):
            time.sleep(0.01)
        self.say("250 queued")
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Session)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
