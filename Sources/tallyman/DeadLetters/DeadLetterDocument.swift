import ContractPages
import Contracts
import FoundationEssentials
import Messaging

/// A page of dead letters as JSON.
struct DeadLetterList: Codable {
  let total: Int64
  /// For --before; absent on the last page.
  let next: Int64?
  let records: [DeadLetterEntry]
}

/// One record as JSON, without its message.
struct DeadLetterEntry: Codable {
  let id: Int64
  let queue: String
  let consumer: String
  let state: String
  let kind: String
  let reason: String
  let field: String
  let value: String
  let rule: String
  let type: String
  let messageID: String
  let source: String
  let attempt: Int32
  let firstSeenAt: String
  let deadAt: String
  let resolvedAt: String?
  let resolvedBy: String?
  let resolvedWhy: String?
  let erasedAt: String?

  init(_ record: DeadLetterRecord) {
    id = record.id
    queue = record.queue
    consumer = record.consumer
    state = record.state
    kind = record.kind
    reason = record.reason
    field = record.field
    value = record.value
    rule = record.rule
    type = record.type
    messageID = record.messageID
    source = record.source
    attempt = record.attempt
    firstSeenAt = record.firstSeenAt.rfc3339
    deadAt = record.deadAt.rfc3339
    resolvedAt = record.resolution?.at.rfc3339
    resolvedBy = record.resolution?.by
    resolvedWhy = record.resolution?.why
    erasedAt = record.erasedAt?.rfc3339
  }

  enum CodingKeys: String, CodingKey {
    case id, queue, consumer, state, kind, reason, field, value, rule, type, source, attempt
    case messageID = "message_id"
    case firstSeenAt = "first_seen_at"
    case deadAt = "dead_at"
    case resolvedAt = "resolved_at"
    case resolvedBy = "resolved_by"
    case resolvedWhy = "resolved_why"
    case erasedAt = "erased_at"
  }
}

/// One record as JSON, with all that is kept of it.
struct DeadLetterDetails: Codable {
  let record: DeadLetterEntry
  let contentType: String?
  let headers: [String: HeaderJSON]
  /// The body, where it is text.
  let body: String?
  /// The body in base64, where it is not.
  let bodyBase64: String?
  let history: [Action]
  let sameMessage: [DeadLetterEntry]

  struct Action: Codable {
    let action: String
    let at: String
    let by: String
    let role: String
    let why: String
    let attempt: Int32?
    let edits: [Edit]?
  }

  struct Edit: Codable {
    let field: String
    let was: String
    let `is`: String
  }

  enum CodingKeys: String, CodingKey {
    case record, headers, body, history
    case contentType = "content_type"
    case bodyBase64 = "body_base64"
    case sameMessage = "same_message"
  }

  init(_ record: DeadLetterRecord, _ actions: [DeadLetterAction], _ relatives: [DeadLetterRecord]) throws {
    self.record = DeadLetterEntry(record)
    contentType = record.contentType
    headers = Dictionary(
      uniqueKeysWithValues: try HeaderText.decode(record.headers).map { ($0, HeaderJSON($1, of: $0)) })
    body = String(validating: record.body, as: UTF8.self)
    bodyBase64 = body == nil ? Data(record.body).base64EncodedString() : nil
    history = try actions.map { action in
      Action(
        action: action.action, at: action.at.rfc3339, by: action.by, role: action.role, why: action.why,
        attempt: action.attempt, edits: try action.edits.map(DeadLetterDetails.edits))
    }
    sameMessage = relatives.map(DeadLetterEntry.init)
  }

  static func edits(_ json: String) throws -> [Edit] { try JSONDecoder().decode([Edit].self, from: Data(json.utf8)) }
}

/// A header's value as JSON: a string or a number, or what the broker noted about the message's way.
enum HeaderJSON: Codable {
  case string(String)
  case int(Int64)
  case other(JSON)

  init(_ value: HeaderText.Value, of name: String) {
    switch value {
    case .int(let number): self = .int(number)
    case .string(let text):
      // The broker's own; any other text is what a publisher wrote, whatever it looks like.
      let noted = name == "x-death" ? try? JSONDecoder().decode(JSON.self, from: Data(text.utf8)) : nil
      self = noted.map(HeaderJSON.other) ?? .string(text)
    }
  }

  init(from decoder: any Decoder) throws {
    switch try JSON(from: decoder) {
    case .int(let number): self = .int(number)
    case .string(let text): self = .string(text)
    case let other: self = .other(other)
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .string(let text): try JSON.string(text).encode(to: encoder)
    case .int(let number): try JSON.int(number).encode(to: encoder)
    case .other(let value): try value.encode(to: encoder)
    }
  }
}
