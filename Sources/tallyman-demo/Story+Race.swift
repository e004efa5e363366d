import Contracts

/// What the race showed.
struct RaceResult {
  /// When each order was first published.
  var publishedAt: [OrderID: ContinuousClock.Instant] = [:]
  /// From the first publish to the last answer.
  var duration: Duration = .zero
  /// From an order's publish to the arrival of its answer: median and 99th percentile.
  var median: Duration = .zero
  var slow: Duration = .zero
}

// The race: every order wants what others want too, while a worker is killed.

extension Story {
  static let victim = "allocation-worker-2"
  static let malformedDate = "20/11/2026"

  func raceForStock() throws {
    stage.screen.step("\(Text.number(plan.orders.count)) orders race for the stock")
    let start = ContinuousClock.now
    let killAfter = plan.orders.count / 2
    var killed: (pid: Int32, answers: Int)?
    for (index, order) in plan.orders.enumerated() {
      race.publishedAt[order.orderID] = .now
      stage.subscriber.questions.insert(try stage.post.send(.orderCreated(order)))
      if index == plan.orders.count / 3 { try misbehave() }
      if index % 25 == 0 { try stage.subscriber.read(waiting: .zero) }
      // Only once the worker is at work: with messages in hand, some applied, some not.
      if killed == nil, index >= killAfter, !stage.subscriber.answers.isEmpty { killed = try killWorker() }
      stage.screen.progress("\(index + 1) published, \(stage.subscriber.answers.count) answered")
    }
    if killed == nil {
      try stage.wait(for: "a first answer", progress: { "no answer yet" }) { !stage.subscriber.answers.isEmpty }
      killed = try killWorker()
    }
    try stage.post.finish()
    try restartWorker(after: killed)
    try awaitAnswers(since: start)
  }

  /// A partner's new release writes dates in another way, and another one re-uses an order number.
  private func misbehave() throws {
    let order = OrderCreated(
      orderID: OrderID(trusted: "ord-malformed"), customerID: CustomerID(trusted: "cust-1"),
      lines: [OrderCreated.Line(line: 1, sku: plan.plentiful, quantity: 1)])
    try stage.post.sendMalformed(order, time: Story.malformedDate)
    var changed = plan.orders[0]
    changed.lines[0].quantity += 1
    stage.subscriber.questions.insert(try stage.post.send(.orderCreated(changed)))
  }

  private func killWorker() throws -> (pid: Int32, answers: Int) {
    let answers = stage.subscriber.answers.count
    let pid = try stage.crew.crash(Story.victim)
    stage.screen.say("\(Story.victim) (pid \(pid)) is killed with SIGKILL after \(Text.number(answers)) answers")
    return (pid, answers)
  }

  private func restartWorker(after killed: (pid: Int32, answers: Int)?) throws {
    let starter = try stage.crew.start(Story.victim)
    try stage.wait(
      for: "\(Story.victim) again", within: .seconds(90),
      progress: { "\(stage.subscriber.answers.count)/\(plan.orders.count) orders answered, by one worker" }
    ) { try stage.crew.hasStarted(Story.victim, by: starter) }
    let answers = stage.subscriber.answers.count - (killed?.answers ?? 0)
    let pid = try stage.crew.pid(of: Story.victim)
    stage.screen.say(
      "\(Story.victim) is back as pid \(pid); the other one had answered \(Text.number(answers)) more meanwhile")
  }

  private func awaitAnswers(since start: ContinuousClock.Instant) throws {
    let total = plan.orders.count
    try stage.wait(
      for: "\(total) answers", within: .seconds(90),
      progress: { "\(stage.subscriber.answers.count)/\(total) orders answered" }
    ) { stage.subscriber.answers.count == total }
    let answers = stage.subscriber.answers
    let last = answers.values.compactMap(\.first?.arrivedAt).max() ?? .now
    race.duration = start.duration(to: last)
    let waits = answers.compactMap { order, given in
      race.publishedAt[order].flatMap { published in given.first.map { published.duration(to: $0.arrivedAt) } }
    }.sorted()
    race.median = waits[waits.count / 2]
    race.slow = waits[waits.count * 99 / 100]
    let subscriber = stage.subscriber
    let counts = [
      (EventType.orderReserved, "reserved"), (.orderPartiallyReserved, "partially reserved"),
      (.orderBackordered, "backordered"), (.orderRejected, "rejected"),
    ].map { "\(Text.number(subscriber.answered($0.0))) \($0.1)" }
    stage.screen.say("answered: \(counts.joined(separator: ", "))")
    stage.screen.say("\(ordersPerSecond) orders/s from the first publish to the last answer")
  }

  /// Of the race, kill included.
  var ordersPerSecond: String {
    let (seconds, attoseconds) = race.duration.components
    let milliseconds = max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    return Text.number(Int64(plan.orders.count) * 1000 / milliseconds)
  }
}
