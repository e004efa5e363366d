import Contracts
import Messaging
import Postgres
import Stock

extension TransferFile {
  /// Which rows a message touches; of an arrival only its transfer's rows can tell.
  mutating func prepare(_ event: Event) -> [WorkingSet.Place] {
    switch event {
    case .transferDispatched(let transfer):
      wanted.insert(transfer.transferID)
      return transfer.lines.flatMap { line in
        [transfer.fromLocationID, .inTransit, transfer.toLocationID].map { transfer.place(line, at: $0) }
      }
    case .transferReceived(let arrival):
      wanted.insert(arrival.transferID)
      arriving.insert(arrival.transferID)
      wantedArrivals.insert(arrival.arrivalID)
      return []
    default: return []
    }
  }

  // MARK: Reading

  /// Where what arrives of transfers is and goes to, read without locks.
  func placesOfArrivals(on database: Connection) throws -> Set<WorkingSet.Place> {
    guard !arriving.isEmpty else { return [] }
    let rows = try database.query(TransferStatements.places, [.texts(arriving.sorted().map(\.value))])
    var places: Set<WorkingSet.Place> = []
    for row in 0..<rows.count {
      let sku = SKU(trusted: rows.text(row, 0))
      for location in [LocationID.inTransit, LocationID(trusted: rows.text(row, 1))] {
        places.insert(WorkingSet.Place(sku, location, lot: Papers.lot(rows.text(row, 2))))
      }
    }
    return places
  }

  func sendLookups(on database: Connection) throws {
    guard !wanted.isEmpty else { return }
    try database.send(TransferStatements.transfers, [.texts(wanted.map(\.value))])
    try database.send(TransferStatements.arrivals, [.texts(wantedArrivals.map(\.value))])
  }

  mutating func receiveLookups(on database: Connection) throws {
    guard !wanted.isEmpty else { return }
    loadTransfers(try database.receive())
    loadArrivals(try database.receive())
  }

  /// A transfer may have been dispatched between the unlocked look and the lock: then its SKUs are not locked.
  func requireAllLocked(in stock: WorkingSet) throws {
    for transfer in arriving.compactMap({ known[$0]?.paper }) {
      for line in transfer.lines {
        for location in [.inTransit, transfer.toLocationID]
        where stock.balance(at: transfer.place(line, at: location)) == nil {
          throw NeedsMoreRows("\(line.sku) at \(location), of transfer \(transfer.transferID)")
        }
      }
    }
  }

  /// The rows come line by line, all of one transfer together.
  private mutating func loadTransfers(_ rows: Rows) {
    var row = 0
    while row < rows.count {
      let id = TransferID(trusted: rows.text(row, 0))
      var paper = TransferDispatched(
        transferID: id, fromLocationID: LocationID(trusted: rows.text(row, 1)),
        toLocationID: LocationID(trusted: rows.text(row, 2)), lines: [], reference: rows.optionalText(row, 3),
        person: rows.optionalText(row, 4))
      var lines: [Transfer.Line] = []
      while row < rows.count, rows.text(row, 0) == id.value {
        let line = TransferDispatched.Line(
          line: rows.int4(row, 5), sku: SKU(trusted: rows.text(row, 6)), quantity: rows.int(row, 8),
          lot: Papers.lot(rows.text(row, 7)))
        paper.lines.append(line)
        lines.append(
          Transfer.Line(
            paper: line, received: rows.int(row, 9), lost: rows.int(row, 10), givenUp: rows.int(row, 11)))
        row += 1
      }
      known[id] = Transfer(paper: paper, lines: lines)
    }
  }

