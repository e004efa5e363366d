import Contracts
import Postgres

// Stock that is not there any more was promised: the lowest-ranked promises become backorders. A truthful count is
// never refused, so somebody has to wait, and it is whoever would be served last.

/// A promise, or a part of one, that was taken away.
struct Bump {
  let order: Order
  let line: OrderLine
  let reservation: Reservation
  let quantity: Int64
  /// Units of it that wait now; the others are cancelled.
  let backordered: Int64
  let reason: String
  let cause: Cause
  let at: Timestamp
}

/// An event about an order that is still without its sequence: the worker publishes it under its own name.
public struct OrderNews: Sendable {
  /// Which order.
  public let order: OrderID
  /// What happened.
  public let event: Event
}

extension WorkingSet {
  /// Units that may have to be taken from the open reservations of a balance.
  public struct BumpDemand: Sendable, Hashable {
    let sku: SKU
    let location: LocationID
    let lot: String
    let quantity: Int64

    /// - Parameters:
    ///   - quantity: At most so many units; base units.
    ///   - balance: From the reservations of this balance.
    public init(_ quantity: Int64, of balance: Balance) {
      sku = balance.sku
      location = balance.location
      lot = balance.lot
      self.quantity = quantity
    }
  }

  /// Finds the open reservations of lowest rank that hold as many units as demanded, and locks and loads their orders.
  ///
  /// Called while the SKUs' anchors are locked, so nobody else can change a reservation of theirs; orders come after
  /// anchors and balances in the one lock order. What the batch itself may ship or release before it bumps counts as
  /// demand too: such units are not there to be bumped any more.
  ///
  /// - Parameter demands: By balance; those without a unit are left out.
  /// - Throws: ``PostgresError``.
  public func loadBumpable(_ demands: [BumpDemand], on database: Connection) throws {
    let demands = demands.filter { $0.quantity > 0 }
    guard !demands.isEmpty else { return }
    let rows = try database.query(
      BumpStatements.ranked,
      [
        .texts(demands.map(\.sku.value)), .texts(demands.map(\.location.value)), .texts(demands.map(\.lot)),
        .ints(demands.map(\.quantity)),
      ])
    try loadOrders(Set((0..<rows.count).map { OrderID(trusted: rows.text($0, 0)) }), on: database)
  }

  /// Takes promises of a balance away, lowest rank first, and makes their units wait (or cancels them where the order
  /// must not wait).
  ///
  /// Rank is the opposite of the order in which stock fills backorders: lowest priority, latest need, latest order.
  /// The units are free when it returns; the caller takes them. Orders' states follow from their lines.
  ///
  /// - Parameters:
  ///   - quantity: How many units; ``loadBumpable(_:on:)`` has found their reservations.
  ///   - balance: Whose.
  ///   - reason: A word for `reservation.bumped`, such as `counted`.
  ///   - shipping: The order that the units leave for, if they do. It may lose a promise of another line, but it goes
  ///     on, so that it is not closed; its caller derives its state.
  ///   - cause: The message, with the document's id as its reference.
  /// - Returns: What the orders' owners have to hear, in order. Empty when nothing is bumped.
  public func bump(
    _ quantity: Int64, from balance: Balance, because reason: String, shipping: Order? = nil, _ cause: Cause
  ) -> [OrderNews] {
    var left = quantity
    var news: [OrderNews] = []
    var touched: [Order] = []
    for promise in promises(at: balance) where left > 0 {
      let taken = min(left, promise.reservation.open)
      left -= taken
      news += bump(taken, of: promise, at: balance, because: reason, cause)
      if touched.last !== promise.order { touched.append(promise.order) }
    }
    for order in touched where order !== shipping { news += settle(order) }
    return news
  }

  /// What the loaded orders have reserved of a SKU at a location: at most so much can be bumped there.
  public func promised(_ sku: SKU, at location: LocationID) -> Int64 {
    var sum: Int64 = 0
    for order in orders.values {
      for line in order.parts where line.sku == sku { sum += line.openReserved(at: location) }
    }
    return sum
  }

  private struct Promise {
    let order: Order
    let line: OrderLine
    let reservation: Reservation
  }

  /// Every open promise of a balance that is loaded, lowest rank first.
  private func promises(at balance: Balance) -> [Promise] {
    var open: [Promise] = []
    for order in orders.values {
      for line in order.parts where line.sku == balance.sku {
        for reservation in line.promises
        where reservation.open > 0 && reservation.location == balance.location && reservation.lot == balance.lot {
          open.append(Promise(order: order, line: line, reservation: reservation))
        }
      }
    }
    return open.sorted { one, other in
      if one.order === other.order {
        return (one.line.number, one.reservation.number) > (other.line.number, other.reservation.number)
      }
      return one.order.isServedAfter(other.order)
    }
  }

