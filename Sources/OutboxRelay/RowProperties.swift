import AMQP
import Contracts
import Outbox

extension Properties {
  /// A message's properties as its row has them.
  ///
  /// - Throws: ``Malformed`` if its headers cannot be read.
  init(of row: WaitingMessage) throws {
    self.init(
      messageID: row.messageID, contentType: row.contentType.isEmpty ? nil : row.contentType, appID: "tallyman",
      persistent: true)
    guard let headers = row.headers else { return }
    for (name, value) in try HeaderText.decode(headers) where !OutboxRow.routingHeaders.contains(name) {
      self.headers[name] =
        switch value {
        case .string(let text): .string(text)
        case .int(let number): .int(number)
        }
    }
  }
}
