import Contracts
import Delivery

/// The stable identity of a notification: the same event, channel and recipient always give the same one, so that
/// receivers can tell a repetition whatever happened on our side.
public enum NotificationID {
  /// A UUID of version 8: the first 122 bits of a SHA-256.
  ///
  /// - Returns: 36 characters in lower case.
  public static func make(
    source: String, eventID: String, channel: NotificationChannel, recipient: String
  ) -> String {
    // None of the parts can contain U+0000.
    let name = [source, eventID, channel.rawValue, recipient].joined(separator: "\u{0}")
    var bytes = Array(Digest.sha256(Array(name.utf8)).prefix(16))
    bytes[6] = (bytes[6] & 0x0F) | 0x80
    bytes[8] = (bytes[8] & 0x3F) | 0x80
    let hex = Array(Digest.hex(bytes).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
      .map { String(decoding: hex[$0], as: UTF8.self) }.joined(separator: "-")
  }
}
