import Observability

/// The URL of a server, which may hold a password: shown without it.
public struct ServiceURL: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
  private let text: String
  /// The part before `://`, in lower case.
  public let scheme: String

  /// - Parameters:
  ///   - text: The URL.
  ///   - schemes: The schemes allowed.
  init?(_ text: String, schemes: [String]) {
    guard let end = text.firstRange(of: "://"), Printable.isLine(text), !text.contains(" ") else { return nil }
    scheme = text[..<end.lowerBound].lowercased()
    guard schemes.contains(scheme), end.upperBound < text.endIndex else { return nil }
    self.text = text
  }

  /// The URL with whatever password it holds, for the library that connects. Never for a log or an error.
  public func reveal() -> String { text }

  /// The URL without password and query.
  public var description: String { Self.masked(text) }
  /// As ``description``.
  public var debugDescription: String { description }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Text that may be a URL, without what may be secret in it: the password, the query, where libpq takes one,
  /// and a web address's path.
  /// Where it is not plain which part is the password, nothing after the scheme is shown; nothing at all of other text.
  static func masked(_ text: String) -> String {
    guard let end = text.firstRange(of: "://") else { return Secret.mask }
    let scheme = text[..<end.lowerBound]
    guard scheme.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "+" }) else { return Secret.mask }
    var rest = text[end.upperBound...]
    var user = ""
    if let at = rest.lastIndex(of: "@") {
      let credentials = rest[..<at]
      guard !credentials.contains(where: { "/?#".contains($0) }) else { return "\(scheme)://\(Secret.mask)" }
      user = credentials.firstIndex(of: ":").map { credentials[..<$0] + ":" + Secret.mask } ?? String(credentials)
      user += "@"
      rest = rest[rest.index(after: at)...]
    }
    if let query = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) {
      rest = rest[..<query] + "?" + Secret.mask
    }
    // A webhook's path may be all that keeps others from calling it.
    if scheme.hasPrefix("http"), let path = rest.firstIndex(of: "/") {
      rest = rest[..<path] + "/" + Secret.mask
    }
    return "\(scheme)://\(user)\(rest)"
  }
}
