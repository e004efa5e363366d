/// A mailbox: an address and, optionally, the name shown for it. Cannot hold anything that would break a header or an
/// SMTP command.
public struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
  /// The bare address, such as `stock@example.com`.
  public let address: String
  /// The name to show, such as `Example Stock`; nil for none.
  public let name: String?

  /// Reads `stock@example.com` or `Example Stock <stock@example.com>`.
  ///
  /// Addresses are ASCII (an internationalised domain in its `xn--` form), at most 254 bytes, without quoting.
  ///
  /// - Throws: ``DeliverySettingError`` naming the rule that the text breaks.
  public init(_ text: String) throws(DeliverySettingError) {
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw EmailAddress.error("must not contain line breaks or control characters")
    }
    guard let open = text.lastIndex(of: "<") else {
      address = try EmailAddress.checked(EmailAddress.trimmed(text[...]))
      name = nil
      return
    }
    guard text.last == ">" else { throw EmailAddress.error("must end with '>' after 'Name <address'") }
    address = try EmailAddress.checked(String(text[text.index(after: open)...].dropLast()))
    let shown = EmailAddress.trimmed(text[..<open])
    guard shown.utf8.count <= 200 else { throw EmailAddress.error("the name must have at most 200 bytes") }
    name = shown.isEmpty ? nil : shown
  }

  /// As it was written, with the name first.
  public var description: String { name.map { "\($0) <\(address)>" } ?? address }

  /// What stands after the `@`.
  public var domain: String { String(address.drop { $0 != "@" }.dropFirst()) }

  private static func checked(_ address: String) throws(DeliverySettingError) -> String {
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, isDotAtom(parts[0], special: "!#$%&'*+-/=?^_`{|}~"), isDotAtom(parts[1], special: "-")
    else {
      throw error("must look like name@example.com")
    }
    guard address.utf8.count <= 254, parts[0].utf8.count <= 64 else {
      throw error("must have at most 254 bytes, 64 of them before the '@'")
    }
    return address
  }

  /// Letters, digits and the given characters, in parts separated by single dots (RFC 5322, dot-atom).
  private static func isDotAtom(_ text: Substring, special: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || special.contains($0)) }
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  private static func error(_ rule: String) -> DeliverySettingError {
    DeliverySettingError(setting: "email address", rule: rule)
  }
}
