import Messaging

/// What became of records that were to be resolved.
enum Resolved {
  private struct Entry: Codable {
    let id: Int64
    let result: String
    let detail: String?
  }

  /// Prints a line for each, or one JSON array.
  ///
  /// - Throws: ``Ending`` with 1 where one was not resolved and had not been before.
  static func tell(_ results: [(id: Int64, result: DeadLetterDesk.Result)], json: Bool) throws {
    let entries = results.map { entry($0.id, $0.result) }
    if json {
      print(try PrettyJSON.text(entries))
    } else {
      for entry in entries { print("\(entry.id)  \(entry.detail.map { "\(entry.result): \($0)" } ?? entry.result)") }
      let done = entries.count { ["replayed", "discarded"].contains($0.result) }
      print("\(done) of \(entries.count)")
    }
    if entries.contains(where: { ["refused", "unknown"].contains($0.result) }) { throw Ending(.findings) }
  }

  private static func entry(_ id: Int64, _ result: DeadLetterDesk.Result) -> Entry {
    switch result {
    case .replayed(let attempt): Entry(id: id, result: "replayed", detail: "as attempt \(attempt)")
    case .discarded: Entry(id: id, result: "discarded", detail: nil)
    case .alreadyResolved(let how): Entry(id: id, result: "unchanged", detail: how)
    case .refused(let why): Entry(id: id, result: "refused", detail: why)
    case .unknown: Entry(id: id, result: "unknown", detail: "there is no such dead letter")
    }
  }
}
