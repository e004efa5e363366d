/// A parameter's bytes in memory of their own: written once, at an address that libpq can read without another copy.
///
/// Unchecked, because the compiler cannot see that nothing is written after ``WireWriter`` has finished.
@usableFromInline
final class WireBuffer: @unchecked Sendable {
  @usableFromInline let start: UnsafeMutableRawPointer
  @usableFromInline let count: Int

  @usableFromInline
  init(count: Int) {
    self.count = count
    // An empty value needs an address too: for libpq a null pointer means NULL.
    start = .allocate(byteCount: max(1, count), alignment: 8)
  }

  deinit { start.deallocate() }

  convenience init(_ text: String) {
    self.init(count: text.utf8.count)
    var writer = WireWriter(self)
    writer.raw(text)
  }

  convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count)
    var writer = WireWriter(self)
    writer.raw(bytes)
  }
}

/// Fills a ``WireBuffer`` from its start to its end, big-endian as PostgreSQL's binary formats are.
///
/// Every write is checked against the size that was announced: these are raw stores.
@usableFromInline
struct WireWriter {
  @usableFromInline let buffer: WireBuffer
  @usableFromInline var position = 0

  @inlinable
  init(_ buffer: WireBuffer) { self.buffer = buffer }

  @inlinable @inline(__always)
  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    let end = position + MemoryLayout<Value>.size
    precondition(end <= buffer.count, "a parameter is longer than announced")
    buffer.start.storeBytes(of: value.bigEndian, toByteOffset: position, as: Value.self)
    position = end
  }

  @inlinable
  mutating func raw(_ text: String) {
    let count = text.utf8.count
    precondition(position + count <= buffer.count, "a parameter is longer than announced")
    let target = buffer.start + position
    let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { source in
      if let base = source.baseAddress { target.copyMemory(from: base, byteCount: count) }
    }
    if isContiguous == nil {
      var place = target
      for byte in text.utf8 {
        place.storeBytes(of: byte, as: UInt8.self)
        place += 1
      }
    }
    position += count
  }

  @inlinable
  mutating func raw(_ bytes: [UInt8]) {
    precondition(position + bytes.count <= buffer.count, "a parameter is longer than announced")
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { (buffer.start + position).copyMemory(from: base, byteCount: source.count) }
    }
    position += bytes.count
  }
}
