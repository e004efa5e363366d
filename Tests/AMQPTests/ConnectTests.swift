import AMQP
import Lanes
import TestServers
import Testing

/// Why a connection cannot be made, told apart.
@Suite struct ConnectTests {
  private func failureOfConnecting(_ options: BrokerOptions) async throws -> AMQPError? {
    let lane = Lane(name: "test")
    defer { lane.stop() }
    return try await lane.run { failure { _ = try Connection(options) } }
  }

  @Test func aWrongPasswordIsAuthenticationAndIsNotRepeated() async throws {
    let fixture = try await BrokerFixture()
    let options = BrokerOptions(uri: fixture.uri, password: "hunter2-secret", connectionName: "test")
    let error = try await failureOfConnecting(options)
    guard case .authentication(let text) = error else {
      Issue.record("expected authentication, got \(String(describing: error))")
      return
    }
    #expect(text.contains("ACCESS_REFUSED"))
    #expect(!"\(error, default: "")".contains("hunter2"))
  }

  @Test func aMissingVirtualHostIsNamed() async throws {
    let server = try await RabbitMQServer.shared()
    let error = try await failureOfConnecting(
      BrokerOptions(uri: server.uri(vhost: "not/there"), connectionName: "test"))
    guard case .virtualHost("not/there", _) = error else {
      Issue.record("expected virtualHost, got \(String(describing: error))")
      return
    }
  }

  @Test func aClosedPortIsRefused() async throws {
    let error = try await failureOfConnecting(BrokerOptions(uri: "amqp://127.0.0.1:1/", connectionName: "test"))
    guard case .refused("127.0.0.1:1", _) = error else {
      Issue.record("expected refused, got \(String(describing: error))")
      return
    }
    #expect(error?.isInfrastructure == true)
  }

  @Test func aPeerThatNeverAnswersIsGivenUpInTime() async throws {
    let silent = try SilentListener()
    var options = BrokerOptions(uri: "amqp://127.0.0.1:\(silent.port)/", connectionName: "test")
    options.connectTimeout = .milliseconds(500)
    // The library alone would wait for ever; how long it takes to find out depends on what else the machine does.
    let error = try await failureOfConnecting(options)
    #expect(error == .timedOut(operation: "login at 127.0.0.1:\(silent.port)"))
  }

  @Test func blockingOffALaneStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      // An error would be swallowed and end in success: only the precondition can fail this process.
      _ = try? Connection(BrokerOptions(uri: "amqp://127.0.0.1:1/", connectionName: "test"))
    }
  }

  @Test func aClosedConnectionSaysThatItIsClosed() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      connection.close()
      connection.close()
      #expect(failure { try connection.service() } == .closed)
    }
  }
}
