import Testing

@testable import Messaging
@testable import tallyman

@Suite("Comparing a broker with the topology")
struct ComparisonTests {
  let topology = TopologyCommand.topology()

  @Test("no difference from itself, nor from a broker that others use as well")
  func same() {
    var state = topology.definitions
    #expect(topology.differences(from: state) == [])
    state.queues.append(.init(name: "theirs", vhost: "/", arguments: [:]))
    state.bindings.append(
      .init(source: "supply.events", vhost: "/", destination: "theirs", routingKey: "order.#"))
    state.users.append(.init(name: "them", tags: ["monitoring"], passwordHash: "x"))
    state.permissions.append(
      .init(user: "tallyman_relay", vhost: "/other", configure: ".*", write: ".*", read: ".*"))
    #expect(topology.differences(from: state) == [])
  }

  @Test("each difference is a sentence that says what is and what must be")
  func differences() {
    var state = topology.definitions
    state.queues.removeAll { $0.name == "inventory.dead" }
    state.policies = state.policies.map {
      var policy = $0
      if policy.name == "tallyman-inventory" { policy.definition["delivery-limit"] = .int(20) }
      return policy
    }
    state.bindings.append(
      .init(source: "supply.events", vhost: "/", destination: "inventory", routingKey: "#"))
    state.users[0].tags = ["administrator"]
    state.policies.append(policy("everything", priority: 10))
    state.policies.append(policy("nothing to us", priority: 9))
    #expect(
      topology.differences(from: state) == [
        "queue inventory.dead is missing",
        "binding supply.events → inventory (#) is not part of the topology",
        "policy tallyman-inventory: delivery-limit is 20, it must be 1000",
        "queue allocation: policy everything (priority 10) may apply in the place of ours",
        "user tallyman_inventory: tags is administrator, it must be ",
      ])
  }

  @Test("workers that are imported one after the other leave each other's policies alone")
  func oneByOne() {
    var state = TopologyCommand.topology(of: []).definitions
    state.policies = []
    for worker in Worker.all {
      let imported = TopologyCommand.topology(of: [worker]).definitions
      state.policies.removeAll { known in imported.policies.contains { $0.name == known.name } }
      state.policies += imported.policies
      state.queues += imported.queues.filter { !state.queues.contains($0) }
      state.bindings += imported.bindings.filter { !state.bindings.contains($0) }
      state.users += imported.users.filter { !state.users.contains($0) }
      state.permissions += imported.permissions.filter { !state.permissions.contains($0) }
    }
    #expect(topology.differences(from: state) == [])
  }

  @Test("the policy of an older release is to be taken away")
  func formerPolicy() {
    var state = topology.definitions
    state.policies.append(policy("tallyman-dead", priority: 10))
    #expect(
      topology.differences(from: state) == [
        "policy tallyman-dead is of an older release: take it away, `rabbitmqctl clear_policy -p / tallyman-dead`"
      ])
  }

  private func policy(_ name: String, priority: Int) -> BrokerDefinitions.Policy {
    .init(
      name: name, vhost: "/", pattern: "^alloc[a-z]+$", applyTo: "queues", priority: priority,
      definition: ["max-length": .int(5)])
  }
}
