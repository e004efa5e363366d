import Testing

@testable import AMQP

/// The bookkeeping of confirms alone, without a broker.
@Suite struct ConfirmWindowTests {
  private func window(_ ids: [String?]) -> ConfirmWindow {
    var window = ConfirmWindow()
    for id in ids { _ = window.published(exchange: "e", routingKey: "k", messageID: id) }
    return window
  }

  private func returned(_ id: String?) -> ReturnedMessage {
    ReturnedMessage(code: 312, text: "NO_ROUTE", exchange: "e", routingKey: "k", messageID: id)
  }

  @Test func multipleSettlesEverythingUpToItsTagOnce() throws {
    var window = window(["a", "b", "c", "d"])
    try window.answered(2, multiple: false, acknowledged: true)
    try window.answered(3, multiple: true, acknowledged: true)
    #expect(window.takeSettlements().map(\.sequence) == [2, 1, 3])
    #expect(window.unsettled == 1)
    try window.answered(0, multiple: true, acknowledged: false)
    #expect(window.takeSettlements() == [Settlement(sequence: 4, outcome: .nacked)])
    #expect(window.unsettled == 0)
  }

  @Test func whatIsNotWaitedForAnyMoreKeepsNobodyAndIsSettledWhenItsAnswerComes() throws {
    var window = ConfirmWindow(channel: 2, of: 2)
    for id in ["a", "b", "c", "d"] { _ = window.published(exchange: "e", routingKey: "k", messageID: id) }
    for sequence: UInt64 in [2, 4, 4, 100] { window.stopAwaiting(sequence) }
    #expect(window.unsettled == 2)
    window.returned(returned("b"))
    try window.answered(3, multiple: false, acknowledged: true)
    #expect(window.takeSettlements() == [Settlement(sequence: 6, outcome: .confirmed)])
    try window.answered(1, multiple: false, acknowledged: true)
    #expect(window.takeSettlements() == [Settlement(sequence: 2, outcome: .confirmed)])
    try window.answered(4, multiple: true, acknowledged: true)
    #expect(
      window.takeSettlements() == [
        Settlement(sequence: 4, outcome: .returned(code: 312, text: "NO_ROUTE")),
        Settlement(sequence: 8, outcome: .confirmed),
      ])
    try window.answered(4, multiple: true, acknowledged: true)
    window.stopAwaiting(8)
    #expect(!window.hasSettlements && window.unsettled == 0)
  }

  @Test func sequencesGoOnAfterEverythingWasSettled() throws {
    var window = window(["a", "b"])
    try window.answered(2, multiple: true, acknowledged: true)
    #expect(window.published(exchange: "e", routingKey: "k", messageID: "c") == 3)
    try window.answered(3, multiple: false, acknowledged: true)
    #expect(window.takeSettlements().map(\.sequence) == [1, 2, 3])
  }

  @Test func channelsThatTakeTurnsCountTogether() throws {
    var windows = (1...3).map { ConfirmWindow(channel: $0, of: 3) }
    let numbers = (0..<8).map { windows[$0 % 3].published(exchange: "e", routingKey: "k", messageID: nil) }
    #expect(numbers == Array(1...8))
    try windows[1].answered(2, multiple: true, acknowledged: true)
    try windows[2].answered(2, multiple: false, acknowledged: false)
    #expect(windows.map { $0.unsettled } == [3, 1, 1])
    #expect(windows[1].takeSettlements().map(\.sequence) == [2, 5])
    #expect(windows[2].takeSettlements() == [Settlement(sequence: 6, outcome: .nacked)])
  }

  @Test func aReturnedMessageSettlesAsReturnedWithItsAck() throws {
    var window = window(["a", "b", "c"])
    window.returned(returned("b"))
    #expect(!window.hasSettlements)
    try window.answered(3, multiple: true, acknowledged: true)
    #expect(
      window.takeSettlements().map(\.outcome) == [.confirmed, .returned(code: 312, text: "NO_ROUTE"), .confirmed])
  }

  @Test func amongMessagesThatLookAlikeAReturnCountsForAll() throws {
    var window = window([nil, nil, "c"])
    window.returned(returned(nil))
    try window.answered(3, multiple: true, acknowledged: true)
    let expected = Settlement.Outcome.returned(code: 312, text: "NO_ROUTE")
    #expect(window.takeSettlements().map(\.outcome) == [expected, expected, .confirmed])
  }

  @Test func anAnswerToWhatWasNeverPublishedBreaksTheProtocol() {
    var window = window(["a"])
    #expect(throws: AMQPError.self) { try window.answered(2, multiple: false, acknowledged: true) }
  }

  @Test func aLongRunKeepsCountAcrossCompaction() throws {
    var window = ConfirmWindow()
    var settled = 0
    for number in 1...20_000 {
      let sequence = window.published(exchange: "e", routingKey: "k", messageID: "\(number)")
      // Every third is answered late, so that the window never becomes empty.
      if sequence > 10 { try window.answered(sequence - 10, multiple: sequence % 3 == 0, acknowledged: true) }
      settled += window.takeSettlements().count
    }
    #expect(settled + window.unsettled == 20_000)
    #expect(window.unsettled == 10 || window.unsettled == 11)
  }
}
