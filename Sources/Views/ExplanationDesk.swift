import Contracts
import Postgres

extension ViewDesk {
  /// Explains an order; nil where there is none of this id.
  ///
  /// - Parameter entries: How much of each balance's ledger is searched; ``Explanation/historyCut`` says where that was
  ///   not all.
  public func explain(_ id: String, entries: Int64 = 100_000) throws -> Explanation? {
    try database.snapshot {
      guard let order = try readOrder(id) else { return nil }
      let bumps = try bumps(of: id)
      let (history, cut) = try history(of: order, bumps.map(\.bump.reference), entries)
      let decisions = try decisions(about: id)
      let causes =
        history.map { ($0.entry.cause, $0.entry.recordedAt) } + bumps.map { ($0.bump.message, $0.bump.recordedAt) }
        + decisions.map { ($0.decision.message, $0.decision.decidedAt) }
      return Explanation(
        order: order, lines: try lines(of: order, history, bumps, decisions), history: history,
        historyCut: cut, messages: try messages(behind: order, causes))
    }
  }

  // MARK: Lines

  private func lines(
    of order: OrderView, _ history: [Explanation.Step], _ bumps: [LineBump], _ decisions: [LineDecision]
  ) throws -> [Explanation.Line] {
    let seen = try read(ViewStatements.candidates, [.text(order.orderID)]) { rows, row in
      (line: rows.int4(row, 0), number: rows.int4(row, 1), text: rows.text(row, 2))
    }
    let waits = try waits(of: order)
    return order.lines.map { line in
      let promises = order.reservations.filter { $0.line == line.line }.map { reservation in
        let text = seen.first { $0.line == line.line && $0.number == reservation.number }?.text ?? ""
        return Explanation.Promise(
          number: reservation.number, policy: reservation.policy,
          candidates: Explanation.candidates(text, of: reservation.policy),
          afterWaiting: ViewDesk.hadWaited(reservation, order),
          messageID: ViewDesk.cause(of: reservation, in: history)?.messageID)
      }
      return Explanation.Line(
        line: line.line, promises: promises, bumps: bumps.filter { $0.line == line.line }.map(\.bump),
        decisions: decisions.filter { $0.line == line.line }.map(\.decision), waits: waits[line.line])
    }
  }

  /// A reservation that is younger than its line's backorder was filled from it.
  private static func hadWaited(_ reservation: ReservationLine, _ order: OrderView) -> Bool {
    order.backorders.contains { $0.line == reservation.line && $0.filled > 0 && $0.since < reservation.since }
  }

  private static func cause(of reservation: ReservationLine, in history: [Explanation.Step]) -> LedgerLine? {
    history.first {
      $0.sku == reservation.sku && $0.entry.locationID == reservation.locationID && $0.entry.lot == reservation.lot
        && $0.entry.bucket == "reserved" && $0.entry.reason == "RESERVE" && $0.entry.delta == reservation.quantity
        && $0.entry.recordedAt >= reservation.since
    }?.entry
  }

  private typealias LineBump = (line: Int32, bump: Explanation.Bump)

  private func bumps(of order: String) throws -> [LineBump] {
    try read(ViewStatements.bumps, [.text(order)]) { rows, row in
      (
        line: rows.int4(row, 0),
        bump: Explanation.Bump(
          number: rows.int4(row, 1), locationID: rows.text(row, 2), quantity: rows.int(row, 3),
          backordered: rows.int(row, 4), cancelled: rows.int(row, 5), reason: rows.text(row, 6),
          reference: rows.text(row, 7),
          message: MessageName(consumer: rows.text(row, 8), source: rows.text(row, 9), messageID: rows.text(row, 10)),
          recordedAt: rows.time(row, 11))
      )
    }
  }

  private typealias LineDecision = (line: Int32, decision: Explanation.Decision)

  private func decisions(about order: String) throws -> [LineDecision] {
    try read(ViewStatements.decisions, [.text(order)]) { rows, row in
      (
        line: rows.int4(row, 0),
        decision: Explanation.Decision(
          decision: rows.text(row, 1), quantity: rows.int(row, 2), rule: rows.text(row, 3), policy: rows.text(row, 4),
          locationPolicy: rows.optionalText(row, 5),
          candidates: rows.optionalText(row, 6).map {
            Explanation.candidates($0, of: rows.optionalText(row, 5) ?? "")
          },
          promisable: rows.optionalInt(row, 7), owed: rows.optionalInt(row, 8),
          message: MessageName(consumer: rows.text(row, 9), source: rows.text(row, 10), messageID: rows.text(row, 11)),
          decidedAt: rows.time(row, 12))
      )
    }
  }

  /// A line that waits in part takes its share when its turn comes; one that waits wholly has to be covered beyond what
  /// goes first; and of an order that waits as a whole each SKU has to be, beyond all that is owed to others.
  private func waits(of order: OrderView) throws -> [Int32: Explanation.Wait] {
    let rows = try database.query(.once(ViewStatements.ahead), [.text(order.orderID)])
    let wanted = (0..<rows.count).reduce(into: [String: Int64]()) {
      $0[rows.text($1, 7), default: 0] += rows.int($1, 1)
    }
    var waits: [Int32: Explanation.Wait] = [:]
    for row in 0..<rows.count {
      let (open, isFillable, ahead) = (rows.int(row, 1), rows.bool(row, 2), rows.int(row, 4))
      let (owed, free) = (rows.int(row, 5), rows.int(row, 6))
      let isWhole = !isFillable && order.policy == "ship_complete"
      let all = isWhole ? owed + wanted[rows.text(row, 7), default: open] : ahead + open
      waits[rows.int4(row, 0)] = Explanation.Wait(
        openQuantity: open, fillable: isFillable, linesAhead: rows.int(row, 3), unitsAhead: ahead, owed: owed,
        free: free, missingForFirst: max(0, (isFillable ? ahead + 1 : all) - free), missingForAll: max(0, all - free))
    }
    return waits
  }

