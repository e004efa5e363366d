import Messaging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What became of records that were to be resolved: a line for each as soon as it is committed, or one JSON array in
/// the end.
struct Resolved: Sendable {
  let json: Bool
  private var entries: [Entry] = []

  fileprivate struct Entry: Codable {
    let id: Int64
    let result: String
    let detail: String?
    var edits: [DeadLetterDetails.Edit]?
  }

  init(json: Bool) { self.json = json }

  /// Takes what was committed.
  mutating func add(_ results: [(id: Int64, result: DeadLetterDesk.Result)]) {
    let more = results.map { Resolved.entry($0.id, $0.result) }
    entries += more
    guard !json else { return }
    for entry in more { print(entry.lines) }
    fflush(nil)
  }

  /// Does the body's work and prints what it added, also where an error ends it midway: that much is committed.
  static func telling(json: Bool, _ body: (inout Resolved) throws -> Void) throws -> Resolved {
    var resolved = Resolved(json: json)
    do {
      try body(&resolved)
    } catch {
      try resolved.tell()
      let count = resolved.entries.count
      StandardError.say("ended after \(count) of them; the same command goes on with the rest, and sends nothing twice")
      throw error
    }
    try resolved.tell()
    return resolved
  }

  private func tell() throws {
    if json {
      print(try PrettyJSON.text(entries))
    } else {
      print("\(entries.count { ["replayed", "discarded"].contains($0.result) }) of \(entries.count)")
    }
  }

  /// - Throws: ``Ending`` with 1 where one was not resolved and had not been before.
  func requireAll() throws {
    if entries.contains(where: { ["refused", "unknown"].contains($0.result) }) { throw Ending(.findings) }
  }

  private static func entry(_ id: Int64, _ result: DeadLetterDesk.Result) -> Entry {
    switch result {
    case .replayed(let attempt, let edits):
      Entry(
        id: id, result: "replayed", detail: "as attempt \(attempt)",
        edits: edits.flatMap { try? DeadLetterDetails.edits($0) })
    case .discarded: Entry(id: id, result: "discarded", detail: nil)
    case .alreadyResolved(let how): Entry(id: id, result: "unchanged", detail: how)
    case .refused(let why): Entry(id: id, result: "refused", detail: why)
    case .unknown: Entry(id: id, result: "unknown", detail: "there is no such dead letter")
    }
  }
}

extension Resolved.Entry {
  /// What became of it, and below that what was corrected.
  fileprivate var lines: String {
    let line = "\(id)  \(detail.map { "\(result): \($0)" } ?? result)"
    return ([line] + (edits ?? []).map { "  \($0.field): \($0.was) → \($0.is)" })
      .map(DeadLetterText.printable).joined(separator: "\n")
  }
}

extension Array where Element: Hashable {
  /// Each once, where it came first: numbers and ids as somebody gave them.
  var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
