#!/usr/bin/env python3
"""A mail server and a webhook endpoint on loopback that write down what arrives.

    mail-and-webhooks.py RECORD SECRET_FILE PORTS

RECORD gets one JSON object per mail (kind, id, to, subject) and per webhook (kind, id, type, valid). SECRET_FILE holds
the key that signs webhooks, as Standard Webhooks writes it (whsec_...). PORTS is written once both listen:
SMTP_PORT=... and HTTP_PORT=... on lines of their own. Ends on SIGTERM.
"""
import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import signal
import sys
import time

MAIL_LIMIT = 1_000_000
BODY_LIMIT = 1_000_000
TOLERANCE_SECONDS = 300


class Record:
    """One JSON object per line, complete when the sender is told that it was taken."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")

    def write(self, **entry):
        self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.file.flush()


class Mail:
    """SMTP as far as a sender needs it: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT."""

    def __init__(self, record):
        self.record = record

    async def serve(self, reader, writer):
        try:
            await self.converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the sender went away: what it had not finished does not count
        finally:
            writer.close()

    async def converse(self, reader, writer):
        async def say(text):
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        recipients = []
        await say("220 mail.example.com")
        while line := await reader.readline():
            verb = line.decode("utf-8", "replace").strip()
            command = verb.upper().split(" ")[0]
            if command in ("EHLO", "HELO"):
                await say("250-mail.example.com\r\n250 8BITMIME" if command == "EHLO" else "250 mail.example.com")
            elif command == "MAIL":
                recipients = []
                await say("250 sender ok")
            elif command == "RCPT":
                recipients.append(verb[8:].strip().strip("<>"))
                await say("250 recipient ok")
            elif command == "DATA" and recipients:
                await say("354 end with a dot")
                self.take(recipients, await self.data(reader))
                await say("250 taken")
            elif command in ("RSET", "NOOP"):
                await say("250 ok")
            elif command == "QUIT":
                await say("221 bye")
                return
            else:
                await say("503 not now")

    @staticmethod
    async def data(reader):
        lines = []
        while (line := await reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
            if sum(map(len, lines[-1:])) > MAIL_LIMIT:
                raise ConnectionError("too much")
        return b"".join(lines)

    def take(self, recipients, content):
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.record.write(kind="mail", id=message["Message-ID"] or "", to=recipients, subject=message["Subject"] or "")


class Webhooks:
    """HTTP/1.1 POST with a Standard Webhooks signature: v1,base64(hmac-sha256(key, "id.timestamp.body"))."""

    def __init__(self, record, secret):
        self.record = record
        self.key = base64.b64decode(secret.removeprefix("whsec_"))

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        if length > BODY_LIMIT:
            raise ValueError("too much")
        status = self.take(request, headers, await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def take(self, request, headers, body):
        if not request.startswith("POST "):
            return "405 Method Not Allowed"
        valid = self.is_signed(headers, body)
        try:
            kind = json.loads(body).get("type", "")
        except (ValueError, AttributeError):
            kind = ""
        self.record.write(kind="webhook", id=headers.get("webhook-id", ""), type=kind, valid=valid)
        return "204 No Content" if valid else "401 Unauthorized"

    def is_signed(self, headers, body):
        moment = headers.get("webhook-timestamp", "")
        if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE_SECONDS:
            return False
        signed = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split())


async def main(record_path, secret_path, ports_path):
    with open(secret_path, encoding="ascii") as file:
        secret = file.read().strip()
    record = Record(record_path)
    mail = await asyncio.start_server(Mail(record).serve, "127.0.0.1", 0)
    webhooks = await asyncio.start_server(Webhooks(record, secret).serve, "127.0.0.1", 0)
    with open(ports_path + ".new", "w", encoding="ascii") as file:
        for name, server in (("SMTP_PORT", mail), ("HTTP_PORT", webhooks)):
            file.write(f"{name}={server.sockets[0].getsockname()[1]}\n")
    os.replace(ports_path + ".new", ports_path)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
