import Contracts
import PipelineKit

/// A house with SKU A at WH-1 and WH-2, and orders for it.
struct Warehouse {
  let house: House
  let inventory: Worker
  let allocation: Worker

  /// A moment before now.
  static func ago(_ seconds: Int64) -> Timestamp {
    Timestamp(microseconds: Timestamp.now.microseconds - seconds * 1_000_000)
  }

  /// Balances: on hand, reserved, damaged, held.
  func balances() async throws -> [String] {
    try await house.rows(
      """
      select location_id || case lot when '' then '' else '/' || lot end as place, on_hand, reserved, damaged,
             quality_control
      from balances order by location_id, lot
      """)
  }

  func states() async throws -> [String] {
    try await house.rows("select order_id, state from orders order by order_id")
  }

  /// What everybody does about the events that have happened.
  func settle() async throws { try await house.settle(allocation, .allocation) }
}

/// A warehouse with so much of A at WH-1, received an hour ago.
func withWarehouse(_ onHand: Int64, _ body: (Warehouse) async throws -> Void) async throws {
  try await withHouse { house in
    let warehouse = Warehouse(
      house: house, inventory: try await house.inventoryWorker(), allocation: try await house.allocationWorker())
    var letters: [Letter] = [.product("A"), .location("WH-1"), .location("WH-2")]
    if onHand > 0 {
      letters.append(
        Letter(
          .goodsReceived(
            GoodsReceived(
              receiptID: ReceiptID(trusted: "initial"), sku: SKU(trusted: "A"),
              locationID: LocationID(trusted: "WH-1"), quantity: onHand)), time: Warehouse.ago(3600)))
    }
    try await warehouse.inventory.take(letters)
    _ = try await house.relay()
    try await body(warehouse)
  }
}
