import Contracts
import Foundation
import Messaging
import Testing

@testable import tallyman

@Suite("The topology")
struct TopologyTests {
  let topology = TopologyCommand.topology()

  @Test("every event that is published or consumed has both ends")
  func noLooseEnds() {
    #expect(topology.loose == [])
  }

  @Test("an event that nobody publishes, or that nobody listens to, is found")
  func looseEnds() {
    let parties = ExternalParty.all.filter { $0 != .shop && $0 != .subscriber }
    let loose = Topology(workers: topology.workers, parties: parties).loose
    #expect(loose.contains("order.created is consumed by worker allocation, but nobody publishes it"))
    #expect(loose.contains("product.created is published by worker inventory, but nobody listens to it"))
    #expect(!loose.contains { $0.hasPrefix("stock.received") }, "allocation consumes it")
  }

  @Test("every event type of the contracts is declared by somebody", arguments: EventType.allCases)
  func everyType(type: EventType) {
    let published = topology.workers.flatMap(\.publishes) + topology.parties.flatMap(\.publishes)
    #expect(published.contains(type))
  }

  @Test("exactly one policy matches each queue")
  func onePolicyPerQueue() throws {
    let definitions = topology.definitions
    let policies = definitions.policies.filter { $0.applyTo == "queues" }
    #expect(definitions.queues.count == 3 * 6 + 1)
    for queue in definitions.queues {
      let matching = try policies.filter { try Regex($0.pattern).firstMatch(in: queue.name) != nil }
      #expect(matching.count == 1, "\(queue.name): \(matching.map(\.name))")
      #expect(matching.first?.definition["delivery-limit"] != nil, "\(queue.name) has a delivery limit")
    }
  }

  @Test("at-least-once dead-lettering has all that it needs, and a target that exists")
  func deadLettering() throws {
    let definitions = topology.definitions
    let names = Set(definitions.queues.map(\.name))
    let sources = definitions.policies.filter { $0.definition["dead-letter-exchange"] != nil }
    #expect(sources.count == 3 * 5, "each work queue, each retry tier and what was given up")
    for policy in sources {
      #expect(policy.definition["dead-letter-exchange"] == .string(""))
      #expect(policy.definition["dead-letter-strategy"] == .string("at-least-once"))
      #expect(policy.definition["overflow"] == .string("reject-publish"))
      guard case .string(let target)? = policy.definition["dead-letter-routing-key"] else {
        Issue.record("\(policy.name) has no target")
        continue
      }
      #expect(names.contains(target))
    }
    let tier = try #require(definitions.policies.first { $0.name == "tallyman-allocation.retry.2" })
    #expect(tier.definition["message-ttl"] == .int(30_000))
    #expect(tier.definition["dead-letter-routing-key"] == .string("allocation"))
  }

  @Test("no user has a password or a right in the management API")
  func users() {
    for user in topology.definitions.users {
      #expect(user.passwordHash == "")
      #expect(user.tags == [])
    }
    #expect(Set(topology.definitions.permissions.map(\.user)) == Set(topology.definitions.users.map(\.name)))
  }

  @Test("only the relay may write to the default exchange, and no worker anywhere")
  func writers() throws {
    for permission in topology.definitions.permissions {
      let pattern = try Regex(permission.write)
      func mayWrite(_ name: String) throws -> Bool { try pattern.firstMatch(in: name) != nil }
      #expect(try mayWrite("amq.default") == (permission.user == "tallyman_relay"), "\(permission.user)")
      let publishers = ["tallyman_relay", "shop", "catalogue", "warehouse", "carrier"]
      #expect(try mayWrite("supply.events") == publishers.contains(permission.user), "\(permission.user)")
      #expect(try !mayWrite("inventory"))
    }
  }

  @Test("topology/definitions.json is what this build needs")
  func snapshot() throws {
    let file = Program.repository.appending(path: "topology/definitions.json")
    let text = try DefinitionsDocument.text(topology) + "\n"
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let definitions = try JSONDecoder().decode(BrokerDefinitions.self, from: Data(text.utf8))
    #expect(definitions == topology.definitions, "what is written is what is meant")
    let current = try String(contentsOf: file, encoding: .utf8)
    #expect(current == text, "generate it with `tallyman topology` or UPDATE_SNAPSHOTS=1 swift test")
  }

