import FoundationEssentials
import Messaging

/// RabbitMQ's management API, as far as a comparison needs it.
struct ManagementClient {
  private let base: String
  private let user: String
  private let password: String

  /// - Parameters:
  ///   - url: `http://user[:password]@host:port`, with the API under `/api` of its path.
  ///   - password: The password, if the URL has none.
  init(url: String, password: String?) throws(Ending) {
    let scheme = url.prefix { $0 != ":" }
    var rest = url.dropFirst(scheme.count + 3)
    var credentials: Substring = ""
    if let at = rest.prefix(while: { $0 != "/" }).lastIndex(of: "@") {
      credentials = rest[..<at]
      rest = rest[rest.index(after: at)...]
    }
    while rest.last == "/" { rest.removeLast() }
    let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    user = parts.first.map(ManagementClient.decoded) ?? ""
    let urlPassword = parts.count > 1 ? ManagementClient.decoded(parts[1]) : nil
    guard !user.isEmpty, let secret = urlPassword ?? password else {
      throw Ending(
        .settings,
        "TALLYMAN_MANAGEMENT_URL must name a user, and it or TALLYMAN_MANAGEMENT_PASSWORD the user's password")
    }
    self.password = secret
    base = "\(scheme)://\(rest)/api"
  }

  /// What the broker says about itself and a virtual host. Lane only.
  func state(of vhost: String) throws -> BrokerState {
    let place = ManagementClient.encoded(vhost)
    let queues = try get([Applied].self, "/queues/\(place)?columns=name,policy")
    let exchanges = try get([Applied].self, "/exchanges/\(place)?columns=name,policy")
    guard let definitions = try get(BrokerDefinitions.self, "/definitions") else {
      throw Ending(.unavailable, "\(base)/definitions does not exist: it is no RabbitMQ management API")
    }
    return BrokerState(
      definitions: definitions,
      queuePolicies: ManagementClient.policies(queues ?? []),
      exchangePolicies: ManagementClient.policies(exchanges ?? []))
  }

  /// A queue or an exchange, and the policy that applies to it; RabbitMQ leaves it out or empty where none does.
  private struct Applied: Decodable {
    let name: String
    let policy: String?
  }

  private static func policies(_ things: [Applied]) -> [String: String?] {
    Dictionary(
      things.map { ($0.name, $0.policy.flatMap { $0.isEmpty ? nil : $0 }) }, uniquingKeysWith: { first, _ in first })
  }

  /// - Returns: Nil for what does not exist, such as a virtual host.
  private func get<Answer: Decodable>(_ type: Answer.Type, _ path: String) throws -> Answer? {
    let answer = try HTTPGet(url: base + path, user: user, password: password).perform()
    switch answer.status {
    case 200: break
    case 404: return nil
    case 401:
      throw Ending(.unavailable, "the management API refuses \(user): check TALLYMAN_MANAGEMENT_URL and its password")
    case 403: throw Ending(.unavailable, "\(user) may not read \(base)\(path): it needs the tag administrator")
    default: throw Ending(.unavailable, "\(base)\(path) was answered with status \(answer.status)")
    }
    do {
      return try JSONDecoder().decode(type, from: Data(answer.body))
    } catch {
      throw Ending(.unavailable, "\(base)\(path) was answered with something else than RabbitMQ's JSON: \(error)")
    }
  }

  // MARK: Percent-encoding

  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
      let scalar = Unicode.Scalar(byte)
      if scalar.isASCII,
        Character(scalar).isLetter || Character(scalar).isNumber || "-._~".unicodeScalars.contains(scalar)
      {
        result.unicodeScalars.append(scalar)
      } else {
        result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
