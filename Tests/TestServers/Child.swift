import Foundation
import Synchronization

/// Starts programs with no blocked or ignored signals, which Foundation's `Process` cannot promise.
public enum Child {
  /// A program that could not be started or that failed.
  public struct Failure: Error, CustomStringConvertible {
    /// What was run and how it ended.
    public let description: String
  }

  /// Held while a child is made and while a descriptor is not yet marked as private to this process.
  static let spawning = Mutex(())

  /// Starts a program in a session of its own.
  ///
  /// - Parameters:
  ///   - arguments: The program's path and its arguments.
  ///   - input: The descriptor that becomes its standard input; nil for none.
  ///   - output: The descriptor that becomes its output and error output; nil for none.
  /// - Returns: Its process id.
  public static func spawn(_ arguments: [String], input: Int32? = nil, output: Int32? = nil) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80  // POSIX_SPAWN_SETSID, a GNU extension
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var copies = arguments.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var pid = pid_t()
    let failure = Self.spawning.withLock { _ in
      posix_spawn(&pid, arguments[0], &actions, &attributes, &copies, environ)
    }
    guard failure == 0 else { throw Failure(description: "cannot start \(arguments[0]): error \(failure)") }
    return pid
  }

  /// Runs a program to its end.
  ///
  /// - Returns: What it wrote.
  /// - Throws: ``Failure`` with what it wrote if its exit code is not 0.
  @discardableResult
  public static func run(_ arguments: [String]) throws -> String {
    // A file and not a pipe: a server that the program starts may inherit it, and nobody has to read on.
    guard let file = tmpfile() else { throw Failure(description: "no temporary file: error \(errno)") }
    defer { fclose(file) }
    let pid = try spawn(arguments, output: fileno(file))
    let status = wait(for: pid)
    rewind(file)
    let bytes = try FileHandle(fileDescriptor: fileno(file), closeOnDealloc: false).readToEnd() ?? Data()
    let text = String(decoding: bytes, as: UTF8.self)
    guard status == 0 else {
      throw Failure(description: "\(arguments.joined(separator: " ")) ended with status \(status): \(text)")
    }
    return text
  }

  /// Runs a program to its end on a thread of its own, so that no thread of the cooperative pool waits for it.
  ///
  /// For all programs that tests run: Foundation's `Process` notices the end of a child by a socket that every server
  /// started at the same moment inherits, and then waits as long as that server lives.
  ///
  /// - Returns: What it wrote.
  /// - Throws: ``Failure`` with what it wrote if its exit code is not 0.
  @discardableResult
  public static func runApart(_ arguments: [String]) async throws -> String {
    try await onThreadOfItsOwn { try run(arguments) }
  }

  /// Reaps a child whenever it ends: whoever waits for any child would meet a dead one again and again.
  static func reap(_ pid: pid_t) {
    Thread.detachNewThread { _ = wait(for: pid) }
  }

  /// Blocks until a child has ended and returns its raw status.
  private static func wait(for pid: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}

/// Runs a shell command as soon as this process is gone, in whatever way it ends.
///
/// A shell reads from a pipe whose other end only this process holds: the end of the process is the end of the input.
public final class LastWill: Sendable {
  private let writeEnd: Int32
  private let shell: pid_t

  /// - Parameter command: What to run, with its arguments in `$1`, `$2`, ….
  public init(_ command: String, _ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    let failure = Child.spawning.withLock { _ in
      let failure = pipe(&ends)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return failure
    }
    guard failure == 0 else { throw Child.Failure(description: "no pipe: error \(errno)") }
    writeEnd = ends[1]
    shell = try Child.spawn(["/bin/bash", "-c", "cat >/dev/null; " + command, "last-will"] + arguments, input: ends[0])
    Foundation.close(ends[0])
  }

  deinit {
    Foundation.close(writeEnd)
    Child.reap(shell)
  }
}
