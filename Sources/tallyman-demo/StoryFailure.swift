/// The story cannot go on.
struct StoryFailure: Error, CustomStringConvertible {
  /// What happened, or what did not.
  let description: String

  init(_ description: String) { self.description = description }
}
