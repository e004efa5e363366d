import Foundation
import Synchronization

/// A private PostgreSQL for tests, started by `topology/local/postgres.sh`.
///
/// It is stopped, and its folder removed, when the object goes or the test process ends, in whatever way that happens.
/// Tests share one server, each with a database of its own; a test that harms a server starts one for itself.
public final class PostgresServer: Sendable {
  /// The server's folder: `data`, `log`, `port`, `socket`.
  public let directory: String
  /// Its port on 127.0.0.1. It stays the same after a restart.
  public let port: Int
  private let lastWill: LastWill
  private static let databases = Atomic<Int>(0)
  private static let sharedServer = Result { try PostgresServer() }

  /// The server that all tests share, started when it is first asked for.
  public static func shared() throws -> PostgresServer { try sharedServer.get() }

  /// Starts a server of its own.
  public init() throws {
    directory = NSTemporaryDirectory() + "tallyman-pg-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    lastWill = try LastWill("bash \"$1\" kill \"$2\"; rm -rf \"$2\"", [Self.script, directory])
    try Child.run(["/bin/bash", Self.script, "start", directory])
    port = try Self.port(in: directory)
  }

  /// Starts a standby of its own that follows another server, which from now on confirms a commit only when this one
  /// has it.
  public init(following primary: PostgresServer) throws {
    directory = NSTemporaryDirectory() + "tallyman-pg-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    lastWill = try LastWill("bash \"$1\" kill \"$2\"; rm -rf \"$2\"", [Self.script, directory])
    try Child.run([
      "/bin/bash", "-ec",
      """
      mkdir -m 700 "$1/data"; mkdir "$1/socket"; : >"$1/log"
      run=(env)
      if [[ $(id -u) == 0 ]]; then
        chown postgres "$1/data" "$1/socket" "$1/log"
        run=(setpriv --reuid postgres --regid postgres --init-groups -- env HOME=/tmp)
      fi
      "${run[@]}" "$2" -h 127.0.0.1 -p "$3" -U postgres -D "$1/data" -R -X stream -c fast --no-sync
      "${run[@]}" tee -a "$1/data/postgresql.conf" >/dev/null <<<"unix_socket_directories = '$1/socket'"
      """, "standby", directory, try Self.program("pg_basebackup"), "\(primary.port)",
    ])
    try Child.run(["/bin/bash", Self.script, "start", directory])
    port = try Self.port(in: directory)
    try primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    try primary.reload()
  }

  private static func port(in directory: String) throws -> Int {
    let text = try String(contentsOfFile: directory + "/port", encoding: .utf8)
    guard let number = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw Child.Failure(description: "no port in \(directory)/port")
    }
    return number
  }

  // MARK: Databases

  /// The address of a database, by default as its superuser.
  public func conninfo(database: String = "postgres", user: String = "postgres") -> String {
    "postgres://\(user)@127.0.0.1:\(port)/\(database)"
  }

  /// Creates an empty database, or a copy of another, and returns its address.
  ///
  /// - Parameter template: The name of a database to which nobody is connected.
  public func makeDatabase(from template: String? = nil) throws -> String {
    let number = Self.databases.wrappingAdd(1, ordering: .relaxed).newValue
    let name = "test_\(getpid())_\(number)"
    try execute("CREATE DATABASE \(name)" + (template.map { " TEMPLATE \($0)" } ?? ""))
    return conninfo(database: name)
  }

  /// Runs SQL by psql, as superuser, and returns its unadorned output.
  @discardableResult
  public func execute(_ sql: String, database: String = "postgres") throws -> String {
    try Child.run([
      try Self.program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", conninfo(database: database),
      "-c", sql,
    ])
  }

  // MARK: Faults

  /// Stops the server cleanly; connections are ended.
  public func stop() throws { try Child.run(["/bin/bash", Self.script, "stop", directory]) }

  /// Ends the server as a power cut would.
  public func kill() throws { try Child.run(["/bin/bash", Self.script, "kill", directory]) }

  /// Starts the server again on the same port.
  public func start() throws { try Child.run(["/bin/bash", Self.script, "start", directory, "\(port)"]) }

  /// Stops the server cleanly and starts it again.
  public func restart() throws {
    try stop()
    try start()
  }

  /// Makes all of the server's processes stand still: connections stay open and nothing answers.
  public func pause() throws { try signal(SIGSTOP) }

  /// Ends ``pause()``.
  public func resume() throws { try signal(SIGCONT) }

  /// Makes the server read its configuration files again.
  public func reload() throws { _ = Foundation.kill(try mainProcess(), SIGHUP) }

  /// Sends a signal to the main process and to its children. Each child has a session of its own, so there is no group
  /// to send it to.
  private func signal(_ number: Int32) throws {
    let main = try mainProcess()
    _ = Foundation.kill(main, number)
    let children = try String(contentsOfFile: "/proc/\(main)/task/\(main)/children", encoding: .utf8)
    for child in children.split(separator: " ").compactMap({ pid_t($0) }) { _ = Foundation.kill(child, number) }
  }

  private func mainProcess() throws -> pid_t {
    let text = try String(contentsOfFile: directory + "/data/postmaster.pid", encoding: .utf8)
    guard let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }) else {
      throw Child.Failure(description: "no process id in \(directory)/data/postmaster.pid")
    }
    return pid
  }

  // MARK: Programs

  private static let script = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("topology/local/postgres.sh").path

  /// Debian's /usr/bin/psql is a wrapper that takes longer than the query.
  private static func program(_ name: String) throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.sorted { $0.localizedStandardCompare($1) == .orderedDescending }
      .map { "\(root)/\($0)/bin/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let newest else { throw Child.Failure(description: "no \(name) under \(root)") }
    return newest
  }
}
