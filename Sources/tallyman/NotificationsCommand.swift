import ArgumentParser
import Contracts
import Messaging
import Notifications
import WorkerHost

/// `tallyman notifications`
struct NotificationsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notifications", abstract: "Lists notifications, and sends those again that were given up.",
    discussion: "Connects by TALLYMAN_DATABASE_URL; the role tallyman_operator may do all of it.",
    subcommands: [NotificationsListCommand.self, ResendCommand.self])
}

/// Which notifications are meant.
struct NotificationOptions: ParsableArguments {
  @Option(help: "Only these: email or webhook.")
  var channel: NotificationChannel?

  @Option(help: "Only of events of this type, such as stock.out.")
  var type: EventType?

  @Option(
    help: "Only made since then: a time such as 2026-11-21T09:30:00Z, or 30m, 2h, 3d ago.",
    transform: Moment.init(text:))
  var since: Moment?

  @Option(help: "Only made before then.", transform: Moment.init(text:))
  var until: Moment?

  /// Whether anything is filtered.
  var isEmpty: Bool { channel == nil && type == nil && since == nil && until == nil }

  var filter: NotificationDesk.Filter {
    var filter = NotificationDesk.Filter()
    filter.channel = channel
    filter.type = type
    filter.since = since?.time
    filter.until = until?.time
    return filter
  }
}

extension NotificationChannel: ExpressibleByArgument {}
extension EventType: ExpressibleByArgument {}

/// `tallyman notifications list`
struct NotificationsListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists notifications, the newest first.",
    discussion: """
      Those that were given up, unless --state says otherwise: their receiver refused them, or could not be reached in \
      TALLYMAN_DELIVERY_ATTEMPTS attempts.
      """)

  @Option(help: "failed, waiting, sent or all.")
  var state = State.failed

  @OptionGroup var filters: NotificationOptions

  @OptionGroup var limits: LimitOptions

  @OptionGroup var options: ViewOptions

  enum State: String, CaseIterable, ExpressibleByArgument {
    case failed, waiting, sent, all
  }

  /// The notifications as JSON.
  struct Document: Encodable {
    let notifications: [NotificationDesk.Entry]
    let hasMore: Bool
  }

  func run() async throws {
    var filter = filters.filter
    filter.state = NotificationDesk.State(rawValue: state.rawValue)
    let (chosen, limit) = (filter, limits.limit)
    let page = try await Database.withSchema(OperatorSettings(), as: "notifications") { connection in
      try NotificationDesk(connection).list(chosen, limit: limit)
    }
    try Look.tell(Document(notifications: page.entries, hasMore: page.hasMore), json: options.json) {
      page.entries.isEmpty ? ["there are none"] : [table(page.entries), limits.note(page.hasMore)]
    }
  }

  private func table(_ entries: [NotificationDesk.Entry]) -> String {
    var table = TextTable([
      .text("ID"), .text("STATE"), .text("MADE"), .text("CHANNEL"), .text("RECIPIENT"), .text("TYPE"),
      .number("ATTEMPTS"), .text("NEXT"), .text("LAST ERROR"),
    ])
    for entry in entries {
      table.add([
        entry.notificationID, entry.state, Show.time(entry.createdAt.rfc3339), entry.channel, entry.recipient,
        entry.eventType, "\(entry.attempts)", entry.nextAttemptAt.map { Show.time($0.rfc3339) } ?? "",
        DeadLetterText.short(entry.lastError ?? "", 80),
      ])
    }
    return table.text()
  }
}

/// `tallyman notifications resend`
struct ResendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend", abstract: "Sends notifications again that were given up.",
    discussion: """
      They are due at once, under their old ids, with all their attempts before them; a receiver that has failed just \
      now is left alone for as long as the notification-worker does that. With --all the oldest go first, a hundred in \
      a transaction. Exit code 1 if one of them does not exist or was erased.
      """)

  @Argument(help: "Their ids, from `list`.")
  var ids: [String] = []

  @Flag(help: "All that were given up and that the filters mean.")
  var all = false

  @OptionGroup var filters: NotificationOptions

  @OptionGroup var resolve: ResolveOptions

  @OptionGroup var options: ViewOptions

  func validate() throws {
    guard ids.isEmpty == all else { throw ValidationError("give either ids or --all") }
    guard all || filters.isEmpty else { throw ValidationError("filters go with --all, not with ids") }
    for id in ids where !ResendCommand.isID(id) {
      throw ValidationError("\(id): must be the id of a notification, such as 0f8c2a4e-5b1d-8e3f-9a7c-2d4b6e8f0a1c")
    }
    _ = try resolve.order()
  }

  private static func isID(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
  }

  /// What became of one, for `--json`.
  struct Entry: Encodable {
    let notificationID: String
    let result: String
  }

  func run() async throws {
    let ids = ids.map { $0.lowercased() }.distinct
    let (order, filter, json, all) = (try resolve.order(), filters.filter, options.json, all)
    let entries = try await Database.withSchema(OperatorSettings(), as: "notifications") { connection in
      let desk = NotificationDesk(connection)
      var entries: [Entry] = []
      func add(_ results: [(id: String, result: NotificationDesk.Result)]) {
        let more = results.map { Entry(notificationID: $0.id, result: ResendCommand.words($0.result)) }
        entries += more
        if !json { for entry in more { print("\(entry.notificationID)  \(entry.result)") } }
      }
      if all {
        try desk.resendAll(filter, by: order.by, why: order.why, add)
      } else {
        add(try desk.resend(ids, by: order.by, why: order.why))
      }
      return entries
    }
    let resent = entries.count { $0.result == "resent" }
    print(json ? try PrettyJSON.text(entries, snakeCase: true) : "\(resent) of \(entries.count)")
    if entries.contains(where: { $0.result == "unknown" || $0.result == "erased" }) { throw Ending(.findings) }
  }

  private static func words(_ result: NotificationDesk.Result) -> String {
    switch result {
    case .resent: "resent"
    case .unchanged(let state): "unchanged: \(state.rawValue)"
    case .erased: "erased"
    case .unknown: "unknown"
    }
  }
}
