"""A small AMQP 0-9-1 client: connect, declare, bind, publish with confirms, consume, acknowledge.

Written for the fault runs, so that nothing but Python is needed and no code is shared with the workers. It never
blocks without a bound: sockets do not block, `pump` moves what can be moved and returns. A lost connection raises
`Lost`; whoever uses the client connects again.
"""
import collections
import select
import socket
import struct
import time

FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT, FRAME_END = 1, 2, 3, 8, 0xCE
CONNECTION, CHANNEL, EXCHANGE, QUEUE, BASIC, CONFIRM = 10, 20, 40, 50, 60, 85

Delivery = collections.namedtuple("Delivery", "tag redelivered key message_id headers body")


class Lost(Exception):
    """The connection is gone, or the broker closed it."""


def short(text):
    """A short string, as the protocol writes it."""
    raw = text.encode()
    return bytes([len(raw)]) + raw


def table(values):
    """A table of texts and booleans."""
    out = b""
    for name, value in values.items():
        if isinstance(value, bool):
            out += short(name) + b"t" + bytes([value])
        elif isinstance(value, dict):
            out += short(name) + b"F" + table(value)
        else:
            raw = str(value).encode()
            out += short(name) + b"S" + struct.pack(">I", len(raw)) + raw
    return struct.pack(">I", len(out)) + out


def read_short(data, at):
    length = data[at]
    return data[at + 1:at + 1 + length].decode("utf-8", "replace"), at + 1 + length


FIXED = {b"t": ">?", b"b": ">b", b"B": ">B", b"s": ">h", b"u": ">H", b"I": ">i", b"i": ">I", b"l": ">q", b"L": ">q",
         b"f": ">f", b"d": ">d", b"T": ">Q"}


def read_value(data, at):
    kind, at = data[at:at + 1], at + 1
    if kind in FIXED:
        size = struct.calcsize(FIXED[kind])
        return struct.unpack_from(FIXED[kind], data, at)[0], at + size
    if kind == b"V":
        return None, at
    if kind == b"D":
        return struct.unpack_from(">i", data, at + 1)[0], at + 5
    (length,) = struct.unpack_from(">I", data, at)
    raw, end = data[at + 4:at + 4 + length], at + 4 + length
    if kind == b"F":
        return read_table(raw), end
    if kind == b"A":
        items, place = [], 0
        while place < len(raw):
            item, place = read_value(raw, place)
            items.append(item)
        return items, end
    return raw.decode("utf-8", "replace"), end


def read_table(raw):
    """The inside of a table."""
    values, at = {}, 0
    while at < len(raw):
        name, at = read_short(raw, at)
        values[name], at = read_value(raw, at)
    return values


def read_properties(raw):
    """Headers and message id of a content header; the rest is skipped."""
    (flags,) = struct.unpack_from(">H", raw, 12)
    at, headers, message_id = 14, {}, None
    for bit, kind in ((15, "s"), (14, "s"), (13, "F"), (12, "o"), (11, "o"), (10, "s"), (9, "s"), (8, "s"), (7, "m")):
        if not flags & (1 << bit):
            continue
        if kind == "F":
            (length,) = struct.unpack_from(">I", raw, at)
            headers, at = read_table(raw[at + 4:at + 4 + length]), at + 4 + length
        elif kind == "o":
            at += 1
        else:
            text, at = read_short(raw, at)
            if kind == "m":
                message_id = text
    return headers, message_id


