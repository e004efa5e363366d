/// Where the broker is and as whom to log in: a parsed `amqp` or `amqps` URI.
struct BrokerAddress: Equatable {
  var usesTLS = false
  var host = "localhost"
  var port = 5672
  var user = "guest"
  var password = "guest"
  var vhost = "/"

  /// Host and port, fit for messages.
  var display: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// - Throws: ``AMQPError/invalidURI(reason:)`` with a reason that repeats nothing of the URI.
  init(uri: String) throws(AMQPError) {
    var rest = Substring(uri)
    if rest.hasPrefix("amqps://") {
      usesTLS = true
      port = 5671
      rest = rest.dropFirst(8)
    } else if rest.hasPrefix("amqp://") {
      rest = rest.dropFirst(7)
    } else {
      throw .invalidURI(reason: "it has to start with amqp:// or amqps://")
    }
    guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
      throw .invalidURI(reason: "it may not contain '?' or '#'; percent-encode them in names and passwords")
    }
    try parsePath(&rest)
    try parseCredentials(&rest)
    try parseHost(rest)
  }

  /// Everything after the first slash is the vhost; an empty path stands for the vhost `/`.
  private mutating func parsePath(_ rest: inout Substring) throws(AMQPError) {
    guard let slash = rest.firstIndex(of: "/") else { return }
    let path = rest[rest.index(after: slash)...]
    guard !path.contains("/") else { throw .invalidURI(reason: "a '/' within the vhost has to be written %2F") }
    if !path.isEmpty { vhost = try decode(path, "vhost") }
    rest = rest[..<slash]
  }

  private mutating func parseCredentials(_ rest: inout Substring) throws(AMQPError) {
    guard let at = rest.lastIndex(of: "@") else { return }
    let credentials = rest[..<at]
    rest = rest[rest.index(after: at)...]
    guard let colon = credentials.firstIndex(of: ":") else {
      user = try decode(credentials, "user")
      password = ""
      return
    }
    user = try decode(credentials[..<colon], "user")
    password = try decode(credentials[credentials.index(after: colon)...], "password")
  }

  private mutating func parseHost(_ rest: Substring) throws(AMQPError) {
    var portText: Substring = ""
    if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
      host = String(rest[rest.index(after: rest.startIndex)..<bracket])
      portText = rest[rest.index(after: bracket)...]
    } else if let colon = rest.firstIndex(of: ":") {
      host = try decode(rest[..<colon], "host")
      portText = rest[colon...]
    } else {
      host = try decode(rest, "host")
    }
    guard !host.isEmpty else { throw .invalidURI(reason: "the host is missing") }
    guard !portText.isEmpty else { return }
    guard portText.hasPrefix(":"), let number = UInt16(portText.dropFirst()), number > 0 else {
      throw .invalidURI(reason: "the port has to be a number from 1 to 65535")
    }
    port = Int(number)
  }

  /// Percent-decodes one part; `part` names it in errors.
  private func decode(_ text: Substring, _ part: String) throws(AMQPError) -> String {
    var bytes: [UInt8] = []
    var source = text.utf8.makeIterator()
    while let byte = source.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = source.next().flatMap(hexValue), let low = source.next().flatMap(hexValue) else {
        throw .invalidURI(reason: "the \(part) has a '%' that is not followed by two hexadecimal digits")
      }
      bytes.append(high << 4 | low)
    }
    guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
      throw .invalidURI(reason: "the \(part) is not UTF-8 or contains NUL")
    }
    return decoded
  }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
  switch digit {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
  default: nil
  }
}
