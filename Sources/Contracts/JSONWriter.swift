/// Writes JSON as bytes, with commas where they belong.
public struct JSONWriter: ~Copyable {
  private var out: TextWriter
  private var needsComma = false

  /// An empty writer with room for `capacity` bytes.
  public init(capacity: Int = 256) { out = TextWriter(capacity: capacity) }

  /// What is written so far.
  public var bytes: [UInt8] { out.bytes }
  /// How many bytes that is.
  public var count: Int { out.count }

  /// Adds what is written so far to a text.
  public func append(to text: inout TextWriter) { text.append(out) }

  /// Adds a document that is JSON already.
  public mutating func append(_ document: Span<UInt8>) { out.append(document) }

  /// Opens the object of a document of its own, without a comma in front of it.
  public mutating func beginDocument() {
    needsComma = false
    beginObject()
  }

  /// Opens an object.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Closes the object.
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Opens an array.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Closes the array.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Writes a key of an object; its value comes next.
  public mutating func key(_ field: WireField) {
    separate()
    out.append(quoted: field.rawValue, then: UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a string.
  public mutating func string(_ text: String) {
    separate()
    out.append(UInt8(ascii: "\""))
    let utf8 = text.utf8.span
    if EightBytes.firstSpecial(in: utf8, from: 0) == utf8.count {
      out.append(utf8)
    } else {
      for index in utf8.indices { Self.mustEscape(utf8[index]) ? escape(utf8[index]) : out.append(utf8[index]) }
    }
    out.append(UInt8(ascii: "\""))
  }

  /// Writes a string of text that has nothing to escape.
  mutating func plainString(_ write: (inout TextWriter) -> Void) {
    separate()
    out.append(UInt8(ascii: "\""))
    write(&out)
    out.append(UInt8(ascii: "\""))
  }

  /// Writes an integer.
  public mutating func integer(_ value: Int64) {
    separate()
    out.append(decimal: value)
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) { raw((value ? "true" : "false").utf8) }

  /// Writes a value that is JSON already.
  public mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    let isCopied: Void? = json.withContiguousStorageIfAvailable { out.append($0) }
    if isCopied == nil { for byte in json { out.append(byte) } }
  }

  @inline(__always)
  private static func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func separate() {
    if needsComma { out.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ byte: UInt8) {
    separate()
    out.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    out.append(byte)
    needsComma = true
  }

  private mutating func escape(_ byte: UInt8) {
    out.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
    case 0x08: out.append(UInt8(ascii: "b"))
    case 0x09: out.append(UInt8(ascii: "t"))
    case 0x0A: out.append(UInt8(ascii: "n"))
    case 0x0C: out.append(UInt8(ascii: "f"))
    case 0x0D: out.append(UInt8(ascii: "r"))
    default:
      let hex = Array("0123456789abcdef".utf8)
      out.append("u00")
      out.append(hex[Int(byte >> 4)])
      out.append(hex[Int(byte & 15)])
    }
  }
}