  @Test("without users nothing says who may do what")
  func withoutUsers() throws {
    let text = try DefinitionsDocument.text(topology, withoutUsers: true)
    #expect(!text.contains("tallyman_relay"))
    #expect(!text.contains("\"password_hash\""))
    #expect(text.contains("supply.events"))
  }
}

extension TopologyTests {
  @Test("a dead letter never expires by itself, nor does what waits for its record")
  func deadLettersStay() throws {
    let definitions = topology.definitions
    let ends: Set<String> = ["message-ttl", "expires", "max-length", "max-length-bytes", "max-in-memory-length"]
    let queues = topology.workers.flatMap { [$0.queue, $0.undeliveredQueue, $0.deadQueue] }
    for queue in queues {
      let policies = try definitions.policies.filter {
        try $0.applyTo == "queues" && Regex($0.pattern).firstMatch(in: queue) != nil
      }
      #expect(policies.count == 1)
      for policy in policies { #expect(ends.isDisjoint(with: policy.definition.keys), "\(queue): \(policy.name)") }
      let declared = definitions.queues.filter { $0.name == queue }
      #expect(declared.count == 1 && declared.allSatisfy { Array($0.arguments.keys) == ["x-queue-type"] })
    }
  }

  @Test("what nobody asked for goes by itself after two weeks: no erasure reaches it")
  func unroutedGoes() throws {
    let policies = try topology.definitions.policies.filter {
      try $0.applyTo == "queues" && Regex($0.pattern).firstMatch(in: "unrouted") != nil
    }
    let settings = try #require(policies.first).definition
    #expect(policies.count == 1 && settings["message-ttl"] == .int(14 * 24 * 3_600 * 1_000))
    #expect(settings["dead-letter-exchange"] == nil, "what goes is gone")
  }

  @Test("only what the workers that run need, and a worker that nobody knows is refused")
  func someWorkers() async throws {
    let run = try await Program.run("topology", "--worker", "allocation", "--worker", "inventory")
    #expect(run.code == 0, "\(run)")
    let definitions = try JSONDecoder().decode(BrokerDefinitions.self, from: Data(run.output.utf8))
    let queues = Set(definitions.queues.map(\.name))
    #expect(queues.isSuperset(of: ["allocation", "allocation.dead", "allocation.retry.3", "inventory", "unrouted"]))
    #expect(!queues.contains { $0.hasPrefix("notification") })
    #expect(!definitions.bindings.contains { $0.destination.hasPrefix("notification") })
    let unknown = try await Program.run("topology", "--worker", "shop")
    #expect(unknown.code == 2)
    #expect(unknown.output == "")
  }

  @Test("the retry tiers' delays can be set for all queues and for one")
  func retryDelays() async throws {
    func delays(_ options: String...) async throws -> [String: BrokerDefinitions.Value?] {
      let run = try await Program.run(["topology"] + options)
      #expect(run.code == 0, "\(run)")
      let definitions = try JSONDecoder().decode(BrokerDefinitions.self, from: Data(run.output.utf8))
      return Dictionary(
        uniqueKeysWithValues: definitions.policies.filter { $0.name.contains(".retry.") }.map {
          ($0.name, $0.definition["message-ttl"])
        })
    }
    let usual = try await delays()
    #expect(usual["tallyman-inventory.retry.3"] == .int(300_000))
    let mine = try await delays("--retry-delays", "1s,10s,1m", "--retry-delays", "allocation=2s,3s,2h")
    #expect(mine["tallyman-inventory.retry.3"] == .int(60_000))
    #expect(mine["tallyman-allocation.retry.1"] == .int(2_000))
    #expect(mine["tallyman-allocation.retry.3"] == .int(7_200_000))
    #expect(mine.count == usual.count)
  }

  @Test(
    "delays that cannot be meant are refused with the rule that they break",
    arguments: [
      ("5s,30s", "one delay for each"), ("5s,30s,5m,1h", "one delay for each"), ("5,30,300", "5 must be 1s to 24h"),
      ("5m,30s,5s", "no delay must be shorter"), ("0s,1s,2s", "0s must be"), ("1s,2s,25h", "25h must be"),
      ("shop=1s,2s,3s", "must name one of"), ("", "must be 1s to 24h"),
    ])
  func wrongDelays(text: String, rule: String) async throws {
    let run = try await Program.run("topology", "--retry-delays", text)
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.errors.contains(rule), "\(run.errors)")
  }
}
