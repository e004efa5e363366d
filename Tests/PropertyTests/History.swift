import Contracts
import Foundation

/// A message that somebody outside publishes.
struct Step: Hashable, Sendable {
  /// The CloudEvents id.
  var id: String
  /// When its publisher says it happened; seconds after ``History/start``.
  var second: Int64
  /// What it says.
  var event: Event

  /// The publisher's clock.
  var time: Timestamp { History.start + .seconds(second) }
}

/// Messages in the order in which they were published, and how the broker deals them out. Plain data: the same history
/// ends the same way in every run, so it can be cut down and pasted into a test.
struct History: Hashable, Sendable {
  var steps: [Step]
  var schedule = Schedule.plain

  static let start = Timestamp(microseconds: 1_795_000_000_000_000)

  /// What the broker does with a history.
  struct Schedule: Hashable, Sendable {
    /// Of the dice that decide which worker is served next, and with how many messages.
    var seed: UInt64
    /// The most messages that are handed over at once.
    var batch: Int
    /// Whether messages overtake each other.
    var disorder: Bool

    /// One message after the other, in their order.
    static let plain = Schedule(seed: 0, batch: 1, disorder: false)
  }
}

// MARK: As text

extension History: CustomStringConvertible {
  /// What ``init(json:schedule:)`` reads: one message per line.
  var description: String {
    let lines = steps.compactMap { step in
      (try? JSONSerialization.data(withJSONObject: step.object, options: [.sortedKeys, .withoutEscapingSlashes]))
        .map { "  " + String(decoding: $0, as: UTF8.self) }
    }
    let schedule = "seed: \(schedule.seed), batch: \(schedule.batch), disorder: \(schedule.disorder)"
    return "History(json: \"\"\"\n" + lines.joined(separator: "\n") + "\n  \"\"\", schedule: .init(\(schedule)))"
  }

  /// A history as a failed property printed it.
  init(json: String, schedule: Schedule = .plain) throws {
    steps = try json.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try Step(object: object as? [String: Any] ?? [:])
    }
    self.schedule = schedule
  }
}

extension Step {
  /// `id`, `second`, `type` and `data` as JSON has them.
  var object: [String: Any] {
    let body = OutgoingEvent(id: id, source: "", time: time, aggregate: "", sequence: 1, event: event).encode()
    let whole = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
    return ["id": id, "second": second, "type": event.type.rawValue, "data": whole?["data"] ?? [:]]
  }

  /// Reads it as any consumer would: what breaks a rule of the wire format is no step.
  init(object: [String: Any]) throws {
    second = (object["second"] as? NSNumber)?.int64Value ?? 0
    var whole: [String: Any] = ["specversion": "1.0", "source": "urn:test:publisher"]
    whole["datacontenttype"] = "application/json"
    whole["time"] = (History.start + .seconds(second)).rfc3339
    for key in ["id", "type", "data"] { whole[key] = object[key] }
    let read = try IncomingMessage.decode(
      body: Array(JSONSerialization.data(withJSONObject: whole)), contentType: OutgoingEvent.contentType,
      messageID: nil, routingKey: nil)
    id = read.envelope.id
    event = read.event
  }
}
