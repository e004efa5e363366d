import PipelineKit
import TestServers
import Testing

@testable import tallyman

@Suite("tallyman notifications")
struct NotificationCommandTests {
  private static let id = "00000000-0000-7000-8000-0000000000aa"

  @Test("what was given up is listed and sent again; exit codes and words say what became of it")
  func resends() async throws {
    try await withHouse { house in
      try await house.script(
        """
        insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
          subject, body, state, attempts, settled_at, last_error)
        values ('\(Self.id)', 'e-9', 'urn:test', 'stock.out', 'email', 'ops@example.com', 's', 'b', 'failed', 8, now(),
          'refused: no room')
        """)
      let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
      let settings = ["TALLYMAN_DATABASE_URL": url]
      let list = try await Program.run("notifications", "list", environment: settings)
      #expect(list.code == 0 && list.output.contains("refused: no room") && list.output.contains(Self.id))
      let json = try await Program.run("notifications", "list", "--state", "all", "--json", environment: settings)
      #expect(json.output.contains(#""notification_id" : "\#(Self.id)""#))
      let resent = try await Program.run(
        "notifications", "resend", "--all", "--type", "stock.out", "--why", "mail works again", environment: settings)
      #expect((resent.code, resent.output) == (0, "\(Self.id)  resent\n1 of 1\n"))
      let again = try await Program.run("notifications", "resend", Self.id, "--why", "again", environment: settings)
      #expect((again.code, again.output) == (0, "\(Self.id)  unchanged: waiting\n0 of 1\n"))
      let unknown = try await Program.run(
        "notifications", "resend", "00000000-0000-7000-8000-0000000000ab", "--why", "w", environment: settings)
      #expect(unknown.code == 1)
      #expect(try await Program.run("notifications", "list", environment: settings).output == "there are none\n")
    }
  }

  @Test("what cannot be meant is refused before the database is asked")
  func usage() async throws {
    for (arguments, word) in [
      (["resend", "--why", "w"], "give either ids or --all"), (["resend", "7", "--why", "w"], "must be the id of"),
      (["resend", Self.id, "--type", "stock.out", "--why", "w"], "filters go with --all"),
      (["resend", Self.id], "--why is missing"), (["list", "--type", "stock.empty"], "stock.empty"),
    ] {
      let run = try await Program.run(["notifications"] + arguments)
      #expect(run.code == 2 && run.errors.contains(word), "\(arguments): \(run.errors)")
    }
  }
}
