/// The parameters of one statement as libpq wants them: types, pointers, lengths and formats side by side.
///
/// The values are copied behind each other into one buffer that the connection reuses, so that all pointers are valid
/// together and nothing is allocated per statement.
struct ParameterBlock {
  private var storage: [UInt8] = []
  private var places: [Int?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []
  private var pointers: [UnsafePointer<CChar>?] = []

  /// Number of bytes in the block.
  var size: Int { storage.count }

  /// Replaces the contents.
  mutating func fill(_ parameters: [Parameter]) {
    storage.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    // One byte in front: an empty value needs a pointer too, since a null pointer means NULL.
    storage.append(0)
    storage.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
    for parameter in parameters {
      places.append(parameter.bytes == nil ? nil : storage.count)
      lengths.append(Int32(clamping: parameter.bytes?.count ?? 0))
      if let bytes = parameter.bytes { storage.append(contentsOf: bytes) }
    }
    while formats.count < parameters.count { formats.append(1) }
  }

  /// Calls `body` with number, values, lengths and formats; the pointers are valid only there (libpq copies the
  /// values).
  mutating func withPointers(
    _ body: (
      Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Int32
  ) -> Int32 {
    pointers.removeAll(keepingCapacity: true)
    return storage.withUnsafeBytes { raw in
      let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
      for place in places { pointers.append(place.flatMap { base?.advanced(by: $0) }) }
      return body(Int32(clamping: places.count), pointers, lengths, formats)
    }
  }
}
