import Foundation
import FoundationNetworking

/// A real RabbitMQ node for tests: on loopback, on free ports, with its data in a folder of its own.
///
/// It ends with this process however that ends: a small shell started it and cleans up when its ``Lifeline`` breaks.
public final class RabbitMQServer: Sendable {
  /// AMQP's port on 127.0.0.1.
  public let port: Int
  /// The management API's port on 127.0.0.1.
  public let managementPort: Int
  /// Everything the node has on disk.
  public let folder: URL
  private let script: URL
  private let lifeline: Lifeline

  /// The broker that all tests of this process share, started on first use.
  public static func shared() async throws -> RabbitMQServer { try await sharedStart.value }
  private static let sharedStart = Task { try await RabbitMQServer.start() }

  /// Starts another broker, for tests that stop, kill or alarm it.
  ///
  /// - Parameter configuration: Lines added to `rabbitmq.conf`; `@FOLDER@` stands for the node's folder.
  /// - Parameter prepare: Puts files into the folder before the node starts.
  public static func start(
    configuration: String = "", prepare: @escaping @Sendable (URL) throws -> Void = { _ in }
  ) async throws -> RabbitMQServer {
    try await onThreadOfItsOwn { try RabbitMQServer(configuration: configuration, prepare: prepare) }
  }

  private init(configuration: String, prepare: (URL) throws -> Void) throws {
    script = Self.repository.appending(path: "topology/local/rabbitmq.sh")
    folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-rabbitmq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try prepare(folder)
    let extra = folder.appending(path: "extra.conf")
    try configuration.replacing("@FOLDER@", with: folder.path).write(to: extra, atomically: true, encoding: .utf8)
    let commands = """
      export TALLYMAN_RABBITMQ_CONF="$2/extra.conf"
      if bash "$1" start "$2" >"$2/start.log" 2>&1; then result=ready; else result=failed; fi
      trap '' PIPE
      echo "$result"
      exec >/dev/null 2>&1
      cat >/dev/null
      bash "$1" kill "$2"
      bash "$1" stop "$2"
      rm -rf "$2"
      """
    lifeline = try Lifeline(commands, [script.path, folder.path])
    guard lifeline.readLine() == "ready" else {
      let log = try? String(contentsOf: folder.appending(path: "start.log"), encoding: .utf8)
      throw RabbitMQServerError(what: "the broker did not start", detail: log ?? "no log")
    }
    port = try Self.number(in: folder.appending(path: "amqp-port"))
    managementPort = try Self.number(in: folder.appending(path: "mgmt-port"))
  }

  /// The repository's top: this file is in Tests/TestServers.
  private static var repository: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  private static func number(in file: URL) throws -> Int {
    let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let number = Int(text) else { throw RabbitMQServerError(what: "no number in \(file.path)", detail: text) }
    return number
  }

  // MARK: Life and death

  /// Stops the node with SIGKILL and leaves its data, as a power failure would.
  public func kill() async throws { _ = try await run("kill") }

  /// Stops the node's process where it is: it answers for nothing any more, and ``kill()`` ends it all the same.
  public func pause() throws {
    _ = Foundation.kill(pid_t(try Self.number(in: folder.appending(path: "pid"))), SIGSTOP)
  }

  /// Starts the node again on the same ports with the same data, after ``kill()``.
  public func startAgain() async throws {
    _ = try await run("start")
  }

  /// Ends the node and removes its folder. Otherwise that happens when this process ends.
  public func remove() { lifeline.letGo() }

  /// Runs rabbitmqctl against the node.
  ///
  /// - Returns: What it printed.
  @discardableResult
  public func control(_ arguments: String...) async throws -> String {
    try await run("ctl", arguments)
  }

  /// Runs the script in one of its modes on this node's folder.
  private func run(_ mode: String, _ arguments: [String] = []) async throws -> String {
    let settings = "TALLYMAN_RABBITMQ_CONF=\(folder.path)/extra.conf"
    let command = ["/usr/bin/env", settings, "/bin/bash", script.path, mode, folder.path] + arguments
    return try await onThreadOfItsOwn { try Child.run(command) }
  }

  // MARK: Addresses

  /// The AMQP URI of a vhost.
  public func uri(vhost: String, user: String = "guest", password: String = "guest") -> String {
    "amqp://\(user):\(password)@127.0.0.1:\(port)/\(Self.encoded(vhost))"
  }

  /// Makes an empty vhost for one test.
  ///
  /// - Returns: Its AMQP URI.
  public func makeVirtualHost() async throws -> String { try await uri(vhost: makeVirtualHostNamed()) }

  /// Makes an empty vhost for one test.
  ///
  /// - Returns: Its name.
  public func makeVirtualHostNamed() async throws -> String {
    let name = "test-\(UUID().uuidString.lowercased())"
    try await management("PUT", "vhosts/\(name)")
    try await management(
      "PUT", "permissions/\(name)/guest", json: #"{"configure":".*","write":".*","read":".*"}"#)
    return name
  }

  // MARK: Management API

  /// One request to the management API, as guest.
  ///
  /// - Parameters:
  ///   - method: GET, PUT, POST or DELETE.
  ///   - path: What follows `/api/`, percent-encoded.
  ///   - json: The body.
  /// - Returns: The answer's body.
  /// - Throws: For any status but 2xx.
  @discardableResult
  public func management(_ method: String, _ path: String, json: String? = nil) async throws -> Data {
    guard let url = URL(string: "http://127.0.0.1:\(managementPort)/api/\(path)") else {
      throw RabbitMQServerError(what: "not a path of the management API", detail: path)
    }
    var request = URLRequest(url: url, timeoutInterval: TimeInterval(patience.components.seconds))
    request.httpMethod = method
    request.httpBody = json.map { Data($0.utf8) }
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.setValue("Basic \(Data("guest:guest".utf8).base64EncodedString())", forHTTPHeaderField: "Authorization")
    let (body, answer) = try await URLSession.shared.data(for: request)
    let status = (answer as? HTTPURLResponse)?.statusCode ?? 0
    guard (200..<300).contains(status) else {
      throw RabbitMQServerError(
        what: "\(method) \(path) was answered with \(status)", detail: String(decoding: body, as: UTF8.self))
    }
    return body
  }

  /// Reads from the management API.
  public func read<Answer: Decodable>(_ type: Answer.Type, _ path: String) async throws -> Answer {
    try JSONDecoder().decode(type, from: try await management("GET", path))
  }

  /// A name as part of a path of the management API.
  public static func encoded(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? name
  }
}

/// Why a test broker could not be used.
public struct RabbitMQServerError: Error, CustomStringConvertible {
  let what: String
  let detail: String
  /// What failed, with the output.
  public var description: String { "\(what): \(detail)" }
}
