import Outbox

/// Messages that the broker does not answer for, while it answers for others.
///
/// A quorum queue without a majority confirms nothing; the broker keeps what was published to it and goes on when the
/// majority is back. Until then such a message would take up a place among those under way for ever, and many of them
/// all places. So after a time they are given up: they count no longer, are held like any that could not be published,
/// and so is everything else that would go to the same address. An answer that comes after all counts: the message is
/// settled without having been published again. Belongs to one connection; the addresses are handed on to the next. No
/// I/O.
struct Silence {
  /// What decides which queues a message goes to.
  struct Address: Hashable {
    let exchange: String
    let routingKey: String

    init(_ message: WaitingMessage) { (exchange, routingKey) = (message.exchange, message.routingKey) }
  }

  /// How long an answer may take.
  private let limit: Duration
  /// Since when a message is known to be under way.
  private var seen: [UInt64: ContinuousClock.Instant] = [:]
  private var nextLook = ContinuousClock.now
  /// What was given up and may still be answered.
  private var late: [UInt64: WaitingMessage] = [:]
  /// When those may be published again: an answer may have been lost.
  private var givenUp: [MessageKey: ContinuousClock.Instant] = [:]
  /// Answered late and not read again yet.
  private var confirmed: Set<MessageKey> = []
  /// When something may be tried again to go where nothing was answered.
  private var silent: [Address: ContinuousClock.Instant] = [:]

  /// Since when messages were given up and nothing at all was answered.
  private var deafSince: ContinuousClock.Instant?

  /// How many times as long as for an answer it waits before it publishes again what may still be answered.
  private static let patience = 10
  /// The same before it tries another one that goes where nothing was answered.
  private static let pause = 2

  /// - Parameters:
  ///   - limit: How long an answer may take.
  ///   - addresses: Where nothing was answered on the connection before. One that has not read what is published to it
  ///     may be at fault as well, so that it is soon tried.
  init(limit: Duration, after addresses: Set<Address> = [], at now: ContinuousClock.Instant = .now) {
    self.limit = limit
    for address in addresses { silent[address] = now + limit }
  }

  /// Where nothing is answered.
  var addresses: Set<Address> { Set(silent.keys) }

  /// Whether nothing was given up, so that nobody has to be asked about.
  var isEmpty: Bool { silent.isEmpty && givenUp.isEmpty && confirmed.isEmpty }

  /// Whether it is the connection that is silent: nothing was answered since messages were given up, and others would
  /// have had the time.
  func isDeaf(at now: ContinuousClock.Instant = .now) -> Bool {
    deafSince.map { $0.duration(to: now) >= limit } ?? false
  }

  /// Which messages have been under way for longer than an answer may take, or a little more, and with them all that go
  /// to the same addresses.
  ///
  /// - Parameter underWay: All that are, by sequence.
  mutating func overdue(
    _ underWay: [UInt64: WaitingMessage], at now: ContinuousClock.Instant = .now
  ) -> [(sequence: UInt64, message: WaitingMessage)] {
    guard now >= nextLook else { return [] }
    nextLook = now + limit / 8
    var still: [UInt64: ContinuousClock.Instant] = [:]
    var addresses: Set<Address> = []
    for (sequence, message) in underWay {
      let since = seen[sequence] ?? now
      still[sequence] = since
      if since.duration(to: now) >= limit { addresses.insert(Address(message)) }
    }
    seen = still
    if addresses.isEmpty { return [] }
    return underWay.filter { addresses.contains(Address($1)) }.map { (sequence: $0, message: $1) }
  }

  /// The broker blocks: it answers for nothing, and nobody is late.
  mutating func restart() { seen = [:] }

  /// These are not waited for any more.
  mutating func giveUp(
    _ messages: [(sequence: UInt64, message: WaitingMessage)], at now: ContinuousClock.Instant = .now
  ) {
    deafSince = deafSince ?? now
    for (sequence, message) in messages {
      late[sequence] = message
      givenUp[MessageKey(message)] = now + limit * Silence.patience
      let address = Address(message)
      silent[address] = silent[address] ?? now + limit * Silence.pause
    }
  }

  /// Whether a message may be published: not one that may still be answered, and of others that go where nothing is
  /// answered one at a time, rarely.
  mutating func mayTry(_ message: WaitingMessage, at now: ContinuousClock.Instant = .now) -> Bool {
    if let time = givenUp[MessageKey(message)], time > now { return false }
    let address = Address(message)
    guard let time = silent[address] else { return true }
    if time > now { return false }
    silent[address] = now + limit * Silence.pause
    return true
  }

  /// The broker has answered for a message that was waited for.
  mutating func heard(_ message: WaitingMessage) {
    if isEmpty { return }
    deafSince = nil
    let key = MessageKey(message)
    givenUp[key] = nil
    confirmed.remove(key)
    silent[Address(message)] = nil
  }

  /// The broker has answered for a message that was given up.
  ///
  /// - Returns: The message, nil if it is none of those.
  mutating func answered(_ sequence: UInt64, isConfirmed: Bool) -> WaitingMessage? {
    guard let message = late.removeValue(forKey: sequence) else { return nil }
    heard(message)
    if isConfirmed { confirmed.insert(MessageKey(message)) }
    return message
  }

  /// Whether the broker has confirmed a message after it was given up: it has left, and is to be settled.
  mutating func takeConfirmed(_ message: WaitingMessage) -> Bool { confirmed.remove(MessageKey(message)) != nil }
}
