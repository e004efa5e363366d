"""Publishes messages until each is confirmed, through every outage, and keeps the journal of them."""
import collections
import time

import amqp
import story

WINDOW = 3000
EXCHANGE = "supply.events"


class Courier:
    """A publisher that sends again, under the same id, whatever was not confirmed."""

    def __init__(self, port, user, password, journal):
        self.login = (port, user, password)
        self.connection = None
        self.waiting = collections.deque()  # to be published
        self.flying = {}  # number on this connection: item
        self.oldest = 1
        self.journal = open(journal, "a", encoding="ascii")
        self.journaled = set()
        self.sent = self.confirmed = self.repeated = self.reconnects = 0
        self.moved_at = time.monotonic()

    @property
    def open_count(self):
        """Messages accepted here that the broker has not confirmed."""
        return len(self.waiting) + len(self.flying)

    def add(self, item):
        mark = hash((item.source, item.id, item.body))
        if mark in self.journaled:
            self.repeated += 1
        else:
            self.journaled.add(mark)
            self.journal.write(story.journal_line(item, len(self.journaled)))
        self.waiting.append(item)

    def turn(self, seconds):
        """Publishes, reads confirms, reconnects; returns after about `seconds`."""
        try:
            if self.connection is None:
                self.connect()
            while self.waiting and len(self.flying) < WINDOW:
                item = self.waiting.popleft()
                number = self.connection.publish(EXCHANGE, item.key, item.id, item.body, item.content_type)
                self.flying[number] = item
                self.sent += 1
            self.connection.pump(seconds)
            self.settle()
            self.check_progress()
        except amqp.Lost:
            self.lose()
            time.sleep(min(0.2, seconds + 0.1))

    def connect(self):
        self.connection = amqp.Connection(*self.login, timeout=5)
        self.connection.confirm()
        self.oldest = 1
        self.reconnects += 1
        self.moved_at = time.monotonic()

    def check_progress(self):
        """A broker that takes nothing for a minute is not merely blocked: the connection may be a dead one."""
        if not self.flying:
            self.moved_at = time.monotonic()
        elif time.monotonic() - self.moved_at > 60:
            raise amqp.Lost("no confirm for a minute")

    def settle(self):
        acks = self.connection.acks
        while acks:
            tag, multiple, is_ack = acks.popleft()
            self.moved_at = time.monotonic()
            numbers = range(self.oldest, tag + 1) if multiple else (tag,)
            for number in numbers:
                item = self.flying.pop(number, None)
                if item is None:
                    continue
                if is_ack:
                    self.confirmed += 1
                else:
                    self.waiting.append(item)
            if multiple:
                self.oldest = tag + 1

    def lose(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.waiting.extendleft(self.flying[number] for number in sorted(self.flying, reverse=True))
        self.flying.clear()

    def close(self):
        self.journal.close()
        if self.connection is not None:
            self.connection.close()
