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
      let line = Array((message + "\n").utf8)
      switch code {
      case .success: _ = write(STDOUT_FILENO, line, line.count)
      case .usage: _ = write(STDERR_FILENO, line, line.count)
      case .findings, .unavailable, .settings: StandardError.say(message)
      }
    }
    #if canImport(Glibc)
      Glibc.exit(code.rawValue)
    #else
      Musl.exit(code.rawValue)
    #endif
  }
}

/// Words for people that are no part of what was asked for.
enum StandardError {
  /// Writes a line that says who speaks.
  static func say(_ text: String) {
    let line = Array("tallyman: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}
