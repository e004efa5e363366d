import FoundationEssentials
import Messaging
import WorkerHost

/// RabbitMQ's management API, as far as a comparison needs it.
struct ManagementClient {
  /// Without user and password: fit for messages.
  private let base: String
  private let user: String
  private let password: String

  private let certificates: HTTPGet.Certificates

  /// - Parameter settings: The URL is `http://user[:password]@host:port`, with the API under `/api` of its path.
  init(_ settings: ManagementSettings) throws(Ending) {
    let url = settings.url.reveal()
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
    guard !user.isEmpty, let secret = urlPassword ?? settings.password?.reveal() else {
      throw Ending(
        .settings,
        "TALLYMAN_MANAGEMENT_URL must name a user, and it or TALLYMAN_MANAGEMENT_PASSWORD the user's password")
    }
    self.password = secret
    certificates = HTTPGet.Certificates(
      authorities: settings.caFile, ours: settings.certificateFile, key: settings.keyFile)
    base = "\(scheme)://\(rest)/api"
  }

  /// All that the broker exports. Lane only.
  ///
  /// What it reports about single queues would also name the policy that applies, but lags seconds behind.
  func definitions() throws -> BrokerDefinitions {
    let request = HTTPGet(url: base + "/definitions", user: user, password: password, certificates: certificates)
    let answer = try request.perform()
    switch answer.status {
    case 200: break
    case 401:
      throw Ending(
        .unavailable,
        "the management API refuses \(user): its password is wrong, or it lacks the tag administrator that this needs")
    case 403: throw Ending(.unavailable, "\(user) may not read \(base)/definitions: it needs the tag administrator")
    default: throw Ending(.unavailable, "\(base)/definitions was answered with status \(answer.status)")
    }
    do {
      return try JSONDecoder().decode(BrokerDefinitions.self, from: Data(answer.body))
    } catch {
      throw Ending(.unavailable, "\(base)/definitions was answered with something else than RabbitMQ's definitions")
    }
  }

  // MARK: Percent-encoding

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
