import PipelineKit
import Postgres
import Testing

/// A line that was reserved whole keeps its reservation in its own row until something becomes of it.
@Suite("promises in lines")
struct KeptPromiseTests {
  private static let rows = "select order_id, line_no from reservation_rows order by 1, 2, reservation_no"
  private static let kept = """
    select order_id, line_no from order_lines where reserved_location is not null order by 1, 2
    """
  private static let shown = """
    select order_id, line_no, reservation_no, location_id, lot, quantity, open_quantity, consumed, released, state,
      policy, candidates
    from reservations order by 1, 2, 3
    """

  @Test("what is reserved whole in one place stays in its line; what is divided has rows of its own")
  func whole() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 2), ("B", "WH-2", 1), ("C", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2), ("B", 3), ("C", 4)]))
      let house = scene.house
      #expect(try await house.rows(KeptPromiseTests.kept) == ["o-1|1", "o-1|3"])
      #expect(try await house.rows(KeptPromiseTests.rows) == ["o-1|2", "o-1|2"])
      #expect(
        try await house.rows(KeptPromiseTests.shown) == [
          "o-1|1|1|WH-1||2|2|0|0|active|most_stock|WH-1=5",
          "o-1|2|1|WH-1||2|2|0|0|active|most_stock|WH-1=2,WH-2=1",
          "o-1|2|2|WH-2||1|1|0|0|active|most_stock|WH-1=2,WH-2=1",
          "o-1|3|1|WH-1||1|1|0|0|active|most_stock|WH-1=1",
        ])
    }
  }

  @Test("a line that changes gives its promise a row, as it was made; the order's other lines keep theirs")
  func changed() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      let house = scene.house
      try await scene.allocation.take(.order("o-1", [("A", 3), ("B", 2)]))
      let made = "select created_at from reservations where line_no = 1"
      let since = try await house.value(made)
      try await scene.allocation.take(.cancel("o-1", [(1, 1)], as: "k-1"))
      #expect(try await house.rows(KeptPromiseTests.kept) == ["o-1|2"])
      #expect(try await house.rows(KeptPromiseTests.rows) == ["o-1|1"])
      #expect(try await house.value(made) == since)
      let after = [
        "o-1|1|1|WH-1||3|2|0|1|active|most_stock|WH-1=5", "o-1|2|1|WH-1||2|2|0|0|active|most_stock|WH-1=5",
      ]
      #expect(try await house.rows(KeptPromiseTests.shown) == after)
      try await scene.allocation.take(.shipment("s-1", "o-1", [(2, "WH-1", 2)]))
      #expect(try await house.rows(KeptPromiseTests.kept).isEmpty)
      #expect(
        try await house.rows(KeptPromiseTests.shown) == [
          after[0], "o-1|2|1|WH-1||2|0|2|0|consumed|most_stock|WH-1=5",
        ])
    }
  }

  @Test("a line that waits keeps what it was promised until stock fills it")
  func filled() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 3)]))
      #expect(try await scene.house.rows(KeptPromiseTests.kept) == ["o-1|1"])
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 4))
      try await scene.settle()
      #expect(try await scene.house.rows(KeptPromiseTests.kept).isEmpty)
      #expect(
        try await scene.house.rows(KeptPromiseTests.shown) == [
          "o-1|1|1|WH-1||2|2|0|0|active|most_stock|WH-1=2", "o-1|1|2|WH-1||1|1|0|0|active|most_stock|WH-1=4",
        ])
    }
  }

  @Test("who writes to the view hears what to do, by a code that pauses a worker and buries nobody")
  func refused() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 1)]))
      for change in ["update reservations set consumed = 1", "delete from reservations"] {
        let error = await #expect(throws: PostgresError.self) { try await scene.house.script(change) }
        #expect(error?.sqlState.code == "42809", "\(String(describing: error))")
      }
    }
  }
}
