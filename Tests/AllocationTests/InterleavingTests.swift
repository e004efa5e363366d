import Contracts
import Messaging
import PipelineKit
import TestServers
import Testing

/// What is said about one order may come in any sequence, and twice.
@Suite("All sequences of an order's messages end in the same state")
struct InterleavingTests {
  /// Created, confirmed, amended twice, cancelled in part twice: 720 sequences.
  private static func history(_ name: String) -> [Letter] {
    [
      .order(name, [("A", 4), ("B", 3)], expiresAt: .now + .seconds(3600)), .confirm(name),
      .amend(name, 1, [(1, "A", 6), (2, "B", 3), (3, "A", 5)]), .amend(name, 2, [(1, "A", 5), (3, "A", 4)]),
      .cancel(name, [(1, 2)], as: "c-1"), .cancel(name, [(3, nil)]),
    ]
  }

  @Test("amended, confirmed and cancelled by line")
  func revised() async throws {
    try await expectOneEnd(of: Self.history)
  }

  @Test("and cancelled as a whole: with any tombstone, the order ends cancelled")
  func cancelled() async throws {
    try await expectOneEnd { name in
      var letters = Self.history(name)
      letters.remove(at: 4)
      return letters + [.cancel(name, reason: "enough")]
    }
  }

  /// Each sequence is about an order of its own; stock is plenty, so that orders do not compete.
  private func expectOneEnd(of history: (String) -> [Letter]) async throws {
    try await withScene([("A", "WH-1", 100_000), ("B", "WH-1", 100_000)]) { scene in
      var dice = SeededGenerator(seed: 61)
      let sequences = permutations(Array(0..<6))
      #expect(sequences.count == 720)
      var letters: [Letter] = []
      for (number, sequence) in sequences.enumerated() {
        let all = history("o-\(number)")
        letters += sequence.map { all[$0] }
        if Int.random(in: 0..<5, using: &dice) == 0 { letters.append(all[sequence[0]].again) }
      }
      for batch in letters.chunks(of: 97) { try await scene.allocation.take(batch) }
      try await scene.deliverRetries()
      #expect(try await scene.house.deadLetters().map { "\($0.field) \($0.value) \($0.rule)" } == [])
      let ends = try await scene.house.rows(
        """
        select distinct state, hold_until is null as free, (
          select string_agg(
            format('%s:%s=%s+%s+%s+%s', line_no, ordered, reserved, backordered, shipped, cancelled), ' '
            order by line_no)
          from order_lines l where l.order_id = o.order_id) as lines
        from orders o
        """)
      #expect(ends.count == 1, "\(ends)")
      #expect(try await scene.house.value("select count(*) from orders") == "720")
    }
  }

  private func permutations(_ items: [Int]) -> [[Int]] {
    guard let first = items.first else { return [[]] }
    return permutations(Array(items.dropFirst())).flatMap { rest in
      (0...rest.count).map { place in Array(rest[..<place]) + [first] + Array(rest[place...]) }
    }
  }
}

extension Scene {
  /// What was sent to a retry tier comes back, until nothing is left to be tried again.
  func deliverRetries() async throws {
    while true {
      let again = try await house.relay().filter { $0.routingKey.contains(".retry.") }.map(Letter.delivered)
      if again.isEmpty { return }
      for batch in again.chunks(of: 97) { try await allocation.take(batch) }
    }
  }
}
