/// A GTIN of 8, 12, 13 or 14 digits, the last of which checks the others.
public struct Barcode: Hashable, Sendable, CustomStringConvertible {
  /// As it was written, such as `4006381333931`.
  public let text: String

  /// A value that was validated before, such as one from our own database.
  public init(trusted text: String) { self.text = text }

  /// The same number in its longest form, 14 digits: a GTIN-12 and the GTIN-13 that begins with its 0 are one.
  public var gtin: String { String(repeating: "0", count: max(0, 14 - text.utf8.count)) + text }

  /// The digits.
  public var description: String { text }

  static let rule = "a GTIN of 8, 12, 13 or 14 digits"

  /// Validates `text`; the refusal's field is empty.
  public init(_ text: String) throws(Malformed) {
    let digits = text.utf8
    guard [8, 12, 13, 14].contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      throw Malformed(field: "", value: text, rule: Self.rule)
    }
    let expected = Self.checkDigit(of: digits.dropLast())
    guard digits.last == 0x30 + expected else {
      throw Malformed(field: "", value: text, rule: "\(Self.rule) with its check digit, which is \(expected) for it")
    }
    self.text = text
  }

  /// What makes the sum of all digits, weighed 3 and 1 in turn from the right, a multiple of 10.
  private static func checkDigit(of digits: Substring.UTF8View) -> UInt8 {
    var sum = 0
    var weight = 3
    for digit in digits.reversed() {
      sum += Int(digit - 0x30) * weight
      weight = 4 - weight
    }
    return UInt8((10 - sum % 10) % 10)
  }
}

extension Barcode: Payload {
  /// Reads the string that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    self = try Barcode(try json.string(bytes, .unknown))
  }

  /// Writes the digits as a string.
  public func encode(to json: inout JSONWriter) { json.string(text) }
}

extension JSONCursor {
  /// Reads a barcode.
  mutating func barcode(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> Barcode {
    do throws(Malformed) {
      return try Barcode(decoding: &self, bytes)
    } catch {
      throw error.inside(field.rawValue)
    }
  }
}

extension JSONWriter {
  /// A barcode.
  mutating func member(_ field: WireField, _ value: Barcode?) { member(field, value?.text) }
}
