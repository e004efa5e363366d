/// Writes one-dimensional arrays in PostgreSQL's binary format (`array_recv`): dimensions, null flag, element type,
/// size, lower bound, then each element with its length in front (−1 for NULL).
///
/// An array is one allocation of exactly the size needed, and the values are read straight from the elements that they
/// belong to: a batch of thousands of rows makes no list of a column's values first. By index, because a loop over the
/// elements takes hold of each, with all that it refers to.
@usableFromInline
struct ArrayEncoder<Wire: FixedWidthInteger> {
  @usableFromInline let array: UInt32
  @usableFromInline let element: UInt32

  @usableFromInline
  init(array: UInt32, element: UInt32) {
    self.array = array
    self.element = element
  }

  @inlinable @inline(__always)
  func encode<Element>(_ elements: [Element], _ wire: (Element) -> Wire) -> Parameter {
    let width = MemoryLayout<Wire>.size
    var writer = ArrayEncoder.begin(elements.count, element, hasNulls: false, size: elements.count * (4 + width))
    for index in elements.indices {
      writer.integer(Int32(width))
      writer.integer(wire(elements[index]))
    }
    return Parameter(type: array, value: .long(writer.buffer))
  }

  @inlinable @inline(__always)
  func encode<Element>(_ elements: [Element], optional wire: (Element) -> Wire?) -> Parameter {
    let width = MemoryLayout<Wire>.size
    var missing = 0
    for index in elements.indices where wire(elements[index]) == nil { missing += 1 }
    let size = elements.count * (4 + width) - missing * width
    var writer = ArrayEncoder.begin(elements.count, element, hasNulls: missing > 0, size: size)
    for index in elements.indices {
      guard let value = wire(elements[index]) else {
        writer.integer(-1 as Int32)
        continue
      }
      writer.integer(Int32(width))
      writer.integer(value)
    }
    return Parameter(type: array, value: .long(writer.buffer))
  }

  /// One value if all elements have the same, an array otherwise.
  @inlinable @inline(__always)
  func encode<Element>(_ elements: [Element], alike wire: (Element) -> Wire?) -> Parameter {
    guard let first = elements.first.map(wire) else { return encode(elements, optional: wire) }
    for index in elements.indices.dropFirst() where wire(elements[index]) != first {
      return encode(elements, optional: wire)
    }
    return .fixed(element, first)
  }

  /// A writer that stands behind the array's head; an empty array has no dimension at all.
  @usableFromInline
  static func begin(_ count: Int, _ element: UInt32, hasNulls: Bool, size: Int) -> WireWriter {
    var writer = WireWriter(.make(count: (count == 0 ? 12 : 20) + size))
    writer.integer(count == 0 ? 0 : 1 as Int32)
    writer.integer(hasNulls ? 1 : 0 as Int32)
    writer.integer(element)
    guard count > 0 else { return writer }
    writer.integer(Int32(clamping: count))
    writer.integer(1 as Int32)
    return writer
  }
}

extension ArrayEncoder where Wire == Int64 {
  @usableFromInline static var int8: Self { Self(array: TypeID.int8Array, element: TypeID.int8) }
  @usableFromInline static var timestamptz: Self { Self(array: TypeID.timestamptzArray, element: TypeID.timestamptz) }
}

extension ArrayEncoder where Wire == Int32 {
  @usableFromInline static var int4: Self { Self(array: TypeID.int4Array, element: TypeID.int4) }
  @usableFromInline static var date: Self { Self(array: TypeID.dateArray, element: TypeID.date) }
}

extension ArrayEncoder where Wire == Int16 {
  @usableFromInline static var int2: Self { Self(array: TypeID.int2Array, element: TypeID.int2) }
}

extension ArrayEncoder where Wire == UInt8 {
  @usableFromInline static var bool: Self { Self(array: TypeID.boolArray, element: TypeID.bool) }

  @inlinable @inline(__always)
  static func strings<Element>(_ elements: [Element], _ value: (Element) -> String?) -> Parameter {
    var size = 0
    var hasNulls = false
    for index in elements.indices {
      if let text = value(elements[index]) { size += 4 + text.utf8.count } else { (size, hasNulls) = (size + 4, true) }
    }
    var writer = begin(elements.count, TypeID.text, hasNulls: hasNulls, size: size)
    for index in elements.indices {
      guard let text = value(elements[index]) else {
        writer.integer(-1 as Int32)
        continue
      }
      writer.integer(Int32(clamping: text.utf8.count))
      writer.raw(text)
    }
    return Parameter(type: TypeID.textArray, value: .long(writer.buffer))
  }

  @inlinable @inline(__always)
  static func bytes<Element>(_ elements: [Element], _ value: (Element) -> [UInt8]?) -> Parameter {
    var size = 0
    var hasNulls = false
    for index in elements.indices {
      if let bytes = value(elements[index]) { size += 4 + bytes.count } else { (size, hasNulls) = (size + 4, true) }
    }
    var writer = begin(elements.count, TypeID.bytea, hasNulls: hasNulls, size: size)
    for index in elements.indices {
      guard let bytes = value(elements[index]) else {
        writer.integer(-1 as Int32)
        continue
      }
      writer.integer(Int32(clamping: bytes.count))
      writer.raw(bytes)
    }
    return Parameter(type: TypeID.byteaArray, value: .long(writer.buffer))
  }

  @inlinable @inline(__always)
  static func rowPlaces<Element>(_ elements: [Element], _ value: (Element) -> TID) -> Parameter {
    var writer = begin(elements.count, TypeID.tid, hasNulls: false, size: elements.count * 10)
    for index in elements.indices {
      let place = value(elements[index])
      writer.integer(6 as Int32)
      writer.integer(place.block)
      writer.integer(place.offset)
    }
    return Parameter(type: TypeID.tidArray, value: .long(writer.buffer))
  }
}
