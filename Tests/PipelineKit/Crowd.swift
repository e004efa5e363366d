import Allocation
import Contracts
import Inventory
import Messaging
import Synchronization
import TestServers

/// Several lanes of both workers, between which messages are dealt out as a broker would.
public struct Crowd: Sendable {
  /// Lanes of the inventory-worker.
  public let inventory: [Worker]
  /// Lanes of the allocation-worker.
  public let allocation: [Worker]
  private let house: House

  /// So many lanes of each worker.
  public init(_ house: House, lanes: Int) async throws {
    var inventory: [Worker] = []
    var allocation: [Worker] = []
    for _ in 0..<lanes {
      inventory.append(try await house.inventoryWorker())
      allocation.append(try await house.allocationWorker())
    }
    self.inventory = inventory
    self.allocation = allocation
    self.house = house
  }

  /// Deals the messages out in batches, all lanes at once, then what follows from them, until nothing follows.
  ///
  /// - Returns: How many messages ended in each way.
  public func work(through letters: [Letter], batch: Int, dice: inout SeededGenerator) async throws -> [Outcome: Int] {
    var outcomes: [Outcome: Int] = [:]
    var waiting = letters
    while !waiting.isEmpty {
      let goods = waiting.filter { Crowd.consumes(.inventory, $0) }
      let orders = waiting.filter { Crowd.consumes(.allocation, $0) }
      let piles = deal(goods, to: inventory, batch, &dice) + deal(orders, to: allocation, batch, &dice)
      try await withThrowingTaskGroup(of: [Outcome].self) { group in
        for (worker, batches) in piles {
          group.addTask {
            var all: [Outcome] = []
            for batch in batches { all += try await worker.take(batch).outcomes }
            return all
          }
        }
        for try await some in group { for outcome in some { outcomes[outcome, default: 0] += 1 } }
      }
      waiting = try await house.relay().filter { !$0.routingKey.hasSuffix(".dead") }.map(Letter.delivered)
        .filter { Crowd.consumes(.inventory, $0) || Crowd.consumes(.allocation, $0) }
    }
    return outcomes
  }

  private func deal(
    _ letters: [Letter], to workers: [Worker], _ batch: Int, _ dice: inout SeededGenerator
  ) -> [(Worker, [[Letter]])] {
    var piles = workers.map { ($0, [[Letter]]()) }
    var rest = letters[...]
    while !rest.isEmpty {
      let size = Int.random(in: 1...batch, using: &dice)
      piles[Int.random(in: piles.indices, using: &dice)].1.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return piles
  }

  private static func consumes(_ manifest: WorkerManifest, _ letter: Letter) -> Bool {
    manifest.consumes.contains { $0.rawValue == letter.routingKey }
  }
}

extension Letter {
  /// A row of the outbox as it reaches its consumer; one that went through a retry tier carries its type in its body.
  public static func delivered(_ row: Published) -> Letter {
    var letter = Letter(row)
    if row.exchange.isEmpty, let type = try? row.event().envelope.type { letter.routingKey = type.rawValue }
    return letter
  }
}
