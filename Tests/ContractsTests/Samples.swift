import Contracts

/// Each event as Swift builds it, once with every field and once without those that can be left out.
enum Samples {
  static let all: [Event] = incoming + orders + shipments + stock + notifications

  static let time = Timestamp(microseconds: 1_795_253_400_123_456)

  static func outgoing(_ event: Event, sequence: Int64 = 1) -> OutgoingEvent {
    OutgoingEvent(
      id: "evt-\(sequence)", source: "urn:tallyman:test", time: time, correlationID: "ord-1", causationID: "msg-1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", aggregate: "order/ord-1",
      sequence: sequence, subject: "ord-1", event: event)
  }

  private static let sku = SKU(trusted: "ABC-12345"), place = LocationID(trusted: "WH-01")
  private static let other = LocationID(trusted: "ST/07_b.1"), move = MoveID(trusted: "mov-1")
  private static let order = OrderID(trusted: "ord-1"), customer = CustomerID(trusted: "cust~!\"\\42")
  private static let receipt = ReceiptID(trusted: "rcv-1"), shipment = ShipmentID(trusted: "shp-1")
  private static let name = "Café \"Zoë\"\\\n\t\u{1}\u{7F} 🐭 \u{2028}"
  private static let price = ExactNumber(trusted: "29.900"), most: Int64 = 1_000_000_000
  private static let attributes = RawJSON(trusted: Array(#"{"color": "Black", "n": [1e400, {}]}"#.utf8))
  private static let allocations = [
    LocationQuantity(locationID: place, quantity: 2), LocationQuantity(locationID: other, quantity: most),
  ]

  private static let barcodes = [Barcode(trusted: "4006381333931"), Barcode(trusted: "96385074")]
  private static let units = [
    ProductUnit(unit: UnitName(trusted: "carton"), factor: 24), ProductUnit(unit: UnitName(trusted: "a"), factor: 1),
  ]

  private static let lot = LotID(trusted: "L~1")

  private static let incoming: [Event] = [
    .productRegistered(
      ProductRegistered(sku: sku, name: name, category: "", unitPrice: price, attributes: attributes)),
    .productRegistered(ProductRegistered(sku: sku, name: "x")),
    .productChanged(ProductChanged(sku: sku, name: name, barcodes: barcodes, units: units)),
    .productDiscontinued(ProductDiscontinued(sku: sku)),
    .locationRegistered(LocationRegistered(locationID: place, name: name, priority: 1000, sellable: false)),
    .locationRegistered(
      LocationRegistered(
        locationID: place, name: name,
        coordinates: Coordinates(lat: ExactNumber(trusted: "90"), lng: ExactNumber(trusted: "-180.0")))),
    .stockPolicySet(
      StockPolicySet(sku: sku, locationID: place, safetyStock: 0, reorderPoint: 0, recoverPoint: 1)),
    .stockPolicySet(
      StockPolicySet(sku: sku, everyLocation: true, safetyStock: 0, reorderPoint: 0, recoverPoint: 1)),
    .stockPolicySet(StockPolicySet(sku: sku, safetyStock: most, reorderPoint: most - 1, recoverPoint: most)),
    .goodsReceived(
      GoodsReceived(receiptID: receipt, sku: sku, locationID: place, quantity: most, reference: name)),
    .goodsReceived(GoodsReceived(receiptID: receipt, sku: sku, locationID: place, quantity: 1)),
    .goodsReceived(
      GoodsReceived(
        receiptID: receipt, sku: nil, barcode: barcodes[0], locationID: place, quantity: 3, unit: units[0].unit,
        lot: lot, expiresAt: time)),
    .stockMoveRequested(
      StockMoveRequested(
        moveID: move, sku: sku, fromLocationID: place, toLocationID: other, quantity: 1, reference: "r")),
    .stockCounted(
      StockCounted(
        countID: CountID(trusted: "cnt-1"), sku: sku, locationID: place, lot: LotID(trusted: "L/1"), counted: 0,
        countedAt: time, person: name, reasonCode: "CYCLE", note: name)),
    .stockCounted(
      StockCounted(
        countID: CountID(trusted: "cnt-1"), sku: sku, locationID: place, difference: -most, countedAt: time)),
    .stockAdjustmentRequested(
      StockAdjustmentRequested(
        adjustmentID: AdjustmentID(trusted: "adj-1"), sku: sku, locationID: place, kind: .writeOff, quantity: most,
        reasonCode: name, person: name, note: "")),
    .qualityHeld(QualityHeld(holdID: HoldID(trusted: "hld-1"), sku: sku, locationID: place, quantity: 1)),
    .qualityReleased(
      QualityReleased(
        releaseID: ReleaseID(trusted: "rel-1"), holdID: HoldID(trusted: "hld-1"), sku: sku, locationID: place,
        quantity: 1, to: .scrap, person: "p")),
    .transferDispatched(
      TransferDispatched(
        transferID: TransferID(trusted: "trf-1"), fromLocationID: place, toLocationID: other,
        lines: [
          .init(line: 1, sku: sku, quantity: most, lot: LotID(trusted: "L")), .init(line: 2, sku: sku, quantity: 1),
        ],
        reference: name, person: name)),
    .transferReceived(
      TransferReceived(
        arrivalID: ArrivalID(trusted: "arv-1"), transferID: TransferID(trusted: "trf-1"),
        lines: [.init(line: 1, sku: sku, quantity: 0, lost: most)], isFinal: true)),
    .orderCreated(
      OrderCreated(
        orderID: order, customerID: customer,
        lines: [.init(line: 7, sku: sku, quantity: 1), .init(line: 1_000_000, sku: sku, quantity: most)],
        backorder: .deny, priority: -1000, needBy: time)),
    .orderCreated(
      OrderCreated(orderID: order, customerID: customer, lines: [.init(line: 1, sku: sku, quantity: 1)])),
    .orderCancelled(OrderCancelled(orderID: order, reason: name)),
    .orderCancelled(OrderCancelled(orderID: order)),
    .orderCancelled(
      OrderCancelled(
        orderID: order, cancellationID: CancellationID(trusted: "cnl-1"),
        lines: [.init(line: 1, quantity: most), .init(line: 2)])),
    .orderConfirmed(OrderConfirmed(orderID: order)),
    .orderAmended(
      OrderAmended(orderID: order, revision: 1_000_000_000, lines: [.init(line: 2, sku: sku, quantity: most)])),
    .shipmentDispatched(
      ShipmentDispatched(
        shipmentID: shipment, orderID: order,
        lines: [
          .init(line: 1, sku: sku, locationID: place, quantity: 1), .init(line: 1, locationID: other, quantity: 2),
        ], carrier: "Example Parcel", trackingNumber: "EX1")),
    .shipmentStatus(
      ShipmentStatus(shipmentID: shipment, status: .failed, timestamp: time, location: berlin, reason: name)),
    .shipmentStatus(ShipmentStatus(shipmentID: shipment, status: .delivered, timestamp: time)),
  ]

  private static let berlin = Coordinates(lat: ExactNumber(trusted: "52.50"), lng: ExactNumber(trusted: "-1.34e1"))

  private static let shipments: [Event] = {
    let progress = ShipmentProgress(
      shipmentID: shipment, orderID: order, customerID: customer, carrier: "Example Parcel", trackingNumber: "EX1",
      timestamp: time, location: berlin)
    let bare = ShipmentProgress(shipmentID: shipment, orderID: order, customerID: customer, timestamp: time)
    return [
      .shipmentInTransit(progress), .shipmentDelivered(bare),
      .shipmentFailed(
        ShipmentFailed(
          shipmentID: shipment, orderID: order, customerID: customer, timestamp: time, reason: "",
          lines: [
            .init(
              line: 1, sku: sku, locationID: place, quantity: most, reserved: 0, backordered: most - 1, cancelled: 1)
          ])),
      .shipmentStatusDue(ShipmentStatusDue(shipmentID: shipment, silentSince: time)),
      .shipmentOverdue(
        ShipmentOverdue(
          shipmentID: shipment, orderID: order, customerID: customer, carrier: "Example Parcel", silentSince: time)),
      .returnReceived(
        ReturnReceived(
          returnID: ReturnID(trusted: "ret-1"), orderID: order, shipmentID: shipment,
          lines: [
            .init(line: 1, locationID: place, quantity: 1, disposition: .scrap),
            .init(sku: sku, locationID: place, quantity: most, disposition: .qualityControl),
          ], reason: name)),
      .stockReturned(
        StockReturned(
          returnID: ReturnID(trusted: "ret-1"), sku: sku, locationID: place, quantity: 1, disposition: .stock,
          onHand: .max, available: 0)),
      .shipmentPlanFailed(
        ShipmentPlanFailed(
          planID: PlanID(trusted: "plan-1"), orderID: order,
          lines: [.init(line: 1, locationID: place, quantity: 1)], action: .release)),
      .shipmentReplanned(
        ShipmentReplanned(
          planID: PlanID(trusted: "plan-1"), orderID: order, customerID: customer, action: .replan,
          lines: [
            .init(line: 1, sku: sku, locationID: place, quantity: 3, reserved: 1, backordered: 1, cancelled: 1)
          ])),
      .orderFulfilled(
        OrderFulfilled(
          orderID: order, customerID: customer,
          lines: [.init(line: 1, sku: sku, ordered: 3, delivered: 2, cancelled: 1)])),
    ]
  }()

  private static let orders: [Event] = {
    let answer = OrderAnswer(
      orderID: order, customerID: customer,
      lines: [
        .init(
          line: 1, sku: sku, ordered: 10, reserved: 4, backordered: 3, shipped: 2, cancelled: 1,
          allocations: allocations),
        .init(line: 2, sku: sku, ordered: 1, reserved: 0, backordered: 1, shipped: 0, cancelled: 0, allocations: []),
      ])
    let shipped = OrderShipment(
      orderID: order, customerID: customer, shipmentID: shipment, carrier: "Example Parcel", trackingNumber: "EX1",
      lines: [.init(line: 1, sku: sku, ordered: 3, shipped: 2, cancelled: 1, locationID: place, quantity: 2)])
    return [
      .orderReserved(answer), .orderPartiallyReserved(answer), .orderBackordered(answer),
      .orderRejected(OrderRejected(orderID: order, customerID: customer, reason: .noStock, detail: name)),
      .orderRejected(OrderRejected(orderID: order, reason: .cancelled, detail: "")),
      .backorderCreated(
        BackorderCreated(
          backorderID: "ord-1/1", orderID: order, customerID: customer, line: 1, sku: sku, quantity: 1)),
      .backorderFilled(
        BackorderFilled(
          backorderID: "ord-1/1", orderID: order, line: 1, sku: sku, quantity: 1, remaining: 0,
          allocations: allocations)),
      .backordersDue(BackordersDue(sku: sku)),
      .reservationReleased(
        ReservationReleased(
          orderID: order, line: 1, sku: sku, locationID: place, quantity: 1, reason: "cancelled")),
      .reservationExpired(ReservationExpired(orderID: order, line: 1, sku: sku, locationID: place, quantity: 1)),
      .holdDue(HoldDue(orderID: order)),
      .orderReplanned(OrderReplanned(orderID: order, customerID: customer, revision: 1, lines: answer.lines)),
      .orderReplanned(OrderReplanned(orderID: order, customerID: customer, lines: answer.lines)),
      .reservationBumped(
        ReservationBumped(
          orderID: order, customerID: customer, line: 1, sku: sku, locationID: place, quantity: 3, backordered: 2,
          cancelled: 1, reason: "counted", reference: "cnt-1")),
      .orderPartiallyShipped(shipped), .orderShipped(shipped),
      .orderClosedCancelled(OrderClosedCancelled(orderID: order, customerID: customer, reason: name)),
      .orderClosedCancelled(OrderClosedCancelled(orderID: order)),
    ]
  }()

  private static let stock: [Event] = {
    let level = StockLevel(
      sku: sku, locationID: place, available: 3, reorderPoint: 20, recoverPoint: 50, episodeID: "ABC-12345/WH-01/7")
    var overall = level
    overall.locationID = nil
    overall.available = .max
    return [
      .productCreated(
        ProductCreated(sku: sku, name: name, category: name, unitPrice: price, attributes: attributes)),
      .productUpdated(ProductUpdated(sku: sku, name: name, barcodes: barcodes, units: units)),
      .productRetired(ProductRetired(sku: sku, reason: name)), .lotsDue(LotsDue(sku: sku, lot: lot)),
      .lotExpired(
        LotExpired(
          sku: sku, lot: lot, expiresAt: time, onHand: most + 1, reserved: 0,
          locations: [.init(locationID: place, quantity: most + 1)])),
      .stockReceived(
        StockReceived(
          receiptID: receipt, sku: sku, locationID: place, quantity: 1, onHand: .max, available: 0, reference: "r")),
      .stockMoved(
        StockMoved(moveID: move, sku: sku, fromLocationID: place, toLocationID: other, quantity: 1, reference: "r")),
      .stockMoveRejected(
        StockMoveRejected(
          moveID: move, sku: sku, fromLocationID: place, toLocationID: other, quantity: 1, reference: nil,
          reason: "insufficient_stock", detail: "0 of 1", available: 0)),
      .stockAdjusted(
        StockAdjusted(
          sku: sku, locationID: place, lot: LotID(trusted: "L-1"), kind: "counted", reference: "cnt-1",
          difference: -1_000_000_000_000_000, bumped: 0, onHand: .max, damaged: 1, qualityControl: 2, available: 3,
          person: name, reasonCode: "CYCLE")),
      .stockTransferred(
        StockTransferred(
          transferID: TransferID(trusted: "trf-1"), arrivalID: ArrivalID(trusted: "arv-1"), line: 1, sku: sku,
          fromLocationID: .inTransit, toLocationID: other, quantity: 0, lost: most, inTransit: 0, state: .closedShort)),
      .stockLow(level), .stockOut(overall), .stockRecovered(level),
    ]
  }()

  private static let notifications: [Event] = [
    .notificationSent(
      NotificationSent(
        notificationID: "ntf-1", channel: .email, recipient: "buyer@example.com", eventID: "evt 1",
        eventType: .stockLow, attempts: 1)),
    .notificationFailed(
      NotificationFailed(
        notificationID: "ntf-1", channel: .webhook, recipient: "https://hooks.example.com/stock", eventID: "evt 1",
        eventType: .orderShipped, attempts: 1000, reason: "503")),
  ]
}
