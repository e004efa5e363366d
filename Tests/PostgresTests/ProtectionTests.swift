import Foundation
import TestServers
import Testing

@testable import Postgres

/// Whether a connection is encrypted and goes to the right server.
@Suite(.timeLimit(.minutes(2))) struct ProtectionTests {
  @Test(arguments: [
    ("postgres://db.example.com/x", "db.example.com"), ("postgresql://u@10.1.2.3:5432/x", "10.1.2.3"),
    ("host=db.example.com dbname=x", "db.example.com"), ("postgres://127.0.0.1,standby/x", "standby"),
    ("postgres://localhost/x?hostaddr=10.1.2.3", "10.1.2.3"), ("postgres://[2001:db8::1]/x", "2001:db8::1"),
    ("postgres:///x?sslrootcert=/ca.pem&host=db", "db"),
  ])
  func anotherHostWithoutAWordIsNamed(conninfo: String, host: String) {
    #expect(ConnectionOptions(conninfo: conninfo).unprotectedHost { _ in nil } == host)
  }

  @Test(arguments: [
    "postgres://127.0.0.1/x", "postgres://LocalHost/x", "postgres://[::1]:1/x", "postgres:///x", "host=/run/pg",
    "postgres://%2Frun%2Fpg/x", "postgres://db.example.com/x?hostaddr=127.0.0.1",
    "postgres://db.example.com/x?sslmode=verify-full", "postgres://db.example.com/x?sslmode=prefer",
    "service=books", "no conninfo at all",
  ])
  func whatStaysHereOrHasAWordIsNot(conninfo: String) {
    #expect(ConnectionOptions(conninfo: conninfo).unprotectedHost { _ in nil } == nil)
  }

  @Test func theEnvironmentOfLibpqCounts() {
    let options = ConnectionOptions(conninfo: "postgres:///x")
    #expect(options.unprotectedHost { $0 == "PGHOST" ? "db" : nil } == "db")
    #expect(options.unprotectedHost { ["PGHOST": "db", "PGSSLMODE": "require"][$0] } == nil)
    #expect(options.unprotectedHost { ["PGHOST": "db", "PGSERVICE": "books"][$0] } == nil)
  }

  @Test func aVerifiedConnectionIsOpenedToTheRightServerOnly() async throws {
    let site = try EncryptedSite()
    let outcome = try await onLane {
      let right = try Connection(testOptions(site.conninfo(authority: "server.pem")))
      let question = Statement.once("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
      let encrypted = try right.query(question).text(0, 0)
      right.close()
      let refused = try [
        site.conninfo(authority: "other.pem"), site.conninfo(host: "other.example.com", authority: "server.pem"),
        site.conninfo(authority: "none.pem"),
      ].map { conninfo in try failure { _ = try Connection(testOptions(conninfo)) } }
      return (encrypted, refused)
    }
    #expect(outcome.0 == "true")
    let reasons = ["certificate verify failed", #"does not match host name "other.example.com""#, "does not exist"]
    #expect(outcome.1.count == reasons.count)
    for (error, reason) in zip(outcome.1, reasons) {
      #expect(error.sqlState == .cannotConnect && error.message.contains(reason), "\(error)")
    }
  }
}

/// A server of its own with a certificate for `db.example.com`, which has signed itself, as its own authority.
private struct EncryptedSite {
  let server: PostgresServer

  init() throws {
    server = try PostgresServer()
    for name in ["server", "other"] {
      try Child.run([
        "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=db.example.com", "-addext", "subjectAltName=DNS:db.example.com",
        "-keyout", "\(server.directory)/\(name).key", "-out", "\(server.directory)/\(name).pem",
      ])
    }
    // The server wants its key to belong to whoever it runs as.
    try Child.run([
      "/bin/bash", "-ec",
      """
      install -m 600 "$1/server.key" "$1/server.pem" "$1/data"
      chown --reference "$1/data" "$1/data/server.key" "$1/data/server.pem"
      """, "install", server.directory,
    ])
    try server.execute("ALTER SYSTEM SET ssl_cert_file = 'server.pem'")
    try server.execute("ALTER SYSTEM SET ssl_key_file = 'server.key'")
    try server.execute("ALTER SYSTEM SET ssl = on")
    try server.restart()
  }

  /// Where the server is under a name that no name server knows, with the authority that is to have signed it.
  func conninfo(host: String = "db.example.com", authority: String) -> String {
    "postgres://postgres@\(host):\(server.port)/postgres?hostaddr=127.0.0.1&sslmode=verify-full"
      + "&sslrootcert=\(server.directory)/\(authority)"
  }
}
