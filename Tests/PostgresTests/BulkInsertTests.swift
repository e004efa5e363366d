import Testing

@testable import Postgres

@Suite struct BulkInsertTests {
  private struct Item {
    var id: Int64
    var name: String?
    var count: Int32?
    var isOpen: Bool?
    var time: Int64?
    var day: Int32?
    var level: Int16?
    var size: Int64?
  }

  private static let insert = BulkInsert(
    "items_insert", into: "items",
    [
      .each("id", "int8"), .alike("name", "text"), .literal("state", "'new'"), .alike("count", "int4"),
      .alike("is_open", "bool"), .alike("time", "timestamptz"), .once("by", "text"),
      .alike("day", "date"), .alike("level", "int2"), .alike("size", "int8"), .each("same_id", "int8"),
    ])

  private static func parameters(_ items: [Item]) -> [Parameter] {
    [
      .ints(items) { $0.id }, .texts(alike: items) { $0.name }, .int4s(alike: items) { $0.count },
      .bools(alike: items) { $0.isOpen }, .timestamps(alike: items) { $0.time }, .text("me"),
      .dates(alike: items) { $0.day }, .int2s(alike: items) { $0.level }, .ints(alike: items) { $0.size },
      .ints(items) { $0.id },
    ]
  }

  /// Changes one item in the columns of a set; to NULL or to another value.
  private static func changed(_ item: Item, in columns: Int, toNull: Bool) -> Item {
    var new = item
    if columns & 1 != 0 { new.name = toNull ? nil : "another" }
    if columns & 2 != 0 { new.count = toNull ? nil : 8 }
    if columns & 4 != 0 { new.isOpen = toNull ? nil : false }
    if columns & 8 != 0 { new.time = toNull ? nil : 1_795_255_800_123_457 }
    if columns & 16 != 0 { new.day = toNull ? nil : 20_779 }
    if columns & 32 != 0 { new.level = toNull ? nil : 3 }
    if columns & 64 != 0 { new.size = toNull ? nil : -1 }
    return new
  }

  private static let whole = Item(
    id: 0, name: "Grüße", count: 7, isOpen: true, time: 1_795_255_800_123_456, day: 20_778, level: 2, size: .max)
  private static let empty = Item(id: 0)

  /// Sends items and compares what the table has then. Returns the statement's name.
  private static func check(_ items: [Item], on connection: Connection) throws -> String {
    let parameters = parameters(items)
    _ = try connection.query(.once("TRUNCATE items"))
    var writes = WriteSet(on: connection)
    try writes.send(insert, parameters)
    try writes.finish()
    try connection.sync()
    try connection.receiveSync()
    let rows = try connection.query(
      Statement(
        name: "items",
        sql: "SELECT id, same_id, name, count, is_open, time, by, day, level, size, state FROM items ORDER BY id"))
    try #require(rows.count == items.count)
    for (row, item) in items.enumerated() {
      #expect(rows.int(row, 0) == item.id && rows.int(row, 1) == item.id)
      #expect(rows.optionalText(row, 2) == item.name && rows.optionalInt4(row, 3) == item.count)
      #expect(rows.optionalBool(row, 4) == item.isOpen && rows.optionalTimestamp(row, 5) == item.time)
      #expect(rows.text(row, 6) == "me" && rows.optionalDate(row, 7) == item.day)
      #expect(rows.optionalInt2(row, 8) == item.level && rows.optionalInt(row, 9) == item.size)
      #expect(rows.text(row, 10) == "new")
    }
    return insert.statement(for: parameters).name
  }

  private static func makeTable(on connection: Connection) throws {
    _ = try connection.query(
      .once(
        """
        CREATE TABLE items (id int8, same_id int8, name text, count int4, is_open bool, time timestamptz, by text,
          day date, level int2, size int8, state text)
        """))
  }

  @Test func everySetOfDifferingColumnsInsertsTheRowsAsTheyAre() async throws {
    try await connected { connection in
      try BulkInsertTests.makeTable(on: connection)
      for toNull in [false, true] {
        var names: Set<String> = []
        for columns in 0..<128 {
          // The last of three is the odd one, and what it has instead is NULL, or NULL is what the others have.
          let usual = toNull || columns % 3 > 0 ? BulkInsertTests.whole : BulkInsertTests.empty
          var items = [Item](repeating: usual, count: 3)
          items[2] = BulkInsertTests.changed(usual, in: columns, toNull: toNull)
          for index in items.indices { items[index].id = Int64(index) }
          names.insert(try BulkInsertTests.check(items, on: connection))
        }
        #expect(names.count == 128)
        #expect(names.allSatisfy { $0.utf8.count < 64 })
      }
    }
  }

  @Test func namesSayInWhichParametersRowsDiffer() async throws {
    try await connected { connection in
      try BulkInsertTests.makeTable(on: connection)
      let items = [BulkInsertTests.whole, BulkInsertTests.changed(BulkInsertTests.whole, in: 1 + 64, toNull: false)]
      #expect(try BulkInsertTests.check([BulkInsertTests.whole], on: connection) == "items_insert")
      #expect(try BulkInsertTests.check([items[0], items[0]], on: connection) == "items_insert")
      #expect(BulkInsertTests.insert.statement(for: BulkInsertTests.parameters(items)).name == "items_insert_2_9")
    }
  }

  @Test func textsThatOnlyLookAlikeAreKeptApart() async throws {
    try await connected { connection in
      let composed = "\u{E9}"
      let decomposed = "e\u{301}"
      #expect(composed == decomposed)
      // Equal to each other for Swift, and as long as each other.
      let (one, other) = ("a\u{323}\u{307}", "a\u{307}\u{323}")
      #expect(one == other && one.utf8.count == other.utf8.count)
      let insert = BulkInsert("texts_insert", into: "texts", [.each("id", "int8"), .alike("text", "text")])
      _ = try connection.query(.once("CREATE TABLE texts (id int8, text text)"))
      for texts in [[composed, decomposed], [one, other], ["", ""], ["a", ""]] {
        _ = try connection.query(.once("TRUNCATE texts"))
        let parameters: [Parameter] = [.ints([1, 2]), .texts(alike: texts) { $0 }]
        _ = try connection.query(insert.statement(for: parameters), parameters)
        let rows = try connection.query(Statement(name: "texts", sql: "SELECT text FROM texts ORDER BY id"))
        #expect([Array(rows.text(0, 0).utf8), Array(rows.text(1, 0).utf8)] == texts.map { Array($0.utf8) })
      }
    }
  }

  @Test func aTextIsMadeOnceWhereItsSourceIsTheSame() {
    var made = 0
    let text: (Int) -> String = { number in
      made += 1
      return "\(number)"
    }
    let same = Parameter.texts(alike: [7, 7, 7], in: { $0 }, text)
    #expect(same.type == TypeID.text && made == 1)
    #expect(Parameter.texts(alike: [7, 7, 8], in: { $0 }, text).type == TypeID.textArray)
    #expect(Parameter.texts(alike: [Int](), in: { $0 }, text).type == TypeID.textArray)
  }

  @Test func noRowsAreArrays() {
    let parameters = BulkInsertTests.parameters([])
    #expect(BulkInsertTests.insert.statement(for: parameters).name == "items_insert_2_3_4_5_7_8_9")
  }
}
