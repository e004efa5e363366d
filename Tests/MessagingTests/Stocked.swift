import PipelineKit

/// A house with 100 units of SKU `A` at `WH-1` and with both workers.
func withStock(_ body: (House, _ inventory: Worker, _ allocation: Worker) async throws -> Void) async throws {
  try await withHouse { house in
    let inventory = try await house.inventoryWorker()
    let allocation = try await house.allocationWorker()
    try await inventory.take([.product("A"), .location("WH-1"), .receipt("r-0", "A", "WH-1", 100)])
    _ = try await house.relay()
    try await body(house, inventory, allocation)
  }
}

extension House {
  /// How many rows there are of everything, and the quantities: what must not change when nothing happens.
  func fingerprint() async throws -> [String] {
    try await rows(
      """
      select (select count(*) from inbox), (select count(*) from outbox), (select count(*) from stock_ledger),
        (select count(*) from orders), (select count(*) from reservations), (select count(*) from dead_letters),
        (select sum(on_hand) from balances), (select sum(reserved) from balances), (select sum(owed) from stock_items)
      """)
  }
}
