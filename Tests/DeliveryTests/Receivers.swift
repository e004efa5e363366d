import FoundationEssentials

@testable import Delivery

/// A mail that the SMTP server accepted, as Python's own parser reads it.
struct ReceivedMail: Decodable {
  let from, to, raw, subject, fromHeader, toHeader, messageID, text: String
  let tls: Bool
  let login, names, defects: [String]
  let connection: Int
  let date: Int64

  var bytes: [UInt8] { Data(base64Encoded: raw).map(Array.init) ?? [] }
}

/// A request that the HTTP server got, with its own verdict on the signatures.
struct ReceivedRequest: Decodable {
  let path, body: String
  let headers: [String: String]
  let valid: [Bool]

  var bytes: [UInt8] { Data(base64Encoded: body).map(Array.init) ?? [] }
}

extension DeliveryResult {
  var isTemporary: Bool { if case .temporary = self { true } else { false } }
  var isPermanent: Bool { if case .permanent = self { true } else { false } }
  var reason: String {
    switch self {
    case .delivered: ""
    case .temporary(let reason, _), .permanent(let reason): reason
    }
  }
}
