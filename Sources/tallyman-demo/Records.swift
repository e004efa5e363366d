import Contracts
import Postgres

/// What the database says. Reads only, as the operator's role: to wait for something, and to report.
final class Records {
  private let database: Postgres.Connection

  init(_ database: Postgres.Connection) { self.database = database }

  /// The number that a query returns.
  func number(_ statement: Statement) throws -> Int {
    Int(try database.query(statement).int(0, 0))
  }

  /// Units that open backorders wait for.
  func owed(_ sku: SKU) throws -> Int64 {
    try database.query(Records.owedStatement, [.text(sku.value)]).int(0, 0)
  }

  /// Orders by state, the most frequent first.
  func ordersByState() throws -> [(state: String, count: Int)] {
    let rows = try database.query(Records.ordersByStateStatement)
    return (0..<rows.count).map { (rows.text($0, 0), Int(rows.int($0, 1))) }
  }

  /// A product's quantities over all locations.
  struct Product {
    let sku: SKU
    let received, onHand, reserved, shipped, waiting: Int64
  }

  /// Every product's quantities.
  func products() throws -> [SKU: Product] {
    let rows = try database.query(Records.productsStatement)
    var products: [SKU: Product] = [:]
    for row in 0..<rows.count {
      let sku = SKU(trusted: rows.text(row, 0))
      products[sku] = Product(
        sku: sku, received: rows.int(row, 1), onHand: rows.int(row, 2), reserved: rows.int(row, 3),
        shipped: rows.int(row, 4), waiting: rows.int(row, 5))
    }
    return products
  }

  /// Why a message was not applied.
  struct DeadLetter {
    let queue, messageID, type, field, value, rule: String
  }

  /// The open dead letters, oldest first.
  func deadLetters() throws -> [DeadLetter] {
    let rows = try database.query(Records.deadLettersStatement)
    return (0..<rows.count).map {
      DeadLetter(
        queue: rows.text($0, 0), messageID: rows.text($0, 1), type: rows.text($0, 2), field: rows.text($0, 3),
        value: rows.text($0, 4), rule: rows.text($0, 5))
    }
  }

  /// Messages that are settled for good, per consumer.
  func settled() throws -> [String: Int] {
    let rows = try database.query(Records.settledStatement)
    return Dictionary(uniqueKeysWithValues: (0..<rows.count).map { (rows.text($0, 0), Int(rows.int($0, 1))) })
  }
}

// MARK: Statements

extension Records {
  static let locations = Statement(name: "demo_locations", sql: "select count(*) from locations")
  static let policies = Statement(name: "demo_policies", sql: "select count(*) from policies_set")
  static let tombstones = Statement(name: "demo_tombstones", sql: "select count(*) from orders where not answered")
  static let outbox = Statement(name: "demo_outbox", sql: "select count(*) from outbox")
  static let events = Statement(name: "demo_events", sql: "select coalesce(sum(events), 0)::bigint from inbox")
  static let openDeliveries = Statement(
    name: "demo_deliveries_open", sql: "select count(*) from notification_deliveries where state = 'waiting'")
  static let sentDeliveries = Statement(
    name: "demo_deliveries_sent", sql: "select count(*) from notification_deliveries where state = 'sent'")
  static let endedDeliveries = Statement(
    name: "demo_deliveries_ended", sql: "select count(*) from notification_deliveries where state <> 'waiting'")
  static let openDeadLetters = Statement(
    name: "demo_dead_letters_open", sql: "select count(*) from dead_letters where state = 'open'")

  private static let owedStatement = Statement(
    name: "demo_owed",
    sql: "select coalesce(sum(open_quantity), 0)::bigint from backorders where sku = $1 and open_quantity > 0")
  private static let ordersByStateStatement = Statement(
    name: "demo_orders", sql: "select state, count(*) from orders group by state order by 2 desc, 1")
  private static let productsStatement = Statement(
    name: "demo_products",
    sql: """
      select i.sku,
             coalesce((select sum(r.quantity) from receipts r where r.sku = i.sku), 0)::bigint,
             coalesce((select sum(b.on_hand) from balances b where b.sku = i.sku), 0)::bigint,
             coalesce((select sum(b.reserved) from balances b where b.sku = i.sku), 0)::bigint,
             coalesce(l.shipped, 0), coalesce(l.waiting, 0)
      from stock_items i
      left join (select sku, sum(shipped)::bigint as shipped, sum(backordered)::bigint as waiting
                 from order_lines group by sku) l on l.sku = i.sku
      """)
  private static let deadLettersStatement = Statement(
    name: "demo_dead_letters",
    sql: """
      select queue, message_id, type, field, value, rule from dead_letters where state = 'open' order by dead_letter_id
      """)
  private static let settledStatement = Statement(
    name: "demo_settled",
    sql: """
      select consumer, count(distinct (source, message_id)) from inbox where outcome <> 'retried' group by consumer
      """)
}
