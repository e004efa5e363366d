"""Mails and webhooks: at least one per event and recipient, under one stable id, and none for what nobody told."""
import collections

# Who is told in a fault run, as crew.py configures it.
ROUTES = {"stock.low": ("email", "webhook"), "stock.out": ("email",)}


def one_per_event(evidence):
    """Each event that somebody wants to know has exactly one notification per channel."""
    found = collections.Counter((row["event_id"], row["channel"])
                                for row in evidence.table("notification_deliveries"))
    wanted = {(identity, channel) for key, identity, _, _, _ in evidence.events.stream
              for channel in ROUTES.get(key, ())}
    for pair in wanted | found.keys():
        if found[pair] != (pair in wanted):
            yield f"event {pair[0]}: {found[pair]} notifications by {pair[1]}, {int(pair in wanted)} expected"


def arrived(evidence):
    """What was sent has arrived, and nothing arrives that nobody knows."""
    got = {entry["id"].strip("<>").split("@")[0] for entry in evidence.lines_of("received.jsonl")}
    known = {}
    for row in evidence.table("notification_deliveries"):
        known[row["notification_id"]] = row["state"]
        if row["state"] != "sent":
            yield f"notification {row['notification_id']} of {row['event_id']} is {row['state']} after {row['attempts']}"
        elif row["notification_id"] not in got:
            yield f"notification {row['notification_id']} of {row['event_id']} is sent, but never arrived"
    for identity in got - known.keys():
        yield f"{identity} arrived at the receiver, but is no notification"


def signed(evidence):
    for entry in evidence.lines_of("received.jsonl"):
        if entry["kind"] == "webhook" and not entry["valid"]:
            yield f"webhook {entry['id']} has no valid signature"


def told(evidence):
    """Each notification's end is told by one event."""
    ends = collections.Counter(data["notification_id"] for key, _, _, _, data in evidence.events.stream
                               if key.startswith("notification."))
    for row in evidence.table("notification_deliveries"):
        if ends[row["notification_id"]] != 1:
            yield f"notification {row['notification_id']}: {ends[row['notification_id']]} events tell its end"


def nothing_left(evidence):
    for row in evidence.table("outbox"):
        yield f"outbox row {row['id']} of shard {row['shard']} still waits: {row['routing_key']} {row['message_id']}"


PROMISES = (("a notification per event and channel", one_per_event), ("notifications arrive", arrived),
            ("webhooks are signed", signed), ("notifications' ends are told", told), ("the outbox is empty", nothing_left))
