/// Text that must never be seen: a password or a signing key.
///
/// Interpolation, `print`, `dump`, `String(reflecting:)`, mirrors and logs show `•••`. Only ``reveal()`` gives the
/// text, so a search for that word finds every place that uses one.
public struct Secret: Sendable, Equatable {
  /// What is shown in its place.
  public static let mask = "•••"

  private let text: String

  /// - Parameter text: What to hide.
  public init(_ text: String) { self.text = text }

  /// The text itself, for the library that needs it. Never for a log or an error.
  public func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `•••`.
  public var description: String { Secret.mask }
  /// `•••`.
  public var debugDescription: String { Secret.mask }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
