import AMQP
import Contracts
import Outbox

extension Properties {
  /// A message's properties as its row has them.
  ///
  /// - Throws: ``Malformed`` if its headers cannot be read.
  init(of message: WaitingMessage) throws {
    self.init(
      messageID: message.messageID, contentType: message.contentType.isEmpty ? nil : message.contentType,
      appID: "tallyman",
      persistent: true)
    guard let headers = message.headers else { return }
    for (name, value) in try HeaderText.decode(headers) where !OutboxRow.routingHeaders.contains(name) {
      self.headers[name] =
        switch value {
        case .string(let text): .string(text)
        case .int(let number): .int(number)
        }
    }
  }
}
