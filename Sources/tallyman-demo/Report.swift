import Contracts

/// What came of the story: facts for people, and promises that were kept or not.
struct Report {
  /// A promise and what was seen of it.
  struct Promise {
    let isKept: Bool
    let text: String
  }

  private(set) var promises: [Promise] = []
  private let story: Story
  private let states: [(state: String, count: Int)]
  private let products: [SKU: Records.Product]
  private let deadLetters: [Records.DeadLetter]
  private let received: ReceivedRecord
  private let sentDeliveries: Int
  private let memory: [(name: String, kibibytes: Int?)]

  /// Whether every promise was kept.
  var passed: Bool { promises.allSatisfy(\.isKept) }

  /// Reads everything that is reported.
  init(_ story: Story) throws {
    self.story = story
    let records = story.stage.records
    states = try records.ordersByState()
    products = try records.products()
    deadLetters = try records.deadLetters()
    sentDeliveries = try records.number(Records.sentDeliveries)
    received = ReceivedRecord(story.options.received)
    memory = try Crew.names.map { ($0, try story.stage.crew.peakMemory(of: $0)) }
    judge()
  }

  private var subscriber: Subscriber { story.stage.subscriber }

  // MARK: Promises

  private mutating func judge() {
    judgeAnswers()
    judgeStock()
    judgeEvents()
    judgeNotifications()
  }

  private mutating func promise(_ text: String, _ isKept: Bool) {
    promises.append(Promise(isKept: isKept, text: text))
  }

  private mutating func judgeAnswers() {
    let total = story.plan.orders.count
    let answers = subscriber.answers
    let once = answers.values.filter { $0.count == 1 }.count
    promise(
      "\(Text.number(total)) orders, each answered exactly once: \(Text.number(once))",
      answers.count == total && once == total)
    let kinds: [EventType] = [.orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected]
    promise("all four answers occur", kinds.allSatisfy { subscriber.answered($0) > 0 })
    let early = story.plan.cancelledEarly
    promise(
      "\(early.count) orders that were cancelled before they came are rejected for that reason",
      early.allSatisfy { answers[$0]?.first?.rejection == .cancelled })
  }

  private mutating func judgeStock() {
    let oversold = products.values.filter {
      $0.reserved > $0.onHand || $0.onHand + $0.shipped != $0.received
        || subscriber.promised[$0.sku, default: 0] != $0.reserved + $0.shipped
    }
    promise(
      "no product oversold: received = on hand + shipped, and the subscriber's own count of promises agrees",
      oversold.isEmpty)
    promise(
      "one transfer done, one rejected", subscriber.count(.stockMoved) == 1 && subscriber.count(.stockMoveRejected) == 1
    )
    promise("\(Text.number(story.lateFill)) units of the late receipts went to backorders", story.lateFill > 0)
  }

  private mutating func judgeEvents() {
    promise(
      "each product's and each order's events came in order and without a gap" + examples(subscriber.disorder),
      subscriber.disorder.isEmpty)
    let malformed = deadLetters.filter { $0.field == "time" && $0.value.contains(Story.malformedDate) }
    promise(
      "\(Story.expectedDeadLetters) dead letters, one of them for the date \(Story.malformedDate)",
      deadLetters.count == Story.expectedDeadLetters && malformed.count == 1)
  }

  private mutating func judgeNotifications() {
    let different = received.differentMails + received.differentWebhooks
    promise(
      "\(Text.number(sentDeliveries)) notifications sent, as many different ones received: \(Text.number(different))",
      different == sentDeliveries && sentDeliveries > 0 && received.unreadable == 0)
    promise("every webhook's signature is valid", received.badSignatures == 0 && received.webhooks > 0)
  }

  private func examples(_ texts: [String]) -> String { texts.isEmpty ? "" : ": \(texts.joined(separator: "; "))" }

  // MARK: For people

  /// Prints everything.
  func show(on screen: inout Screen) {
    showMessages(on: &screen)
    showOrders(on: &screen)
    showProducts(on: &screen)
    showDeadLetters(on: &screen)
    showNotifications(on: &screen)
    showSpeed(on: &screen)
    screen.heading("What was promised")
    for promise in promises { screen.line("\(promise.isKept ? "yes" : "NO ")  \(promise.text)") }
  }

  private func showMessages(on screen: inout Screen) {
    let sent = story.stage.post.sent
    let repeated = story.stage.post.repeated
    screen.heading("What went in (message, different ones, sent again)")
    for type in EventType.allCases where sent[type] != nil {
      screen.line(
        Text.left(type.rawValue, 24) + Text.right(Text.number(sent[type, default: 0]), 7)
          + Text.right(Text.number(repeated[type, default: 0]), 7))
    }
    let total = sent.values.reduce(0, +)
    screen.line(
      Text.left("", 24) + Text.right(Text.number(total), 7) + Text.right(Text.number(repeated.values.reduce(0, +)), 7))
    screen.line("What came out: \(Text.number(subscriber.total)) events, \(subscriber.repetitions) of them twice")
  }

  private func showOrders(on screen: inout Screen) {
    screen.heading("Orders by state")
    for (state, count) in states { screen.line(Text.left(state, 24) + Text.right(Text.number(count), 7)) }
  }

  private func showProducts(on screen: inout Screen) {
    screen.heading("Sold against stock, the most wanted products")
    screen.line(
      Text.left("SKU", 12)
        + ["ordered", "received", "reserved", "shipped", "free", "waiting"].map { Text.right($0, 10) }.joined())
    for product in story.plan.products.prefix(8) {
      guard let row = products[product.sku] else { continue }
      let columns = [
        story.plan.demand[row.sku, default: 0], row.received, row.reserved, row.shipped, row.onHand - row.reserved,
        row.waiting,
      ]
      screen.line(Text.left(row.sku, 12) + columns.map { Text.right(Text.number($0), 10) }.joined())
    }
  }

  private func showDeadLetters(on screen: inout Screen) {
    screen.heading("Dead letters")
    for letter in deadLetters {
      screen.line("\(letter.queue)  \(letter.type)  \(letter.messageID)")
      screen.line("    \(letter.field) is \(letter.value): \(letter.rule)")
    }
    if deadLetters.isEmpty { screen.line("none") }
  }

  private func showNotifications(on screen: inout Screen) {
    screen.heading("Mails and webhooks, as their receivers counted them")
    screen.line(
      "mails     \(Text.right(Text.number(received.mails), 6)), different ones \(Text.number(received.differentMails))")
    screen.line(
      "webhooks  \(Text.right(Text.number(received.webhooks), 6)), different ones "
        + "\(Text.number(received.differentWebhooks)), bad signatures \(received.badSignatures)")
  }

  private func showSpeed(on screen: inout Screen) {
    screen.heading("The race")
    screen.line(
      "\(Text.number(story.plan.orders.count)) orders in \(Text.seconds(story.race.duration)): "
        + "\(story.ordersPerSecond) orders/s, one worker killed and restarted meanwhile")
    screen.line(
      "from an order's publish to its answer: median \(Text.milliseconds(story.race.median)), "
        + "99 of 100 within \(Text.milliseconds(story.race.slow))")
    screen.heading("Memory at its peak (VmHWM)")
    for (name, kibibytes) in memory {
      screen.line(Text.left(name, 24) + (kibibytes.map { Text.right("\($0 / 1024) MiB", 8) } ?? "not running"))
    }
  }
}
