import Contracts

/// An order's place in its life cycle; derived from its lines.
public enum OrderState: String, CaseIterable, Sendable {
  /// Everything is reserved.
  case reserved
  /// Some of it is reserved.
  case partiallyReserved = "partially_reserved"
  /// Nothing is reserved, all of it waits.
  case backordered
  /// Nothing could be promised and nothing was to wait.
  case rejected
  /// Some of it has left.
  case partiallyShipped = "partially_shipped"
  /// All that was not cancelled has left.
  case shipped
  /// All that was not cancelled has arrived.
  case fulfilled
  /// Cancelled before anything left.
  case cancelled
  /// A hold that was not confirmed in time.
  case expired
}

/// An order with its lines, locked by the transaction at hand.
public final class Order {
  /// Its id, unique in the installation.
  public let id: OrderID
  /// Whose it is; nil for a tombstone.
  public let customer: CustomerID?
  /// Whether what cannot be reserved now may wait.
  public let allowsBackorder: Bool
  /// Rank among backorders; higher goes first.
  public let priority: Int32
  /// When the customer needs it.
  public let needBy: Timestamp?
  /// What it asks for beyond its lines.
  public let terms: OrderTerms
  /// When it was placed, by the shop's clock.
  public let orderedAt: Timestamp
  /// Its lines, by number.
  public internal(set) var lines: [OrderLine] {
    get { parts }
    set { parts = newValue }
  }
  /// Where it stands.
  public internal(set) var state: OrderState {
    get { row.state }
    set { row.state = newValue }
  }
  /// Why it was closed without shipping, if so.
  public internal(set) var closedReason: String? {
    get { row.closedReason }
    set { row.closedReason = newValue }
  }
  /// Units of it that have arrived.
  public internal(set) var delivered: Int64 {
    get { row.delivered }
    set { row.delivered = newValue }
  }
  /// When its hold ends; nil when it has none (any more).
  public internal(set) var holdUntil: Timestamp?
  /// Of the newest amendment applied; nil when it was never amended.
  public internal(set) var revision: Int64?
  /// Of the last event about this order.
  public var sequence: Int64 { row.sequence }

  /// Its lines and what of its row may change, stored where only this room sees it, as in ``Balance``.
  var parts: [OrderLine]
  var row: Row
  var isNew: Bool
  var isChanged: Bool
  /// Whether the row has to learn more than most changes do: its terms, the end of its hold, an amendment.
  var isRevised = false

  init(
    id: OrderID, customer: CustomerID?, allowsBackorder: Bool, priority: Int32, needBy: Timestamp?,
    terms: OrderTerms = OrderTerms(), orderedAt: Timestamp, lines: [OrderLine], state: OrderState,
    closedReason: String?, delivered: Int64 = 0, sequence: Int64, isNew: Bool
  ) {
    self.id = id
    self.customer = customer
    self.allowsBackorder = allowsBackorder
    self.priority = priority
    self.needBy = needBy
    self.terms = terms
    self.orderedAt = orderedAt
    parts = lines
    row = Row(state: state, closedReason: closedReason, delivered: delivered, sequence: sequence)
    self.isNew = isNew
    isChanged = isNew
  }

  struct Row {
    var state: OrderState
    var closedReason: String?
    var delivered: Int64
    var sequence: Int64
  }

  /// Whether nothing more can come of it: rejected, expired, or cancelled as a whole. One whose lines were all
  /// cancelled one by one may still get others.
  public var isClosed: Bool { row.closedReason != nil }

  /// Whether any of it has left and not arrived: what fails to be delivered is served again.
  public var isOnTheRoad: Bool { parts.reduce(0) { $0 + $1.shipped } > row.delivered }

  /// Whether what was kept about its customer is erased: what is said again of it cannot be compared with that.
  public var isErased: Bool { customer == .erased }
  /// True for a cancellation that came before its order.
  public var isTombstone: Bool { customer == nil }

  /// The line with this number.
  public func line(_ number: Int32) -> OrderLine? { parts.first { $0.number == number } }

