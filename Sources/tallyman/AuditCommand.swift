import ArgumentParser
import Audit
import Postgres
import WorkerHost

/// `tallyman audit`
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Proves that the database keeps every promise of the domain.",
    discussion: """
      Checks every invariant, each in one consistent snapshot of the live database, without a lock that a worker \
      would wait for. Connects by TALLYMAN_DATABASE_URL; the role tallyman_operator may read all that it needs. Exit \
      code 1 if one is violated; a warning alone does not change the exit code.
      """)

  @Flag(help: "Print JSON in place of text.")
  var json = false

  @Flag(help: "Only list the invariants; asks nobody.")
  var list = false

  func run() async throws {
    if list {
      let lines = Invariant.all.map { "\($0.name): \($0.promise)" }
      print(json ? try PrettyJSON.text(Invariant.all.map(AuditDocument.Promise.init)) : lines.joined(separator: "\n"))
      return
    }
    let json = json
    let report = try await Database.withSchema(OperatorSettings(), as: "audit") { connection in
      return try Auditor(connection).audit { finding in
        if !json { print(AuditText.lines(finding)) }
      }
    }
    print(json ? try AuditDocument(report).text() : AuditText.verdict(report))
    if !report.violated.isEmpty { throw Ending(.findings) }
  }
}
