@testable import Messaging
import Testing

@testable import tallyman

@Suite("Comparing a broker with the topology")
struct ComparisonTests {
  let topology = TopologyCommand.topology()

  /// A broker that is as it should be.
  var perfect: BrokerState {
    var queues: [String: String?] = [:]
    for queue in topology.definitions.queues.map(\.name) {
      queues[queue] = queue.hasSuffix(".dead") ? "tallyman-dead" : "tallyman-\(queue)"
    }
    return BrokerState(
      definitions: topology.definitions, queuePolicies: queues, exchangePolicies: ["supply.events": "tallyman-events"])
  }

  @Test("no difference from itself, nor from a broker that others use as well")
  func same() {
    var state = perfect
    #expect(topology.differences(from: state) == [])
    state.definitions.queues.append(.init(name: "theirs", vhost: "/", arguments: [:]))
    state.definitions.bindings.append(
      .init(source: "supply.events", vhost: "/", destination: "theirs", routingKey: "order.#"))
    state.definitions.users.append(.init(name: "them", tags: ["monitoring"], passwordHash: "x"))
    state.definitions.permissions.append(
      .init(user: "tallyman_relay", vhost: "/other", configure: ".*", write: ".*", read: ".*"))
    #expect(topology.differences(from: state) == [])
  }

  @Test("each difference is a sentence that says what is and what must be")
  func differences() {
    var state = perfect
    state.definitions.queues.removeAll { $0.name == "inventory.dead" }
    state.definitions.policies = state.definitions.policies.map {
      var policy = $0
      if policy.name == "tallyman-inventory" { policy.definition["delivery-limit"] = .int(20) }
      return policy
    }
    state.definitions.bindings.append(
      .init(source: "supply.events", vhost: "/", destination: "inventory", routingKey: "#"))
    state.definitions.users[0].tags = ["administrator"]
    state.queuePolicies["allocation"] = .some("everything")
    state.exchangePolicies["supply.events"] = .some(nil)
    #expect(
      topology.differences(from: state) == [
        "queue inventory.dead is missing",
        "binding supply.events → inventory (#) is not part of the topology",
        "policy tallyman-inventory: delivery-limit is 20, it must be 1000",
        "exchange supply.events: no policy applies, it must be policy tallyman-events",
        "queue allocation: policy everything applies, it must be policy tallyman-allocation",
        "user tallyman_inventory: tags is administrator, it must be ",
      ])
  }
}
