extension Topology {
  /// How often a work queue hands a message out before the broker dead-letters it by itself. A far backstop: a lost
  /// connection counts for everything it had prefetched, and a poison is told from its neighbours in the database.
  static let workDeliveryLimit = 1_000
  /// For queues whose messages are looked at and given back. Looking at a message and giving it back is a delivery,
  /// and without an explicit limit RabbitMQ 4 drops a message that was looked at 20 times.
  static let restDeliveryLimit = 1_000_000
  /// The most that `unrouted` holds; beyond it the oldest goes: nobody asked for it.
  static let unroutedMessages = 100_000
  /// The same limit in bytes.
  static let unroutedBytes = 256 * 1024 * 1024
  /// How long `unrouted` holds a message at most. It may speak of a person and erasing does not reach it, so it goes by
  /// itself: within a month of being asked, and after more time than it takes to look for an event that seems lost.
  static let unroutedDays = 14

  /// Above policies that an operator may have for everything, at RabbitMQ's default of 0.
  static let policyPriority = 10

  /// What releases before called the one policy of all dead-letter queues.
  static let formerPolicies: Set = ["tallyman-dead"]

  /// All mutable settings. Exactly one policy matches each queue, since only one ever applies.
  ///
  /// Nothing is lost on the broker's own ways: messages move between a worker's queues with
  /// `dead-letter-strategy: at-least-once`, which keeps a message in its source until the target has confirmed it and
  /// needs `overflow: reject-publish`. That never rejects anything here, as these queues have no maximum length. Each
  /// source has exactly one target, so that a missing one stalls nobody else.
  var policies: [BrokerDefinitions.Policy] {
    var policies = [
      policy(
        "tallyman-events", "exchanges", for: [Topology.events],
        [
          "alternate-exchange": .string(Topology.unroutedExchange)
        ]),
      policy(
        "tallyman-unrouted", "queues", for: [Topology.unroutedQueue],
        [
          "delivery-limit": .int(Topology.restDeliveryLimit), "max-length": .int(Topology.unroutedMessages),
          "max-length-bytes": .int(Topology.unroutedBytes), "overflow": .string("drop-head"),
          "message-ttl": .int(Topology.unroutedDays * 86_400 * 1000),
        ]),
    ]
    for worker in workers {
      policies.append(
        policy(
          "tallyman-\(worker.queue)", "queues", for: [worker.queue],
          deadLettering(to: worker.undeliveredQueue, limit: Topology.workDeliveryLimit)))
      policies.append(
        policy(
          "tallyman-\(worker.undeliveredQueue)", "queues", for: [worker.undeliveredQueue],
          deadLettering(to: worker.deadQueue, limit: Topology.restDeliveryLimit)))
      // One for each queue: an import replaces a policy of the same name, also one that was for other workers' queues.
      policies.append(
        policy(
          "tallyman-\(worker.deadQueue)", "queues", for: [worker.deadQueue],
          ["delivery-limit": .int(Topology.restDeliveryLimit)]))
      for tier in RetryTier.all {
        let queue = worker.retryQueue(tier.number)
        var settings = deadLettering(to: worker.queue, limit: Topology.restDeliveryLimit)
        let delay = retryDelays[worker.queue]?[tier.number - 1] ?? tier.delay
        settings["message-ttl"] = .int(Int(delay.components.seconds) * 1000)
        policies.append(policy("tallyman-\(queue)", "queues", for: [queue], settings))
      }
    }
    return policies
  }

  private func deadLettering(to queue: String, limit: Int) -> [String: BrokerDefinitions.Value] {
    [
      "delivery-limit": .int(limit), "dead-letter-exchange": .string(""), "dead-letter-routing-key": .string(queue),
      "dead-letter-strategy": .string("at-least-once"), "overflow": .string("reject-publish"),
    ]
  }

  private func policy(
    _ name: String, _ applyTo: String, for names: [String], _ definition: [String: BrokerDefinitions.Value]
  ) -> BrokerDefinitions.Policy {
    BrokerDefinitions.Policy(
      name: name, vhost: vhost, pattern: Pattern.exactly(names), applyTo: applyTo, priority: Topology.policyPriority,
      definition: definition)
  }
}

/// Regular expressions over names, as policies and permissions use them.
enum Pattern {
  /// Matches no name.
  static let nothing = "^$"

  /// Matches these names only.
  static func exactly(_ names: [String]) -> String {
    let alternatives = names.map(escaped)
    return alternatives.count == 1 ? "^\(alternatives[0])$" : "^(\(alternatives.joined(separator: "|")))$"
  }

  /// Matches these names, and any that begins with the prefix and a dot.
  static func exactly(_ names: [String], orBelow prefix: String) -> String {
    "^(\((names.map(escaped) + [escaped(prefix) + "\\..*"]).joined(separator: "|")))$"
  }

  private static func escaped(_ name: String) -> String { name.replacing(".", with: "\\.") }
}
