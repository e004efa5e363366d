/// Object identifiers of built-in types, fixed in PostgreSQL's `pg_type.dat`.
@usableFromInline
enum TypeID {
  @usableFromInline static let bool: UInt32 = 16
  @usableFromInline static let bytea: UInt32 = 17
  @usableFromInline static let int8: UInt32 = 20
  @usableFromInline static let int2: UInt32 = 21
  @usableFromInline static let int4: UInt32 = 23
  @usableFromInline static let text: UInt32 = 25
  @usableFromInline static let tid: UInt32 = 27
  @usableFromInline static let date: UInt32 = 1082
  @usableFromInline static let timestamptz: UInt32 = 1184
  @usableFromInline static let jsonb: UInt32 = 3802

  @usableFromInline static let boolArray: UInt32 = 1000
  @usableFromInline static let byteaArray: UInt32 = 1001
  @usableFromInline static let int2Array: UInt32 = 1005
  @usableFromInline static let int4Array: UInt32 = 1007
  @usableFromInline static let textArray: UInt32 = 1009
  @usableFromInline static let tidArray: UInt32 = 1010
  @usableFromInline static let int8Array: UInt32 = 1016
  @usableFromInline static let dateArray: UInt32 = 1182
  @usableFromInline static let timestamptzArray: UInt32 = 1185

  static func isArray(_ type: UInt32) -> Bool {
    switch type {
    case boolArray, byteaArray, int2Array, int4Array, textArray, tidArray, int8Array, dateArray, timestamptzArray: true
    default: false
    }
  }
}

/// Between the Unix epoch (1970) and PostgreSQL's (2000). Values beyond either range are clamped to PostgreSQL's
/// infinities: no timestamp that arrives from outside can trap here.
@usableFromInline
enum Epoch {
  private static let micros: Int64 = 946_684_800_000_000
  private static let days: Int32 = 10_957

  @usableFromInline
  static func micros(to unix: Int64) -> Int64 {
    let (value, overflow) = unix.subtractingReportingOverflow(micros)
    return overflow ? .min : value
  }
  static func micros(from stored: Int64) -> Int64 {
    if stored == .min { return .min }
    let (value, overflow) = stored.addingReportingOverflow(micros)
    return overflow ? .max : value
  }
  @usableFromInline
  static func days(to unix: Int32) -> Int32 {
    let (value, overflow) = unix.subtractingReportingOverflow(days)
    return overflow ? .min : value
  }
  static func days(from stored: Int32) -> Int32 {
    if stored == .min { return .min }
    let (value, overflow) = stored.addingReportingOverflow(days)
    return overflow ? .max : value
  }
}
