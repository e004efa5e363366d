import Contracts
import Postgres

/// Finds the message that kills the worker itself.
///
/// Every message that a dead worker held comes back, and nothing on it tells the guilty one from thousands of others.
/// So a batch of redelivered messages is written down before it is handled, in a transaction of its own, and crossed
/// out when it is settled: whoever finds a message written down knows that a worker died with it in hand, and handles
/// it in a smaller batch, in the end alone. One that a worker died of alone, several times, becomes a dead letter. A
/// failure that the worker survives, such as an outage, takes the writing back. Messages delivered for the first time
/// cost nothing.
///
/// One instance serves one lane, as its ``Pipeline`` does.
public final class Suspects<Domain: Handler> {
  private let pipeline: Pipeline<Domain>
  private let consumer: String
  /// What is under way and neither crossed out nor taken back, and how.
  private var open: [Delivery] = []
  private var openAlone = false
  /// Whether it is written down for this time: of a message that is condemned only the earlier times are.
  private var isWritten = false

  /// - Parameters:
  ///   - pipeline: The lane's.
  ///   - consumer: Its worker's name, as in the manifest.
  public init(_ pipeline: Pipeline<Domain>, consumer: String) {
    self.pipeline = pipeline
    self.consumer = consumer
  }

  /// What is known about deliveries, one answer for each; asks only if one of them was redelivered.
  public func standings(of deliveries: [Delivery], on database: Connection) throws -> [Standing] {
    try forgive(on: database)
    var standings = [Standing](repeating: Standing(), count: deliveries.count)
    let redelivered = deliveries.indices.filter { deliveries[$0].redelivered }
    guard !redelivered.isEmpty else { return standings }
    let rows = try database.query(SuspectStatements.look, keys(redelivered.map { deliveries[$0] }))
    for (row, index) in redelivered.enumerated() {
      standings[index] = Standing(inCompany: Int(rows.int4(row, 0)), alone: Int(rows.int4(row, 1)))
    }
    return standings
  }

  /// Settles redelivered messages, or buries the one of which a worker died alone too often.
  ///
  /// - Parameters:
  ///   - portion: All under way on this lane.
  ///   - database: The lane's connection, idle.
  ///   - broker: Settles the deliveries.
  /// - Throws: As ``Pipeline/process(_:on:broker:)``. The next call of ``standings(of:on:)`` or ``forgive(on:)`` takes
  ///   back what was written down.
  public func process(_ portion: Portion, on database: Connection, broker: some Broker) throws {
    let broker = CrossingOut(broker: broker) { [self] tag in try crossOut(through: tag, on: database) }
    if portion.deaths >= Standing.deadlyDeaths, let guilty = portion.deliveries.first {
      (open, isWritten) = ([guilty], false)
      return try pipeline.condemn(guilty, deaths: portion.deaths, on: database, broker: broker)
    }
    openAlone = portion.deliveries.count == 1
    _ = try database.query(SuspectStatements.write, keys(portion.deliveries) + [.bool(openAlone)])
    (open, isWritten) = (Array(portion.deliveries), true)
    try pipeline.process(open, on: database, broker: broker)
  }

  /// Takes back what was written down about deliveries that this lane had to let go without having died of them.
  public func forgive(on database: Connection) throws {
    guard !open.isEmpty else { return }
    if isWritten { _ = try database.query(SuspectStatements.takeBack, keys(open) + [.bool(openAlone)]) }
    open = []
  }

  /// Before the acknowledgement: a row without a message would stay for ever, a message without a row does no harm.
  private func crossOut(through tag: UInt64, on database: Connection) throws {
    let settled = open.filter { $0.tag <= tag }
    guard !settled.isEmpty else { return }
    _ = try database.query(SuspectStatements.crossOut, keys(settled))
    open.removeAll { $0.tag <= tag }
  }

  private func keys(_ deliveries: some Sequence<Delivery>) -> [Parameter] {
    [
      .text(consumer), .texts(deliveries.map { HeaderText.storable($0.messageID ?? "") }),
      .byteas(deliveries.map(\.body)),
    ]
  }
}

/// Crosses deliveries out before they leave the lane's hands.
private struct CrossingOut<Inner: Broker>: Broker {
  let broker: Inner
  let crossOut: (UInt64) throws -> Void

  func acknowledge(through tag: UInt64) throws {
    try crossOut(tag)
    try broker.acknowledge(through: tag)
  }

  func reject(_ tag: UInt64) throws {
    try crossOut(tag)
    try broker.reject(tag)
  }

  func serve() throws { try broker.serve() }

  var isStopping: Bool { broker.isStopping }
}

/// All lock rows in the order of their key: two lanes may hold the same messages, each in an order of its own.
private enum SuspectStatements {
  /// Rows of the messages `$2`, `$3` of consumer `$1`, locked in order.
  private static let held = """
    with held as materialized (
      select s.message_id, s.body_hash
      from suspects s
      where s.consumer = $1
        and (s.message_id, s.body_hash) in (select k.message_id, sha256(k.body)
                                            from unnest($2::text[], $3::bytea[]) as k (message_id, body))
      order by s.message_id, s.body_hash
      for update of s
    )
    """

  static let look = Statement(
    name: "suspect_look",
    sql: """
      select coalesce(s.in_company, 0), coalesce(s.alone, 0)
      from unnest($2::text[], $3::bytea[]) with ordinality as k (message_id, body, place)
      left join suspects s on s.consumer = $1 and s.message_id = k.message_id and s.body_hash = sha256(k.body)
      order by k.place
      """)

  static let write = Statement(
    name: "suspect_write",
    sql: """
      insert into suspects (consumer, message_id, body_hash, in_company, alone, first_at, last_at)
      select distinct $1, k.message_id, sha256(k.body), (not $4)::int4, $4::int4, transaction_timestamp(),
             transaction_timestamp()
      from unnest($2::text[], $3::bytea[]) as k (message_id, body)
      order by 2, 3
      on conflict (consumer, message_id, body_hash)
      do update set in_company = suspects.in_company + excluded.in_company, alone = suspects.alone + excluded.alone,
                    last_at = excluded.last_at
      """)

  static let takeBack = Statement(
    name: "suspect_take_back",
    sql: """
      \(held)
      update suspects s
      set in_company = greatest(s.in_company - (not $4)::int4, 0), alone = greatest(s.alone - $4::int4, 0)
      from held h
      where s.consumer = $1 and s.message_id = h.message_id and s.body_hash = h.body_hash
      """)

  static let crossOut = Statement(
    name: "suspect_cross_out",
    sql: """
      \(held)
      delete from suspects s
      using held h
      where s.consumer = $1 and s.message_id = h.message_id and s.body_hash = h.body_hash
      """)
}
