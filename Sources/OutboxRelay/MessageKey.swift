import Outbox

/// A message wherever it is read again; a packet's places change when something of it was published.
struct MessageKey: Hashable {
  let row: Int64
  let messageID: String

  init(_ message: WaitingMessage) { (row, messageID) = (message.id, message.messageID) }

  /// By its row alone: asking about a message of which nothing is known has to cost next to nothing.
  func hash(into hasher: inout Hasher) { hasher.combine(row) }
}
