/// A parameter's bytes in one piece of memory with their count: written once, at an address that libpq can read without
/// another copy.
@usableFromInline
final class WireBuffer: ManagedBuffer<Int, UInt8> {
  /// For an empty value too: for libpq a null pointer means NULL.
  @inlinable
  static func make(count: Int) -> WireBuffer {
    unsafeDowncast(create(minimumCapacity: max(1, count)) { _ in count }, to: WireBuffer.self)
  }

  static func make(_ text: String) -> WireBuffer {
    var writer = WireWriter(make(count: text.utf8.count))
    writer.raw(text)
    return writer.buffer
  }

  static func make(_ bytes: [UInt8]) -> WireBuffer {
    var writer = WireWriter(make(count: bytes.count))
    writer.raw(bytes)
    return writer.buffer
  }

  // By its address: as a property of a class each look at it would be checked for exclusive access.
  @inlinable var count: Int { withUnsafeMutablePointerToHeader { $0.pointee } }
  /// Lies behind the object itself, and lives as long as that.
  @inlinable var start: UnsafeMutableRawPointer { withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) } }
}

/// Fills a ``WireBuffer`` from its start to its end, big-endian as PostgreSQL's binary formats are.
///
/// Every write is checked against the size that was announced: these are raw stores.
@usableFromInline
struct WireWriter {
  @usableFromInline let buffer: WireBuffer
  @usableFromInline let start: UnsafeMutableRawPointer
  @usableFromInline let count: Int
  @usableFromInline var position = 0

  @inlinable
  init(_ buffer: WireBuffer) {
    self.buffer = buffer
    (start, count) = (buffer.start, buffer.count)
  }

  @inlinable @inline(__always)
  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    let end = position + MemoryLayout<Value>.size
    precondition(end <= count, "a parameter is longer than announced")
    start.storeBytes(of: value.bigEndian, toByteOffset: position, as: Value.self)
    position = end
  }

  @inlinable
  mutating func raw(_ text: String) {
    let length = text.utf8.count
    precondition(position + length <= count, "a parameter is longer than announced")
    let target = start + position
    let isContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { source in
      if let base = source.baseAddress { target.copyMemory(from: base, byteCount: length) }
    }
    if isContiguous == nil {
      var place = target
      for byte in text.utf8 {
        place.storeBytes(of: byte, as: UInt8.self)
        place += 1
      }
    }
    position += length
  }

  @inlinable
  mutating func raw(_ bytes: [UInt8]) {
    precondition(position + bytes.count <= count, "a parameter is longer than announced")
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { (start + position).copyMemory(from: base, byteCount: source.count) }
    }
    position += bytes.count
  }
}
