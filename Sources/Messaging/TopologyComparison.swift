extension Topology {
  /// In what a running broker differs from this topology.
  ///
  /// - Parameter theirs: What the broker exports, as from `GET /api/definitions`.
  ///
  /// Things of others on the same broker are not looked at, unless they touch ours: a further binding of one of our
  /// queues, a further right of one of our users, another policy that applies in the place of ours.
  ///
  /// - Returns: A sentence per difference; empty when there is none.
  public func differences(from theirs: BrokerDefinitions) -> [String] {
    let mine = definitions
    var found = Topology.compare("virtual host", mine.vhosts.map(\.facet), theirs.vhosts.map(\.facet))
    found += Topology.compare("exchange", mine.exchanges.map(\.facet), theirs.exchanges.filter(isHere).map(\.facet))
    found += Topology.compare("queue", mine.queues.map(\.facet), theirs.queues.filter(isHere).map(\.facet))
    let queues = Set(mine.queues.map(\.name))
    found += Topology.compare(
      "binding", mine.bindings.map(\.facet), theirs.bindings.filter(isHere).map(\.facet),
      unexpected: { binding in queues.contains { binding.owner == $0 } })
    found += Topology.compare("policy", mine.policies.map(\.facet), theirs.policies.filter(isHere).map(\.facet))
    found += overridden(by: theirs.policies.filter(isHere))
    let users = Set(mine.users.map(\.name))
    found += Topology.compare("user", mine.users.map(\.facet), theirs.users.map(\.facet))
    found += Topology.compare(
      "permission", mine.permissions.map(\.facet), theirs.permissions.filter(isHere).map(\.facet),
      unexpected: { users.contains($0.owner) })
    found += Topology.compare(
      "topic permission", mine.topicPermissions.map(\.facet), theirs.topicPermissions.filter(isHere).map(\.facet),
      unexpected: { users.contains($0.owner) })
    return found
  }

  private func isHere(_ thing: some Placed) -> Bool { thing.vhost == vhost }

  /// Only one policy applies to a queue or an exchange: another that matches and does not rank below ours may put ours
  /// out of force as a whole.
  private func overridden(by others: [BrokerDefinitions.Policy]) -> [String] {
    let mine = Dictionary(policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let queues = definitions.queues.map { (kind: "queue", name: $0.name) }
    let former = others.filter { Topology.formerPolicies.contains($0.name) }.map {
      "policy \($0.name) is of an older release: take it away, `rabbitmqctl clear_policy -p \($0.vhost) \($0.name)`"
    }
    let rivals = others.filter {
      mine[$0.name] == nil && $0.priority >= Topology.policyPriority && !Topology.formerPolicies.contains($0.name)
    }
    return former
      + rivals.flatMap { rival -> [String] in
        guard let pattern = try? Regex(rival.pattern) else {
          return [
            "policy \(rival.name): its pattern \(rival.pattern) cannot be judged here, see that it spares our queues"
          ]
        }
        let hit = (queues + [("exchange", Topology.events)]).filter { kind, name in
          let isMeant = kind == "exchange" ? ["exchanges", "all"] : ["queues", "quorum_queues", "all"]
          return isMeant.contains(rival.applyTo) && (try? pattern.firstMatch(in: name)) != nil
        }
        return hit.map { kind, name in
          "\(kind) \(name): policy \(rival.name) (priority \(rival.priority)) may apply in the place of ours"
        }
      }
  }

  private static func compare(
    _ kind: String, _ mine: [Facet], _ theirs: [Facet], unexpected: (Facet) -> Bool = { _ in false }
  ) -> [String] {
    let actual = Dictionary(theirs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let wanted = Set(mine.map(\.name))
    var found: [String] = []
    for facet in mine {
      guard let other = actual[facet.name] else {
        found.append("\(kind) \(facet.name) is missing")
        continue
      }
      for key in Set(facet.properties.keys).union(other.properties.keys).sorted() {
        let (must, present) = (facet.properties[key], other.properties[key])
        guard must != present else { continue }
        found.append(
          "\(kind) \(facet.name): \(key) is \(present ?? "not set"), it must \(must.map { "be \($0)" } ?? "not be set")"
        )
      }
    }
    let surplus = theirs.filter { !wanted.contains($0.name) && unexpected($0) }
    return found + surplus.map { "\(kind) \($0.name) is not part of the topology" }
  }
}

/// Something that is compared by name and properties.
private struct Facet {
  var name: String
  /// Whose it is: a binding's queue, a permission's user.
  var owner = ""
  var properties: [String: String] = [:]
}

/// Something in a virtual host.
private protocol Placed {
  var vhost: String { get }
}

extension BrokerDefinitions.VirtualHost {
  fileprivate var facet: Facet { Facet(name: name) }
}

extension BrokerDefinitions.User {
  // Whether a password is set is nobody's business but the operator's.
  fileprivate var facet: Facet { Facet(name: name, properties: ["tags": tags.sorted().joined(separator: ",")]) }
}

extension BrokerDefinitions.Permission: Placed {
  fileprivate var facet: Facet {
    Facet(name: user, owner: user, properties: ["configure": configure, "write": write, "read": read])
  }
}

extension BrokerDefinitions.TopicPermission: Placed {
  fileprivate var facet: Facet {
    Facet(name: "\(user) on \(exchange)", owner: user, properties: ["write": write, "read": read])
  }
}

extension BrokerDefinitions.Policy: Placed {
  fileprivate var facet: Facet {
    var properties = definition.mapValues(\.description)
    properties["pattern"] = pattern
    properties["apply-to"] = applyTo
    properties["priority"] = "\(priority)"
    return Facet(name: name, properties: properties)
  }
}

extension BrokerDefinitions.Exchange: Placed {
  fileprivate var facet: Facet {
    var properties = arguments.mapValues(\.description)
    properties["type"] = type
    properties["durable"] = "\(durable)"
    properties["auto_delete"] = "\(autoDelete)"
    properties["internal"] = "\(isInternal)"
    return Facet(name: name, properties: properties)
  }
}

extension BrokerDefinitions.Queue: Placed {
  fileprivate var facet: Facet {
    var properties = arguments.mapValues(\.description)
    properties["durable"] = "\(durable)"
    properties["auto_delete"] = "\(autoDelete)"
    return Facet(name: name, properties: properties)
  }
}

extension BrokerDefinitions.Binding: Placed {
  fileprivate var facet: Facet {
    let key = routingKey.isEmpty ? "" : " (\(routingKey))"
    return Facet(
      name: "\(source) → \(destination)\(key)", owner: destinationType == "queue" ? destination : "",
      properties: arguments.mapValues(\.description))
  }
}
