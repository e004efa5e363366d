/// Whether a place of a message means anything to its contract. What no contract knows is skipped, so that a mistyped
/// name would change nothing and be noticed by nobody. The reader itself is asked: there is no second list of fields.
public struct ReadPlace: Sendable {
  private let body: [UInt8]
  private let message: IncomingMessage

  /// - Parameters:
  ///   - body: A message.
  ///   - message: What it says.
  public init(in body: [UInt8], saying message: IncomingMessage) {
    self.body = body
    self.message = message
  }

  /// Requires that a place is read.
  ///
  /// - Parameter path: Of a value in the message, such as `data.lines[0].quantity`.
  /// - Throws: ``Malformed`` that names the field whose name is nearest, if one is near.
  public func require(_ path: String) throws(Malformed) {
    guard !isRead(path) else { return }
    let type = message.envelope.type.rawValue
    let nearest = nearest(to: path).map { ", such as \($0)" } ?? ""
    throw Malformed(field: path, value: "not a field of \(type)", rule: "one that its contract has\(nearest)")
  }

  /// No field takes both: where neither is refused nor makes a difference, nobody looks.
  private func isRead(_ path: String) -> Bool {
    ["true", "0"].contains { probe in
      guard let edit = try? JSONEdit(path, to: probe, in: body, reading: .json) else { return true }
      let read = try? IncomingMessage.decode(
        body: edit.document, contentType: OutgoingEvent.contentType, messageID: nil, routingKey: nil)
      return read != message
    }
  }

  private func nearest(to path: String) -> String? {
    let parts = path.split(separator: ".")
    guard let name = parts.last.map({ String($0.prefix { $0 != "[" }) }) else { return nil }
    let parent = parts.dropLast().map { $0 + "." }.joined()
    let fields = WireField.allCases.filter { $0 != .unknown }.map(\.rawValue)
    let near = fields.map { ($0, EditDistance.between($0, name)) }.filter { $0.1 <= 2 }.sorted { $0.1 < $1.1 }
    return near.lazy.map { parent + $0.0 }.first(where: isRead)
  }
}
