/// What the text of an identifier may be.
public enum IdentifierSyntax: Sendable {
  /// 1 to 64 letters, digits and `._/-`, the first a letter or digit.
  case code
  /// 1 to 128 printable ASCII characters without space.
  case token
  /// 1 to 256 printable ASCII characters without space: ids that we make out of others.
  case compound

  /// The syntax in words.
  public var rule: String {
    switch self {
    case .code: "1 to 64 letters, digits and ._/- (the first a letter or digit)"
    case .token: "1 to 128 printable ASCII characters without space"
    case .compound: "1 to 256 printable ASCII characters without space"
    }
  }

  /// Whether `bytes` keep the syntax.
  func accepts(_ bytes: Span<UInt8>) -> Bool {
    switch self {
    case .code: acceptsCode(bytes)
    case .token: acceptsPrintable(bytes, atMost: 128)
    case .compound: acceptsPrintable(bytes, atMost: 256)
    }
  }

  private func acceptsCode(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 1, bytes.count <= 64, isAlphanumeric(bytes[0]) else { return false }
    for index in 1..<bytes.count {
      let byte = bytes[index]
      // 0x2D...0x2F are - . and /
      guard isAlphanumeric(byte) || (byte >= 0x2D && byte <= 0x2F) || byte == UInt8(ascii: "_") else { return false }
    }
    return true
  }

  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (lower >= 0x61 && lower <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
  }

  private func acceptsPrintable(_ bytes: Span<UInt8>, atMost limit: Int) -> Bool {
    guard bytes.count >= 1, bytes.count <= limit else { return false }
    for index in bytes.indices where bytes[index] < 0x21 || bytes[index] > 0x7E { return false }
    return true
  }

  /// Whether `bytes` may be an attribute of the envelope: few enough and without control characters.
  static func acceptsAttribute(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 1, bytes.count <= Limits.attributeBytes else { return false }
    for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F { return false }
    return true
  }
}
