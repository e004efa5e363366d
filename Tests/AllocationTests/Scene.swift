import Contracts
import Messaging
import PipelineKit
import Postgres
import Testing

@testable import Allocation

/// A house with stock: SKUs and what lies of them where.
struct Scene {
  let house: House
  let inventory: Worker
  let allocation: Worker

  /// - Parameter stock: SKU, location and quantity of each receipt; 0 registers the place only.
  init(_ house: House, stock: [(String, String, Int64)]) async throws {
    self.house = house
    inventory = try await house.inventoryWorker()
    allocation = try await house.allocationWorker()
    var letters = Set(stock.map(\.0)).sorted().map { Letter.product($0) }
    letters += Set(stock.map(\.1)).sorted().map { Letter.location($0) }
    letters += stock.enumerated().filter { $0.element.2 > 0 }.map {
      Letter.receipt("initial-\($0.offset)", $0.element.0, $0.element.1, $0.element.2)
    }
    #expect(try await inventory.take(letters).count(.applied) == letters.count)
    try await house.settle(allocation, .allocation)
  }

  /// Everything that the allocation-worker's events lead to has happened.
  func settle() async throws { try await house.settle(allocation, .allocation) }

  /// An order's lines: reserved, backordered, shipped, cancelled.
  func lines(_ order: String) async throws -> [String] {
    try await house.rows(
      "select reserved, backordered, shipped, cancelled from order_lines where order_id = '\(order)' order by line_no")
  }

  /// An order's state.
  func state(_ order: String) async throws -> String {
    try await house.value("select state from orders where order_id = '\(order)'")
  }

  /// Open reservations of an order: location and quantity.
  func reservations(_ order: String) async throws -> [String] {
    try await house.rows(
      """
      select location_id, open_quantity from reservations where order_id = '\(order)' and open_quantity > 0
      order by line_no, reservation_no
      """)
  }
}

/// A house with stock, its invariants checked at the end.
func withScene(_ stock: [(String, String, Int64)], _ body: (Scene) async throws -> Void) async throws {
  try await withHouse { house in try await body(Scene(house, stock: stock)) }
}

/// Rows of a table that this transaction's statements fetched so far.
func reads(_ table: String, _ connection: Connection) throws -> Int64 {
  try connection.query(
    .once(
      """
      select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int8
      from pg_stat_xact_user_tables where relname = '\(table)'
      """)
  ).int(0, 0)
}
