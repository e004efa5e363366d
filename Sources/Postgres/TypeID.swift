/// Object identifiers of built-in types, fixed in PostgreSQL's `pg_type.dat`.
enum TypeID {
  static let bool: UInt32 = 16
  static let bytea: UInt32 = 17
  static let int8: UInt32 = 20
  static let int2: UInt32 = 21
  static let int4: UInt32 = 23
  static let text: UInt32 = 25
  static let tid: UInt32 = 27
  static let date: UInt32 = 1082
  static let timestamptz: UInt32 = 1184
  static let jsonb: UInt32 = 3802

  static let boolArray: UInt32 = 1000
  static let byteaArray: UInt32 = 1001
  static let int2Array: UInt32 = 1005
  static let int4Array: UInt32 = 1007
  static let textArray: UInt32 = 1009
  static let tidArray: UInt32 = 1010
  static let int8Array: UInt32 = 1016
  static let dateArray: UInt32 = 1182
  static let timestamptzArray: UInt32 = 1185
}

/// Between the Unix epoch (1970) and PostgreSQL's (2000). Values beyond either range are clamped to PostgreSQL's
/// infinities: no timestamp that arrives from outside can trap here.
enum Epoch {
  private static let micros: Int64 = 946_684_800_000_000
  private static let days: Int32 = 10_957

  static func micros(to unix: Int64) -> Int64 {
    let (value, overflow) = unix.subtractingReportingOverflow(micros)
    return overflow ? .min : value
  }
  static func micros(from stored: Int64) -> Int64 {
    if stored == .min { return .min }
    let (value, overflow) = stored.addingReportingOverflow(micros)
    return overflow ? .max : value
  }
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
