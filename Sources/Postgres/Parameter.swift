/// A value for a statement's `$n`, in PostgreSQL's binary format together with its type.
///
/// Optional values become NULL of the same type. An array is one parameter however many elements it has, so that a
/// batch of thousands of rows is one statement with one parameter per column.
public struct Parameter: Sendable {
  /// The type's object identifier, fixed for built-in types.
  @usableFromInline let type: UInt32
  @usableFromInline let value: Value

  /// A value as libpq is given it.
  ///
  /// Unchecked, because the compiler cannot see that nothing is written after ``WireWriter`` has finished.
  @usableFromInline
  enum Value: @unchecked Sendable {
    case null
    /// At most 8 bytes, the first of them at the lowest address: the fixed types need no memory of their own.
    case short(UInt64, count: UInt8)
    case long(WireBuffer)

    /// Bytes.
    var count: Int {
      switch self {
      case .null: 0
      case .short(_, let count): Int(count)
      case .long(let buffer): buffer.count
      }
    }
  }

  @usableFromInline
  init(type: UInt32, value: Value) {
    self.type = type
    self.value = value
  }

  /// A value of a fixed size.
  @inlinable @inline(__always)
  static func fixed<Wire: FixedWidthInteger>(_ type: UInt32, _ value: Wire?) -> Parameter {
    guard let value else { return Parameter(type: type, value: .null) }
    let bytes = UInt64(truncatingIfNeeded: value.byteSwapped).littleEndian
    return Parameter(type: type, value: .short(bytes, count: UInt8(MemoryLayout<Wire>.size)))
  }

  // MARK: One value

  /// `text`. U+0000 is refused by the server (22021).
  public static func text(_ value: String?) -> Parameter {
    Parameter(type: TypeID.text, value: value.map { .long(.make($0)) } ?? .null)
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
  public static func bytea(_ value: [UInt8]?) -> Parameter {
    Parameter(type: TypeID.bytea, value: value.map { .long(.make($0)) } ?? .null)
  }
  /// `timestamptz`, given in microseconds since the Unix epoch.
  public static func timestamp(_ value: Int64?) -> Parameter { fixed(TypeID.timestamptz, value.map(Epoch.micros(to:))) }
  /// `date`, given in days since the Unix epoch.
  public static func date(_ value: Int32?) -> Parameter { fixed(TypeID.date, value.map(Epoch.days(to:))) }
  /// `tid`.
  public static func tid(_ value: TID) -> Parameter {
    let bytes = UInt64(value.block) << 32 | UInt64(value.offset) << 16
    return Parameter(type: TypeID.tid, value: .short(bytes.bigEndian, count: 6))
  }
}
