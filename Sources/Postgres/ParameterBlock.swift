/// The parameters of one statement as libpq wants them: pointers, lengths and formats side by side.
///
/// Made once and filled for statement after statement; long values stay where their parameters have them.
final class ParameterBlock {
  /// How many parameters it can hold.
  let capacity: Int
  let values: UnsafeMutablePointer<UnsafePointer<CChar>?>
  let lengths: UnsafeMutablePointer<Int32>
  /// All of them binary.
  let formats: UnsafeMutablePointer<Int32>
  private let shorts: UnsafeMutablePointer<UInt64>

  init(capacity: Int) {
    self.capacity = capacity
    values = .allocate(capacity: capacity)
    lengths = .allocate(capacity: capacity)
    formats = .allocate(capacity: capacity)
    shorts = .allocate(capacity: capacity)
    formats.initialize(repeating: 1, count: capacity)
  }

  deinit {
    values.deallocate()
    lengths.deallocate()
    formats.deallocate()
    shorts.deallocate()
  }

  /// Points at the values of these parameters, which have to live until libpq has copied them.
  ///
  /// - Returns: The size of all values together, in bytes.
  func point(at parameters: [Parameter]) -> Int {
    precondition(parameters.count <= capacity, "\(parameters.count) parameters in a block of \(capacity)")
    var size = 0
    for index in parameters.indices {
      let value = parameters[index].value
      switch value {
      case .null: values[index] = nil
      case .short(let bytes, _):
        shorts[index] = bytes
        values[index] = UnsafePointer(UnsafeRawPointer(shorts + index).assumingMemoryBound(to: CChar.self))
      case .long(let buffer): values[index] = UnsafePointer(buffer.start.assumingMemoryBound(to: CChar.self))
      }
      let length = value.count
      lengths[index] = Int32(clamping: length)
      size += length
    }
    return size
  }
}
