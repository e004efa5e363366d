import Contracts
import Messaging

/// Tallyman's interface as AsyncAPI 3.0 describes one: a channel for each event, an operation for each worker that
/// sends or receives it, and messages with their schemas and examples. Derived from the workers' declarations and from
/// `topology/contracts`.
public struct AsyncAPIDocument {
  private let folder: ContractFolder
  private let topology: Topology
  private let version: String
  private var parties: Parties { Parties(topology: topology) }

  /// - Parameters:
  ///   - folder: The schemas and examples.
  ///   - topology: Who publishes and consumes.
  ///   - version: Of the product.
  public init(_ folder: ContractFolder, _ topology: Topology, version: String) {
    self.folder = folder
    self.topology = topology
    self.version = version
  }

  /// The whole document.
  public var json: JSON {
    [
      "asyncapi": "3.0.0",
      "id": "urn:tallyman",
      "info": info,
      "defaultContentType": .string(OutgoingEvent.contentType),
      "servers": ["broker": server],
      "channels": each { channel($0) },
      "operations": operations,
      "components": [
        "schemas": schemas,
        "messages": each { message($0) },
        "securitySchemes": ["user": ["type": "userPassword", "description": "A user of the broker for each system."]],
      ],
    ]
  }

  private var info: JSON {
    [
      "title": "Tallyman",
      "version": .string(version),
      "description": """
      Keeps the stock of a supply chain true: orders, receipts, moves and shipments come as events, and what follows \
      from them leaves as events. Delivery is at least once under a stable id; an aggregate's events leave in their \
        order.
      """,
      "license": ["name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"],
      "tags": .array(topology.workers.map { ["name": .string("\($0.consumer)-worker")] }),
    ]
  }

  private var server: JSON {
    [
      "host": "broker.example.com:5672",
      "protocol": "amqp",
      "protocolVersion": "0-9-1",
      "pathname": .string(topology.vhost),
      "description": "RabbitMQ, with the definitions that `tallyman topology` prints.",
      "security": [JSON.reference("components", "securitySchemes", "user")],
    ]
  }

  private func each(_ make: (EventType) -> JSON) -> JSON {
    .object(Dictionary(EventType.allCases.map { ($0.rawValue, make($0)) }) { first, _ in first })
  }

  // MARK: Channels and operations

  private func channel(_ type: EventType) -> JSON {
    var channel: JSON = [
      "address": .string(type.rawValue),
      "title": .string(type.rawValue),
      "summary": .string(folder.meaning(type)),
      "servers": [JSON.reference("servers", "broker")],
      "messages": .object([type.rawValue: JSON.reference("components", "messages", type.rawValue)]),
      "bindings": [
        "amqp": [
          "is": "routingKey",
          "exchange": [
            "name": .string(Topology.events), "type": "topic", "durable": true, "autoDelete": false,
            "vhost": .string(topology.vhost),
          ],
          "bindingVersion": "0.3.0",
        ]
      ],
      "x-published-by": .array(parties.publishers(of: type).map(JSON.string)),
      "x-consumed-by": .array(parties.consumers(of: type).map(JSON.string)),
    ]
    let answers = Answers.to(type)
    if !answers.isEmpty { channel["x-may-be-followed-by"] = .array(answers.map { .string($0.rawValue) }) }
    return channel
  }

  private var operations: JSON {
    var operations: [String: JSON] = [:]
    for worker in topology.workers {
      for type in worker.consumes {
        operations["\(worker.consumer)-worker.receives.\(type.rawValue)"] = operation(
          "receive", type, by: worker, .string("From the queue \(worker.queue)."),
          ["ack": true, "bindingVersion": "0.3.0"])
      }
      for type in worker.publishes {
        operations["\(worker.consumer)-worker.sends.\(type.rawValue)"] = operation(
          "send", type, by: worker, "Through the outbox: published exactly when its cause is committed.",
          ["deliveryMode": 2, "mandatory": true, "bindingVersion": "0.3.0"])
      }
    }
    return .object(operations)
  }

  private func operation(
    _ action: JSON, _ type: EventType, by worker: WorkerManifest, _ summary: JSON, _ binding: JSON
  ) -> JSON {
    [
      "action": action,
      "channel": JSON.reference("channels", type.rawValue),
      "summary": summary,
      "messages": [JSON.reference("channels", type.rawValue, "messages", type.rawValue)],
      "tags": [["name": .string("\(worker.consumer)-worker")]],
      "bindings": ["amqp": binding],
    ]
  }

  // MARK: Messages and schemas

  private func message(_ type: EventType) -> JSON {
    [
      "name": .string(type.rawValue),
      "title": .string(type.rawValue),
      "summary": .string(folder.meaning(type)),
      "description": .string(
        "Properties: content_type \(OutgoingEvent.contentType), message_id the CloudEvents id, delivery_mode 2."),
      "contentType": .string(OutgoingEvent.contentType),
      "correlationId": [
        "description": "The order, receipt, move or shipment that it belongs to.",
        "location": "$message.payload#/correlationid",
      ],
      "headers": JSON.reference("components", "schemas", AsyncAPIDocument.headers),
      "payload": [
        "schemaFormat": "application/schema+json;version=draft-07",
        "schema": JSON.reference("components", "schemas", type.rawValue),
      ],
      "bindings": ["amqp": ["messageType": .string(type.rawValue), "bindingVersion": "0.3.0"]],
      "examples": .array(
        (folder.examples[type] ?? []).map { ["name": .string($0.name), "payload": $0.value] }),
    ]
  }

  private static let headers = "amqp-headers"

  /// The schemas use what draft 07 and draft 2020-12 have in common; inside this document they are read as draft 07,
  /// which every tool for AsyncAPI knows, so they do not say otherwise themselves.
  private var schemas: JSON {
    var schemas = each { type in
      var schema = folder.schema(type)
      schema["$schema"] = nil
      schema["$id"] = nil
      return schema
    }
    schemas[AsyncAPIDocument.headers] = [
      "type": "object",
      "description": "A publisher needs none. Tallyman adds these when it tries a message again.",
      "properties": [
        HeaderName.attempt: ["type": "integer", "minimum": 0, "description": "Which attempt this message is."],
        HeaderName.firstSeen: ["type": "string", "description": "When the first attempt arrived, RFC 3339."],
        HeaderName.replayedAt: ["type": "string", "description": "When an operator replayed it, RFC 3339."],
        HeaderName.routingKey: ["type": "string", "description": "The routing key that it was published with."],
        HeaderName.reason: ["type": "string", "description": "Why it is tried again."],
      ],
    ]
    return schemas
  }
}