  private mutating func loadArrivals(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = ArrivalID(trusted: rows.text(row, 0))
      var arrival =
        knownArrivals[id]
        ?? TransferReceived(
          arrivalID: id, transferID: TransferID(trusted: rows.text(row, 1)), lines: [], isFinal: rows.bool(row, 2),
          person: rows.optionalText(row, 3))
      if let line = rows.optionalInt4(row, 4) {
        arrival.lines.append(
          TransferReceived.Line(line: line, quantity: rows.int(row, 5), lost: rows.int(row, 6)))
      }
      knownArrivals[id] = arrival
    }
  }

  // MARK: Writing

  func send(to writes: inout WriteSet, at now: Timestamp) throws {
    try sendNew(to: &writes, now)
    try sendChanged(to: &writes)
    try sendArrivals(to: &writes, now)
  }

  private func sendNew(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = new.sorted().compactMap { known[$0] }
    guard !rows.isEmpty else { return }
    try writes.send(
      TransferStatements.insert,
      [
        .texts(rows) { $0.paper.transferID.value }, .texts(rows) { $0.paper.fromLocationID.value },
        .texts(rows) { $0.paper.toLocationID.value }, .texts(rows) { $0.state.rawValue },
        .texts(rows.map(\.paper.reference)), .texts(rows.map(\.paper.person)), .texts(rows) { $0.message.source },
        .texts(rows) { $0.message.id }, .timestamp(now.microseconds),
      ])
    let lines = rows.flatMap { transfer in transfer.lines.map { (transfer.paper.transferID, $0) } }
    try writes.send(
      TransferStatements.insertLines,
      [
        .texts(lines) { $0.0.value }, .int4s(lines) { $0.1.paper.line }, .texts(lines) { $0.1.paper.sku.value },
        .texts(lines) { $0.1.paper.lot?.value ?? "" }, .ints(lines) { $0.1.paper.quantity },
      ])
  }

  private func sendChanged(to writes: inout WriteSet) throws {
    let rows = changed.sorted().compactMap { known[$0] }
    guard !rows.isEmpty else { return }
    try writes.send(
      TransferStatements.update, [.texts(rows) { $0.paper.transferID.value }, .texts(rows) { $0.state.rawValue }],
      changing: rows.count)
    let lines = rows.flatMap { transfer in transfer.lines.map { (transfer.paper.transferID, $0) } }
    try writes.send(
      TransferStatements.updateLines,
      [
        .texts(lines) { $0.0.value }, .int4s(lines) { $0.1.paper.line }, .ints(lines) { $0.1.received },
        .ints(lines) { $0.1.lost }, .ints(lines) { $0.1.givenUp },
      ], changing: lines.count)
  }

  private func sendArrivals(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = newArrivals.sorted { $0.paper.arrivalID < $1.paper.arrivalID }
    guard !rows.isEmpty else { return }
    try writes.send(
      TransferStatements.insertArrivals,
      [
        .texts(rows) { $0.paper.arrivalID.value }, .texts(rows) { $0.paper.transferID.value },
        .bools(rows) { $0.paper.isFinal }, .texts(rows.map(\.paper.person)), .texts(rows) { $0.message.source },
        .texts(rows) { $0.message.id }, .timestamp(now.microseconds),
      ])
    let lines = rows.flatMap { arrival in arrival.lines.map { (arrival.paper.arrivalID, $0) } }
    guard !lines.isEmpty else { return }
    try writes.send(
      TransferStatements.insertArrivalLines,
      [
        .texts(lines) { $0.0.value }, .int4s(lines) { $0.1.line }, .ints(lines) { $0.1.quantity },
        .ints(lines) { $0.1.lost }, .ints(lines) { $0.1.writtenOff },
      ])
  }
}

/// The SQL of transfers and arrivals.
enum TransferStatements {
  static let places = Statement(
    name: "transfer_places",
    sql: """
      select distinct l.sku, t.to_location_id, l.lot
      from transfers t join transfer_lines l using (transfer_id) where t.transfer_id = any($1::text[])
      """)

  static let transfers = Statement(
    name: "transfers",
    sql: """
      select t.transfer_id, t.from_location_id, t.to_location_id, t.reference, t.person, l.line_no, l.sku, l.lot,
             l.quantity, l.received, l.lost, l.given_up
      from transfers t join transfer_lines l using (transfer_id)
      where t.transfer_id = any($1::text[]) order by t.transfer_id, l.line_no
      """)

  static let arrivals = Statement(
    name: "transfer_arrivals",
    sql: """
      select a.arrival_id, a.transfer_id, a.final, a.person, l.line_no, l.quantity, l.lost
      from transfer_arrivals a left join transfer_arrival_lines l using (arrival_id)
      where a.arrival_id = any($1::text[])
      """)

  static let insert = Statement(
    name: "transfers_insert",
    sql: """
      insert into transfers (transfer_id, from_location_id, to_location_id, state, reference, person, source,
        message_id, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), $9
      """)

  static let insertLines = Statement(
    name: "transfer_lines_insert",
    sql: """
      insert into transfer_lines (transfer_id, line_no, sku, lot, quantity)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[])
      """)

  static let update = Statement(
    name: "transfers_update",
    sql: WriteSet.guarded(
      """
      update transfers t set state = n.state
      from (select unnest($1::text[]) as transfer_id, unnest($2::text[]) as state) as n
      where t.transfer_id = n.transfer_id
      """, by: 3))

  static let updateLines = Statement(
    name: "transfer_lines_update",
    sql: WriteSet.guarded(
      """
      update transfer_lines l set received = n.received, lost = n.lost, given_up = n.given_up
      from (select unnest($1::text[]) as transfer_id, unnest($2::int4[]) as line_no, unnest($3::int8[]) as received,
                   unnest($4::int8[]) as lost, unnest($5::int8[]) as given_up) as n
      where l.transfer_id = n.transfer_id and l.line_no = n.line_no
      """, by: 6))

  static let insertArrivals = Statement(
    name: "transfer_arrivals_insert",
    sql: """
      insert into transfer_arrivals (arrival_id, transfer_id, final, person, source, message_id, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::bool[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::text[]), $7
      """)

  static let insertArrivalLines = Statement(
    name: "transfer_arrival_lines_insert",
    sql: """
      insert into transfer_arrival_lines (arrival_id, line_no, quantity, lost, written_off)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[])
      """)
}
