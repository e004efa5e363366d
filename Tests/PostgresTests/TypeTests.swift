import TestServers
import Testing

@testable import Postgres

@Suite struct TypeTests {
  @Test func singleValuesComeBackAsTheyWent() async throws {
    try await connected { connection in
      let statement = Statement(name: "values", sql: "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9")
      for (int, text) in [(Int64.min, ""), (.max, "Grüße, 世界 🧮"), (-1, "a\u{0001}b")] {
        let rows = try connection.query(
          statement,
          [
            .int(int), .int4(Int32(truncatingIfNeeded: int)), .int2(Int16(truncatingIfNeeded: int)), .bool(int < 0),
            .text(text), .bytea([0, 255, 7]), .timestamp(1_795_255_800_123_456), .date(20_778),
            .tid(TID(block: 4_000_000_000, offset: 65_000)),
          ])
        #expect(rows.count == 1 && rows.columns == 9)
        #expect(rows.int(0, 0) == int)
        #expect(rows.int4(0, 1) == Int32(truncatingIfNeeded: int))
        #expect(rows.int2(0, 2) == Int16(truncatingIfNeeded: int))
        #expect(rows.bool(0, 3) == (int < 0))
        #expect(rows.text(0, 4) == text)
        #expect(rows.bytes(0, 5) == [0, 255, 7])
        #expect(rows.timestamp(0, 6) == 1_795_255_800_123_456)
        #expect(rows.date(0, 7) == 20_778)
        #expect(rows.tid(0, 8) == TID(block: 4_000_000_000, offset: 65_000))
      }
    }
  }

  @Test func asManyParametersAsAStatementHasComeBack() async throws {
    try await connected { connection in
      for count in [3, 32, 33, 200, 5] {
        let list = (1...count).map { $0.isMultiple(of: 2) ? "$\($0)::int8" : "$\($0)::text" }
        let rows = try connection.query(
          Statement(name: "many_\(count)", sql: "SELECT \(list.joined(separator: ", "))"),
          (1...count).map { $0.isMultiple(of: 2) ? .int(Int64($0)) : .text($0 == 3 ? nil : "\($0)") })
        for number in 1...count {
          if number.isMultiple(of: 2) {
            #expect(rows.int(0, number - 1) == Int64(number))
          } else {
            #expect(rows.optionalText(0, number - 1) == (number == 3 ? nil : "\(number)"))
          }
        }
      }
    }
  }

  @Test func integersInOneTextComeBackOneByOne() async throws {
    try await connected { connection in
      let known: [Int64] = [.min, -1, 0, 7, 1_000_000, .max]
      let rows = try connection.query(
        Statement(name: "numbers", sql: "SELECT concat_ws(' ', $1, $2, $3, $4, $5, $6)"), known.map { .int($0) })
      let read = rows.numbers(0, 0) { numbers in known.map { _ in numbers.next() } }
      #expect(read == known)
    }
  }