  /// Draws the sequence of the next event about this order.
  public func nextSequence() -> Int64 {
    row.sequence += 1
    isChanged = true
    return row.sequence
  }

  /// Whose it is, for events that must name somebody.
  public var owner: CustomerID { customer ?? CustomerID(trusted: "unknown") }

  /// How its lines ended, for the event that says so; those that an amendment took away are none of it.
  public var fulfilled: OrderFulfilled {
    OrderFulfilled(
      orderID: id, customerID: owner,
      lines: lines.filter { $0.ordered > 0 }.map {
        .init(line: $0.number, sku: $0.sku, ordered: $0.ordered, delivered: $0.shipped, cancelled: $0.cancelled)
      })
  }

  /// Derives the state from the lines; the only way a live order's state changes.
  func refreshState() {
    isChanged = true
    row.state = Order.state(of: parts, delivered: row.delivered)
  }

  /// The life cycle as a function of the line quantities and of what has arrived.
  static func state(of lines: [OrderLine], delivered: Int64 = 0) -> OrderState {
    var reserved: Int64 = 0
    var backordered: Int64 = 0
    var shipped: Int64 = 0
    var cancelled: Int64 = 0
    for line in lines {
      reserved += line.quantities.reserved
      backordered += line.quantities.backordered
      shipped += line.quantities.shipped
      cancelled += line.quantities.cancelled
    }
    if shipped > 0 {
      guard reserved + backordered == 0 else { return .partiallyShipped }
      return delivered < shipped ? .shipped : .fulfilled
    }
    if reserved + backordered == 0 { return .cancelled }
    if reserved == 0 { return .backordered }
    return backordered + cancelled == 0 ? .reserved : .partiallyReserved
  }
}

/// A line of an order: `ordered = reserved + backordered + shipped + cancelled`, always.
public final class OrderLine {
  /// Its number within the order.
  public let number: Int32
  /// What was ordered.
  public let sku: SKU
  /// How much was ordered before any amendment; nil: as now.
  public internal(set) var placed: Int64?
  /// Units that cancellations named by number.
  public internal(set) var calledOff: Int64
  /// Whether the whole line was cancelled, so that nothing more of it is ever wanted.
  public internal(set) var isClosed: Bool
  /// The line's equation; stored where only this room sees it, as in ``Balance``.
  var quantities: Quantities
  /// Whether it may be reserved in part while the rest waits; otherwise it waits as a whole, with its order perhaps.
  public let isDivisible: Bool
  /// Promises, by number; each unit resolves once.
  public internal(set) var reservations: [Reservation] {
    get { promises }
    set { promises = newValue }
  }
  /// What waits, if anything ever did.
  public internal(set) var backorder: Backorder? {
    get { waiting }
    set { waiting = newValue }
  }
  var promises: [Reservation]
  var waiting: Backorder?

  var isNew: Bool
  var isChanged: Bool
  /// Whether more than its quantities changed: what is ordered, or what was called off.
  var isRevised = false

  init(
    number: Int32, sku: SKU, ordered: Int64, placed: Int64? = nil, calledOff: Int64 = 0, isClosed: Bool = false,
    reserved: Int64 = 0, backordered: Int64 = 0, shipped: Int64 = 0,
    cancelled: Int64 = 0, isDivisible: Bool = true, reservations: [Reservation] = [], backorder: Backorder? = nil,
    isNew: Bool
  ) {
    self.number = number
    self.sku = sku
    self.placed = placed
    self.calledOff = calledOff
    self.isClosed = isClosed
    quantities = Quantities(
      ordered: ordered, reserved: reserved, backordered: backordered, shipped: shipped, cancelled: cancelled)
    self.isDivisible = isDivisible
    promises = reservations
    waiting = backorder
    self.isNew = isNew
    isChanged = isNew
  }

  /// What of a line is where: `ordered = reserved + backordered + shipped + cancelled`.
  struct Quantities {
    var ordered: Int64
    var reserved: Int64
    var backordered: Int64
    var shipped: Int64
    var cancelled: Int64
  }

