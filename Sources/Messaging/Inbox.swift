import Contracts
import Postgres

/// What makes a redelivery a no-op: one row per settled message and attempt, committed with its effects.
///
/// All messages of a batch that are new are claimed by one insert right behind BEGIN, before anything is locked: lanes
/// take turns on the rows that all of them want, and what one does before its turn costs the others nothing. A claimed
/// row says what is usual for its message, and is corrected where the decision is another.
///
/// Two lanes that hold the same message meet in the key: the second one's claim waits for the first one's commit and
/// then violates it; it rolls back, looks up and finds the message settled. Whoever locks rows has claimed before, so
/// that nobody waits for a claim with rows locked, and claims are sorted: these waits have no circle.
struct Inbox {
  /// How far back a message's own time may lie; older ones could be duplicates that nobody remembers.
  static let horizon: Duration = .seconds(30 * 86_400)
  /// How far a publisher's clock may run ahead of ours.
  static let maximumLead: Duration = .seconds(24 * 3_600)

  /// A message's identity for one consumer.
  struct Key: Hashable {
    let id: String
    let source: String
    let attempt: Int32

    /// That of its first attempt.
    var first: Key { Key(id: id, source: source, attempt: 0) }

    // Ids are unique but for malice and accident: hashing them alone is enough.
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
  }

  let manifest: WorkerManifest
  /// Messages seen before, in this batch or (after ``load``) in the database, with the body they had.
  private var seen: [Key: [UInt8]] = [:]
  /// Ids (as keys of attempt 0) of which the database says that they were applied, or had nothing to change.
  private var applied: Set<Key> = []
  /// All bodies that the database knows of an id (as key of attempt 0), at whatever attempt.
  private var bodies: [Key: [[UInt8]]] = [:]
  private var rows = InboxRows()

  init(of manifest: WorkerManifest) { self.manifest = manifest }

  // MARK: Reading

  /// Loads what is known about these messages (the careful approach).
  mutating func load(_ messages: [Message], on database: Connection) throws {
    let found = try database.query(
      Inbox.lookup,
      [
        .texts(messages.map(\.envelope.id)), .texts(messages.map(\.envelope.source)), .text(manifest.consumer),
      ])
    for row in 0..<found.count {
      let key = Key(id: found.text(row, 0), source: found.text(row, 1), attempt: found.int4(row, 2))
      let body = found.bytes(row, 4)
      seen[key] = body
      bodies[key.first, default: []].append(body)
      let outcome = found.text(row, 3)
      if outcome == Outcome.applied.rawValue || outcome == Outcome.unchanged.rawValue { applied.insert(key.first) }
    }
  }

  /// What an earlier message with this identity means for this one, or nil if it is new.
  enum Earlier {
    case same
    case differentBody
  }

  func earlier(_ message: Message) -> Earlier? {
    let key = Inbox.key(message)
    let body = message.delivery.body
    if let earlier = seen[key] { return Inbox.isSame(body, earlier) ? .same : .differentBody }
    // An operator may have corrected a replayed message: only the same attempt must be the same bytes. Once it was
    // applied, though, a body that no attempt had is not that message: it never took effect, and is not to vanish.
    guard key.attempt > 0, applied.contains(key.first) else { return nil }
    return bodies[key.first, default: []].contains { Inbox.isSame(body, $0) } ? .same : .differentBody
  }

  /// A body that was erased cannot be compared, and must not come back as a dead letter.
  private static func isSame(_ body: [UInt8], _ earlier: [UInt8]) -> Bool { earlier.isEmpty || earlier == body }

  /// Refuses what lies beyond the days that the inbox remembers. A replay admits what is older, but not what is ahead:
  /// all later news would be taken for older for as long.
  static func outdated(_ message: Message, at now: Timestamp) -> Reason? {
    if message.filedAt < now - horizon {
      return Reason(
        .tooOld, field: "time", value: message.filedAt.rfc3339,
        rule: "must not be older than 30 days: duplicates of it are forgotten")
    }
    let time = max(message.envelope.time, message.filedAt)
    if time > now + maximumLead {
      return Reason(
        .tooFarAhead, field: "time", value: time.rfc3339,
        rule: "must not be more than 24 hours ahead of our clock")
    }
    return nil
  }

  // MARK: Claiming

  /// What the inbox says to a delivery before anything is locked. There is one such judgement: what is claimed by it is
  /// settled by it.
  enum Admission {
    case unreadable(Malformed)
    case outdated(Reason)
    case known(Message, Earlier)
    /// It is new, and this is the place of its row.
    case claimed(Message, Int)

    var claimed: Message? { if case .claimed(let message, _) = self { message } else { nil } }
  }

