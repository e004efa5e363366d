import Contracts
import FoundationEssentials

/// The schemas and examples of `topology/contracts`, read once.
public struct ContractFolder: Sendable {
  /// A message of a type, as a file has it.
  public struct Example: Sendable {
    /// The file's name without its ending, such as `order.created.minimal`.
    public let name: String
    /// The file's bytes.
    public let body: [UInt8]
    /// The same, read.
    public let value: JSON
  }

  /// The schema of each event.
  public let schemas: [EventType: JSON]
  /// The examples of each event by name; the first one has every field.
  public let examples: [EventType: [Example]]

  /// Reads the folder.
  ///
  /// - Throws: ``Unreadable`` where a schema or the full example of a type is missing or is no JSON.
  public init(_ path: String) throws {
    let examples = try ContractFolder.names(in: path + "/examples", ending: ".json")
    var schemas: [EventType: JSON] = [:]
    var found: [EventType: [Example]] = [:]
    for type in EventType.allCases {
      schemas[type] = try ContractFolder.read("\(path)/\(ContractFolder.schemaFile(type))").value
      guard examples.contains(type.rawValue) else {
        throw Unreadable(path: "\(path)/examples/\(type.rawValue).json", why: "is missing")
      }
      found[type] = try examples.filter { ContractFolder.type(ofExample: $0) == type }.map { name in
        let (body, value) = try ContractFolder.read("\(path)/examples/\(name).json")
        return Example(name: name, body: body, value: value)
      }
    }
    self.schemas = schemas
    self.examples = found
  }

  /// The schemas that were published, of the events that were.
  public static func published(_ path: String) throws -> [EventType: JSON] {
    let names = Set(try names(in: path, ending: ".schema.json"))
    var schemas: [EventType: JSON] = [:]
    for type in EventType.allCases where names.contains("\(type.rawValue).v\(type.version)") {
      schemas[type] = try read("\(path)/\(schemaFile(type))").value
    }
    return schemas
  }

  /// Published schemas that belong to no event of this build, such as `order.created.v1`.
  public static func abandoned(_ path: String) throws -> [String] {
    let known = Set(EventType.allCases.map { "\($0.rawValue).v\($0.version)" })
    return try names(in: path, ending: ".schema.json").filter { !known.contains($0) }
  }

  /// Copies every schema into the folder's `published`, byte by byte.
  ///
  /// - Returns: How many.
  public static func publish(_ path: String) throws -> Int {
    for type in EventType.allCases {
      let file = schemaFile(type)
      let (body, _) = try read("\(path)/\(file)")
      do {
        try Data(body).write(to: URL(filePath: "\(path)/published/\(file)"))
      } catch {
        throw Unreadable(path: "\(path)/published/\(file)", why: "cannot be written: \(error)")
      }
    }
    return EventType.allCases.count
  }

  /// The name of a type's schema file.
  public static func schemaFile(_ type: EventType) -> String { "\(type.rawValue).v\(type.version).schema.json" }

  /// A file that could not be read.
  public struct Unreadable: Error, CustomStringConvertible {
    /// Which.
    public let path: String
    /// What is wrong with it.
    public let why: String
    /// Both.
    public var description: String { "\(path): \(why)" }
  }

  /// `order.created.minimal` is of `order.created`; of two types that fit, the longer name.
  private static func type(ofExample name: String) -> EventType? {
    EventType.allCases.filter { name == $0.rawValue || name.hasPrefix($0.rawValue + ".") }
      .max { $0.rawValue.count < $1.rawValue.count }
  }

  private static func names(in path: String, ending: String) throws -> [String] {
    do {
      let files = try FileManager.default.contentsOfDirectory(atPath: path)
      return files.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
    } catch {
      throw Unreadable(path: path, why: exists(path) ? "cannot be listed: \(error)" : "there is no such folder")
    }
  }

  private static func read(_ path: String) throws -> (body: [UInt8], value: JSON) {
    do {
      let data = try Data(contentsOf: URL(filePath: path))
      return (Array(data), try JSONDecoder().decode(JSON.self, from: data))
    } catch {
      throw Unreadable(path: path, why: exists(path) ? "cannot be read as JSON: \(error)" : "there is no such file")
    }
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

extension ContractFolder {
  /// The schema of a type.
  func schema(_ type: EventType) -> JSON { schemas[type] ?? .null }

  /// What a type says, in a sentence or two.
  func meaning(_ type: EventType) -> String { schema(type)["description"]?.text ?? "" }

  /// The schema of a type's payload.
  func payload(_ type: EventType) -> JSON { schema(type)["properties"]?["data"] ?? .null }
}
