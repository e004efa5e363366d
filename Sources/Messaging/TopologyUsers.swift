extension Topology {
  /// The user of the relay, the one publisher among our own processes.
  public static let relayUser = "tallyman_relay"

  /// The user of a worker.
  public static func user(of worker: WorkerManifest) -> String { "tallyman_\(worker.consumer)" }

  /// A user per worker, one for the relay, and one per party. Nobody can log in until an operator has set passwords.
  var users: [BrokerDefinitions.User] {
    let names = workers.map(Topology.user) + [Topology.relayUser] + parties.map(\.name)
    return names.map { BrokerDefinitions.User(name: $0, tags: [], passwordHash: "") }
  }

  /// Who may do what. Nobody but an administrator declares anything of ours.
  ///
  /// - A worker reads its own queue, what the broker gave up, and the copies of dead letters. It cannot publish, not
  ///   even a retry: those leave by the outbox.
  /// - The relay publishes events, and retries and dead letters' copies by way of the default exchange.
  /// - A party that publishes may write to the events' exchange; one that subscribes may declare, bind and read queues
  ///   whose names begin with its own.
  var permissions: [BrokerDefinitions.Permission] {
    let workers = workers.map {
      permission(Topology.user(of: $0), read: Pattern.exactly([$0.queue, $0.undeliveredQueue, $0.deadQueue]))
    }
    let relay = permission(Topology.relayUser, write: Pattern.exactly([Topology.events, "amq.default"]))
    return workers + [relay] + parties.map(permission)
  }

  /// A party publishes the events that it declares and no others: a shop cannot report goods as received.
  var topicPermissions: [BrokerDefinitions.TopicPermission] {
    parties.map { party in
      let published = party.publishes.map(\.rawValue)
      return BrokerDefinitions.TopicPermission(
        user: party.name, vhost: vhost, exchange: Topology.events,
        write: published.isEmpty ? Pattern.nothing : Pattern.exactly(published),
        read: party.subscribes.isEmpty ? Pattern.nothing : ".*")
    }
  }

  private func permission(_ party: ExternalParty) -> BrokerDefinitions.Permission {
    let written = party.publishes.isEmpty ? [] : [Topology.events]
    guard !party.subscribes.isEmpty else {
      return permission(party.name, write: written.isEmpty ? Pattern.nothing : Pattern.exactly(written))
    }
    return BrokerDefinitions.Permission(
      user: party.name, vhost: vhost, configure: Pattern.exactly([], orBelow: party.name),
      write: Pattern.exactly(written, orBelow: party.name),
      read: Pattern.exactly([Topology.events], orBelow: party.name))
  }

  private func permission(
    _ user: String, write: String = Pattern.nothing, read: String = Pattern.nothing
  ) -> BrokerDefinitions.Permission {
    BrokerDefinitions.Permission(user: user, vhost: vhost, configure: Pattern.nothing, write: write, read: read)
  }
}
