import ArgumentParser
import Messaging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Who resolves, and why: both go into the audit trail.
struct ResolveOptions: ParsableArguments {
  @Option(help: "Why; kept in the audit trail. Required where anything is changed.")
  var why: String?

  @Option(help: "Who, if not the user of this session.")
  var by: String?

  /// - Throws: A word on usage, where why is missing.
  func order() throws -> DeadLetterDesk.Order {
    DeadLetterDesk.Order(by: try name(), why: try reason())
  }

  func reason() throws -> String {
    guard let why, !why.allSatisfy(\.isWhitespace) else {
      throw ValidationError("--why is missing: say why, for the audit trail")
    }
    return why
  }

  func name() throws -> String {
    if let by, !by.allSatisfy(\.isWhitespace) { return by }
    guard by == nil, let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
      throw ValidationError("--by is missing: say who you are, for the audit trail")
    }
    return String(cString: name)
  }
}
