import Contracts
import Testing

@Suite("The envelope")
struct EnvelopeTests {
  private func order(
    id: String = #""evt-1""#, type: String = #""order.created""#, extra: String = ""
  ) -> [UInt8] {
    Array(BadInputTests.order(id: id, type: type, extra: extra).utf8)
  }

  @Test(
    "other content types are refused",
    arguments: ["application/json", "", "application/cloudevents", "application/cloudevents+jsonx", "text/plain"])
  func wrongContentType(_ type: String) {
    #expect(
      whyRefused(order(), contentType: type)
        == Malformed(field: "content_type", value: type, rule: "application/cloudevents+json"))
  }

  @Test("a missing content type is refused")
  func missingContentType() {
    #expect(
      whyRefused(order(), contentType: nil)
        == Malformed(field: "content_type", value: "absent", rule: "application/cloudevents+json"))
  }

  @Test(
    "parameters and case of the content type are free",
    arguments: [
      "application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON", "application/cloudevents+json ;x",
    ])
  func contentTypeVariants(_ type: String) {
    #expect(whyRefused(order(), contentType: type) == nil)
  }

  @Test("an id must be there, be text of 1 to 255 bytes and equal the message_id")
  func ids() {
    let missing = BadInputTests.order().replacing(#""id":"evt-1","#, with: "")
    #expect(whyRefused(Array(missing.utf8)) == Malformed(field: "id", value: "absent", rule: "present"))
    let rule = "1 to 255 bytes without control characters"
    #expect(whyRefused(order(id: #""""#)) == Malformed(field: "id", value: "", rule: rule))
    #expect(whyRefused(order(id: #""a\nb""#)) == Malformed(field: "id", value: "a\nb", rule: rule))
    #expect(whyRefused(order(id: "\"\(String(repeating: "x", count: 256))\""))?.rule == rule)
    #expect(whyRefused(order(id: "\"\(String(repeating: "x", count: 255))\"")) == nil)
    #expect(
      whyRefused(order(), messageID: "evt-2")
        == Malformed(field: "message_id", value: "evt-2", rule: "equal to the id in the body (evt-1)"))
    #expect(whyRefused(order(), messageID: "evt-1") == nil)
  }

  @Test("an unknown type on a bound key, and a type that is not the key's")
  func types() {
    #expect(
      whyRefused(order(type: #""order.invented""#), routingKey: "order.created")
        == Malformed(field: "type", value: "order.invented", rule: "the name of an event that Tallyman knows"))
    #expect(
      whyRefused(order(), routingKey: "order.cancelled")
        == Malformed(field: "type", value: "order.created", rule: "equal to the routing key (order.cancelled)"))
    #expect(whyRefused(order(), routingKey: "order.created") == nil)
    #expect(whyRefused(order(), routingKey: "inventory") == nil)
  }

  @Test("specversion, datacontenttype and dataschema")
  func constants() {
    let old = BadInputTests.order().replacing(#""1.0""#, with: #""0.3""#)
    #expect(whyRefused(Array(old.utf8)) == Malformed(field: "specversion", value: "0.3", rule: "1.0"))
    let escaped = BadInputTests.order().replacing(#""1.0""#, with: #""1\u002e0""#)
    #expect(whyRefused(Array(escaped.utf8)) == nil)
    #expect(whyRefused(order(extra: #","datacontenttype":"application\/json""#)) == nil)
    #expect(
      whyRefused(order(extra: #","datacontenttype":"text/xml""#))
        == Malformed(field: "datacontenttype", value: "text/xml", rule: "application/json"))
    #expect(
      whyRefused(order(extra: #","dataschema":"urn:tallyman:event:order.created:2""#))
        == Malformed(
          field: "dataschema", value: "urn:tallyman:event:order.created:2", rule: "urn:tallyman:event:order.created:1"))
    #expect(whyRefused(order(extra: #","dataschema":"https://shop.example.com/order.json""#)) == nil)
    #expect(whyRefused(order(extra: #","dataschema":"urn:tallyman:event:order.created:1""#)) == nil)
  }

  @Test("null counts as absent, unknown attributes are ignored")
  func tolerance() throws {
    let body = order(extra: #","subject":null,"partitionkey":"7","nested":{"a":[1,{"b":null}]},"sequence":"0042""#)
    let envelope = try decode(body).envelope
    #expect(envelope.subject == nil)
    #expect(envelope.sequence == 42)
    #expect(try decode(order(extra: #","sequence":"A-7""#)).envelope.sequence == nil)
  }

  @Test("attributes come out as they went in")
  func attributes() throws {
    let outgoing = Samples.outgoing(Samples.all[0], sequence: .max)
    let envelope = try decode(outgoing.encode()).envelope
    #expect(
      envelope
        == Envelope(
          id: outgoing.id, source: outgoing.source, type: outgoing.event.type, subject: outgoing.subject,
          time: outgoing.time, correlationID: outgoing.correlationID, causationID: outgoing.causationID,
          traceparent: outgoing.traceparent, dataSchema: outgoing.event.type.schemaID, aggregate: outgoing.aggregate,
          sequence: .max))
  }

  @Test("type may come after data")
  func typeLast() throws {
    let first = BadInputTests.order()
    let last = first.replacing(#""type":"order.created","#, with: "").dropLast() + #","type":"order.created"}"#
    #expect(try decode(Array(last.utf8)) == decode(Array(first.utf8)))
    let wrong = last.replacing(#""quantity":2"#, with: #""quantity":0"#)
    #expect(whyRefused(Array(wrong.utf8))?.field == "data.lines[1].quantity")
  }

  @Test("data must be an object")
  func data() {
    for value in ["[]", "5", "null", #""{}""#] {
      let type = #"{"specversion":"1.0","type":"order.cancelled","data":\#(value)}"#
      #expect(whyRefused(Array(type.utf8)) == Malformed(field: "data", value: value, rule: "an object"))
    }
  }

  @Test("every event round trips", arguments: Samples.all.indices)
  func roundTrip(_ index: Int) throws {
    let outgoing = Samples.outgoing(Samples.all[index])
    let body = outgoing.encode()
    let message = try decode(body)
    #expect(message.event == outgoing.event)
    #expect(message.envelope.type == outgoing.event.type)
  }

  @Test("the samples hold every type")
  func samplesAreComplete() {
    #expect(Set(Samples.all.map(\.type)) == Set(EventType.allCases))
  }
}
