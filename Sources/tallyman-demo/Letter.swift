import Contracts

/// A message as one of the other systems publishes it.
struct Letter {
  /// Its routing key.
  let type: EventType
  /// The CloudEvents id, and AMQP's `message_id`.
  let id: String
  /// The CloudEvents source.
  let source: String
  /// The whole CloudEvent.
  let body: [UInt8]

  /// A message that keeps the contract.
  ///
  /// - Parameters:
  ///   - number: Unique within the story.
  ///   - event: What happened.
  init(number: Int, _ event: Event, at time: Timestamp) {
    type = event.type
    id = "demo-\(number)"
    source = Party(publishing: event.type).source
    var json = JSONWriter(capacity: 512)
    Letter.envelope(&json, id: id, source: source, type: event.type, time: time.rfc3339)
    event.encode(to: &json)
    json.endObject()
    body = json.bytes
  }

  /// An order of a shop whose new release writes dates in another way.
  init(malformedOrder order: OrderCreated, number: Int, time: String) {
    type = .orderCreated
    id = "demo-\(number)"
    source = Party.shop.source
    var json = JSONWriter(capacity: 512)
    Letter.envelope(&json, id: id, source: source, type: type, time: time)
    order.encode(to: &json)
    json.endObject()
    body = json.bytes
  }

  /// Opens the object and ends where the value of `data` belongs.
  private static func envelope(
    _ json: inout JSONWriter, id: String, source: String, type: EventType, time: String
  ) {
    json.beginObject()
    json.member(.specversion, "1.0")
    json.member(.id, id)
    json.member(.source, source)
    json.member(.type, type)
    json.member(.time, time)
    json.member(.datacontenttype, "application/json")
    json.key(.data)
  }
}
