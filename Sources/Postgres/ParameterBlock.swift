/// The parameters of one statement as libpq wants them: pointers, lengths and formats side by side.
///
/// The lists are kept from statement to statement; the values stay where their parameters have them.
struct ParameterBlock {
  private var lengths: [Int32] = []
  private var formats: [Int32] = []
  private var pointers: [UnsafePointer<CChar>?] = []

  /// Calls `body` with number, values, lengths and formats; the pointers are valid only there (libpq copies the
  /// values).
  mutating func withPointers(
    _ parameters: [Parameter],
    _ body: (
      Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Int32
  ) -> Int32 {
    lengths.removeAll(keepingCapacity: true)
    pointers.removeAll(keepingCapacity: true)
    for parameter in parameters {
      pointers.append(parameter.buffer.map { UnsafePointer($0.start.assumingMemoryBound(to: CChar.self)) })
      lengths.append(Int32(clamping: parameter.buffer?.count ?? 0))
    }
    while formats.count < parameters.count { formats.append(1) }
    // The buffers belong to the parameters, which are used up to here.
    return withExtendedLifetime(parameters) { body(Int32(clamping: parameters.count), pointers, lengths, formats) }
  }
}
