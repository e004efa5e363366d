/// Takes secrets out of a text that a server or a library made, and makes it printable and short.
struct Redaction: Hashable, Sendable {
  private let secrets: [[UInt8]]

  /// - Parameter secrets: What must not appear; empty ones are ignored.
  init(_ secrets: [String?]) {
    let given = secrets.compactMap { $0 }.filter { !$0.isEmpty }
    // JSON may be written with every slash escaped.
    let escaped = given.map { $0.replacing("/", with: #"\/"#) }
    self.secrets = Set(given + escaped).map { Array($0.utf8) }
  }

  /// The text without secrets and control characters, at most `limit` characters.
  ///
  /// By bytes, since a character is another one when an accent follows it. All that is known of the text is searched
  /// before it is made short: half of a secret is not recognised.
  ///
  /// - Parameter isCut: Whether the text may go on: it is not to end with the beginning of a secret either.
  func apply(_ text: some Collection<UInt8>, isCut: Bool = false, limit: Int = 300) -> String {
    let clean = String(decoding: masked(Array(text), isCut: isCut), as: UTF8.self)
    let printable = clean.unicodeScalars.map { scalar -> Character in
      scalar.properties.generalCategory == .control ? " " : Character(scalar)
    }
    let trimmed = String(printable.drop { $0 == " " }.prefix(limit))
    return String(trimmed.reversed().drop { $0 == " " }.reversed())
  }

  /// Each stretch of the text in which secrets lie becomes three stars; they may overlap.
  private func masked(_ text: [UInt8], isCut: Bool) -> [UInt8] {
    var isHidden = [Bool](repeating: false, count: text.count)
    for secret in secrets {
      for start in text.indices {
        let rest = text[start...]
        guard rest.starts(with: secret) || isCut && secret.starts(with: rest) else { continue }
        for index in rest.indices.prefix(secret.count) { isHidden[index] = true }
      }
    }
    var clean: [UInt8] = []
    for (index, byte) in text.enumerated() {
      if !isHidden[index] {
        clean.append(byte)
      } else if index == 0 || !isHidden[index - 1] {
        clean += Array("***".utf8)
      }
    }
    return clean
  }
}
