import Allocation
import Contracts
import Views

/// Why an order stands as it does, in words.
struct ExplainText {
  let explanation: Explanation
  private var order: OrderView { explanation.order }

  init(_ explanation: Explanation) { self.explanation = explanation }

  func page() -> [String?] {
    let promises = explanation.lines.flatMap(\.promises).map(\.policy)
    let policies = Set(promises + explanation.lines.flatMap(\.decisions).compactMap(\.locationPolicy)).sorted()
    let rules = policies.map { [$0, PolicyRule.words($0)] }
    return OrderText.heading(order) + zip(order.lines, explanation.lines).flatMap(line)
      + [refusal, rules.isEmpty ? nil : Paint.bold("Rules"), rules.isEmpty ? nil : Show.rules(rules) + "\n"]
      + [Paint.bold("What happened")] + happened()
  }

  // MARK: Lines

  private func line(_ line: OrderView.Line, _ decided: Explanation.Line) -> [String?] {
    let parts = [
      ("reserved", line.reserved), ("waiting", line.backordered), ("shipped", line.shipped),
      ("cancelled", line.cancelled),
    ].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    var lines = [Paint.bold("Line \(line.line): \(line.ordered) of \(line.sku)") + ": " + parts.joined(separator: ", ")]
    for (promise, reservation) in zip(decided.promises, order.reservations.filter({ $0.line == line.line })) {
      lines += promised(promise, reservation)
    }
    lines += decided.bumps.map { "  " + bumped($0) }
    lines += decided.decisions.flatMap(decision)
    if let waits = decided.waits { lines += waiting(waits, line) }
    lines += cancelled(line, decided).map { "  \($0)" }
    return lines + [""]
  }

  private func promised(_ promise: Explanation.Promise, _ reservation: ReservationLine) -> [String] {
    let lot = reservation.lot.isEmpty ? "" : ", lot \(reservation.lot)"
    let when = promise.afterWaiting ? "promised after waiting" : "promised at once"
    let seen = promise.candidates.map(candidate).joined(separator: ", ")
    var lines = [
      "  \(reservation.quantity) at \(reservation.locationID)\(lot): \(when) by \(promise.policy), "
        + Show.time(reservation.since.rfc3339),
      "    it could take: \(seen.isEmpty ? "not recorded" : seen)",
      "    because of: \(message(promise.messageID, at: reservation.since))",
    ]
    let ends = [("shipped", reservation.consumed), (ended(reservation), reservation.released)].filter { $0.1 > 0 }
    if !ends.isEmpty {
      lines.append("    since then: " + ends.map { "\($0.1) \($0.0)" }.joined(separator: ", "))
    }
    return lines
  }

  /// A location, what it had, and what else the policy went by.
  private func candidate(_ candidate: Explanation.Candidate) -> String {
    let measured =
      candidate.priority.map { " (priority \($0))" } ?? candidate.distanceMetres.map { " (\(Show.distance($0)))" }
    return "\(candidate.locationID) \(candidate.allocatable)\(measured ?? "")"
  }

  private func bumped(_ bump: Explanation.Bump) -> String {
    let fate = [("wait", bump.backordered), ("cancelled", bump.cancelled)].filter { $0.1 > 0 }
    return "\(Show.units(bump.quantity)) taken away at \(bump.locationID), \(Show.time(bump.recordedAt.rfc3339)): "
      + "\(bump.reason) (\(bump.reference)), and of all promises there these had the lowest rank; "
      + fate.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }

  /// What became of units that were promised and did not leave.
  private func ended(_ reservation: ReservationLine) -> String {
    ["expired", "bumped"].contains(reservation.state) ? reservation.state : "released"
  }

  private func message(_ id: String?, at moment: Timestamp) -> String {
    // Without a name it is the last one that came before: its transaction began, waited for its locks, and decided.
    let known =
      id == nil
      ? explanation.messages.last { $0.recordedAt <= moment } : explanation.messages.first { $0.messageID == id }
    guard let known else {
      return id.map { "message \(Show.words($0))" } ?? "not found; the inbox may have forgotten it"
    }
    return Show.words("\(known.type ?? "a message that was erased") \(known.messageID) of \(known.source)")
  }

  // MARK: What waits, and why

  private func decision(_ decision: Explanation.Decision) -> [String] {
    let words = ["backordered": "had to wait", "amended": "taken out by an amendment"]
    let fate = words[decision.decision] ?? decision.decision
    var lines = [
      "  \(decision.quantity) \(fate), \(Show.time(decision.decidedAt.rfc3339)): "
        + PolicyRule.reason(decision.rule)
    ]
    if let promisable = decision.promisable {
      let seen = (decision.candidates ?? []).map(candidate).joined(separator: ", ")
      lines.append(
        "    it saw: \(promisable) promisable, \(decision.owed ?? 0) owed; "
          + (seen.isEmpty ? "no location had any" : seen)
          + (decision.locationPolicy.map { " (by \($0))" } ?? "")
      )
    }
    lines.append("    because of: \(message(decision.message.messageID, at: decision.decidedAt))")
    return lines
  }

