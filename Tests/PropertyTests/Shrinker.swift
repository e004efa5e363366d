import Contracts
import Foundation

/// Cuts a history that breaks a promise down to a small one that breaks the same promise.
///
/// It knows no message by name: it works on the JSON that a history prints as, and what is no valid message any more is
/// no candidate. So it shrinks messages that are added later as well. Deterministic.
struct Shrinker {
  /// Whether a history still breaks the promise.
  let breaks: (History) -> Bool
  /// How many candidates may be tried.
  var triesLeft = 4000

  /// The smallest history found.
  mutating func shrink(_ history: History) -> History {
    var best = history
    while triesLeft > 0 {
      let before = best
      best = simplerSchedule(best)
      best = fewerMessages(best)
      best = smallerMessages(best)
      if best == before { break }
    }
    return best
  }

  private mutating func accept(_ candidate: History, over best: inout History) -> Bool {
    guard triesLeft > 0, candidate != best else { return false }
    triesLeft -= 1
    guard breaks(candidate) else { return false }
    best = candidate
    return true
  }

  private mutating func simplerSchedule(_ history: History) -> History {
    var best = history
    var calm = best.schedule
    calm.disorder = false
    var single = best.schedule
    single.batch = 1
    for schedule in [.plain, calm, single] where best.schedule != .plain {
      _ = accept(History(steps: best.steps, schedule: schedule), over: &best)
    }
    return best
  }

  /// Without halves, quarters … and single messages.
  private mutating func fewerMessages(_ history: History) -> History {
    var best = history
    var size = max(1, best.steps.count / 2)
    while true {
      var place = best.steps.count
      while place > 0 {
        let start = max(0, place - size)
        var candidate = best
        candidate.steps.removeSubrange(start..<min(place, candidate.steps.count))
        _ = accept(candidate, over: &best)
        place = min(start, best.steps.count)
      }
      if size == 1 { return best }
      size /= 2
    }
  }

  private mutating func smallerMessages(_ history: History) -> History {
    var best = history
    for rename in Document.renamings(of: best) {
      if let candidate = Document.mapped(best, rename) { _ = accept(candidate, over: &best) }
    }
    for value in Document.quantities(in: best) {
      for lower in [1, value / 2, value - 1] where lower >= 1 && lower < value {
        let replace: Document.Change = { key, old in
          guard !Document.isName(key), (old as? NSNumber)?.int64Value == value else { return old }
          return NSNumber(value: lower)
        }
        if let candidate = Document.mapped(best, replace), accept(candidate, over: &best) { break }
      }
    }
    for index in best.steps.indices {
      var goesOn = true
      while goesOn, triesLeft > 0 {
        goesOn = false
        for object in Document.smaller(best.steps[index].object) {
          guard let step = try? Step(object: object) else { continue }
          var candidate = best
          candidate.steps[index] = step
          if accept(candidate, over: &best) {
            goesOn = true
            break
          }
        }
      }
    }
    return best
  }
}

/// JSON objects, and what is smaller than one.
enum Document {
  typealias Change = (_ key: String, _ value: Any) -> Any

  /// Numbers that name something instead of counting it.
  static func isName(_ key: String) -> Bool { ["second", "line", "id"].contains(key) }

  /// A history with every value of its payloads changed.
  static func mapped(_ history: History, _ change: @escaping Change) -> History? {
    var history = history
    for index in history.steps.indices {
      var object = history.steps[index].object
      object["data"] = mapped(object["data"] ?? [:], "data", change)
      guard let step = try? Step(object: object) else { return nil }
      history.steps[index] = step
    }
    return history
  }

  private static func mapped(_ value: Any, _ key: String, _ change: Change) -> Any {
    if let object = value as? [String: Any] {
      return Dictionary(uniqueKeysWithValues: object.map { ($0.key, mapped($0.value, $0.key, change)) })
    }
    if let array = value as? [Any] { return array.map { mapped($0, key, change) } }
    return change(key, value)
  }

  /// Ways to call one SKU or place by the name of another.
  static func renamings(of history: History) -> [Change] {
    var values: [String: Set<String>] = [:]
    _ = mapped(history) { key, value in
      if let text = value as? String, let kind = kind(of: key) { values[kind, default: []].insert(text) }
      return value
    }
    return values.sorted { $0.key < $1.key }.flatMap { kind, names -> [Change] in
      let names = names.sorted()
      return names.dropFirst().map { name in
        { key, value in self.kind(of: key) == kind && value as? String == name ? names[0] : value }
      }
    }
  }

  private static func kind(of key: String) -> String? {
    key == "sku" ? "sku" : key.hasSuffix("location_id") ? "location" : nil
  }

  /// Numbers above 1 in the payloads, largest first.
  static func quantities(in history: History) -> [Int64] {
    var found: Set<Int64> = []
    _ = mapped(history) { key, value in
      if !isName(key), !(value is String), let number = value as? NSNumber, number.int64Value > 1 {
        found.insert(number.int64Value)
      }
      return value
    }
    return found.sorted(by: >)
  }

  /// The payload with one element or member less, or one number lower.
  static func smaller(_ object: [String: Any]) -> [[String: Any]] {
    smallerValues(object["data"] ?? [:], "data").map { data in
      var object = object
      object["data"] = data
      return object
    }
  }

  private static func smallerValues(_ value: Any, _ key: String) -> [Any] {
    if let object = value as? [String: Any] {
      let keys = object.keys.sorted()
      let without = keys.map { key in object.filter { $0.key != key } as Any }
      let lower = keys.flatMap { key in
        smallerValues(object[key] ?? 0, key).map { object.merging([key: $0]) { $1 } as Any }
      }
      return without + lower
    }
    if let array = value as? [Any] {
      let without = array.indices.map { index in array.enumerated().filter { $0.offset != index }.map(\.element) }
      let lower = array.indices.flatMap { index in
        smallerValues(array[index], key).map { smaller in
          var array = array
          array[index] = smaller
          return array
        }
      }
      return without + lower
    }
    guard !isName(key), !(value is String), let number = value as? NSNumber, number.int64Value > 0 else { return [] }
    return [number.int64Value / 2, number.int64Value - 1].filter { $0 >= 0 }.map { NSNumber(value: $0) }
  }
}
