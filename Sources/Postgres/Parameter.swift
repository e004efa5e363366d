/// A value for a statement's `$n`, in PostgreSQL's binary format together with its type.
///
/// Optional values become NULL of the same type. An array is one parameter however many elements it has, so that a
/// batch of thousands of rows is one statement with one parameter per column.
public struct Parameter: Sendable {
  /// The type's object identifier, fixed for built-in types.
  let type: UInt32
  /// The value, or nil for NULL.
  let bytes: [UInt8]?

  // MARK: One value

  /// `text`. U+0000 is refused by the server (22021).
  public static func text(_ value: String?) -> Parameter {
    Parameter(type: TypeID.text, bytes: value.map { Array($0.utf8) })
  }
  /// `bigint`.
  public static func int(_ value: Int64?) -> Parameter { fixed(TypeID.int8, value) }
  /// `integer`.
  public static func int4(_ value: Int32?) -> Parameter { fixed(TypeID.int4, value) }
  /// `smallint`.
  public static func int2(_ value: Int16?) -> Parameter { fixed(TypeID.int2, value) }
  /// `boolean`.
  public static func bool(_ value: Bool?) -> Parameter { fixed(TypeID.bool, value.map { $0 ? 1 as UInt8 : 0 }) }
  /// `bytea`.
  public static func bytea(_ value: [UInt8]?) -> Parameter { Parameter(type: TypeID.bytea, bytes: value) }
  /// `timestamptz`, given in microseconds since the Unix epoch.
  public static func timestamp(_ value: Int64?) -> Parameter { fixed(TypeID.timestamptz, value.map(Epoch.micros(to:))) }
  /// `date`, given in days since the Unix epoch.
  public static func date(_ value: Int32?) -> Parameter { fixed(TypeID.date, value.map(Epoch.days(to:))) }
  /// `tid`.
  public static func tid(_ value: TID) -> Parameter {
    var bytes: [UInt8] = []
    bytes.appendTID(value)
    return Parameter(type: TypeID.tid, bytes: bytes)
  }

  // MARK: Arrays

  /// `text[]`.
  public static func texts(_ values: [String]) -> Parameter { ArrayEncoder.strings(values) }
  /// `text[]` with NULLs.
  public static func texts(_ values: [String?]) -> Parameter { ArrayEncoder.strings(values) }
  /// `bigint[]`.
  public static func ints(_ values: [Int64]) -> Parameter { ArrayEncoder.int8.encode(values) }
  /// `bigint[]` with NULLs.
  public static func ints(_ values: [Int64?]) -> Parameter { ArrayEncoder.int8.encode(values) }
  /// `integer[]`.
  public static func int4s(_ values: [Int32]) -> Parameter { ArrayEncoder.int4.encode(values) }
  /// `integer[]` with NULLs.
  public static func int4s(_ values: [Int32?]) -> Parameter { ArrayEncoder.int4.encode(values) }
  /// `smallint[]`.
  public static func int2s(_ values: [Int16]) -> Parameter { ArrayEncoder.int2.encode(values) }
  /// `smallint[]` with NULLs.
  public static func int2s(_ values: [Int16?]) -> Parameter { ArrayEncoder.int2.encode(values) }
  /// `boolean[]`.
  public static func bools(_ values: [Bool]) -> Parameter { ArrayEncoder.bool.encode(values) { $0 ? 1 : 0 } }
  /// `boolean[]` with NULLs.
  public static func bools(_ values: [Bool?]) -> Parameter { ArrayEncoder.bool.encode(values) { $0 ? 1 : 0 } }
  /// `bytea[]`.
  public static func byteas(_ values: [[UInt8]]) -> Parameter { ArrayEncoder.bytes(values) }
  /// `bytea[]` with NULLs.
  public static func byteas(_ values: [[UInt8]?]) -> Parameter { ArrayEncoder.bytes(values) }
  /// `timestamptz[]`, given in microseconds since the Unix epoch.
  public static func timestamps(_ values: [Int64]) -> Parameter {
    ArrayEncoder.timestamptz.encode(values) { Epoch.micros(to: $0) }
  }
  /// `timestamptz[]` with NULLs, given in microseconds since the Unix epoch.
  public static func timestamps(_ values: [Int64?]) -> Parameter {
    ArrayEncoder.timestamptz.encode(values) { Epoch.micros(to: $0) }
  }
  /// `date[]`, given in days since the Unix epoch.
  public static func dates(_ values: [Int32]) -> Parameter { ArrayEncoder.date.encode(values) { Epoch.days(to: $0) } }
  /// `date[]` with NULLs, given in days since the Unix epoch.
  public static func dates(_ values: [Int32?]) -> Parameter { ArrayEncoder.date.encode(values) { Epoch.days(to: $0) } }
  /// `tid[]`.
  public static func tids(_ values: [TID]) -> Parameter { ArrayEncoder.rowPlaces(values) }

  private static func fixed<Value: FixedWidthInteger>(_ type: UInt32, _ value: Value?) -> Parameter {
    guard let value else { return Parameter(type: type, bytes: nil) }
    var bytes: [UInt8] = []
    bytes.appendBigEndian(value)
    return Parameter(type: type, bytes: bytes)
  }
}
