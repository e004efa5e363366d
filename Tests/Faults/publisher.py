#!/usr/bin/env python3
"""Tells the story to the broker as fast as asked, and no faster than the workers keep up.

    publisher.py PORT PASSWORD_FILE FOLDER SEED RATE BACKLOG

Publishes RATE messages a second while fewer than BACKLOG wait in the workers' queues. On SIGTERM it sends what it has
begun, waits until all is confirmed, writes FOLDER/published.json and ends.
"""
import json
import os
import signal
import sys
import time

import amqp
import courier
import story

WORK_QUEUES = ("inventory", "allocation", "notification", "subscriber.faults")


class Pace:
    """How many messages may be published now."""

    def __init__(self, login, rate, backlog):
        self.login, self.rate, self.backlog = login, rate, backlog
        self.credit, self.at = 0.0, time.monotonic()
        self.look_at, self.held = 0.0, False

    def grant(self):
        now = time.monotonic()
        if now >= self.look_at:
            depth = amqp.depth(*self.login, WORK_QUEUES)
            self.held = depth is not None and depth > self.backlog
            self.look_at = time.monotonic() + 1
        self.credit = min(self.rate * 0.5, self.credit + (now - self.at) * self.rate)
        self.at = now
        if self.held:
            self.credit = 0.0
        granted = int(self.credit)
        self.credit -= granted
        return granted


def main(port, password_file, folder, seed, rate, backlog):
    with open(password_file, encoding="ascii") as file:
        password = file.read().strip()
    login = (int(port), "faults", password)
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    tale, post = story.Story(int(seed)), courier.Courier(*login, os.path.join(folder, "journal.jsonl"))
    pace = Pace(login, float(rate), int(backlog))
    report_at = 0.0
    while not ending:
        for _ in range(min(pace.grant(), 20_000 - post.open_count)):
            post.add(tale.next())
        post.turn(0.02)
        if time.monotonic() > report_at:
            report_at = time.monotonic() + 1
            report(folder, post)
    for item in tale.rest():
        post.add(item)
    while post.open_count:
        post.turn(0.05)
    post.close()
    report(folder, post, done=True)


def report(folder, post, done=False):
    path = os.path.join(folder, "published.json")
    with open(path + ".new", "w", encoding="ascii") as file:
        json.dump({"distinct": len(post.journaled), "sent": post.sent, "confirmed": post.confirmed,
                   "repeated": post.repeated, "connections": post.reconnects, "done": done}, file)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