  @Test func nullsComeBackAsNil() async throws {
    try await connected { connection in
      let rows = try connection.query(
        Statement(name: "nulls", sql: "SELECT $1, $2, $3, $4, $5, $6, $7, $8"),
        [
          .int(nil), .int4(nil), .int2(nil), .bool(nil), .text(nil), .bytea(nil), .timestamp(nil), .date(nil),
        ])
      for column in 0..<8 { #expect(rows.isNull(0, column)) }
      #expect(rows.optionalInt(0, 0) == nil && rows.optionalInt4(0, 1) == nil && rows.optionalInt2(0, 2) == nil)
      #expect(rows.optionalBool(0, 3) == nil && rows.optionalText(0, 4) == nil && rows.optionalBytes(0, 5) == nil)
      #expect(rows.optionalTimestamp(0, 6) == nil && rows.optionalDate(0, 7) == nil)
    }
  }

  @Test func timesMeanTheSameToTheServer() async throws {
    try await connected { connection in
      let rows = try connection.query(
        Statement(
          name: "times",
          sql: """
            SELECT $1::text, $2::text, timestamptz '1970-01-01 00:00:01.000002+00', date '1969-12-31',
              timestamptz 'infinity', timestamptz '-infinity', date 'infinity'
            """),
        [.timestamp(1_795_255_800_000_001), .date(-1)])
      #expect(rows.text(0, 0) == "2026-11-21 10:10:00.000001+00")
      #expect(rows.text(0, 1) == "1969-12-31")
      #expect(rows.timestamp(0, 2) == 1_000_002)
      #expect(rows.date(0, 3) == -1)
      #expect(rows.timestamp(0, 4) == .max && rows.timestamp(0, 5) == .min && rows.date(0, 6) == .max)
    }
  }

  @Test func timesBeyondTheServersRangeDoNotTrap() async throws {
    try await connected { connection in
      let rows = try connection.query(
        Statement(name: "extremes", sql: "SELECT $1::text, $2::text"), [.timestamp(.min), .date(.min)])
      #expect(rows.text(0, 0) == "-infinity" && rows.text(0, 1) == "-infinity")
    }
  }

  @Test(arguments: [
    (Parameter.texts(["a", "ü,\"}", ""]), "text[]", #"{a,"ü,\"}",""}"#),
    (.texts(["a", nil]), "text[]", "{a,NULL}"), (.texts([]), "text[]", "{}"),
    (.ints([1, .min]), "bigint[]", "{1,-9223372036854775808}"), (.ints([nil, 2]), "bigint[]", "{NULL,2}"),
    (.int4s([1, -2]), "integer[]", "{1,-2}"), (.int4s([3, nil]), "integer[]", "{3,NULL}"),
    (.int2s([1, -2]), "smallint[]", "{1,-2}"), (.int2s([nil]), "smallint[]", "{NULL}"),
    (.bools([true, false]), "boolean[]", "{t,f}"), (.bools([nil, true]), "boolean[]", "{NULL,t}"),
    (.byteas([[0, 255], []]), "bytea[]", #"{"\\x00ff","\\x"}"#), (.byteas([nil, [1]]), "bytea[]", #"{NULL,"\\x01"}"#),
    (.timestamps([0]), "timestamptz[]", #"{"1970-01-01 00:00:00+00"}"#),
    (.timestamps([nil, 1_000_000]), "timestamptz[]", #"{NULL,"1970-01-01 00:00:01+00"}"#),
    (.dates([0, 20_778]), "date[]", "{1970-01-01,2026-11-21}"), (.dates([nil]), "date[]", "{NULL}"),
    (.tids([TID(block: 1, offset: 2)]), "tid[]", #"{"(1,2)"}"#), (.ints([]), "bigint[]", "{}"),
    (.byteas([]), "bytea[]", "{}"), (.tids([]), "tid[]", "{}"),
  ])
  func arraysMeanTheSameToTheServer(parameter: Parameter, type: String, expected: String) async throws {
    try await connected { connection in
      let rows = try connection.query(.once("SELECT $1::text, pg_typeof($1)::text"), [parameter])
      #expect(rows.text(0, 0) == expected)
      #expect(rows.text(0, 1) == (type == "timestamptz[]" ? "timestamp with time zone[]" : type))
    }
  }

  @Test func jsonIsReadAsText() async throws {
    try await connected { connection in
      let rows = try connection.query(.once("SELECT $1::jsonb, $1::json, 'x'::name"), [.text(#"{"a": 1}"#)])
      #expect(rows.text(0, 0) == #"{"a": 1}"# && rows.text(0, 1) == #"{"a": 1}"# && rows.text(0, 2) == "x")
    }
  }

  @Test func readingAnotherTypeStopsTheProgram() async throws {
    let conninfo = try freshSchema().conninfo
    await #expect(processExitsWith: .failure) { [conninfo = conninfo as String] in
      // An error would end the process with success: only the trap counts.
      _ = try? await onLane { try Connection(testOptions(conninfo)).query(.once("SELECT 1::int4")).int(0, 0) }
    }
  }
}