  private func bump(
    _ quantity: Int64, of promise: Promise, at balance: Balance, because reason: String, _ cause: Cause
  ) -> [OrderNews] {
    let (order, line, reservation) = (promise.order, promise.line, promise.reservation)
    book(-quantity, to: .reserved, of: balance, because: .bump, cause)
    reservation.open -= quantity
    reservation.released += quantity
    reservation.ending = .bumped
    reservation.isChanged = true
    line.quantities.reserved -= quantity
    line.isChanged = true
    let waited = line.backordered > 0
    if order.allowsBackorder { enqueue(quantity, of: line, cause) } else { cancel(quantity, of: line) }
    let backordered = order.allowsBackorder ? quantity : 0
    bumps.append(
      Bump(
        order: order, line: line, reservation: reservation, quantity: quantity, backordered: backordered,
        reason: reason, cause: cause, at: now))
    let bumped = ReservationBumped(
      orderID: order.id, customerID: order.customer ?? CustomerID(trusted: "unknown"), line: line.number,
      sku: line.sku, locationID: balance.location, quantity: quantity, backordered: backordered,
      cancelled: quantity - backordered, reason: reason, reference: cause.reference)
    var news = [OrderNews(order: order.id, event: .reservationBumped(bumped))]
    // A line that waited already goes on waiting, for more: its backorder is not a new one.
    if order.allowsBackorder, !waited, let created = order.backorderCreated(line) {
      news.append(OrderNews(order: order.id, event: .backorderCreated(created)))
    }
    return news
  }

  /// Derives the state of an order that lost a promise; one of which nothing is open any more is closed, unless some of
  /// it is on the road and may have to be served again.
  private func settle(_ order: Order) -> [OrderNews] {
    refresh(order)
    guard order.parts.allSatisfy({ $0.reserved + $0.backordered == 0 }), !order.isOnTheRoad else { return [] }
    let reason = "its stock was not there and it must not wait"
    close(order, as: order.state, reason: reason)
    let closed = OrderClosedCancelled(orderID: order.id, customerID: order.customer, reason: reason)
    var news = [OrderNews(order: order.id, event: .orderClosedCancelled(closed))]
    if order.state == .fulfilled { news.append(OrderNews(order: order.id, event: .orderFulfilled(order.fulfilled))) }
    return news
  }
}

extension Order {
  /// Whether stock goes to the other one first: by priority, need, age and id.
  fileprivate func isServedAfter(_ other: Order) -> Bool {
    if priority != other.priority { return priority < other.priority }
    if needBy != other.needBy {
      guard let needBy else { return true }
      guard let needed = other.needBy else { return false }
      return needBy > needed
    }
    if orderedAt != other.orderedAt { return orderedAt > other.orderedAt }
    return id > other.id
  }

  /// Names the backorder of a line.
  public func backorderID(_ line: OrderLine) -> String { "\(id)/\(line.number)" }

  /// What is said when a line begins to wait; nil for a tombstone, of which nothing waits.
  public func backorderCreated(_ line: OrderLine) -> BackorderCreated? {
    guard let customer else { return nil }
    return BackorderCreated(
      backorderID: backorderID(line), orderID: id, customerID: customer, line: line.number, sku: line.sku,
      quantity: line.backordered)
  }
}

// MARK: The record

extension WorkingSet {
  /// Queues the record of every bump, which says whose promise went to which document.
  func sendBumps(to writes: inout WriteSet) throws {
    guard let consumer = bumps.first?.cause.consumer else { return }
    try writes.send(
      BumpStatements.insert,
      [
        .texts(bumps) { $0.order.id.value }, .int4s(bumps) { $0.line.number }, .int4s(bumps) { $0.reservation.number },
        .texts(bumps) { $0.line.sku.value }, .texts(bumps) { $0.reservation.location.value },
        .texts(bumps) { $0.reservation.lot }, .ints(bumps) { $0.quantity }, .ints(bumps) { $0.backordered },
        .ints(bumps) { $0.quantity - $0.backordered }, .texts(bumps) { $0.reason },
        .texts(bumps) { $0.cause.reference }, .text(consumer), .texts(bumps) { $0.cause.source },
        .texts(bumps) { $0.cause.messageID }, .timestamps(bumps) { $0.at.microseconds },
      ])
  }
}

/// The SQL of promises that are taken away.
enum BumpStatements {
  /// The orders whose open reservations have the lowest rank, no more of each balance than the demand takes.
  ///
  /// OFFSET 0 makes the server look up each order's reservations: joined with the view of both places where they are,
  /// it would read all reservations that there are.
  static let ranked = Statement(
    name: "bumpable_ranked",
    sql: """
      select distinct b.order_id
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id, unnest($3::text[]) as lot,
                   unnest($4::int8[]) as quantity) as k
      cross join lateral (
        select r.order_id, sum(r.open_quantity) over (
            order by o.priority, o.need_by desc nulls first, o.ordered_at desc, r.order_id desc, r.line_no desc,
                     r.reservation_no desc) - r.open_quantity as before
        from orders_promised(k.sku, k.location_id, k.lot) as p
        cross join lateral (
          select * from reservations s
          where s.order_id = p and s.sku = k.sku and s.location_id = k.location_id and s.lot = k.lot
            and s.open_quantity > 0
          offset 0
        ) as r
        join orders o on o.order_id = p
      ) as b
      where b.before < k.quantity
      """)

  static let insert = Statement(
    name: "bumps_insert",
    sql: """
      insert into bumps (order_id, line_no, reservation_no, sku, location_id, lot, quantity, backordered, cancelled,
        reason, reference, consumer, source, message_id, recorded_at)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::int4[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::text[]), unnest($7::int8[]), unnest($8::int8[]), unnest($9::int8[]), unnest($10::text[]),
             unnest($11::text[]), $12, unnest($13::text[]), unnest($14::text[]), unnest($15::timestamptz[])
      """)
}
