import Contracts
import Messaging

@testable import Notifications

/// Events as other parts of Tallyman publish them.
enum Sample {
  static let low = StockLevel(
    sku: SKU(trusted: "ABC-1"), locationID: LocationID(trusted: "WH-01"), available: 7, reorderPoint: 10,
    recoverPoint: 20, episodeID: "ep-1")
  static let out = StockLevel(
    sku: SKU(trusted: "ABC-1"), available: 0, reorderPoint: 10, recoverPoint: 20, episodeID: "ep-1")
  static let backorder = BackorderCreated(
    backorderID: "bo-1", orderID: OrderID(trusted: "ord-1"), customerID: CustomerID(trusted: "cust-42"), line: 2,
    sku: SKU(trusted: "ABC-1"), quantity: 5)

  static let bumped = ReservationBumped(
    orderID: OrderID(trusted: "ord-1"), customerID: CustomerID(trusted: "cust-42"), line: 2,
    sku: SKU(trusted: "ABC-1"), locationID: LocationID(trusted: "WH-01"), quantity: 3, backordered: 2, cancelled: 1,
    reason: "counted", reference: "cnt-1")

  static func reserved(lines: Int = 1) -> OrderAnswer {
    let allocation = LocationQuantity(locationID: LocationID(trusted: "WH-01"), quantity: 2)
    return OrderAnswer(
      orderID: OrderID(trusted: "ord-1"), customerID: CustomerID(trusted: "cust-42"),
      lines: (1...lines).map {
        OrderAnswer.Line(
          line: Int32($0), sku: SKU(trusted: "ABC-\($0)"), ordered: 2, reserved: 2, backordered: 0, shipped: 0,
          cancelled: 0, allocations: [allocation])
      })
  }

  static func shipped(carrier: String? = "DHL", tracking: String? = "JJD-0099") -> OrderShipment {
    OrderShipment(
      orderID: OrderID(trusted: "ord-1"), customerID: CustomerID(trusted: "cust-42"),
      shipmentID: ShipmentID(trusted: "shp-1"), carrier: carrier, trackingNumber: tracking,
      lines: [
        OrderShipment.Line(
          line: 1, sku: SKU(trusted: "ABC-1"), ordered: 2, shipped: 2, cancelled: 0,
          locationID: LocationID(trusted: "WH-01"), quantity: 2)
      ])
  }

  static var partlyShipped: OrderShipment {
    var shipment = shipped()
    shipment.lines[0].ordered = 9
    shipment.lines[0].reserved = 4
    shipment.lines[0].backordered = 3
    return shipment
  }

  static let expired = LotExpired(
    sku: SKU(trusted: "ABC-1"), lot: LotID(trusted: "L-7"), expiresAt: Timestamp(microseconds: 1_795_253_400_000_000),
    onHand: 12, reserved: 3, locations: [.init(locationID: LocationID(trusted: "WH-01"), quantity: 12)])

  static let progress = ShipmentProgress(
    shipmentID: ShipmentID(trusted: "shp-1"), orderID: OrderID(trusted: "ord-1"),
    customerID: CustomerID(trusted: "cust-42"), carrier: "DHL", trackingNumber: "JJD-0099",
    timestamp: Timestamp(microseconds: 1_795_253_400_000_000),
    location: Coordinates(lat: ExactNumber(trusted: "52.50"), lng: ExactNumber(trusted: "13.4")))
  static let failed = ShipmentFailed(
    shipmentID: ShipmentID(trusted: "shp-1"), orderID: OrderID(trusted: "ord-1"),
    customerID: CustomerID(trusted: "cust-42"), timestamp: Timestamp(microseconds: 1_795_253_400_000_000),
    reason: "nobody at home",
    lines: [
      ShipmentFailed.Line(
        line: 1, sku: SKU(trusted: "ABC-1"), locationID: LocationID(trusted: "WH-01"), quantity: 3, reserved: 2,
        backordered: 1, cancelled: 0)
    ])
  static let overdue = ShipmentOverdue(
    shipmentID: ShipmentID(trusted: "shp-1"), orderID: OrderID(trusted: "ord-1"),
    customerID: CustomerID(trusted: "cust-42"), carrier: "",
    silentSince: Timestamp(microseconds: 1_795_253_400_000_000))

  static let all: [Event] = [
    .stockLow(low), .stockOut(out), .backorderCreated(backorder), .orderReserved(reserved()),
    .orderShipped(shipped()), .orderPartiallyShipped(partlyShipped),
    .shipmentInTransit(progress), .shipmentDelivered(progress), .shipmentFailed(failed), .shipmentOverdue(overdue),
    .lotExpired(expired), .reservationBumped(bumped),
  ]

  /// The event as the broker delivers it.
  static func delivery(_ event: Event, id: String, tag: UInt64, redelivered: Bool = false, at now: Timestamp)
    -> Delivery
  {
    let outgoing = OutgoingEvent(
      id: id, source: "urn:example:test", time: now, correlationID: "ord-1", traceparent: "00-aa-bb-01",
      aggregate: "order/ord-1", sequence: 1, event: event)
    return Delivery(
      tag: tag, body: outgoing.encode(), routingKey: event.type.rawValue, messageID: id,
      contentType: OutgoingEvent.contentType, redelivered: redelivered, headers: [:])
  }
}
