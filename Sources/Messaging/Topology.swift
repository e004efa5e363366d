import Contracts
import Outbox

/// The broker's shape, derived from what workers and other systems declare. Nothing about it is written down twice.
///
/// ```
/// publishers ─▶ supply.events (topic) ─▶ <queue> ── rejected, or delivered too often ─▶ <queue>.undelivered
///                    │ no binding           ▲                                                   │ worker
///                    │                      └── time is up ── <queue>.retry.1 … 3 ◀── relay      ▼
///                    ▼                                                               └──▶ <queue>.dead
///               supply.unrouted (fanout) ─▶ unrouted
/// ```
public struct Topology: Sendable {
  /// The workers, each with a work queue, its retry tiers and its dead-letter queue.
  public let workers: [WorkerManifest]
  /// Other systems.
  public let parties: [ExternalParty]
  /// The virtual host that all of it lives in.
  public let vhost: String
  /// Delays of the retry tiers by work queue, where they are not the default ones.
  public let retryDelays: [String: [Duration]]

  /// - Parameters:
  ///   - workers: Every worker's manifest.
  ///   - parties: Other systems.
  ///   - vhost: The virtual host.
  ///   - retryDelays: Delays of the retry tiers by work queue, one for each of ``RetryTier/all``; a queue that is left
  ///     out has theirs.
  public init(
    workers: [WorkerManifest], parties: [ExternalParty] = ExternalParty.all, vhost: String = "/",
    retryDelays: [String: [Duration]] = [:]
  ) {
    self.workers = workers
    self.parties = parties
    self.vhost = vhost
    self.retryDelays = retryDelays
  }

  /// The topic exchange on which all events travel.
  public static let events = OutboxRow.eventExchange
  /// The exchange for events without a subscriber.
  public static let unroutedExchange = "supply.unrouted"
  /// The queue in which operators can look at events without a subscriber.
  public static let unroutedQueue = "unrouted"

  /// Everything, as RabbitMQ imports it; in a stable order.
  public var definitions: BrokerDefinitions {
    BrokerDefinitions(
      vhosts: [.init(name: vhost)], users: users, permissions: permissions, topicPermissions: topicPermissions,
      policies: policies, exchanges: exchanges, queues: queues, bindings: bindings)
  }

  // MARK: Exchanges, queues, bindings

  private var exchanges: [BrokerDefinitions.Exchange] {
    [
      .init(name: Topology.events, vhost: vhost, type: "topic"),
      .init(name: Topology.unroutedExchange, vhost: vhost, type: "fanout", isInternal: true),
    ]
  }

  private var queues: [BrokerDefinitions.Queue] {
    let names = workers.flatMap { worker in
      [worker.queue] + RetryTier.all.map { worker.retryQueue($0.number) } + [worker.undeliveredQueue, worker.deadQueue]
    }
    return (names + [Topology.unroutedQueue]).map {
      // The type is the one thing that no policy can set.
      .init(name: $0, vhost: vhost, arguments: ["x-queue-type": .string("quorum")])
    }
  }

  private var bindings: [BrokerDefinitions.Binding] {
    let routes = workers.flatMap { worker in
      worker.consumes.map {
        BrokerDefinitions.Binding(
          source: Topology.events, vhost: vhost, destination: worker.queue, routingKey: $0.rawValue)
      }
    }
    return routes + [
      .init(source: Topology.unroutedExchange, vhost: vhost, destination: Topology.unroutedQueue, routingKey: "")
    ]
  }
}

extension Topology {
  /// Events with only one declared end: consumed but published by nobody, or published but with nobody to listen.
  ///
  /// - Returns: A sentence per event; empty when every event has both ends.
  public var loose: [String] {
    let sources = workers.map { ("worker \($0.consumer)", $0.publishes) } + parties.map { ($0.name, $0.publishes) }
    let sinks = workers.map { ("worker \($0.consumer)", $0.consumes) } + parties.map { ($0.name, $0.subscribes) }
    let published = Set(sources.flatMap(\.1))
    let consumed = Set(sinks.flatMap(\.1))
    let orphans = sinks.flatMap { name, types in
      types.filter { !published.contains($0) }.map { "\($0.rawValue) is consumed by \(name), but nobody publishes it" }
    }
    let unheard = sources.flatMap { name, types in
      types.filter { !consumed.contains($0) }.map { "\($0.rawValue) is published by \(name), but nobody listens to it" }
    }
    return orphans + unheard
  }
}