  private func waiting(_ wait: Explanation.Wait, _ line: OrderView.Line) -> [String] {
    let since = order.backorders.first { $0.line == line.line }.map { " since \(Show.time($0.since.rfc3339))" } ?? ""
    let whole =
      order.policy == "ship_complete" ? ", until all of the order is there" : ", until all of the line is there"
    let ahead =
      wait.linesAhead == 0
      ? "nobody is ahead of it"
      : "\(Show.units(wait.unitsAhead)) in \(Show.count(wait.linesAhead, "line")) go first"
    return [
      "  \(wait.openQuantity) wait\(since)\(wait.fillable ? "" : whole)",
      "    \(ahead); \(wait.free) free, \(wait.owed) owed in all",
      "    \(missing(wait))",
    ]
  }

  private func missing(_ wait: Explanation.Wait) -> String {
    if wait.missingForAll == 0 {
      return wait.fillable || order.policy != "ship_complete"
        ? "there is enough stock by now: the next filling takes it" : "there is enough of it by now"
    }
    let all = "to be filled, \(Show.units(wait.missingForAll)) have to arrive beyond the safety stocks"
    guard wait.fillable else { return all }
    let first = wait.missingForFirst
    return all + (first == 0 ? "; a part can be filled now" : "; \(Show.units(first)) for the first of them")
  }

  // MARK: What ended

  /// What the decisions do not tell.
  private func cancelled(_ line: OrderView.Line, _ decided: Explanation.Line) -> [String] {
    let bumps = decided.bumps
    let isTold = decided.decisions.contains { $0.decision != "backordered" }
    guard line.cancelled > 0, order.state != "rejected", !isTold else { return [] }
    let regretted = order.backorders.filter { $0.line == line.line }.map(\.cancelled).reduce(0, +)
    let givenBack = order.reservations.filter { $0.line == line.line }.map(\.released).reduce(0, +)
    let released = max(0, givenBack - bumps.map(\.quantity).reduce(0, +))
    let atOnce = line.cancelled - regretted - released - bumps.map(\.cancelled).reduce(0, +)
    var words: [String] = []
    if released > 0 { words.append("\(released) promised, and released") }
    if regretted > 0 { words.append("\(regretted) waited, and not wanted any more") }
    if atOnce > 0 {
      words.append(
        order.backorder == "deny"
          ? "\(atOnce) could not be promised and must not wait (backorder deny)" : "\(atOnce) not wanted any more")
    }
    return words
  }

  private var refusal: String? {
    guard order.state == "rejected" else { return nil }
    switch order.closedReason {
    case "no_stock": return "Refused: nothing of it could be promised, and it must not wait (backorder deny).\n"
    case "cancelled": return "Refused: it was cancelled before it came.\n"
    case let reason: return "Refused: \(Show.words(reason ?? "no reason recorded")).\n"
    }
  }

  // MARK: What happened

  private func happened() -> [String?] {
    var lines: [String] = []
    var told: Set<String> = []
    for message in explanation.messages {
      let steps = explanation.history.filter {
        $0.entry.messageID == message.messageID && $0.entry.source == message.source
      }
      lines.append(
        "  \(Show.time(message.recordedAt.rfc3339))  "
          + Show.words("\(message.type ?? "(erased)") \(message.messageID) of \(message.source)")
          + ", applied by \(message.consumer)")
      lines += steps.map(step)
      told.insert(message.messageID)
    }
    let rest = explanation.history.filter { !told.contains($0.entry.messageID) }
    if !rest.isEmpty { lines.append("  by messages that the inbox has forgotten") }
    lines += rest.map { step($0) + " by \(Show.words($0.entry.messageID))" }
    lines += explanation.historyCut.map { balance in
      let lot = balance.lot.isEmpty ? "" : " lot \(balance.lot)"
      return "  the ledger of \(balance.sku) at \(balance.locationID)\(lot) is too long to be searched to its end: "
        + "later changes of the order there are not shown"
    }
    return lines.isEmpty ? ["  nothing that the inbox or the ledger remembers"] : lines
  }

  private func step(_ step: Explanation.Step) -> String {
    let entry = step.entry
    let lot = entry.lot.isEmpty ? "" : " lot \(entry.lot)"
    return "    \(step.sku) at \(entry.locationID)\(lot): \(entry.bucket) \(Show.signed(entry.delta)) = "
      + "\(entry.balanceAfter) (\(entry.reason) \(entry.reference))"
  }
}

/// The rules by which was decided, in words.
enum PolicyRule {
  /// Why units were not simply promised.
  static let reasons = [
    "short": "less could be promised than the line wanted",
    "line_incomplete": "the line could not be promised wholly, and the order wants whole lines (line_complete)",
    "order_incomplete": "not all of the order could be promised, and it is wanted wholly (ship_complete)",
    "cancelled_before": "its cancellation came before the order",
    "discontinued": "the product, or one that the order cannot do without, is discontinued",
    "requested": "somebody asked for it",
  ]

  static func reason(_ rule: String) -> String { reasons[rule] ?? "a rule that this build does not know (\(rule))" }

  /// A location policy's rule, in the words of its own file.
  static func words(_ policy: String) -> String {
    if policy == LocationPolicy.dispatched { return "the shipment left from there" }
    return LocationPolicyName(rawValue: policy).map { LocationPolicy.named($0).rule }
      ?? "a policy that this build does not know"
  }
}

extension Show {
  /// `850 m`, `12.3 km`.
  static func distance(_ metres: Int64) -> String {
    guard metres >= 1000 else { return "\(metres) m" }
    let tenths = (metres + 50) / 100
    return "\(tenths / 10).\(tenths % 10) km"
  }

  static func rules(_ rules: [[String]]) -> String { DeadLetterText.aligned(rules, indent: "  ") }
}
