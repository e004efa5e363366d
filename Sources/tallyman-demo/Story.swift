import Contracts

/// The story, step by step. What happens in each is in the extensions.
final class Story {
  let options: StoryOptions
  let plan: Plan
  let stage: Stage
  var race = RaceResult()
  /// Orders that were cancelled, and so are not shipped.
  var cancelled: Set<OrderID> = []
  /// Orders that were shipped whole, and in part.
  var shipped = 0
  var partlyShipped = 0
  var cancelledLate = 0
  /// Units that the late receipts brought to those who waited.
  var lateFill: Int64 = 0

  /// Connects, and draws the plan.
  init(_ options: StoryOptions) throws {
    self.options = options
    plan = Plan(seed: options.seed, orderCount: options.orders)
    stage = try Stage(options)
  }

  /// Plays everything and reports.
  ///
  /// - Returns: Whether all that was promised was seen.
  func play() throws -> Bool {
    defer { stage.close() }
    stage.screen.say("the same story again: make demo SEED=\(options.seed)")
    try fillCatalogue()
    try receiveGoods()
    try cancelBeforeOrdering()
    try raceForStock()
    try transferStock()
    try cancelOrders()
    try receiveLate()
    try ship()
    try settleEverything()
    let report = try Report(self)
    report.show(on: &stage.screen)
    return report.passed
  }

  /// The message that nobody can read, and one order sent again with other contents.
  static let expectedDeadLetters = 2
  /// Dead letters that never reached an inbox.
  static let malformedMessages = 1
}
