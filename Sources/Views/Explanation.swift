import Contracts

/// Why an order stands as it does: what was decided about each unit, by what rule, on what sight of the stock, because
/// of which message; and what would have to arrive for the rest.
public struct Explanation: Encodable, Sendable {
  /// The order as it is now.
  public let order: OrderView
  /// What was decided about each line.
  public let lines: [Line]
  /// Changes of stock that the order caused, the oldest first.
  public let history: [Step]
  /// Balances whose ledger is too long between the order's first promise and its last change: only the older part of
  /// that was searched, so that the history may lack entries.
  public let historyCut: [Balance]
  /// The messages behind all of it, the oldest first.
  public let messages: [MessageView]

  /// What was decided about one line.
  public struct Line: Encodable, Sendable {
    /// Its number.
    public let line: Int32
    /// Where its units were promised.
    public let promises: [Promise]
    /// What was promised and then taken away, because the stock was not there.
    public let bumps: [Bump]
    /// What was decided about units that were not simply promised.
    public let decisions: [Decision]
    /// What has to happen for the rest; absent where nothing waits.
    public let waits: Wait?
  }

  /// Units promised at one location, and why there.
  public struct Promise: Encodable, Sendable {
    /// Counts the line's promises from 1.
    public let number: Int32
    /// The location policy that chose the place.
    public let policy: String
    /// The locations that had something, in the order in which the policy asked them.
    public let candidates: [Candidate]
    /// Whether the units had waited before.
    public let afterWaiting: Bool
    /// The message that brought it about; absent where the ledger does not tell.
    public let messageID: String?
  }

  /// Why units were not simply promised, as the decision saw it.
  public struct Decision: Encodable, Sendable {
    /// What became of them: `backordered`, `refused`, `cancelled`, `amended` or `expired`.
    public let decision: String
    /// How many.
    public let quantity: Int64
    /// Which rule decided, such as `short`.
    public let rule: String
    /// How the order is served when it is short.
    public let policy: String
    /// The location policy that ranked the candidates; absent where none were looked at.
    public let locationPolicy: String?
    /// The locations that had something; absent where none were looked at.
    public let candidates: [Candidate]?
    /// What could be promised of the SKU.
    public let promisable: Int64?
    /// What was owed to backorders of the SKU.
    public let owed: Int64?
    /// The message that led to it.
    public let message: MessageName
    /// When, by the database's clock.
    public let decidedAt: Timestamp
  }

  /// Units that were promised and then taken away.
  public struct Bump: Encodable, Sendable {
    /// The promise, by its number.
    public let number: Int32
    /// Where.
    public let locationID: String
    /// How many.
    public let quantity: Int64
    /// How many of them wait since then.
    public let backordered: Int64
    /// How many of them are cancelled, because the order must not wait.
    public let cancelled: Int64
    /// What took the stock, such as `counted`.
    public let reason: String
    /// The id of the count, adjustment, hold or shipment.
    public let reference: String
    /// The message that said so.
    public let message: MessageName
    /// When, by the database's clock.
    public let recordedAt: Timestamp
  }

  /// A location as the decision saw it.
  public struct Candidate: Encodable, Sendable {
    /// Where.
    public let locationID: String
    /// What could be taken from there.
    public let allocatable: Int64
    /// The location's priority, where the policy goes by it.
    public let priority: Int64?
    /// How far it is from the order's destination, in metres; where the policy goes by it and both places are known.
    public let distanceMetres: Int64?
  }

  /// What has to happen for the units that wait.
  public struct Wait: Encodable, Sendable {
    /// What still waits.
    public let openQuantity: Int64
    /// Whether it may be filled in part; otherwise the line, or all lines of its order, have to be there at once.
    public let fillable: Bool
    /// Lines that are filled before it.
    public let linesAhead: Int64
    /// Units that are filled before it.
    public let unitsAhead: Int64
    /// What all open backorders of the SKU could take now.
    public let owed: Int64
    /// What the SKU has beyond all safety stocks. May be negative.
    public let free: Int64
    /// How many units have to arrive for the first one to be filled.
    public let missingForFirst: Int64
    /// How many units have to arrive for all of them to be filled.
    public let missingForAll: Int64
  }

  /// Where something lies.
  public struct Balance: Encodable, Sendable, Hashable {
    /// What.
    public let sku: String
    /// Where.
    public let locationID: String
    /// Which lot; empty where there is none.
    public let lot: String
  }

  /// A change of one quantity.
  public struct Step: Encodable, Sendable {
    /// What.
    public let sku: String
    /// The entry in the ledger.
    public let entry: LedgerLine
  }
}

/// What names a message that a worker applied.
public struct MessageName: Encodable, Sendable, Hashable {
  /// The worker that applied it.
  public let consumer: String
  /// The CloudEvents source.
  public let source: String
  /// The CloudEvents id.
  public let messageID: String
}

/// A message as the inbox remembers it.
public struct MessageView: Encodable, Sendable, Hashable {
  /// The worker that applied it.
  public let consumer: String
  /// The CloudEvents source.
  public let source: String
  /// The CloudEvents id.
  public let messageID: String
  /// The event's name; absent where the message was erased.
  public let type: String?
  /// The publisher's clock; absent where the message was erased.
  public let occurredAt: Timestamp?
  /// When the transaction that applied it began, by the database's clock.
  public let recordedAt: Timestamp
}
