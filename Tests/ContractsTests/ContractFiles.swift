import Contracts
import Foundation

/// The schemas and examples under `topology/contracts`.
enum ContractFiles {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../topology/contracts").standardizedFileURL

  struct Example: Sendable, CustomStringConvertible {
    let name: String
    let type: EventType
    let body: [UInt8]
    /// The variant with every field.
    var isFull: Bool { name == type.rawValue }
    var description: String { name }
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// Every example, by name.
  static let examples: [Example] = names(in: folder.appending(path: "examples"), suffix: ".json").map { name in
    let body = read(folder.appending(path: "examples/\(name).json"))
    let type = EventType.allCases.filter { name == $0.rawValue || name.hasPrefix($0.rawValue + ".") }
      .max { $0.rawValue.count < $1.rawValue.count }
    return Example(name: name, type: type ?? .productRegistered, body: body)
  }

  /// Names of the schema files without `.schema.json`, such as `order.created.v1`.
  static let schemaNames = names(in: folder, suffix: ".schema.json")

  static func schema(_ type: EventType) throws -> [String: Any] {
    try object(read(folder.appending(path: "\(type.rawValue).v\(type.version).schema.json")))
  }

  static func object(_ body: [UInt8]) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
      throw CocoaError(.coderInvalidValue)
    }
    return object
  }

  static func bytes(_ object: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]))
  }

  private static func names(in folder: URL, suffix: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
  }

  private static func read(_ file: URL) -> [UInt8] {
    (try? Data(contentsOf: file)).map(Array.init) ?? []
  }
}

/// Decodes as the broker would deliver it; gives the refusal, `nil` where there is none.
func whyRefused(
  _ body: [UInt8], contentType: String? = OutgoingEvent.contentType, messageID: String? = nil,
  routingKey: String? = nil
) -> Malformed? {
  do throws(Malformed) {
    _ = try IncomingMessage.decode(
      body: body, contentType: contentType, messageID: messageID, routingKey: routingKey)
    return nil
  } catch {
    return error
  }
}

func decode(_ body: [UInt8]) throws(Malformed) -> IncomingMessage {
  try IncomingMessage.decode(
    body: body, contentType: OutgoingEvent.contentType, messageID: nil, routingKey: nil)
}