class Connection:
    """One connection with one channel."""

    def __init__(self, port, user, password, timeout=10):
        self.out, self.buffer = bytearray(), bytearray()
        self.methods, self.deliveries = collections.deque(), collections.deque()
        self.acks = collections.deque()  # (tag, multiple, is_ack) of our publishes
        self.content, self.published = None, 0
        self.cancelled = False
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        except OSError as error:
            raise Lost(str(error)) from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        try:
            self.handshake(user, password, timeout)
        except BaseException:
            self.close()
            raise

    def handshake(self, user, password, timeout):
        self.out += b"AMQP\x00\x00\x09\x01"
        self.expect(CONNECTION, 10, timeout)
        capabilities = {"capabilities": {"consumer_cancel_notify": True, "basic.nack": True,
                                         "publisher_confirms": True}}
        login = b"\x00" + user.encode() + b"\x00" + password.encode()
        self.method(CONNECTION, 11, table(capabilities) + short("PLAIN") + struct.pack(">I", len(login)) + login
                    + short("en_US"), channel=0)
        tune = self.expect(CONNECTION, 30, timeout)
        channels, frame_max, _ = struct.unpack_from(">HIH", tune)
        self.frame_max = frame_max or 131072
        self.method(CONNECTION, 31, struct.pack(">HIH", channels, self.frame_max, 0), channel=0)
        self.method(CONNECTION, 40, short("/") + b"\x00\x00", channel=0)
        self.expect(CONNECTION, 41, timeout)
        self.method(CHANNEL, 10, b"\x00")
        self.expect(CHANNEL, 11, timeout)

    # What is asked of the broker.

    def declare(self, queue, passive=False, arguments=None, timeout=30):
        """Declares a durable queue; says how many messages are ready in it."""
        flags = 3 if passive else 2
        self.method(QUEUE, 10, b"\0\0" + short(queue) + bytes([flags]) + table(arguments or {}))
        answer = self.expect(QUEUE, 11, timeout)
        _, at = read_short(answer, 0)
        return struct.unpack_from(">I", answer, at)[0]

    def bind(self, queue, exchange, key, timeout=30):
        self.method(QUEUE, 20, b"\0\0" + short(queue) + short(exchange) + short(key) + b"\0" + table({}))
        self.expect(QUEUE, 21, timeout)

    def confirm(self, timeout=10):
        """Every publish from here on is confirmed."""
        self.method(CONFIRM, 10, b"\0")
        self.expect(CONFIRM, 11, timeout)

    def consume(self, queue, prefetch, timeout=30):
        self.method(BASIC, 10, struct.pack(">IHB", 0, prefetch, 0))
        self.expect(BASIC, 11, timeout)
        self.method(BASIC, 20, b"\0\0" + short(queue) + short("") + b"\0" + table({}))
        self.expect(BASIC, 21, timeout)

    def ack(self, tag):
        """Acknowledges everything up to this delivery."""
        self.method(BASIC, 80, struct.pack(">QB", tag, 1))

    def publish(self, exchange, key, message_id, body, content_type="application/cloudevents+json"):
        """Queues a persistent message; says its number among this connection's publishes."""
        self.method(BASIC, 40, b"\0\0" + short(exchange) + short(key) + b"\0")
        properties = short(content_type) + b"\x02" + short(message_id)
        self.frame(FRAME_HEADER, struct.pack(">HHQH", BASIC, 0, len(body), 0x9080) + properties)
        step = self.frame_max - 8
        for start in range(0, len(body), step):
            self.frame(FRAME_BODY, body[start:start + step])
        self.published += 1
        return self.published

    # Frames.

    def method(self, cls, number, arguments, channel=1):
        self.frame(FRAME_METHOD, struct.pack(">HH", cls, number) + arguments, channel)

    def frame(self, kind, payload, channel=1):
        self.out += struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"

    def expect(self, cls, number, timeout):
        """Waits for an answer and gives its arguments."""
        deadline = time.monotonic() + timeout
        while True:
            while self.methods:
                found = self.methods.popleft()
                if found[0] == (cls, number):
                    return found[1]
            if time.monotonic() > deadline:
                raise Lost(f"no answer {cls}.{number} within {timeout} s")
            self.pump(0.2)

    def pump(self, timeout):
        """Sends and reads what can be sent and read; waits at most `timeout` seconds for either."""
        try:
            readable, writable, _ = select.select([self.socket], [self.socket] if self.out else [], [], timeout)
            if writable:
                sent = self.socket.send(memoryview(self.out)[:262144])
                del self.out[:sent]
            if readable:
                data = self.socket.recv(262144)
                if not data:
                    raise Lost("the broker closed the connection")
                self.buffer += data
                self.parse()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            raise Lost(str(error)) from error

    def parse(self):
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 8:
            kind, _, length = struct.unpack_from(">BHI", buffer, at)
            if len(buffer) - at < length + 8:
                break
            if buffer[at + 7 + length] != FRAME_END:
                raise Lost("a frame without its end")
            self.take(kind, bytes(buffer[at + 7:at + 7 + length]))
            at += length + 8
        del buffer[:at]

    def take(self, kind, payload):
        if kind == FRAME_METHOD:
            self.take_method(struct.unpack_from(">HH", payload), payload[4:])
        elif kind == FRAME_HEADER and self.content:
            self.content["size"] = struct.unpack_from(">Q", payload, 4)[0]
            self.content["headers"], self.content["id"] = read_properties(payload)
            self.finish()
        elif kind == FRAME_BODY and self.content:
            self.content["body"] += payload
            self.finish()

    def take_method(self, name, arguments):
        if name in ((BASIC, 80), (BASIC, 120)):
            tag, bits = struct.unpack_from(">QB", arguments)
            self.acks.append((tag, bool(bits & 1), name == (BASIC, 80)))
        elif name == (BASIC, 60):
            _, at = read_short(arguments, 0)
            tag, redelivered = struct.unpack_from(">QB", arguments, at)
            _, at = read_short(arguments, at + 9)
            key, _ = read_short(arguments, at)
            self.content = {"tag": tag, "redelivered": bool(redelivered), "key": key, "body": b""}
        elif name in ((CONNECTION, 50), (CHANNEL, 40)):
            raise Lost("closed by the broker: " + read_short(arguments, 2)[0])
        elif name == (BASIC, 30):
            self.cancelled = True
            raise Lost("the consumer was cancelled")
        else:
            self.methods.append((name, arguments))

    def finish(self):
        content = self.content
        if len(content["body"]) >= content["size"]:
            self.deliveries.append(Delivery(content["tag"], content["redelivered"], content["key"], content["id"],
                                            content["headers"], content["body"]))
            self.content = None

    def close(self):
        """Ends it at once; the broker takes back what was not acknowledged."""
        self.socket.close()


def depth(port, user, password, queues):
    """Messages ready in all these queues, or None while the broker does not say."""
    try:
        connection = Connection(port, user, password, timeout=3)
    except Lost:
        return None
    try:
        return sum(connection.declare(queue, passive=True, timeout=3) for queue in queues)
    except Lost:
        return None
    finally:
        connection.close()
