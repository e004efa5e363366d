import Observability

/// Where notifications go: a recipient or an endpoint, for every event or for one.
public struct NotificationRoute<Target: Sendable & Equatable>: Sendable, Equatable {
  /// The event type to which the route is limited; nil for all.
  public let type: String?
  /// A mail address or a webhook's URL.
  public let target: Target

  /// Whether events of this type go there.
  public func takes(_ type: String) -> Bool { self.type == nil || self.type == type }
}

/// The event types about which somebody can be notified.
public enum NotifiedEvents {
  /// Their wire names.
  public static let all = [
    "stock.low", "stock.out", "lot.expired", "backorder.created", "reservation.bumped", "order.reserved",
    "order.partially_shipped", "order.shipped", "shipment.in_transit", "shipment.delivered", "shipment.failed",
    "shipment.overdue",
  ]
}

/// A list such as `orders@example.com, stock.low=buyers@example.com`: entries without a type take every event.
extension Setting {
  static func routes<Target>(
    _ name: String, allowed: String, meaning: String, exposure: SettingDeclaration.Exposure,
    target: @escaping @Sendable (String) -> Target?
  ) -> Setting where Value == [NotificationRoute<Target>] {
    Setting(
      name, .optional,
      allowed: allowed + "; each may be preceded by one of "
        + NotifiedEvents.all.map { $0 + "=" }.joined(separator: " "), meaning: meaning,
      usedBy: [.notificationWorker], exposure: exposure
    ) { RouteList.parse($0, target: target) }
  }
}

private enum RouteList {
  static func parse<Target>(
    _ text: String, target: (String) -> Target?
  ) -> [NotificationRoute<Target>]? {
    var routes: [NotificationRoute<Target>] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let route = parseEntry(trimmed(entry), target: target) else { return nil }
      routes.append(route)
    }
    return routes
  }

  private static func parseEntry<Target>(_ entry: Substring, target: (String) -> Target?) -> NotificationRoute<Target>?
  {
    let type = NotifiedEvents.all.first { entry.hasPrefix($0 + "=") }
    let rest = type.map { entry.dropFirst($0.count + 1) } ?? entry
    return target(String(trimmed(rest))).map { NotificationRoute(type: type, target: $0) }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
