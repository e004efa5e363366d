import ArgumentParser
import Views

/// `tallyman low`
struct LowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "low", abstract: "Shows what is low or out now, at locations and over all of them.",
    discussion: """
      What has run out comes first. Over all locations the level is what can be promised, so what backorders wait for \
      is subtracted. An episode lasts until the level is back at its recover point; SINCE is when it \
      began. Discontinued products are left out. Exit code 1 if nothing is low.
      """)

  @OptionGroup var limits: LimitOptions

  @OptionGroup var options: ViewOptions

  /// The levels as JSON.
  struct Document: Encodable {
    let levels: [LowLevel]
    let hasMore: Bool
  }

  func run() async throws {
    let limit = limits.limit
    let page = try await Look.at { try $0.low(limit: limit) }
    try Look.tell(Document(levels: page.rows, hasMore: page.hasMore), json: options.json) {
      page.rows.isEmpty ? ["nothing is low"] : [table(page.rows), limits.note(page.hasMore)]
    }
    if page.rows.isEmpty { throw Ending(.findings) }
  }

  private func table(_ levels: [LowLevel]) -> String {
    var table = TextTable([
      .text("SKU"), .text("LOCATION"), .text("STATE"), .number("AVAILABLE"), .number("OWED"), .number("REORDER"),
      .number("RECOVER"), .text("EPISODE"), .text("SINCE"), .text("NAME"),
    ])
    for level in levels {
      table.add([
        level.sku, level.locationID ?? "over all", level.state, "\(level.available)", level.owed.map { "\($0)" } ?? "",
        "\(level.reorderPoint)", "\(level.recoverPoint)", level.episodeID,
        level.since.map { Show.time($0.rfc3339) } ?? "", level.name ?? "",
      ])
    }
    return table.text()
  }
}