  /// Judges deliveries in arrival order; what is new is to be claimed.
  ///
  /// - Parameters:
  ///   - items: With one attempt of each message, as ``split(_:)`` sees to.
  ///   - now: The database's clock.
  mutating func admit(_ items: some Collection<Decoded>, at now: Timestamp) -> [Admission] {
    items.map { item in
      switch item.content {
      case .failure(let malformed): return .unreadable(malformed)
      case .success(let message):
        if let reason = Inbox.outdated(message, at: now) { return .outdated(reason) }
        if let earlier = earlier(message) { return .known(message, earlier) }
        seen[Inbox.key(message)] = message.delivery.body
        return .claimed(message, rows.claim(message, as: manifest.usualEnd(of: message.envelope.type)))
      }
    }
  }

  /// Parts a batch where a message comes again at another attempt: what becomes of the first one decides whether the
  /// other one is new.
  static func split(_ batch: [Decoded]) -> [ArraySlice<Decoded>] {
    guard batch.contains(where: { $0.delivery.attempt > 0 }) else { return [batch[...]] }
    var parts: [ArraySlice<Decoded>] = []
    var start = 0
    var attempts: [Key: Int32] = [:]
    for (index, item) in batch.enumerated() {
      guard let message = item.message else { continue }
      let key = Inbox.key(message)
      if let other = attempts.updateValue(key.attempt, forKey: key.first), other != key.attempt {
        parts.append(batch[start..<index])
        start = index
        attempts = [key.first: key.attempt]
      }
    }
    return parts + [batch[start...]]
  }

  /// Queues the claim.
  func sendClaim(on database: Connection) throws {
    guard let claim = rows.claims(consumer: manifest.consumer) else { return }
    try database.send(claim.statement, claim.parameters)
  }

  /// Reads the answer to ``sendClaim(on:)``.
  func receiveClaim(on database: Connection) throws {
    if !rows.isEmpty { _ = try database.receive() }
  }

  /// Queues the question, behind the locks, whether a message of a raised attempt was applied at another one since it
  /// was looked up: the two have different keys, and meet in their locks alone.
  func sendSecondLook(on database: Connection) throws {
    let raised = rows.raised
    guard !raised.isEmpty else { return }
    try database.send(
      Inbox.secondLook,
      [
        .texts(raised) { $0.envelope.id }, .texts(raised) { $0.envelope.source }, .text(manifest.consumer),
        .int4s(raised) { $0.delivery.attempt },
      ])
  }

  /// Reads the answer to ``sendSecondLook(on:)``.
  ///
  /// - Throws: ``NeedsMoreRows`` where one was: the next look-up finds it.
  func receiveSecondLook(on database: Connection) throws {
    guard !rows.raised.isEmpty else { return }
    let found = try database.receive()
    if found.bool(0, 0) { throw NeedsMoreRows("what another lane applied meanwhile") }
  }

  // MARK: Settling

  /// Remembers how the message of a claimed row ended.
  mutating func record(_ place: Int, _ end: MessageEnd) { rows.settle(place, as: end) }

  /// Remembers the end of a message that has not been claimed.
  mutating func recordUnclaimed(_ message: Message, _ end: MessageEnd) { rows.add(message, end) }

  /// Counts an event that turned out only at the end of the batch to be caused by this message.
  mutating func addEvent(causedBy messageID: String) { rows.addEvent(causedBy: messageID) }

  /// Queues what the claim could not know, if there is any such thing.
  func send(to writes: inout WriteSet) throws {
    if let added = rows.additions(consumer: manifest.consumer) { try writes.send(added.statement, added.parameters) }
    if let (command, count) = rows.corrections(consumer: manifest.consumer) {
      try writes.send(command.statement, command.parameters, changing: count)
    }
  }

  private static func key(_ message: Message) -> Key {
    Key(id: message.envelope.id, source: message.envelope.source, attempt: message.delivery.attempt)
  }

  // MARK: SQL

  static let lookup = Statement(
    name: "inbox_lookup",
    sql: """
      select i.message_id, i.source, i.attempt, i.outcome, i.body
      from (select unnest($1::text[]) as message_id, unnest($2::text[]) as source) as k
      join inbox i on i.message_id = k.message_id and i.source = k.source and i.consumer = $3
      """)

  private static let secondLook = Statement(
    name: "inbox_second_look",
    sql: """
      select exists (
        select from (select unnest($1::text[]) as message_id, unnest($2::text[]) as source,
                            unnest($4::int4[]) as attempt) as k
        join inbox i on i.message_id = k.message_id and i.source = k.source and i.consumer = $3
        where i.attempt <> k.attempt and i.outcome in ('applied', 'unchanged'))
      """)
}
