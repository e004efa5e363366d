import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One of the servers in the folder `servers`, in a process of its own on a free port, with a folder of its own.
///
/// The process ends with this object, and also when the test process dies: it watches its standard input.
public final class PythonServer: Sendable {
  struct StartError: Error { let step: String }

  /// Where it listens, on loopback.
  public let port: Int
  let folder: String
  private let process: pid_t
  private let channel: Int32

  /// The file it writes what it got to.
  public var record: String { folder + "/record" }
  /// The certificate it made itself.
  public var certificate: String { folder + "/cert.pem" }

  /// - Parameters:
  ///   - script: Its file name.
  ///   - arguments: Further arguments.
  ///   - withCertificate: Whether it makes itself a certificate for 127.0.0.1.
  public init(_ script: String, _ arguments: [String] = [], withCertificate: Bool = false) throws {
    var template = Array("/tmp/tallyman-receiver-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StartError(step: "mkdtemp") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let servers = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/DeliveryTests/servers/"
    var command = ["python3", servers + script, folder + "/record", "--release", folder + "/release"] + arguments
    if withCertificate { command += ["--certificate", folder] }
    let started = try PythonServer.spawn(command)
    (process, channel) = (started.process, started.channel)
    guard let port = Int(PythonServer.readLine(started.channel)) else { throw StartError(step: "reading its port") }
    self.port = port
  }

  deinit {
    close(channel)
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// What it has recorded so far.
  public func records<Record: Decodable>(_ type: Record.Type = Record.self) throws -> [Record] {
    guard let data = FileManager.default.contents(atPath: record) else { return [] }
    return try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(type, from: Data($0)) }
  }

  /// Lets everything go on that stalls.
  public func release() { close(creat(folder + "/release", 0o600)) }

  /// Makes it stop answering without closing anything, as a server does that hangs.
  public func freeze() { kill(process, SIGSTOP) }

  private static func spawn(_ command: [String]) throws -> (process: pid_t, channel: Int32) {
    var ends: [Int32] = [0, 0]
    // Close-on-exec, so that no other child holds the end that this one watches.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw StartError(step: "socketpair") }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    guard posix_spawnp(&process, command[0], &actions, &attributes, &arguments, environ) == 0 else {
      throw StartError(step: "starting \(command[0])")
    }
    return (process, ends[0])
  }

  private static func readLine(_ descriptor: Int32) -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }
}
