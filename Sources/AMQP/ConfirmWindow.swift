/// A message that came back by `basic.return`, as far as needed to recognise it.
struct ReturnedMessage {
  let code: Int
  let text: String
  let exchange: String
  let routingKey: String
  let messageID: String?
}

/// Which messages published on a channel the broker has not answered for, and the answers not yet handed to the caller.
///
/// Sequences count from 1 per channel, as the broker's do. Of two channels, callers know a message by one number over
/// both: 1, 3, 5 and so on are the first one's messages, 2, 4, 6 those of the second. A `basic.return` names no
/// sequence; it is recognised by exchange, routing key and message id, and the outcome is known when its ack follows.
/// Where several unanswered messages look alike, all of them count as returned: publishing again is safe, losing is
/// not.
struct ConfirmWindow {
  private enum State {
    case pending
    case returned(code: Int, text: String)
    case settled
  }

  private struct Slot {
    let exchange: String
    let routingKey: String
    let messageID: String?
    var state = State.pending

    mutating func returned(_ message: ReturnedMessage) {
      guard case .pending = state, messageID == message.messageID, routingKey == message.routingKey,
        exchange == message.exchange
      else { return }
      state = .returned(code: message.code, text: message.text)
    }
  }

  private let number: UInt64
  private let channels: UInt64
  /// Slots from `head` on are those of sequences `base`, `base + 1`, …; those before `head` are done.
  private var slots: [Slot] = []
  private var head = 0
  private var base: UInt64 = 1
  /// Those that are no longer waited for, by sequence; no slot of theirs keeps those behind it.
  private var late: [UInt64: Slot] = [:]
  private var settlements: [Settlement] = []

  /// How many published messages have no answer yet and are waited for.
  private(set) var unsettled = 0

  /// - Parameters:
  ///   - number: The channel's, from 1.
  ///   - channels: How many take turns.
  init(channel number: Int = 1, of channels: Int = 1) {
    self.number = UInt64(number)
    self.channels = UInt64(channels)
  }

  /// Whether answers wait to be taken.
  var hasSettlements: Bool { !settlements.isEmpty }

  private var next: UInt64 { base + UInt64(slots.count - head) }

  /// Records a message that was handed to the broker.
  ///
  /// - Returns: Its number over all channels.
  mutating func published(exchange: String, routingKey: String, messageID: String?) -> UInt64 {
    let sequence = next
    slots.append(Slot(exchange: exchange, routingKey: routingKey, messageID: messageID))
    unsettled += 1
    return known(sequence)
  }

  /// Counts a message no longer among the unsettled. Should it be answered after all, that is settled like any other.
  ///
  /// - Parameter known: What ``published(exchange:routingKey:messageID:)`` returned.
  mutating func stopAwaiting(_ known: UInt64) {
    let sequence = (known - number) / channels + 1
    guard sequence >= base, sequence < next else { return }
    let index = head + Int(sequence - base)
    if case .settled = slots[index].state { return }
    late[sequence] = slots[index]
    slots[index].state = .settled
    unsettled -= 1
    dropSettledPrefix()
  }

  /// Records a `basic.return`; the message is settled by the ack that follows.
  mutating func returned(_ message: ReturnedMessage) {
    for index in slots[head...].indices { slots[index].returned(message) }
    for sequence in late.keys { late[sequence]?.returned(message) }
  }

  /// Records an ack or nack.
  ///
  /// - Parameters:
  ///   - tag: The sequence; 0 with `multiple` means all so far.
  ///   - multiple: Whether it speaks for every earlier unanswered message as well.
  ///   - acknowledged: False for a nack.
  /// - Throws: ``AMQPError/protocolViolation(detail:)`` for a sequence that was never used.
  mutating func answered(_ tag: UInt64, multiple: Bool, acknowledged: Bool) throws(AMQPError) {
    let last = multiple && tag == 0 ? next - 1 : tag
    guard last < next else {
      throw .protocolViolation(detail: "an answer to message \(tag), which was never published")
    }
    if !late.isEmpty { settleLate(multiple ? late.keys.filter { $0 <= last }.sorted() : [last], acknowledged) }
    if multiple {
      var sequence = base
      while sequence <= last {
        settle(sequence, acknowledged)
        sequence += 1
      }
    } else if last >= base {
      settle(last, acknowledged)
    }
    dropSettledPrefix()
  }

  /// Hands over the answers collected so far, in the order in which they came.
  mutating func takeSettlements() -> [Settlement] {
    defer { settlements.removeAll(keepingCapacity: true) }
    return settlements
  }

  private func known(_ sequence: UInt64) -> UInt64 { (sequence - 1) * channels + number }

  private mutating func settle(_ sequence: UInt64, _ acknowledged: Bool) {
    let index = head + Int(sequence - base)
    guard tell(sequence, slots[index].state, acknowledged) else { return }
    slots[index].state = .settled
    unsettled -= 1
  }

  private mutating func settleLate(_ sequences: [UInt64], _ acknowledged: Bool) {
    for sequence in sequences {
      if let slot = late.removeValue(forKey: sequence) { _ = tell(sequence, slot.state, acknowledged) }
    }
  }

  /// - Returns: Whether there was something to tell.
  private mutating func tell(_ sequence: UInt64, _ state: State, _ acknowledged: Bool) -> Bool {
    let outcome: Settlement.Outcome
    switch state {
    case .settled: return false
    case .pending: outcome = acknowledged ? .confirmed : .nacked
    case .returned(let code, let text): outcome = acknowledged ? .returned(code: code, text: text) : .nacked
    }
    settlements.append(Settlement(sequence: known(sequence), outcome: outcome))
    return true
  }

  private mutating func dropSettledPrefix() {
    while head < slots.count, case .settled = slots[head].state {
      head += 1
      base += 1
    }
    if head == slots.count || head >= 4096 {
      slots.removeFirst(head)
      head = 0
    }
  }
}
