import Allocation
import Contracts
import Messaging
import Postgres

/// Decoding and deciding, each in a function of its own that a tool can find by its name.
struct Deciding {
  private let database: Connection
  private let handler = AllocationHandler()

  init(_ database: Connection) { self.database = database }

  func decide(_ deliveries: [Delivery]) throws -> Int {
    let messages = try countedDecoding(deliveries)
    let state = try handler.prepare(messages, approach: .optimistic, on: database)
    try database.begin()
    try handler.sendLocks(state, on: database)
    try database.flush()
    try handler.receiveLocks(state, on: database)
    let now = Timestamp.now
    try handler.locked(state, at: now, on: database)
    let applied = countedVerdicts(messages, state, now)
    try database.rollback()
    return applied
  }

  @inline(never)
  private func countedVerdicts(_ messages: [Message], _ state: AllocationState, _ now: Timestamp) -> Int {
    messages.filter { message in
      if case .applied = handler.decide(message, in: state, at: now) { true } else { false }
    }.count
  }
}

/// Of no type: the compiler would give it another name once it sees that it needs no value of that.
@inline(never)
private func countedDecoding(_ deliveries: [Delivery]) throws -> [Message] {
  try deliveries.map {
    Message(
      $0,
      try IncomingMessage.decode(
        body: $0.body, contentType: $0.contentType, messageID: $0.messageID, routingKey: $0.routingKey))
  }
}
