import ArgumentParser
import ContractPages
import Foundation
import PipelineKit
import Schema
import TestServers
import Testing
import WorkerHost

@testable import tallyman

@Suite("The command line")
struct CommandTests {
  @Test(
    "--help explains every subcommand and ends with 0",
    arguments: [
      [], ["migrate"], ["topology"], ["audit"], ["settings"], ["version"], ["dead-letters"],
      ["dead-letters", "replay"],
    ])
  func help(subcommand: [String]) async throws {
    let run = try await Program.run(subcommand + ["--help"])
    #expect(run.code == 0)
    #expect(run.output.contains("USAGE: tallyman"))
    #expect(run.errors == "")
  }

  @Test("the exit codes are documented")
  func exitCodes() async throws {
    let run = try await Program.run("--help")
    for line in ["0   done", "1   findings", "2   wrong usage", "69  ", "70  a fault", "74  ", "78  a setting"] {
      #expect(run.output.contains(line))
    }
  }

  @Test("version and --version say the same")
  func version() async throws {
    let short = try await Program.run("--version")
    let long = try await Program.run("version")
    #expect(short.code == 0)
    #expect(long.output.hasPrefix(short.output))
    #expect(long.output.contains("schema \(Migrations.latest);"))
  }

  @Test("wrong usage ends with 2, with a word on standard error", arguments: [["nonsense"], ["audit", "--wrong"]])
  func usage(arguments: [String]) async throws {
    let run = try await Program.run(arguments)
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.errors.contains(arguments.last ?? ""))
  }

  @Test("what could not be written ends with 74 and the reason", arguments: [["topology"], ["version"], ["--help"]])
  func fullDisk(arguments: [String]) throws {
    let command = [
      "/bin/bash", "-c", #""$@" 2>&1 >/dev/full; echo $?"#, "full", "/usr/bin/env", "-i", Program.path,
    ]
    let text = try Child.run(command + arguments)
    #expect(text == "tallyman: standard output could not be written: No space left on device\n74\n")
  }

  @Test("an error that nobody has thought of is a fault of the program, and no wrong usage")
  func unexpected() {
    struct Surprise: Error {}
    #expect(Ending(of: Surprise()).code == .fault)
    #expect(Ending(of: ValidationError("x")).code == .usage)
    #expect(Ending(of: CleanExit.message("x")) == Ending(.success, "x"))
    let unreadable = #expect(throws: ContractFolder.Unreadable.self) { try ContractFolder("/nowhere") }
    #expect(unreadable.map { Ending(of: $0).code } == .usage)
  }

  @Test(
    "without the contracts it is said which folder is missing, and how to name another", arguments: ["asyncapi", "x"])
  func noContracts(command: String) async throws {
    let arguments = command == "x" ? ["contracts", "compare"] : [command]
    let run = try await Program.run(arguments + ["--folder", "/nowhere"])
    #expect(run.code == 2 && run.output.isEmpty, "\(run)")
    #expect(run.errors.hasPrefix("/nowhere/examples: there is no such folder; --folder says where"), "\(run.errors)")
  }

  @Test("the list of invariants is JSON where that is asked for")
  func invariants() async throws {
    let text = try await Program.run("audit", "--list")
    let json = try await Program.run("audit", "--list", "--json")
    let promises = try JSONDecoder().decode([AuditDocument.Promise].self, from: Data(json.output.utf8))
    #expect(text.output == promises.map { "\($0.name): \($0.promise)\n" }.joined())
    #expect(promises.contains { $0.severity == .warning } && promises.contains { $0.severity == .violation })
  }

  @Test(
    "a value that is no time and no correction is refused with the rule",
    arguments: [
      (["dead-letters", "list", "--since", "2026-13-01"], "a time with a zone such as 2026-11-21T09:30:00Z"),
      (["ledger", "A", "--until", "2026-11-21"], "a time with a zone such as 2026-11-21T09:30:00Z"),
      (["dead-letters", "replay", "1", "--why", "x", "--edit", "time"], "it must be PATH=VALUE"),
    ])
  func wrongValues(arguments: [String], rule: String) async throws {
    let run = try await Program.run(arguments)
    #expect(run.code == 2 && run.errors.contains(rule), "\(run)")
    #expect(run.errors.contains(arguments.last ?? ""))
  }

  @Test("a missing or unknown setting ends with 78 and is named")
  func settings() async throws {
    let missing = try await Program.run("audit")
    #expect(missing.code == 78)
    #expect(missing.errors.contains("TALLYMAN_DATABASE_URL"))
    let unknown = try await Program.run("migrate", environment: ["TALLYMAN_DATABSE_URL": "postgres://x/y"])
    #expect(unknown.code == 78)
    #expect(unknown.errors.contains("did you mean TALLYMAN_DATABASE_URL?"))
    let noUser = try await Program.run(
      "topology", "--check", environment: ["TALLYMAN_MANAGEMENT_URL": "http://127.0.0.1:1"])
    #expect(noUser.code == 78)
    #expect(noUser.errors.contains("must name a user"))
  }

  @Test("a database or broker that does not answer ends with 69 and one line, without a password")
  func unavailable() async throws {
    let database = try await Program.run(
      "audit", environment: ["TALLYMAN_DATABASE_URL": "postgres://me:geheim@127.0.0.1:1/x"])
    #expect(database.code == 69)
    #expect(database.errors.hasPrefix("tallyman: the database:"))
    let broker = try await Program.run(
      "topology", "--check", environment: ["TALLYMAN_MANAGEMENT_URL": "http://me:geheim@127.0.0.1:1"])
    #expect(broker.code == 69)
    #expect(broker.errors.hasPrefix("tallyman: http://127.0.0.1:1/api/"))
    #expect(!(database.errors + broker.errors).contains("geheim"))
  }

  @Test("a database on another host without an sslmode is warned of on standard error")
  func unprotectedDatabase() async throws {
    // To the kernel this machine, where nobody listens; to us any other.
    let url = "postgres://me@0.0.0.0:1/x"
    let warned = try await Program.run("audit", environment: ["TALLYMAN_DATABASE_URL": url])
    #expect(warned.errors.hasPrefix("tallyman: TALLYMAN_DATABASE_URL has no sslmode: the connection to 0.0.0.0"))
    #expect(warned.errors.contains("sslmode=verify-full") && warned.output == "")
    let wanted = try await Program.run("audit", environment: ["TALLYMAN_DATABASE_URL": url + "?sslmode=prefer"])
    #expect(wanted.code == 69 && wanted.errors.hasPrefix("tallyman: the database:"))
  }

  @Test("settings prints the table of all settings")
  func settingsTable() async throws {
    let run = try await Program.run("settings")
    #expect(run.code == 0)
    #expect(run.output == SettingsTable.markdown)
  }

  @Test("migrate lists what is pending, applies it, and then has nothing to do")
  func migrate() async throws {
    let url = try PostgresServer.shared().makeDatabase()
    let environment = ["TALLYMAN_DATABASE_URL": url]
    let early = try await Program.run("audit", environment: environment)
    #expect(early.code == 69)
    #expect(early.errors.contains("run `tallyman migrate`"))
    let pending = try await Program.run("migrate", "--dry-run", environment: environment)
    #expect(pending.code == 1)
    #expect(pending.output.hasPrefix("pending 0001 roles and catalogue\n"))
    let first = try await Program.run("migrate", environment: environment)
    #expect(first.code == 0)
    #expect(first.output.split(separator: "\n").count == Migrations.latest)
    #expect(first.output.hasPrefix("applied 0001 roles and catalogue\n"))
    let second = try await Program.run("migrate", environment: environment)
    #expect(second.code == 0)
    #expect(second.output == "the schema is up to date at version \(Migrations.latest)\n")
    #expect(try await Program.run("migrate", "--dry-run", environment: environment).code == 0)
  }

  @Test("audit runs as tallyman_operator, in words and as JSON, and ends with 1 where an invariant is violated")
  func audit() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
      let environment = ["TALLYMAN_DATABASE_URL": url]
      let good = try await Program.run("audit", environment: environment)
      #expect(good.code == 0, "\(good)")
      #expect(good.output.hasSuffix("invariants hold\n"))

      try await house.script("update orders set state = 'backordered' where order_id = 'late'")
      let bad = try await Program.run("audit", environment: environment)
      #expect(bad.code == 1)
      #expect(bad.output.contains("late: is backordered"))
      let json = try await Program.run("audit", "--json", environment: environment)
      #expect(json.code == 1)
      let document = try JSONDecoder().decode(AuditDocument.self, from: Data(json.output.utf8))
      #expect(!document.holds)
      #expect(document.invariants.filter { $0.violations > 0 }.map(\.name) == ["order_state"])
      try await house.script("update orders set state = 'partially_reserved' where order_id = 'late'")
    }
  }
}
