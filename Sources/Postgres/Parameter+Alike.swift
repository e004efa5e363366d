#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Columns of a ``BulkInsert`` that are `alike`: one value if all rows have the same, an array otherwise.
///
/// The rows are compared with the first one, up to the first that differs.
extension Parameter {
  /// `text`, or `text[]`. The same is what has the same bytes.
  @inlinable
  public static func texts<Row>(alike rows: [Row], _ value: (Row) -> String?) -> Parameter {
    guard let first = rows.first.map(value) else { return .texts([]) }
    for index in rows.indices.dropFirst() where !hasSameBytes(value(rows[index]), first) {
      return ArrayEncoder.strings(rows, value)
    }
    return .text(first)
  }
  /// `bigint`, or `bigint[]`.
  @inlinable
  public static func ints<Row>(alike rows: [Row], _ value: (Row) -> Int64?) -> Parameter {
    ArrayEncoder.int8.encode(rows, alike: value)
  }
  /// `integer`, or `integer[]`.
  @inlinable
  public static func int4s<Row>(alike rows: [Row], _ value: (Row) -> Int32?) -> Parameter {
    ArrayEncoder.int4.encode(rows, alike: value)
  }
  /// `smallint`, or `smallint[]`.
  @inlinable
  public static func int2s<Row>(alike rows: [Row], _ value: (Row) -> Int16?) -> Parameter {
    ArrayEncoder.int2.encode(rows, alike: value)
  }
  /// `boolean`, or `boolean[]`.
  @inlinable
  public static func bools<Row>(alike rows: [Row], _ value: (Row) -> Bool?) -> Parameter {
    ArrayEncoder.bool.encode(rows, alike: { value($0).map { $0 ? 1 : 0 } })
  }
  /// `timestamptz`, or `timestamptz[]`, in microseconds since the Unix epoch.
  @inlinable
  public static func timestamps<Row>(alike rows: [Row], _ value: (Row) -> Int64?) -> Parameter {
    ArrayEncoder.timestamptz.encode(rows, alike: { value($0).map { Epoch.micros(to: $0) } })
  }
  /// `date`, or `date[]`, in days since the Unix epoch.
  @inlinable
  public static func dates<Row>(alike rows: [Row], _ value: (Row) -> Int32?) -> Parameter {
    ArrayEncoder.date.encode(rows, alike: { value($0).map { Epoch.days(to: $0) } })
  }
  /// `text`, or `text[]`, of something whose text is made only once where all rows have the same.
  @inlinable
  public static func texts<Row, Source: Equatable>(
    alike rows: [Row], in source: (Row) -> Source, _ text: (Source) -> String?
  ) -> Parameter {
    guard let first = rows.first.map(source) else { return .texts([]) }
    for index in rows.indices.dropFirst() where source(rows[index]) != first {
      return ArrayEncoder.strings(rows) { text(source($0)) }
    }
    return .text(text(first))
  }
}

/// Strings are equal too when they only look alike: what is stored has to be what was given.
///
/// Short ones, and those that are one object, are the same words in memory: hardly more than comparing integers.
@inlinable @inline(__always)
func hasSameBytes(_ one: String?, _ other: String?) -> Bool {
  unsafeBitCast(one, to: SIMD2<UInt64>.self) == unsafeBitCast(other, to: SIMD2<UInt64>.self)
    || hasSameBytesElsewhere(one, other)
}

@usableFromInline
func hasSameBytesElsewhere(_ one: String?, _ other: String?) -> Bool {
  guard var one, var other else { return one == nil && other == nil }
  guard one.utf8.count == other.utf8.count else { return false }
  return one.withUTF8 { one in
    other.withUTF8 { other in
      guard let one = one.baseAddress, let two = other.baseAddress else { return true }
      return memcmp(one, two, other.count) == 0
    }
  }
}
