import ArgumentParser
import Audit
import ContractPages
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
    /// `EX_SOFTWARE` of sysexits.h.
    case fault = 70
    /// `EX_IOERR` of sysexits.h.
    case output = 74
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
    case let error as SchemaTooOld: self.init(.unavailable, "\(error)")
    case let error as MigrationError: self.init(Ending.code(of: error), "\(error)")
    case let error as ContractFolder.Unreadable:
      self.init(.usage, "\(error); --folder says where the contracts are, such as topology/contracts of a checkout")
    default:
      // ArgumentParser's: help and version are no errors. What is none of its own, nobody has thought of.
      switch OperatorCommand.exitCode(for: error) {
      case .success: self.init(.success, OperatorCommand.fullMessage(for: error))
      case .validationFailure: self.init(.usage, OperatorCommand.fullMessage(for: error))
      default: self.init(.fault, "this is a fault in Tallyman, please report it: \(error)")
      }
    }
  }

  private static func code(of error: MigrationError) -> Code {
    switch error {
    case .changed, .gap, .failed: .findings
    case .locked, .blocked, .database: .unavailable
    }
  }

  /// Ends the process, with another code where what was asked for did not reach whoever asked.
  func exit() -> Never {
    if code == .success, !message.isEmpty { print(message) }
    let lost = StandardOutput.finish()
    switch code {
    case .success: break
    case .usage: StandardError.writeLine(message)
    case .findings, .unavailable, .fault, .output, .settings: if !message.isEmpty { StandardError.say(message) }
    }
    if let lost { StandardError.say("standard output could not be written: \(lost)") }
    let last = lost != nil && [.success, .findings].contains(code) ? Code.output : code
    #if canImport(Glibc)
      Glibc.exit(last.rawValue)
    #else
      Musl.exit(last.rawValue)
    #endif
  }
}
