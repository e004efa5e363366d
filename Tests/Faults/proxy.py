#!/usr/bin/env python3
"""A TCP proxy between the workers and their servers that can be told to misbehave.

    proxy.py CONTROL_SOCKET NAME=LISTEN_PORT:TARGET_PORT ...

Commands arrive on the control socket, a JSON object per line, each answered by one:

    {"do": "cut", "route": R, "up": BOOL, "at": BYTES}     cut the next busy connection so many bytes into its next chunk
    {"do": "cut_all", "route": R}                          reset every connection of a route
    {"do": "cut_commit", "route": R, "count": N}           cut the next N connections between COMMIT and its answer
    {"do": "delay", "route": R, "seconds": S}              every chunk waits so long; 0 ends it
    {"do": "stall", "route": R, "on": true}                nothing moves, nothing is closed
    {"do": "refuse", "route": R, "on": true}               new connections are closed at once
    {"do": "counts"}                                       how many of each were done
"""
import asyncio
import json
import socket
import struct
import sys

CHUNK = 262144


class Route:
    """All connections to one server."""

    def __init__(self, name, target):
        self.name, self.target = name, target
        self.links = {}
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.delay, self.refused, self.commits = 0.0, False, 0
        self.cuts = {True: [], False: []}  # offsets of the cuts to come; True is client to server
        self.opened = 0
        self.counts = {"cut": 0, "cut_mid_frame": 0, "cut_commit": 0, "refused": 0}

    async def serve(self, reader, writer):
        if self.refused:
            self.counts["refused"] += 1
            writer.transport.abort()
            return
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        self.opened += 1
        link = Link(self, (reader, writer), upstream)
        self.links[self.opened] = link
        number = self.opened
        try:
            await link.run()
        finally:
            self.links.pop(number, None)


class Link:
    """One client's connection and ours to the server."""

    def __init__(self, route, client, server):
        self.route, self.client, self.server = route, client, server
        self.swallowing = False

    async def run(self):
        up = asyncio.ensure_future(self.move(self.client[0], self.server[1], True))
        down = asyncio.ensure_future(self.move(self.server[0], self.client[1], False))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        down.cancel()
        self.abort()

    def abort(self):
        for _, writer in (self.client, self.server):
            peer = writer.get_extra_info("socket")
            try:  # a reset, as a crashed router gives it
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except (OSError, AttributeError):
                pass
            writer.transport.abort()

    async def move(self, reader, writer, upwards):
        route = self.route
        try:
            while data := await reader.read(CHUNK):
                await route.flowing.wait()
                if route.delay:
                    await asyncio.sleep(route.delay)
                if not upwards and self.swallowing:
                    route.counts["cut_commit"] += 1
                    return  # the server has answered; the client will never know
                if upwards and route.commits and (b"commit\x00" in data or b"COMMIT" in data):
                    route.commits -= 1
                    self.swallowing = True
                if route.cuts[upwards] and len(data) > 8:  # the smallest frame of both protocols has more
                    writer.write(data[:1 + route.cuts[upwards].pop() % (len(data) - 1)])
                    await writer.drain()
                    route.counts["cut_mid_frame"] += 1
                    return
                writer.write(data)
                await writer.drain()
        except (ConnectionError, OSError):
            pass


class Control:
    """Does what the runner says."""

    def __init__(self, routes):
        self.routes = routes

    async def serve(self, reader, writer):
        while line := await reader.readline():
            answer = self.do(json.loads(line))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    def do(self, order):
        if order["do"] == "counts":
            return {name: route.counts | {"open": len(route.links)} for name, route in self.routes.items()}
        route = self.routes[order["route"]]
        return getattr(self, order["do"])(route, order) or {"ok": True}

    def cut(self, route, order):
        route.cuts[order["up"]].append(order["at"])

    def cut_all(self, route, order):
        route.counts["cut"] += len(route.links)
        for link in list(route.links.values()):
            link.abort()

    def cut_commit(self, route, order):
        route.commits = order["count"]

    def delay(self, route, order):
        route.delay = order["seconds"]

    def stall(self, route, order):
        if order["on"]:
            route.flowing.clear()
        else:
            route.flowing.set()

    def refuse(self, route, order):
        route.refused = order["on"]


async def main(control, specs):
    routes = {}
    for spec in specs:
        name, ports = spec.split("=")
        listen, target = map(int, ports.split(":"))
        routes[name] = Route(name, target)
        await asyncio.start_server(routes[name].serve, "127.0.0.1", listen, limit=CHUNK)
    server = await asyncio.start_unix_server(Control(routes).serve, control)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
