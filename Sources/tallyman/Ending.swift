import ArgumentParser
import Audit
import Postgres
import Schema
import WorkerHost

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How the program ends other than by having nothing to report: a code for scripts and a line for people.
struct Ending: Error, Equatable {
  /// The documented exit codes.
  enum Code: Int32 {
    case success = 0
    case findings = 1
    case usage = 2
    /// `EX_UNAVAILABLE` of sysexits.h.
    case unavailable = 69
    /// `EX_CONFIG` of sysexits.h.
    case settings = 78
  }

  let code: Code
  /// For standard error, or for standard output where the code is success. May be empty.
  let message: String

  init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  /// Any error that a subcommand throws.
  init(of error: any Error) {
    switch error {
    case let ending as Ending: self = ending
    case let error as SettingsError: self.init(.settings, "\(error)")
    case let error as PostgresError: self.init(.unavailable, "the database: \(error)")
    case let error as MigrationError: self.init(Ending.code(of: error), "\(error)")
    default:
      // ArgumentParser's: help and version are no errors, all else is wrong usage.
      let isAnswer = OperatorCommand.exitCode(for: error) == .success
      self.init(isAnswer ? .success : .usage, OperatorCommand.fullMessage(for: error))
    }
  }

  private static func code(of error: MigrationError) -> Code {
    switch error {
    case .changed, .gap, .failed: .findings
    case .locked, .blocked, .database: .unavailable
    }
  }

  /// Ends the process.
  func exit() -> Never {
    fflush(nil)
    if !message.isEmpty {
      let text = code == .success || code == .usage ? message : "tallyman: \(message)"
      Ending.put(text, code == .success ? STDOUT_FILENO : STDERR_FILENO)
    }
    #if canImport(Glibc)
      Glibc.exit(code.rawValue)
    #else
      Musl.exit(code.rawValue)
    #endif
  }

  /// Says something to people while the work goes on.
  static func say(_ text: String) { put("tallyman: \(text)", STDERR_FILENO) }

  private static func put(_ text: String, _ file: Int32) {
    let line = Array((text + "\n").utf8)
    _ = write(file, line, line.count)
  }
}
