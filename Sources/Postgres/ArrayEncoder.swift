/// Writes one-dimensional arrays in PostgreSQL's binary format (`array_recv`): dimensions, null flag, element type,
/// size, lower bound, then each element with its length in front (−1 for NULL). All numbers are big-endian.
///
/// Each array is one allocation of exactly the size needed.
struct ArrayEncoder<Wire: FixedWidthInteger> {
  let array: UInt32
  let element: UInt32

  func encode(_ values: [Wire]) -> Parameter { encode(values) { $0 } }
  func encode(_ values: [Wire?]) -> Parameter { encode(values) { $0 } }

  @inline(__always)
  func encode<Value>(_ values: [Value], _ wire: (Value) -> Wire) -> Parameter {
    let width = MemoryLayout<Wire>.size
    let header = arrayHeader(values.count, element, hasNulls: false)
    let size = header.count + values.count * (4 + width)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      raw.copyBytes(from: header)
      var position = header.count
      // Every store below lies within `size`: header, then (4 + width) per element.
      for value in values {
        raw.storeBytes(of: Int32(width).bigEndian, toByteOffset: position, as: Int32.self)
        raw.storeBytes(of: wire(value).bigEndian, toByteOffset: position + 4, as: Wire.self)
        position += 4 + width
      }
      count = size
    }
    return Parameter(type: array, bytes: bytes)
  }

  @inline(__always)
  func encode<Value>(_ values: [Value?], _ wire: (Value) -> Wire) -> Parameter {
    let width = MemoryLayout<Wire>.size
    var bytes = arrayHeader(
      values.count, element, hasNulls: values.contains { $0 == nil }, reserving: values.count * (4 + width))
    for value in values {
      guard let value else {
        bytes.appendBigEndian(-1 as Int32)
        continue
      }
      bytes.appendBigEndian(Int32(width))
      bytes.appendBigEndian(wire(value))
    }
    return Parameter(type: array, bytes: bytes)
  }
}

extension ArrayEncoder where Wire == Int64 {
  static var int8: Self { Self(array: TypeID.int8Array, element: TypeID.int8) }
  static var timestamptz: Self { Self(array: TypeID.timestamptzArray, element: TypeID.timestamptz) }
}

extension ArrayEncoder where Wire == Int32 {
  static var int4: Self { Self(array: TypeID.int4Array, element: TypeID.int4) }
  static var date: Self { Self(array: TypeID.dateArray, element: TypeID.date) }
}

extension ArrayEncoder where Wire == Int16 {
  static var int2: Self { Self(array: TypeID.int2Array, element: TypeID.int2) }
}

extension ArrayEncoder where Wire == UInt8 {
  static var bool: Self { Self(array: TypeID.boolArray, element: TypeID.bool) }

  static func strings(_ values: [String]) -> Parameter {
    let size = values.reduce(0) { $0 + $1.utf8.count + 4 }
    var bytes = arrayHeader(values.count, TypeID.text, hasNulls: false, reserving: size)
    for value in values { bytes.appendElement(value) }
    return Parameter(type: TypeID.textArray, bytes: bytes)
  }

  static func strings(_ values: [String?]) -> Parameter {
    let size = values.reduce(0) { $0 + ($1?.utf8.count ?? 0) + 4 }
    var bytes = arrayHeader(values.count, TypeID.text, hasNulls: values.contains(nil), reserving: size)
    for value in values {
      if let value { bytes.appendElement(value) } else { bytes.appendBigEndian(-1 as Int32) }
    }
    return Parameter(type: TypeID.textArray, bytes: bytes)
  }

  static func bytes(_ values: [[UInt8]]) -> Parameter {
    let size = values.reduce(0) { $0 + $1.count + 4 }
    var bytes = arrayHeader(values.count, TypeID.bytea, hasNulls: false, reserving: size)
    for value in values { bytes.appendElement(value) }
    return Parameter(type: TypeID.byteaArray, bytes: bytes)
  }

  static func bytes(_ values: [[UInt8]?]) -> Parameter {
    let size = values.reduce(0) { $0 + ($1?.count ?? 0) + 4 }
    var bytes = arrayHeader(values.count, TypeID.bytea, hasNulls: values.contains(nil), reserving: size)
    for value in values {
      if let value { bytes.appendElement(value) } else { bytes.appendBigEndian(-1 as Int32) }
    }
    return Parameter(type: TypeID.byteaArray, bytes: bytes)
  }

  static func rowPlaces(_ values: [TID]) -> Parameter {
    var bytes = arrayHeader(values.count, TypeID.tid, hasNulls: false, reserving: values.count * 10)
    for value in values {
      bytes.appendBigEndian(6 as Int32)
      bytes.appendTID(value)
    }
    return Parameter(type: TypeID.tidArray, bytes: bytes)
  }
}

/// What stands before the elements; an empty array has no dimension at all.
private func arrayHeader(_ count: Int, _ element: UInt32, hasNulls: Bool, reserving size: Int = 0) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(20 + size)
  bytes.appendBigEndian(count == 0 ? 0 : 1 as Int32)
  bytes.appendBigEndian(hasNulls ? 1 : 0 as Int32)
  bytes.appendBigEndian(element)
  guard count > 0 else { return bytes }
  bytes.appendBigEndian(Int32(clamping: count))
  bytes.appendBigEndian(1 as Int32)
  return bytes
}

extension [UInt8] {
  @inline(__always)
  mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  mutating func appendTID(_ value: TID) {
    appendBigEndian(value.block)
    appendBigEndian(value.offset)
  }

  fileprivate mutating func appendElement(_ value: String) {
    appendBigEndian(Int32(clamping: value.utf8.count))
    append(contentsOf: value.utf8)
  }

  fileprivate mutating func appendElement(_ value: [UInt8]) {
    appendBigEndian(Int32(clamping: value.count))
    append(contentsOf: value)
  }
}
