"""Every poison is a dead letter, with record and copy; none of the innocent is."""
import collections


def poison_is_dead(evidence):
    for message in evidence.messages:
        if not message.poison:
            continue
        if not evidence.letter(message):
            yield f"{message} ({message.poison}) is in no dead letter: {[r[:2] for r in evidence.rows(message)]}"
        elif any(row.outcome in ("applied", "unchanged") for row in evidence.rows(message)):
            yield f"{message} ({message.poison}) was applied"


def innocents_live(evidence):
    by_body = collections.defaultdict(list)
    for message in evidence.messages:
        by_body[message.consumer, message.sha].append(message)
    for letter in evidence.letters:
        what = f"dead letter {letter['dead_letter_id']} ({letter['message_id']}): {letter['field']} {letter['rule']}"
        messages = by_body.get((letter["consumer"], letter["body"]))
        if not messages:
            yield f"{what}: nobody published that for {letter['consumer']}"
            continue
        if messages[0].poison:
            continue
        reason = evidence.excuse(messages[0], letter)
        if reason is None:
            yield f"{what}: {messages[0]} is innocent"
        elif evidence.is_done(messages[0]):
            yield f"{what}: {messages[0]} was applied as well"
        else:
            evidence.excuses[reason] += 1


def poison_once(evidence):
    """One open record per poison and attempt, however often it was delivered."""
    seen = collections.Counter((row["consumer"], row["message_id"], row["source"], row["body"])
                               for row in evidence.letters)
    for key, count in seen.items():
        if count > 1:
            yield f"{key[1]} of {key[2]} has {count} dead letters in {key[0]} for one body"


def copies(evidence):
    """The dead-letter queues show the records, all of them and nothing else."""
    copied = collections.Counter(copy["headers"].get("x-tallyman-dead-letter-id") for copy in evidence.copies)
    records = {int(row["dead_letter_id"]): row for row in evidence.letters}
    for identity, row in records.items():
        if row["state"] == "open" and not copied[identity]:
            yield f"dead letter {identity} ({row['message_id']}) has no copy in {row['consumer']}.dead"
    for copy in evidence.copies:
        if copy["headers"].get("x-tallyman-dead-letter-id") not in records:
            yield f"{copy['queue']} holds {copy['id']} without a record: {copy['headers']}"


def attempts(evidence):
    """A retry raises the attempt by one: each attempt that was retried is followed by the next."""
    for (consumer, source, identity), rows in evidence.inbox.items():
        numbers = sorted(row.attempt for row in rows)
        if numbers != list(range(len(numbers))) or any(row.outcome == "retried" for row in rows if
                                                       row.attempt == numbers[-1]):
            yield f"{identity} of {source} in {consumer}: attempts {[tuple(row[:2]) for row in sorted(rows)]}"


PROMISES = (("poison is dead-lettered", poison_is_dead), ("the innocent are not dead-lettered", innocents_live),
            ("one dead letter per poison", poison_once), ("each dead letter has its copy", copies),
            ("a retry raises the attempt", attempts))