  /// How much is ordered, as amended; none when an amendment took the line away.
  public var ordered: Int64 { quantities.ordered }
  /// Promised from stock and not yet shipped.
  public var reserved: Int64 { quantities.reserved }
  /// Waiting for stock.
  public var backordered: Int64 { quantities.backordered }
  /// Has left.
  public var shipped: Int64 { quantities.shipped }
  /// Will not be delivered.
  public var cancelled: Int64 { quantities.cancelled }

  /// What is neither shipped nor cancelled.
  public var open: Int64 { quantities.reserved + quantities.backordered }

  /// How much of it should be open if so much were ordered: what has left and what was called off is not wanted again.
  public func wanted(of ordered: Int64) -> Int64 { isClosed ? 0 : max(0, ordered - shipped - calledOff) }

  /// The promise that a new line keeps in its own row: its only one, whole, and of no lot.
  var kept: Reservation? {
    guard isNew, !isRevised, promises.count == 1, let only = promises.first, only.isNew, only.open == only.quantity,
      only.lot.isEmpty
    else { return nil }
    return only
  }

  /// What is promised from a location and has not left.
  public func openReserved(at location: LocationID) -> Int64 {
    promises.reduce(0) { $0 + ($1.location == location ? $1.open : 0) }
  }
}

/// A promise of stock at a location to a line.
public final class Reservation {
  /// How a reservation stands.
  public enum State: String, Sendable {
    /// Units are still promised.
    case active
    /// All units have left, or the rest was released after some left.
    case consumed
    /// Given back.
    case released
    /// Taken away, because the stock was not there.
    case bumped
    /// Given back, because the order's hold was not confirmed.
    case expired
  }

  /// Its number within the line.
  public let number: Int32
  /// Where.
  public let location: LocationID
  /// Which lot.
  public let lot: String
  /// How much was promised.
  public let quantity: Int64
  /// How much still is.
  public internal(set) var open: Int64
  /// How much has left.
  public internal(set) var consumed: Int64
  /// How much was given back or taken away.
  public internal(set) var released: Int64
  /// What became of the last units that did not leave: released or bumped.
  var ending = State.released
  /// The location policy that chose.
  public let policy: String
  /// What it saw: `location=available` pairs in its order.
  public let candidates: String
  let createdAt: Timestamp
  var isNew: Bool
  var isChanged: Bool
  /// Whether it stands in its line's row, which is so until the line changes.
  var isKeptByLine = false

  init(
    number: Int32, location: LocationID, lot: String, quantity: Int64, open: Int64, consumed: Int64, released: Int64,
    policy: String, candidates: String, createdAt: Timestamp, isNew: Bool, isChanged: Bool
  ) {
    self.number = number
    self.location = location
    self.lot = lot
    self.quantity = quantity
    self.open = open
    self.consumed = consumed
    self.released = released
    self.policy = policy
    self.candidates = candidates
    self.createdAt = createdAt
    self.isNew = isNew
    self.isChanged = isChanged
  }

  /// Derived from the quantities, and from how the last unit ended.
  public var state: State { open > 0 ? .active : (consumed > 0 ? .consumed : ending) }
}

/// What of a line waits for stock.
public struct Backorder: Sendable {
  /// How a backorder stands.
  public enum State: String, CaseIterable, Sendable {
    /// Nothing has come yet.
    case open
    /// Some has.
    case partiallyFilled = "partially_filled"
    /// All has.
    case filled
    /// The rest is not wanted any more.
    case cancelled
  }

  /// How much ever waited.
  public internal(set) var quantity: Int64
  /// How much still waits.
  public internal(set) var open: Int64
  /// How much was filled.
  public internal(set) var filled: Int64
  /// How much is not wanted any more.
  public internal(set) var cancelled: Int64
  /// Whether stock could fill it now, so that it is owed; false while the order's policy keeps a part of it back.
  public let isFillable: Bool
  let createdAt: Timestamp
  var isNew: Bool
  var isChanged: Bool

  /// Derived from the quantities.
  public var state: State {
    if open > 0 { return filled > 0 ? .partiallyFilled : .open }
    return cancelled > 0 ? .cancelled : .filled
  }
}
