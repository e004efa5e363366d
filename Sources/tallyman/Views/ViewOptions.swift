import ArgumentParser
import Contracts
import Postgres
import Views
import WorkerHost

/// What every view understands.
struct ViewOptions: ParsableArguments {
  @Flag(help: "Print one JSON object in place of tables; null for what does not exist.")
  var json = false
}

/// How much of a list.
struct LimitOptions: ParsableArguments {
  @Option(help: "How many rows at most, 1 to 10000.")
  var limit = 50

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit \(limit): must be from 1 to 10000") }
  }

  /// What to say under a table that does not show all.
  func note(_ hasMore: Bool) -> String? {
    hasMore ? "there are more than these \(limit): --limit shows up to 10000" : nil
  }
}

/// Looking as all views do it.
enum Look {
  /// Opens the desk for one look.
  static func at<Success: Sendable>(_ body: @escaping @Sendable (ViewDesk) throws -> Success) async throws -> Success {
    try await Database.withSchema(OperatorSettings(), as: "look") { try body(ViewDesk($0)) }
  }

  /// Prints what was found.
  static func tell(_ found: some Encodable, json: Bool, _ text: () -> [String?]) throws {
    print(
      json
        ? try PrettyJSON.text(found, snakeCase: true) : text().compactMap(\.self).joined(separator: "\n"))
  }

  /// How a look for what there is not ends: with a word for people, and for scripts with a document all the same.
  static func nothing(_ message: String, json: Bool) -> Ending {
    if json { print("null") }
    return Ending(.findings, message)
  }

  /// - Throws: A word on usage where the text cannot be such an id: looking for it would find nothing.
  static func require<Name: Identifier>(_ text: String, _ kind: Name.Type, as argument: String) throws {
    do throws(Malformed) {
      _ = try Name(text)
    } catch {
      throw ValidationError("\(argument) is \(error.value), must be \(error.rule)")
    }
  }
}
