import Lanes
import TestServers
import Testing

@testable import Postgres

/// A conninfo that names several hosts.
@Suite struct HostListTests {
  @Test func aHostIsFoundAndLeftOutWithItsAddressAndPort() {
    let hosts = HostList(hosts: "db1,db2,db2", addresses: nil, ports: "5432,5433,5434")
    #expect(hosts.count == 3)
    #expect(hosts.place(of: "db2", port: "5434") == 2 && hosts.place(of: "db2", port: "1") == nil)
    #expect(hosts.name(of: 1) == "db2:5433")
    #expect(hosts.without(1).keywords.map { "\($0)=\($1)" } == ["host=db1,db2", "port=5432,5434"])
    let onePort = HostList(hosts: "db1,db2", addresses: "10.0.0.1,10.0.0.2", ports: "5432")
    #expect(onePort.without(0).keywords.map { "\($0)=\($1)" } == ["host=db2", "hostaddr=10.0.0.2", "port=5432"])
    let addresses = HostList(hosts: nil, addresses: "10.0.0.1,10.0.0.2", ports: nil)
    #expect(addresses.place(of: "10.0.0.2", port: "5432") == 1 && addresses.name(of: 1) == "10.0.0.2")
    let nothing = HostList(hosts: nil, addresses: nil, ports: nil)
    #expect(nothing.count == 1 && nothing.keywords.isEmpty)
  }

  @Test func aFirstHostThatSaysNothingIsPassedOver() async throws {
    let (silent, real) = (try PostgresServer(), try PostgresServer.shared())
    defer { try? silent.resume() }
    try silent.pause()
    let hosts = "127.0.0.1:\(silent.port),127.0.0.1:\(real.port)"
    var options = testOptions("postgresql://postgres@\(hosts)/postgres?target_session_attrs=read-write")
    options.connectTimeout = .seconds(4)
    try await onLane { [options] in
      let start = ContinuousClock.now
      let connection = try Connection(options)
      #expect(try connection.query(.once("SELECT 1::int8")).int(0, 0) == 1)
      #expect(start.duration(to: .now) >= .seconds(2), "the first host had its share of the time")
    }
  }

  @Test func whereNoneAnswersTheErrorNamesThoseThatSaidNothing() async throws {
    let silent = try PostgresServer()
    defer { try? silent.resume() }
    try silent.pause()
    var options = testOptions("postgresql://postgres@127.0.0.1:\(silent.port),127.0.0.1:1/postgres")
    options.connectTimeout = .milliseconds(600)
    let refused = try await onLane { [options] in try failure { _ = try Connection(options) } }
    #expect(refused.category == .infrastructure && refused.sqlState == .cannotConnect)
    #expect(refused.message.contains("no answer from 127.0.0.1:\(silent.port)"), "\(refused)")
    #expect(refused.message.contains("refused"), "\(refused)")
  }
}
