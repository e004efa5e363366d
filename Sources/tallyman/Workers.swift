import Allocation
import Delivery
import Inventory
import Messaging
import Notifications

/// The workers as the command line knows them.
enum Worker {
  static let all: [WorkerManifest] = [.inventory, .allocation, .notification]

  /// Rehearses a dead letter with the handler of its consumer. The workers' settings are not known here: an order that
  /// asks for no location policy is rehearsed by the default, `most_stock`.
  static func rehearse(
    _ record: DeadLetterRecord, edits: [(path: String, value: String)], at desk: DeadLetterDesk
  ) throws -> Rehearsal {
    switch record.consumer {
    case WorkerManifest.inventory.consumer:
      return try desk.rehearse(record, edits: edits, handler: InventoryHandler())
    case WorkerManifest.allocation.consumer:
      return try desk.rehearse(record, edits: edits, handler: AllocationHandler())
    case WorkerManifest.notification.consumer:
      return try desk.rehearse(record, edits: edits, handler: NotificationHandler(routes: try standIn()))
    default:
      throw Ending(.findings, "dead letter \(record.id): this build knows no consumer \(record.consumer)")
    }
  }

  /// Who is told is a setting of the notification-worker: here it is one receiver that cannot exist.
  private static func standIn() throws -> NotificationRoutes {
    var routes = NotificationRoutes()
    routes.add(try EmailAddress("whoever-is-configured@example.invalid"))
    return routes
  }
}
