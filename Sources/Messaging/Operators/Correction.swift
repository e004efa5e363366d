import Contracts

/// What an operator changes about a message before it is replayed.
struct Correction {
  /// One change.
  struct Change {
    let path: String
    let was: String
    let new: String
    /// The other way to read what the operator gave, if there is one.
    var other: JSONEdit.Reading?
  }

  /// An edit as the operator gave it.
  typealias Edit = (path: String, value: String)

  private(set) var body: [UInt8]
  private(set) var contentType: String?
  private(set) var changes: [Change] = []
  /// What the message says when all is changed.
  let message: IncomingMessage

  /// - Throws: ``Malformed`` where an edit has no place in the message, it cannot be read after all of them, or one of
  ///   them is of a field that nobody reads.
  init(_ record: DeadLetterRecord, _ edits: [Edit]) throws(Malformed) {
    var draft = Draft(record, edits)
    message = try draft.read()
    (body, contentType, changes) = (draft.body, draft.contentType, draft.changes)
    let place = ReadPlace(in: body, saying: message)
    for change in changes where change.path != "content_type" { try place.require(change.path) }
  }

  /// A JSON array of field, was and is; nil where nothing was changed.
  var json: String? {
    guard !changes.isEmpty else { return nil }
    let objects = changes.map { change in
      HeaderText.encode(["field": .string(change.path), "was": .string(change.was), "is": .string(change.new)])
    }
    return "[" + objects.joined(separator: ",") + "]"
  }
}

/// A message under correction.
private struct Draft {
  private let record: DeadLetterRecord
  private let edits: [Correction.Edit]
  private var readings: [JSONEdit.Reading]
  private(set) var body: [UInt8] = []
  private(set) var contentType: String?
  private(set) var changes: [Correction.Change] = []

  init(_ record: DeadLetterRecord, _ edits: [Correction.Edit]) {
    self.record = record
    self.edits = edits
    readings = edits.map { _ in .asBefore }
  }

  /// Makes the changes and reads the message. Where its contract refuses a corrected value, the value is read the other
  /// way: `2` may be a number or a text, and what stood there before may have been of the wrong kind.
  mutating func read() throws(Malformed) -> IncomingMessage {
    while true {
      try change()
      do throws(Malformed) {
        return try IncomingMessage.decode(body: body, contentType: contentType, messageID: nil, routingKey: nil)
      } catch {
        guard let index = edits.lastIndex(where: { $0.path == error.field }), readings[index] == .asBefore,
          let other = changes[index].other
        else { throw error }
        readings[index] = other
      }
    }
  }

  private mutating func change() throws(Malformed) {
    (body, contentType, changes) = (record.body, record.contentType, [])
    for (edit, reading) in zip(edits, readings) {
      if edit.path == "content_type" {
        changes.append(.init(path: edit.path, was: contentType ?? "absent", new: edit.value))
        contentType = edit.value
      } else {
        let change = try JSONEdit(edit.path, to: edit.value, in: body, reading: reading)
        changes.append(
          .init(
            path: edit.path, was: JSONEdit.shown(change.was), new: JSONEdit.shown(change.value), other: change.other))
        body = change.document
      }
    }
  }
}
