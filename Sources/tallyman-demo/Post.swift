import AMQP
import Contracts

/// Publishes for all the other systems, each as its own user: persistent, mandatory, each message confirmed by the
/// broker, and a tenth of them twice under the same id, as a publisher does that did not see a confirm.
final class Post {
  /// Different messages, by type.
  private(set) var sent: [EventType: Int] = [:]
  /// Repetitions, by type.
  private(set) var repeated: [EventType: Int] = [:]

  private let publishers: [Party: Publisher]
  private var random: SeededRandom
  private var later: [(dueAt: Int, letter: Letter)] = []
  private var published = 0
  private var numbers = 0

  /// - Parameters:
  ///   - publishers: One for each party, each on a connection as that party's user.
  ///   - seed: Decides what is repeated, and when.
  init(_ publishers: [Party: Publisher], seed: UInt64) {
    self.publishers = publishers
    random = SeededRandom(seed: seed ^ 0x706F_7374)
  }

  /// Publishes an event, and in a tenth of the cases schedules its repetition.
  ///
  /// - Returns: The message's id.
  @discardableResult
  func send(_ event: Event) throws -> String {
    let letter = Letter(number: nextNumber(), event, at: .now)
    try dispatch(letter, mayRepeat: true)
    return letter.id
  }

  /// Publishes the order of a shop that writes dates like `20/11/2026`.
  func sendMalformed(_ order: OrderCreated, time: String) throws {
    try dispatch(Letter(malformedOrder: order, number: nextNumber(), time: time), mayRepeat: false)
  }

  /// Publishes the repetitions that are still to come and waits until the broker has confirmed everything.
  func finish() throws {
    for (_, letter) in later { try put(letter) }
    later = []
    let deadline = ContinuousClock.now + .seconds(30)
    for publisher in publishers.values {
      while publisher.unsettled > 0 {
        guard ContinuousClock.now < deadline else {
          throw StoryFailure("the broker did not confirm \(publisher.unsettled) messages within 30 s")
        }
        try settle(publisher, waiting: .milliseconds(200))
      }
    }
  }

  /// Keeps the connections alive while the story waits.
  func idle() throws {
    for publisher in publishers.values { try publisher.connection.service() }
  }

  /// Closes the connections.
  func close() {
    for publisher in publishers.values { publisher.connection.close() }
  }

  private func nextNumber() -> Int {
    numbers += 1
    return numbers
  }

  private func dispatch(_ letter: Letter, mayRepeat: Bool) throws {
    sent[letter.type, default: 0] += 1
    try put(letter)
    if mayRepeat, random.chance(10) {
      repeated[letter.type, default: 0] += 1
      later.append((published + Int.random(in: 0...150, using: &random), letter))
    }
    while let index = later.firstIndex(where: { $0.dueAt <= published }) {
      try put(later.remove(at: index).letter)
    }
  }

  private func put(_ letter: Letter) throws {
    guard let publisher = publishers[Party(publishing: letter.type)] else { return }
    if publisher.unsettled >= 1_000 { try settle(publisher, waiting: .seconds(10)) }
    try publisher.publish(
      exchange: "supply.events", routingKey: letter.type.rawValue,
      properties: Properties(
        messageID: letter.id, contentType: OutgoingEvent.contentType, type: letter.type.rawValue,
        appID: "tallyman-demo",
        persistent: true),
      body: letter.body, mandatory: true)
    published += 1
  }

  private func settle(_ publisher: Publisher, waiting: Duration) throws {
    for settlement in try publisher.settlements(waiting: waiting) where settlement.outcome != .confirmed {
      throw StoryFailure("the broker did not take a message: \(settlement.outcome)")
    }
  }
}
