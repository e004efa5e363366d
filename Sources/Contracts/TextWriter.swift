/// Text in memory of its own that grows as it is written: for what is written by the thousand per second.
///
/// Appending to an array or a string asks each time whether somebody else has it too; nobody else can have this.
public struct TextWriter: ~Copyable {
  private var start: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  /// An empty text with room for `capacity` bytes.
  public init(capacity: Int) {
    self.capacity = max(32, capacity)
    start = .allocate(capacity: self.capacity)
  }

  deinit { start.deallocate() }

  /// What is written so far.
  public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
  /// What is written so far.
  public var text: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }

  /// Appends a byte.
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    start[count] = byte
    count += 1
  }

  /// Appends a text as it is.
  public mutating func append(_ text: String) { append(text.utf8.span) }

  /// Appends what another one has written.
  public mutating func append(_ other: borrowing TextWriter) {
    append(UnsafeBufferPointer(start: other.start, count: other.count))
  }

  /// Appends bytes.
  public mutating func append(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { append($0) } }

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count)
    (start + count).update(from: source, count: bytes.count)
    count += bytes.count
  }

  /// Appends `"text"` and what comes behind it: the text holds nothing that JSON would escape.
  mutating func append(quoted text: String, then end: UInt8) {
    let bytes = text.utf8.span
    reserve(bytes.count + 3)
    start[count] = UInt8(ascii: "\"")
    bytes.withUnsafeBufferPointer { source in
      if let source = source.baseAddress { (start + count + 1).update(from: source, count: bytes.count) }
    }
    count += bytes.count + 3
    start[count - 2] = UInt8(ascii: "\"")
    start[count - 1] = end
  }

  /// Appends an integer in decimal digits.
  public mutating func append(decimal value: Int64) {
    if value >= 0, value < 10 { return append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
    if value < 0 { append(UInt8(ascii: "-")) }
    var width = 1
    var rest = value.magnitude / 10
    while rest > 0 {
      width += 1
      rest /= 10
    }
    append(digits: value.magnitude, width: width)
  }

  /// Appends the last `width` decimal digits, zeros in front of them.
  public mutating func append(digits value: UInt64, width: Int) {
    precondition(width >= 0, "\(width) digits")
    reserve(width)
    var rest = value
    for place in stride(from: count + width - 1, through: count, by: -1) {
      start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count += width
  }

  /// Appends the last `width` decimal digits and a character of ASCII behind them.
  mutating func append(digits value: UInt64, width: Int, then separator: Unicode.Scalar) {
    append(digits: value, width: width)
    append(UInt8(ascii: separator))
  }

  /// Every store above lies within what this made sure of.
  private mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  private mutating func grow(to needed: Int) {
    capacity = max(needed, 2 * capacity)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: start, count: count)
    start.deallocate()
    start = larger
  }
}