  // MARK: What happened

  /// The ledger is searched by place and number only: the entries between the order's first promise and its last change
  /// are found by halving, since a balance's time never runs backwards.
  private func history(
    of order: OrderView, _ documents: [String], _ entries: Int64
  ) throws -> (steps: [Explanation.Step], cut: [Explanation.Balance]) {
    guard let first = order.reservations.map(\.since).min() else { return ([], []) }
    let references = [order.orderID] + order.shipments.map(\.shipmentID) + documents
    let found = try read(
      ViewStatements.historyOfOrder,
      [
        .text(order.orderID), .timestamp(first.microseconds),
        // Another server's clock may have been ahead before a failover.
        .timestamp((order.updatedAt + .seconds(60)).microseconds), .texts(references), .int(entries),
      ]
    ) { rows, row in
      let cut = Explanation.Balance(sku: rows.text(row, 0), locationID: rows.text(row, 1), lot: rows.text(row, 2))
      return (step: rows.isNull(row, 3) ? nil : step(rows, row), cut: rows.bool(row, 15) ? cut : nil)
    }
    let cut = Set(found.compactMap(\.cut))
    return (
      found.compactMap(\.step), cut.sorted { ($0.sku, $0.locationID, $0.lot) < ($1.sku, $1.locationID, $1.lot) }
    )
  }

  private func step(_ rows: Rows, _ row: Int) -> Explanation.Step {
    Explanation.Step(
      sku: rows.text(row, 0),
      entry: LedgerLine(
        locationID: rows.text(row, 1), lot: rows.text(row, 2), seq: rows.int(row, 3), bucket: rows.text(row, 4),
        delta: rows.int(row, 5), balanceAfter: rows.int(row, 6), reason: rows.text(row, 7),
        reference: rows.text(row, 8), reverses: rows.optionalInt(row, 9), consumer: rows.text(row, 10),
        source: rows.text(row, 11), messageID: rows.text(row, 12), occurredAt: rows.time(row, 13),
        recordedAt: rows.time(row, 14)))
  }

  /// What the ledger, bumps and decisions name; and what changed the order without any of these, found in the inbox by
  /// its moment.
  private func messages(
    behind order: OrderView, _ causes: [(message: MessageName, at: Timestamp)]
  ) throws -> [MessageView] {
    let named = Set(causes.map(\.message))
    var found = try read(
      ViewStatements.messages,
      [.texts(named.map(\.messageID)), .texts(named.map(\.source)), .texts(named.map(\.consumer))], messageView)
    let known = Set(found.map(\.name))
    let explained = Set(causes.filter { known.contains($0.message) }.map(\.at))
    let moments = Set(order.reservations.map(\.since) + order.backorders.map(\.since) + [order.updatedAt])
    let open = moments.subtracting(explained)
    if !open.isEmpty {
      let days = Set([order.orderedAt.day] + open.flatMap { [$0.day, $0.day - 1] })
      found += try read(
        ViewStatements.messagesAt,
        [
          .timestamps(open.map(\.microseconds)), .dates(days.sorted()), .bytea(quoted(order.orderID)),
        ], messageView)
    }
    return Set(found).sorted { ($0.recordedAt, $0.messageID) < ($1.recordedAt, $1.messageID) }
  }

  private func messageView(_ rows: Rows, _ row: Int) -> MessageView {
    let body = rows.bytes(row, 4)
    let message = try? IncomingMessage.decode(
      body: body, contentType: OutgoingEvent.contentType, messageID: nil, routingKey: nil)
    return MessageView(
      consumer: rows.text(row, 0), source: rows.text(row, 1), messageID: rows.text(row, 2),
      type: message?.envelope.type.rawValue, occurredAt: message?.envelope.time, recordedAt: rows.time(row, 3))
  }
}

extension Explanation {
  /// Reads `WH-1=40,WH-2=3`, with what the policy goes by `WH-1=40@5,WH-2=3@2`. A place's id has none of these signs.
  static func candidates(_ text: String, of policy: String) -> [Candidate] {
    text.split(separator: ",").compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      let numbers = parts[1].split(separator: "@", maxSplits: 1).map { Int64($0) }
      guard let quantity = numbers.first ?? nil else { return nil }
      let measured = numbers.count == 2 ? numbers[1] : nil
      return Candidate(
        locationID: String(parts[0]), allocatable: quantity,
        priority: policy == LocationPolicyName.fixedPriority.rawValue ? measured : nil,
        distanceMetres: policy == LocationPolicyName.nearest.rawValue ? measured : nil)
    }
  }
}

extension MessageView {
  var name: MessageName { MessageName(consumer: consumer, source: source, messageID: messageID) }
}

extension LedgerLine {
  var cause: MessageName { MessageName(consumer: consumer, source: source, messageID: messageID) }
}
