#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The worker processes, known by the pid files that `demo.sh` writes.
struct Crew {
  /// The folder of the pid files.
  let folder: String
  /// Starts one of them again.
  let starter: String

  /// The names of all processes, as their pid files are called.
  static let names = [
    "inventory-worker-1", "inventory-worker-2", "allocation-worker-1", "allocation-worker-2", "notification-worker-1",
    "outbox-relay-1",
  ]

  /// The process's id.
  func pid(of name: String) throws -> pid_t {
    guard let text = TextFile.read("\(folder)/\(name).pid"), let pid = pid_t(TextFile.firstWord(text)), pid > 1 else {
      throw StoryFailure("\(folder)/\(name).pid has no process id")
    }
    return pid
  }

  /// Ends a process as a crash would, without any warning.
  ///
  /// - Returns: The id that it had.
  func crash(_ name: String) throws -> pid_t {
    let pid = try pid(of: name)
    guard kill(pid, SIGKILL) == 0 else { throw StoryFailure("\(name), pid \(pid), was not running") }
    return pid
  }

  /// Begins to start a process again.
  ///
  /// - Returns: The id of the starter, for ``hasStarted(_:by:)``.
  func start(_ name: String) throws -> pid_t {
    var child = pid_t()
    let status = withArguments([starter, "start", name]) { posix_spawn(&child, starter, nil, nil, $0, environ) }
    guard status == 0 else { throw StoryFailure("\(starter) cannot be run: \(String(cString: strerror(status)))") }
    return child
  }

  /// Whether the process is ready; does not wait for it.
  ///
  /// - Throws: When its starter says that it does not become ready.
  func hasStarted(_ name: String, by starter: pid_t) throws -> Bool {
    var result: Int32 = 0
    guard waitpid(starter, &result, WNOHANG) == starter else { return false }
    guard result == 0 else { throw StoryFailure("\(name) did not start again: see its log") }
    return true
  }

  /// The most memory a process ever had, in KiB: `VmHWM` of the kernel.
  func peakMemory(of name: String) throws -> Int? {
    guard let status = TextFile.read("/proc/\(try pid(of: name))/status") else { return nil }
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
    return Int(TextFile.firstWord(String(line.dropFirst(6))))
  }

  private func withArguments<Result>(
    _ arguments: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    var copies = arguments.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    copies.append(nil)
    return body(copies)
  }
}

/// Small files as text; `/proc` included, whose files say that they are empty.
enum TextFile {
  /// The whole file; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Up to the first white space after the first that is none.
  static func firstWord(_ text: String) -> String {
    String(text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
  }

  /// A secret: the file's first line.
  static func secret(_ path: String) throws -> String {
    guard let text = read(path), let line = text.split(separator: "\n").first else {
      throw StoryFailure("\(path) cannot be read or is empty")
    }
    return String(line)
  }
}
