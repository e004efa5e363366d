import CPostgres

/// The rows that a statement returned, in binary format.
///
/// Owns libpq's `PGresult`, which is freed with it and does not need the connection any more. A row or column that does
/// not exist, a NULL read as a value, or a value read as another type is a programming error and stops the program:
/// all of them depend on the statement's text and never on data. Columns that may be NULL are read by the `optional…`
/// accessors.
public final class Rows {
  private let result: OpaquePointer
  /// Number of rows returned.
  public let count: Int
  /// Number of columns of each row.
  public let columns: Int
  /// The columns' types, asked once and not per value.
  private let types: [UInt32]

  /// Takes over the ownership of a result.
  init(owning result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
    columns = Int(PQnfields(result))
    types = (0..<columns).map { PQftype(result, Int32(truncatingIfNeeded: $0)) }
  }

  // PQclear: "frees the storage associated with a PGresult"; it is valid after PQfinish as well.
  deinit { PQclear(result) }

  /// Number of rows inserted, updated, deleted or selected; 0 for commands that have no such number.
  public var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

  /// What the server says that it did: `INSERT 0 1`, `COMMIT`.
  public var commandTag: String { String(cString: PQcmdStatus(result)) }

  // MARK: Values

  /// Whether the value is NULL.
  public func isNull(_ row: Int, _ column: Int) -> Bool {
    check(row, column)
    return PQgetisnull(result, Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column)) == 1
  }

  /// A `bigint`.
  public func int(_ row: Int, _ column: Int) -> Int64 { integer(row, column, TypeID.int8) }
  /// An `integer`.
  public func int4(_ row: Int, _ column: Int) -> Int32 { integer(row, column, TypeID.int4) }
  /// A `smallint`.
  public func int2(_ row: Int, _ column: Int) -> Int16 { integer(row, column, TypeID.int2) }
  /// A `boolean`.
  public func bool(_ row: Int, _ column: Int) -> Bool { integer(row, column, TypeID.bool) as UInt8 != 0 }
  /// A `timestamptz` in microseconds since the Unix epoch; infinities are the ends of Int64.
  public func timestamp(_ row: Int, _ column: Int) -> Int64 {
    Epoch.micros(from: integer(row, column, TypeID.timestamptz))
  }
  /// A `date` in days since the Unix epoch; infinities are the ends of Int32.
  public func date(_ row: Int, _ column: Int) -> Int32 { Epoch.days(from: integer(row, column, TypeID.date)) }

  /// A `tid`.
  public func tid(_ row: Int, _ column: Int) -> TID {
    let value = value(row, column)
    precondition(value.count == 6 && type(of: column) == TypeID.tid, "column \(column) is not a tid")
    return TID(
      block: UInt32(bigEndian: value.loadUnaligned(as: UInt32.self)),
      offset: UInt16(bigEndian: value.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
  }

  /// A value of any type whose binary format is its text: `text`, `varchar`, `name`, `json`, enumerations; also
  /// `jsonb`. Cast others in the statement (`amount::text`).
  public func text(_ row: Int, _ column: Int) -> String {
    let value = value(row, column)
    if value.isEmpty { return "" }
    // jsonb is its text behind one byte of format version.
    let content = type(of: column) == TypeID.jsonb ? UnsafeRawBufferPointer(rebasing: value.dropFirst()) : value
    return String(decoding: content, as: UTF8.self)
  }

  /// A `bytea`, or the binary format of any other type.
  public func bytes(_ row: Int, _ column: Int) -> [UInt8] { [UInt8](value(row, column)) }

  /// How many bytes a value has, 0 for NULL.
  public func size(_ row: Int, _ column: Int) -> Int {
    check(row, column)
    return Int(PQgetlength(result, Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column)))
  }

  /// The integers of a text, as a statement makes one of several columns with `concat_ws(' ', …)`: the server writes
  /// one value in place of many, and digits cost it less than elements of an array.
  ///
  /// - Parameter read: Gets the reader of the integers, which must not be kept.
  public func numbers<Result>(_ row: Int, _ column: Int, _ read: (inout NumberReader) -> Result) -> Result {
    precondition(type(of: column) == TypeID.text, "column \(column) is no text")
    var reader = NumberReader(value(row, column))
    let result = read(&reader)
    precondition(reader.isAtEnd, "column \(column) has more integers than are read")
    return result
  }

  // MARK: Values that may be NULL

  /// A `bigint` or nil for NULL.
  public func optionalInt(_ row: Int, _ column: Int) -> Int64? { isNull(row, column) ? nil : int(row, column) }
  /// An `integer` or nil for NULL.
  public func optionalInt4(_ row: Int, _ column: Int) -> Int32? { isNull(row, column) ? nil : int4(row, column) }
  /// A `smallint` or nil for NULL.
  public func optionalInt2(_ row: Int, _ column: Int) -> Int16? { isNull(row, column) ? nil : int2(row, column) }
  /// A `boolean` or nil for NULL.
  public func optionalBool(_ row: Int, _ column: Int) -> Bool? { isNull(row, column) ? nil : bool(row, column) }
  /// A `timestamptz` or nil for NULL; see ``timestamp(_:_:)``.
  public func optionalTimestamp(_ row: Int, _ column: Int) -> Int64? {
    isNull(row, column) ? nil : timestamp(row, column)
  }
  /// A `date` or nil for NULL; see ``date(_:_:)``.
  public func optionalDate(_ row: Int, _ column: Int) -> Int32? { isNull(row, column) ? nil : date(row, column) }
  /// A text or nil for NULL; see ``text(_:_:)``.
  public func optionalText(_ row: Int, _ column: Int) -> String? { isNull(row, column) ? nil : text(row, column) }
  /// Bytes or nil for NULL; see ``bytes(_:_:)``.
  public func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? { isNull(row, column) ? nil : bytes(row, column) }

  // MARK: Access to libpq

  private func check(_ row: Int, _ column: Int) {
    precondition(row >= 0 && row < count, "row \(row) of \(count)")
    precondition(column >= 0 && column < columns, "column \(column) of \(columns)")
  }

  private func type(of column: Int) -> UInt32 { types[column] }

  /// The value's bytes, which live as long as this object and are only read within an accessor.
  private func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
    check(row, column)
    let (r, c) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
    let length = PQgetlength(result, r, c)
    // libpq gives NULL the length 0: only then there is more to ask.
    precondition(length > 0 || PQgetisnull(result, r, c) == 0, "column \(column) of row \(row) is NULL")
    return UnsafeRawBufferPointer(start: PQgetvalue(result, r, c), count: Int(length))
  }

  @inline(__always)
  private func integer<Value: FixedWidthInteger>(_ row: Int, _ column: Int, _ expected: UInt32) -> Value {
    let value = value(row, column)
    precondition(
      value.count == MemoryLayout<Value>.size && type(of: column) == expected,
      "column \(column) has type \(type(of: column)), not \(expected)")
    return Value(bigEndian: value.loadUnaligned(as: Value.self))
  }
}
