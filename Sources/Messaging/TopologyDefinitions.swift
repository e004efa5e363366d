/// A broker's definitions as RabbitMQ imports and exports them: the part of its `definitions.json` that Tallyman sets.
///
/// Decoding ignores what else a broker exports.
public struct BrokerDefinitions: Codable, Sendable, Hashable {
  /// Virtual hosts.
  public var vhosts: [VirtualHost]
  /// Users, without passwords.
  public var users: [User]
  /// What users may do, by patterns of names.
  public var permissions: [Permission]
  /// Which routing keys users may publish with.
  public var topicPermissions: [TopicPermission]
  /// What holds for queues and exchanges beyond their immutable arguments.
  public var policies: [Policy]
  /// Exchanges.
  public var exchanges: [Exchange]
  /// Queues.
  public var queues: [Queue]
  /// Bindings from exchanges.
  public var bindings: [Binding]

  enum CodingKeys: String, CodingKey {
    case vhosts, users, permissions, policies, exchanges, queues, bindings
    case topicPermissions = "topic_permissions"
  }
}

extension BrokerDefinitions {
  /// A virtual host.
  public struct VirtualHost: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
  }

  /// A user of the broker.
  public struct User: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its rights in the management API; none of ours has any.
    public var tags: [String]
    /// Empty: the user cannot log in until an operator sets a password. A file in a repository holds no hash.
    public var passwordHash: String

    enum CodingKeys: String, CodingKey {
      case name, tags
      case passwordHash = "password_hash"
    }
  }

  /// What a user may do in a virtual host. Patterns are regular expressions over names; `^$` matches nothing.
  public struct Permission: Codable, Sendable, Hashable {
    /// Who.
    public var user: String
    /// Where.
    public var vhost: String
    /// What it may declare and delete.
    public var configure: String
    /// Exchanges that it may publish to, queues that it may bind. The default exchange is called `amq.default`.
    public var write: String
    /// Queues that it may consume from, exchanges that it may bind to.
    public var read: String
  }

  /// Which routing keys a user may publish with to a topic exchange.
  public struct TopicPermission: Codable, Sendable, Hashable {
    /// Who.
    public var user: String
    /// Where.
    public var vhost: String
    /// To which exchange.
    public var exchange: String
    /// Routing keys to publish with.
    public var write: String
    /// Routing keys to bind with.
    public var read: String
  }

  /// A policy: mutable settings for all queues or exchanges whose names match. One applies per queue or exchange.
  public struct Policy: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Where.
    public var vhost: String
    /// The names that it is for, as a regular expression.
    public var pattern: String
    /// `queues` or `exchanges`.
    public var applyTo: String
    /// Of two that match, the higher one applies.
    public var priority: Int
    /// The settings.
    public var definition: [String: Value]

    enum CodingKeys: String, CodingKey {
      case name, vhost, pattern, priority, definition
      case applyTo = "apply-to"
    }
  }

  /// An exchange.
  public struct Exchange: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Where.
    public var vhost: String
    /// `topic`, `fanout`, ….
    public var type: String
    /// Survives a restart.
    public var durable = true
    /// Goes with its last binding.
    public var autoDelete = false
    /// Cannot be published to, only routed to by other exchanges.
    public var isInternal = false
    /// Immutable settings.
    public var arguments: [String: Value] = [:]

    enum CodingKeys: String, CodingKey {
      case name, vhost, type, durable, arguments
      case autoDelete = "auto_delete"
      case isInternal = "internal"
    }
  }

  /// A queue.
  public struct Queue: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Where.
    public var vhost: String
    /// Survives a restart.
    public var durable = true
    /// Goes with its last consumer.
    public var autoDelete = false
    /// Immutable settings: the queue's type only, all else is policy.
    public var arguments: [String: Value]

    enum CodingKeys: String, CodingKey {
      case name, vhost, durable, arguments
      case autoDelete = "auto_delete"
    }
  }

  /// A binding.
  public struct Binding: Codable, Sendable, Hashable {
    /// The exchange that routes.
    public var source: String
    /// Where.
    public var vhost: String
    /// The queue that is routed to.
    public var destination: String
    /// `queue`.
    public var destinationType = "queue"
    /// The key, which for a topic exchange may be a pattern.
    public var routingKey: String
    /// Settings of the binding.
    public var arguments: [String: Value] = [:]

    enum CodingKeys: String, CodingKey {
      case source, vhost, destination, arguments
      case destinationType = "destination_type"
      case routingKey = "routing_key"
    }
  }

  /// A setting's value.
  public enum Value: Codable, Sendable, Hashable, CustomStringConvertible {
    /// A text.
    case string(String)
    /// A number.
    case int(Int)
    /// A truth value.
    case bool(Bool)
    /// Anything else; nothing of ours.
    case other

    /// Reads a value of any kind.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let bool = try? container.decode(Bool.self) {
        self = .bool(bool)
      } else if let int = try? container.decode(Int.self) {
        self = .int(int)
      } else {
        self = (try? container.decode(String.self)).map(Value.string) ?? .other
      }
    }

    /// Writes the bare value.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .string(let text): try container.encode(text)
      case .int(let number): try container.encode(number)
      case .bool(let truth): try container.encode(truth)
      case .other: try container.encodeNil()
      }
    }

    /// As an operator would write it.
    public var description: String {
      switch self {
      case .string(let text): "\"\(text)\""
      case .int(let number): "\(number)"
      case .bool(let truth): "\(truth)"
      case .other: "something else"
      }
    }
  }
}
