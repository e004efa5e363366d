/// Arrays: one parameter per column of a batch.
///
/// Each takes a list of values, or the rows with the function that reads the column's value from one of them.
extension Parameter {
  /// `text[]`.
  public static func texts(_ values: [String]) -> Parameter { texts(values) { $0 } }
  /// `text[]` with NULLs.
  public static func texts(_ values: [String?]) -> Parameter { texts(optional: values) { $0 } }
  /// `text[]`: the values that `value` reads from the rows.
  @inlinable
  public static func texts<Row>(_ rows: [Row], _ value: (Row) -> String) -> Parameter {
    ArrayEncoder.strings(rows, value)
  }
  /// `text[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func texts<Row>(optional rows: [Row], _ value: (Row) -> String?) -> Parameter {
    ArrayEncoder.strings(rows, value)
  }
  /// `bigint[]`.
  public static func ints(_ values: [Int64]) -> Parameter { ints(values) { $0 } }
  /// `bigint[]` with NULLs.
  public static func ints(_ values: [Int64?]) -> Parameter { ints(optional: values) { $0 } }
  /// `bigint[]`: the values that `value` reads from the rows.
  @inlinable
  public static func ints<Row>(_ rows: [Row], _ value: (Row) -> Int64) -> Parameter {
    ArrayEncoder.int8.encode(rows, value)
  }
  /// `bigint[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func ints<Row>(optional rows: [Row], _ value: (Row) -> Int64?) -> Parameter {
    ArrayEncoder.int8.encode(rows, optional: value)
  }
  /// `integer[]`.
  public static func int4s(_ values: [Int32]) -> Parameter { int4s(values) { $0 } }
  /// `integer[]` with NULLs.
  public static func int4s(_ values: [Int32?]) -> Parameter { int4s(optional: values) { $0 } }
  /// `integer[]`: the values that `value` reads from the rows.
  @inlinable
  public static func int4s<Row>(_ rows: [Row], _ value: (Row) -> Int32) -> Parameter {
    ArrayEncoder.int4.encode(rows, value)
  }
  /// `integer[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func int4s<Row>(optional rows: [Row], _ value: (Row) -> Int32?) -> Parameter {
    ArrayEncoder.int4.encode(rows, optional: value)
  }
  /// `smallint[]`.
  public static func int2s(_ values: [Int16]) -> Parameter { int2s(values) { $0 } }
  /// `smallint[]` with NULLs.
  public static func int2s(_ values: [Int16?]) -> Parameter { int2s(optional: values) { $0 } }
  /// `smallint[]`: the values that `value` reads from the rows.
  @inlinable
  public static func int2s<Row>(_ rows: [Row], _ value: (Row) -> Int16) -> Parameter {
    ArrayEncoder.int2.encode(rows, value)
  }
  /// `smallint[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func int2s<Row>(optional rows: [Row], _ value: (Row) -> Int16?) -> Parameter {
    ArrayEncoder.int2.encode(rows, optional: value)
  }
  /// `boolean[]`.
  public static func bools(_ values: [Bool]) -> Parameter { bools(values) { $0 } }
  /// `boolean[]` with NULLs.
  public static func bools(_ values: [Bool?]) -> Parameter { bools(optional: values) { $0 } }
  /// `boolean[]`: the values that `value` reads from the rows.
  @inlinable
  public static func bools<Row>(_ rows: [Row], _ value: (Row) -> Bool) -> Parameter {
    ArrayEncoder.bool.encode(rows) { value($0) ? 1 : 0 }
  }
  /// `boolean[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func bools<Row>(optional rows: [Row], _ value: (Row) -> Bool?) -> Parameter {
    ArrayEncoder.bool.encode(rows, optional: { value($0).map { $0 ? 1 : 0 } })
  }
  /// `bytea[]`.
  public static func byteas(_ values: [[UInt8]]) -> Parameter { byteas(values) { $0 } }
  /// `bytea[]` with NULLs.
  public static func byteas(_ values: [[UInt8]?]) -> Parameter { byteas(optional: values) { $0 } }
  /// `bytea[]`: the values that `value` reads from the rows.
  @inlinable
  public static func byteas<Row>(_ rows: [Row], _ value: (Row) -> [UInt8]) -> Parameter {
    ArrayEncoder.bytes(rows, value)
  }
  /// `bytea[]` with NULLs: the values that `value` reads from the rows.
  @inlinable
  public static func byteas<Row>(optional rows: [Row], _ value: (Row) -> [UInt8]?) -> Parameter {
    ArrayEncoder.bytes(rows, value)
  }
  /// `timestamptz[]`, in microseconds since the Unix epoch.
  public static func timestamps(_ values: [Int64]) -> Parameter { timestamps(values) { $0 } }
  /// `timestamptz[]` with NULLs, in microseconds since the Unix epoch.
  public static func timestamps(_ values: [Int64?]) -> Parameter { timestamps(optional: values) { $0 } }
  /// `timestamptz[]`, in microseconds since the Unix epoch: the values that `value` reads from the rows.
  @inlinable
  public static func timestamps<Row>(_ rows: [Row], _ value: (Row) -> Int64) -> Parameter {
    ArrayEncoder.timestamptz.encode(rows) { Epoch.micros(to: value($0)) }
  }
  /// `timestamptz[]` with NULLs, in microseconds since the Unix epoch: the values that `value` reads from the rows.
  @inlinable
  public static func timestamps<Row>(optional rows: [Row], _ value: (Row) -> Int64?) -> Parameter {
    ArrayEncoder.timestamptz.encode(rows, optional: { value($0).map { Epoch.micros(to: $0) } })
  }
  /// `date[]`, in days since the Unix epoch.
  public static func dates(_ values: [Int32]) -> Parameter { dates(values) { $0 } }
  /// `date[]` with NULLs, in days since the Unix epoch.
  public static func dates(_ values: [Int32?]) -> Parameter { dates(optional: values) { $0 } }
  /// `date[]`, in days since the Unix epoch: the values that `value` reads from the rows.
  @inlinable
  public static func dates<Row>(_ rows: [Row], _ value: (Row) -> Int32) -> Parameter {
    ArrayEncoder.date.encode(rows) { Epoch.days(to: value($0)) }
  }
  /// `date[]` with NULLs, in days since the Unix epoch: the values that `value` reads from the rows.
  @inlinable
  public static func dates<Row>(optional rows: [Row], _ value: (Row) -> Int32?) -> Parameter {
    ArrayEncoder.date.encode(rows, optional: { value($0).map { Epoch.days(to: $0) } })
  }
  /// `tid[]`.
  public static func tids(_ values: [TID]) -> Parameter { tids(values) { $0 } }
  /// `tid[]`: the values that `value` reads from the rows.
  @inlinable
  public static func tids<Row>(_ rows: [Row], _ value: (Row) -> TID) -> Parameter {
    ArrayEncoder.rowPlaces(rows, value)
  }
}
