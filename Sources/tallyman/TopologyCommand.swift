import ArgumentParser
import Lanes
import Messaging
import WorkerHost

/// `tallyman topology`
struct TopologyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology", abstract: "Prints the broker's definitions, or compares a running broker with them.",
    discussion: """
      The definitions derive from what the workers of this build declare. RabbitMQ imports them with \
      `rabbitmqctl import_definitions FILE`. Their users have no password, and an import takes the passwords of \
      existing users away: set passwords after it (see topology/README.md), or import with --without-users.

      A queue whose worker nobody runs fills the broker's disk and costs it as much as one that is read: leave it \
      out, naming the workers that you run with --worker.

      --check asks the management API at TALLYMAN_MANAGEMENT_URL, as a user with the tag administrator (only such a \
      user may see users and permissions), prints each difference and ends with 1 if there is any. Over https its \
      certificate is verified, with TALLYMAN_BROKER_CA_FILE where an authority of your own has signed it.
      """)

  @Flag(help: "Compare the running broker with the definitions.")
  var check = false

  @Option(help: "The virtual host.")
  var vhost = "/"

  @Flag(help: "Leave users out, and with them what they may do.")
  var withoutUsers = false

  @Option(
    help: "Only what this worker needs: inventory, allocation or notification. Repeatable; all of them if not given.")
  var worker: [String] = []

  @Option(
    help: "Delays of the retry tiers, such as 5s,30s,5m for all queues, or allocation=2s,10s,1m for one. Repeatable.",
    transform: RetryDelays.init(text:))
  var retryDelays: [RetryDelays] = []

  func run() async throws {
    let workers = Worker.all.filter { worker.isEmpty || worker.contains($0.queue) }
    let topology = TopologyCommand.topology(of: workers, vhost: vhost, delays: retryDelays)
    guard check else {
      print(try DefinitionsDocument.text(topology, withoutUsers: withoutUsers))
      return
    }
    let differences = try await TopologyCommand.differences(topology, OperatorSettings())
    guard differences.isEmpty else {
      for difference in differences { print("- \(difference)") }
      print("topology: \(differences.count) differences between the broker and this build")
      throw Ending(.findings)
    }
    print("topology: the broker is as this build needs it")
  }

  func validate() throws {
    if check, withoutUsers { throw ValidationError("--without-users means nothing with --check") }
    let known = Worker.all.map(\.queue)
    for queue in retryDelays.compactMap(\.queue) where !known.contains(queue) {
      throw ValidationError("--retry-delays \(queue)=…: must name one of \(known.joined(separator: ", "))")
    }
    for name in worker where !known.contains(name) {
      throw ValidationError("--worker \(name): must be one of \(known.joined(separator: ", "))")
    }
  }

  /// Everything that workers of this build declare.
  ///
  /// - Parameters:
  ///   - workers: Which.
  ///   - vhost: Where.
  ///   - delays: Of the retry tiers; what names a queue goes before what is for all.
  static func topology(
    of workers: [WorkerManifest] = Worker.all, vhost: String = "/", delays: [RetryDelays] = []
  ) -> Topology {
    var byQueue: [String: [Duration]] = [:]
    for delay in delays where delay.queue == nil {
      for worker in workers { byQueue[worker.queue] = delay.delays }
    }
    for delay in delays { if let queue = delay.queue { byQueue[queue] = delay.delays } }
    return Topology(workers: workers, vhost: vhost, retryDelays: byQueue)
  }

  private static func differences(_ topology: Topology, _ settings: OperatorSettings) async throws -> [String] {
    let management = try settings.management()
    let lane = Lane(name: "management")
    defer { lane.stop() }
    return try await lane.run {
      let client = try ManagementClient(management)
      return topology.differences(from: try client.definitions())
    }
  }
}
