import Contracts
import Stock

/// What an allocation transaction works on.
public final class AllocationState {
  /// Anchors, balances and orders.
  public let stock = WorkingSet()
  /// Shipments booked before, here or in this batch.
  public internal(set) var shipments: [ShipmentID: Shipment] = [:]
  /// Lines that wait for stock that may have come, by rank; those of ``blockedOrders`` among them.
  public internal(set) var waiting: [SKU: [WorkingSet.Waiting]] = [:]

  var keys = StockKeys()
  /// Orders whose SKUs have to be locked, whatever they turn out to be.
  var openedOrders: Set<OrderID> = []
  var fillSKUs: Set<SKU> = []
  /// Orders that wait as a whole, or with whole lines, for what may have come.
  var blockedOrders: Set<OrderID> = []
  /// Shipments that the batch reports as dispatched.
  var dispatched: [ShipmentDispatched] = []
  /// What others of the batch may reserve before them.
  var reserving = Reserving()
  /// What the batch says came back, and what was known of it before.
  var returns = Returns()
  /// Shipment plans that the batch says have failed, and those that were known before.
  var plans = FailedPlans()
  /// Shipments that are looked up.
  var requestedShipments: Set<ShipmentID> = []
  /// Those of them of which only the id is known, not the order.
  var spokenOf: Set<ShipmentID> = []
  var requestedStatuses: [ShipmentStatus] = []
  /// What carriers said before, here or in this batch, as far as the batch says it again.
  var statuses: [StatusKey: ShipmentStatus] = [:]
  /// What they said now, in this order.
  var heard: [Heard] = []
  /// Orders whose hold ended, here or before, as far as the batch says that a shipment of theirs has failed.
  var expired: Set<OrderID> = []
  /// Cancellations of numbers of units, by order and id: their lines as text.
  var cancellations: [CancellationKey: String] = [:]
  var requestedCancellations: [OrderCancelled] = []
  var newCancellations: [CancellationKey] = []

  /// The location policy of orders that ask for none.
  let defaultLocationPolicy: LocationPolicyName
  /// Whether an order of the batch wants to know where locations are.
  var needsPlaces = false
  /// Where locations are, as far as somebody has said and an order wants to know.
  var coordinates: [LocationID: Coordinates] = [:]

  /// An empty state.
  ///
  /// - Parameter locationPolicy: The location policy of orders that ask for none.
  public init(locationPolicy: LocationPolicyName = .mostStock) { defaultLocationPolicy = locationPolicy }
}
