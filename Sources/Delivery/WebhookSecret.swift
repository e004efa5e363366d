import FoundationEssentials

/// A key shared with a webhook's receiver, in the Standard Webhooks form `whsec_<base64>`. Never shown.
public struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  let key: [UInt8]

  /// - Parameter text: `whsec_` and the base64 of 24 to 64 bytes.
  /// - Throws: ``DeliverySettingError``, without the text.
  public init(_ text: String) throws(DeliverySettingError) {
    guard text.hasPrefix("whsec_"), let data = Data(base64Encoded: String(text.dropFirst(6))),
      (24...64).contains(data.count)
    else {
      throw DeliverySettingError(setting: "webhook secret", rule: "must be whsec_ and the base64 of 24 to 64 bytes")
    }
    key = Array(data)
  }

  /// Says only that there is one.
  public var description: String { "whsec_***" }
  /// Says only that there is one.
  public var debugDescription: String { description }

  /// The Standard Webhooks signature `v1,<base64>` over id, time and body.
  func sign(id: String, unixSeconds: Int64, body: [UInt8]) -> String {
    let signed = Array("\(id).\(unixSeconds).".utf8) + body
    return "v1," + Data(Digest.hmacSHA256(signed, key: key)).base64EncodedString()
  }
}
