/// A promise of the domain that a history breaks.
struct Broken: Error, CustomStringConvertible {
  /// The promise, the same for every history that breaks it.
  let promise: String
  /// Where and how.
  let detail: String

  init(_ promise: String, _ detail: String) {
    self.promise = promise
    self.detail = detail
  }

  var description: String { "\(promise): \(detail)" }
}

/// States a promise.
///
/// - Throws: ``Broken``, with the detail worked out only then.
func require(_ holds: Bool, _ promise: String, _ detail: @autoclosure () -> String) throws(Broken) {
  if !holds { throw Broken(promise, detail()) }
}
