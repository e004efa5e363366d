/// Takes secrets out of a text that a server or a library made, and makes it printable and short.
struct Redaction: Hashable, Sendable {
  private let secrets: [String]

  /// - Parameter secrets: What must not appear; empty ones are ignored.
  init(_ secrets: [String?]) {
    // The longest first: a secret that is a part of another one must not leave the rest of it behind.
    self.secrets = secrets.compactMap { $0 }.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
  }

  /// The text without secrets and control characters, at most `limit` characters.
  func apply(_ text: String, limit: Int = 300) -> String {
    var clean = text
    for secret in secrets { clean = clean.replacing(secret, with: "***") }
    let printable = clean.unicodeScalars.map { scalar -> Character in
      scalar.properties.generalCategory == .control ? " " : Character(scalar)
    }
    let trimmed = String(printable.drop { $0 == " " }.prefix(limit))
    return String(trimmed.reversed().drop { $0 == " " }.reversed())
  }
}
