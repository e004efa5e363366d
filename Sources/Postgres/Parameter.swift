/// A value for a statement's `$n`, in PostgreSQL's binary format together with its type.
///
/// Optional values become NULL of the same type. An array is one parameter however many elements it has, so that a
/// batch of thousands of rows is one statement with one parameter per column.
public struct Parameter: Sendable {
  /// The type's object identifier, fixed for built-in types.
  @usableFromInline let type: UInt32
  /// The value, or nil for NULL.
  @usableFromInline let buffer: WireBuffer?

  @usableFromInline
  init(type: UInt32, buffer: WireBuffer?) {
    self.type = type
    self.buffer = buffer
  }

  // MARK: One value

  /// `text`. U+0000 is refused by the server (22021).
  public static func text(_ value: String?) -> Parameter {
    Parameter(type: TypeID.text, buffer: value.map { WireBuffer($0) })
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
    Parameter(type: TypeID.bytea, buffer: value.map { WireBuffer($0) })
  }
  /// `timestamptz`, given in microseconds since the Unix epoch.
  public static func timestamp(_ value: Int64?) -> Parameter { fixed(TypeID.timestamptz, value.map(Epoch.micros(to:))) }
  /// `date`, given in days since the Unix epoch.
  public static func date(_ value: Int32?) -> Parameter { fixed(TypeID.date, value.map(Epoch.days(to:))) }
  /// `tid`.
  public static func tid(_ value: TID) -> Parameter {
    var writer = WireWriter(WireBuffer(count: 6))
    writer.integer(value.block)
    writer.integer(value.offset)
    return Parameter(type: TypeID.tid, buffer: writer.buffer)
  }

  private static func fixed<Value: FixedWidthInteger>(_ type: UInt32, _ value: Value?) -> Parameter {
    guard let value else { return Parameter(type: type, buffer: nil) }
    var writer = WireWriter(WireBuffer(count: MemoryLayout<Value>.size))
    writer.integer(value)
    return Parameter(type: type, buffer: writer.buffer)
  }
}
