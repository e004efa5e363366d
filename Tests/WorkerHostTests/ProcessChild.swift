import Foundation
import FoundationNetworking
import Synchronization
import TestServers
import WorkerHost

/// One of the package's executables as a process of its own, with nothing but an environment.
final class ProcessChild: Sendable {
  let pid: pid_t
  private let folder: URL
  private let lastWill: LastWill
  private let status = Mutex<Int32?>(nil)

  /// Starts an executable that was built with the tests.
  ///
  /// - Parameters:
  ///   - executable: Which.
  ///   - environment: All of its variables.
  init(_ executable: Executable, _ environment: [String: String], arguments: [String] = []) throws {
    let program = try ProcessChild.find(executable.rawValue)
    folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-process-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = open(folder.appending(path: "output").path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ProcessFailure("no output file in \(folder.path): error \(errno)") }
    defer { close(file) }
    let variables = environment.map { "\($0.key)=\($0.value)" }
    // Whoever runs the tests may ignore signals, and a child would inherit that.
    let clean = ["/usr/bin/env", "-i", "--default-signal=PIPE"]
    pid = try Child.spawn(clean + variables + [program] + arguments, output: file)
    lastWill = try LastWill(
      "[[ $(readlink /proc/$1/exe) == \"$2\" ]] && kill -KILL $1; rm -rf \"$3\"", ["\(pid)", program, folder.path])
  }

  deinit { if !hasEnded { signal(SIGKILL) } }

  /// Beside the test bundle, where the build puts everything, or where `TALLYMAN_TEST_BIN` says.
  private static func find(_ name: String) throws -> String {
    var folders = [ProcessInfo.processInfo.environment["TALLYMAN_TEST_BIN"]].compactMap { $0 }
    if folders.isEmpty {
      let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { [$0] } ?? []
      folders = (CommandLine.arguments.prefix(1) + own).map {
        URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path
      }
    }
    let found = folders.map { $0 + "/" + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else {
      throw ProcessFailure(
        """
        there is no \(name) in \(folders.joined(separator: " or ")): build the package's executables first, or name \
        their folder in TALLYMAN_TEST_BIN
        """)
    }
    return URL(fileURLWithPath: found).resolvingSymlinksInPath().path
  }

  // MARK: What it says

  /// Everything it wrote.
  var output: String {
    (try? String(decoding: Data(contentsOf: folder.appending(path: "output")), as: UTF8.self)) ?? ""
  }

  /// Waits until it has written this.
  func says(_ text: String) async throws {
    try await eventually("the process says \(text)", or: { self.output.suffix(2000) }) { output.contains(text) }
  }

  /// The port of its health pages, which it chose itself.
  func port() async throws -> Int {
    var port: Int?
    try await eventually("the health pages are served", or: { self.output.suffix(2000) }) {
      for line in output.split(separator: "\n") where line.contains("health and metrics listen") {
        struct Line: Decodable { let port: Int }
        port = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)).port
      }
      return port != nil
    }
    return port ?? 0
  }

  /// Asks one of its pages; status 0 when nobody answers.
  func get(_ path: String) async throws -> (status: Int, text: String) {
    guard let url = URL(string: "http://127.0.0.1:\(try await port())\(path)") else { return (0, "") }
    do {
      let (body, answer) = try await URLSession.shared.data(for: URLRequest(url: url, timeoutInterval: 10))
      return ((answer as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: body, as: UTF8.self))
    } catch {
      return (0, "\(error)")
    }
  }

  /// Waits until it is ready.
  func ready() async throws {
    try await eventually("the process is ready", or: { self.output.suffix(3000) }) {
      try await get("/health/ready").status == 200
    }
  }

  /// Waits until it is not ready, for a reason that says one of these.
  func unready(_ reasons: String...) async throws {
    let which = reasons.joined(separator: " or ")
    try await eventually("the process is not ready because of \(which)", or: { self.output.suffix(3000) }) {
      let page = try await get("/health/ready")
      return page.status == 503 && reasons.contains { page.text.contains($0) }
    }
  }

  // MARK: Its end

  func signal(_ number: Int32) { if !hasEnded { kill(pid, number) } }

  /// Whether it has ended; asks the system.
  var hasEnded: Bool {
    status.withLock { status in
      if status != nil { return true }
      var raw: Int32 = 0
      guard waitpid(pid, &raw, WNOHANG) == pid else { return false }
      status = raw
      return true
    }
  }

  /// Waits for its end: the exit code, or minus the number of the signal that ended it.
  func end() async throws -> Int {
    try await eventually("the process ends", or: { self.output.suffix(3000) }) { hasEnded }
    let raw = status.withLock { $0 } ?? 0
    return raw & 0x7F == 0 ? Int(raw >> 8) & 0xFF : -Int(raw & 0x7F)
  }
}

/// A process test could not go on.
struct ProcessFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
