import Contracts
import Messaging
import Synchronization

/// A message on its way to a worker.
public struct Letter: Sendable {
  /// The CloudEvents id, also the AMQP message id.
  public var id: String
  /// The bytes.
  public var body: [UInt8]
  /// The routing key.
  public var routingKey: String
  /// The AMQP content type.
  public var contentType: String? = OutgoingEvent.contentType
  /// The AMQP message id, where it is not the CloudEvents id.
  public var messageID: String?
  /// Whether the broker says that it was delivered before.
  public var redelivered = false
  /// AMQP headers.
  public var headers: [String: Delivery.Header] = [:]

  private static let numbers = Atomic<Int>(0)

  /// A message that says `event`.
  ///
  /// - Parameters:
  ///   - id: The message's id; a new one if left out.
  ///   - time: When the publisher says it happened.
  public init(_ event: Event, id: String? = nil, source: String = "urn:test:publisher", time: Timestamp = .now) {
    let id = id ?? "msg-\(Letter.numbers.wrappingAdd(1, ordering: .relaxed).newValue)"
    self.id = id
    messageID = id
    routingKey = event.type.rawValue
    body =
      OutgoingEvent(id: id, source: source, time: time, aggregate: "test", sequence: 1, event: event).encode()
  }

  /// A message with these bytes.
  public init(raw body: String, id: String, routingKey: String) {
    self.init(raw: Array(body.utf8), id: id, routingKey: routingKey)
  }

  /// A message with these bytes.
  public init(raw body: [UInt8], id: String, routingKey: String) {
    self.id = id
    self.body = body
    self.routingKey = routingKey
    messageID = id
  }

  /// A published event as the broker hands it on.
  public init(_ published: Published) {
    self.init(raw: published.body, id: published.messageID, routingKey: published.routingKey)
    contentType = published.contentType
    headers = published.headers
  }

  /// The same message, as the broker delivers it once more.
  public var again: Letter {
    var letter = self
    letter.redelivered = true
    return letter
  }

  /// The same message, as a retry or replay with this attempt number.
  public func attempt(_ number: Int64) -> Letter {
    var letter = self
    letter.headers[HeaderName.attempt] = .int(number)
    return letter
  }

  /// As the broker hands it over.
  public func delivery(tag: UInt64) -> Delivery {
    Delivery(
      tag: tag, body: body, routingKey: routingKey, messageID: messageID, contentType: contentType,
      redelivered: redelivered, headers: headers)
  }
}

extension Letter {
  // MARK: What a warehouse and a catalogue say

  /// `product.registered`.
  public static func product(_ sku: String, name: String = "Thing", id: String? = nil) -> Letter {
    Letter(.productRegistered(ProductRegistered(sku: SKU(trusted: sku), name: name)), id: id)
  }

  /// `product.changed`.
  public static func change(_ product: ProductChanged, time: Timestamp = .now) -> Letter {
    Letter(.productChanged(product), time: time)
  }

  /// `product.discontinued`.
  public static func discontinue(_ sku: String, reason: String? = nil, time: Timestamp = .now) -> Letter {
    Letter(.productDiscontinued(ProductDiscontinued(sku: SKU(trusted: sku), reason: reason)), time: time)
  }

  /// `lots.due`.
  public static func lotDue(_ sku: String, _ lot: String) -> Letter {
    Letter(.lotsDue(LotsDue(sku: SKU(trusted: sku), lot: LotID(trusted: lot))))
  }

  /// `goods.received` of a lot.
  public static func lot(
    _ receipt: String, _ sku: String, _ location: String, _ lot: String, _ quantity: Int64,
    expires: Timestamp? = nil
  ) -> Letter {
    Letter(
      .goodsReceived(
        GoodsReceived(
          receiptID: ReceiptID(trusted: receipt), sku: SKU(trusted: sku), locationID: LocationID(trusted: location),
          quantity: quantity, lot: LotID(trusted: lot), expiresAt: expires)))
  }

  /// `location.registered`.
  public static func location(
    _ location: String, priority: Int32 = 0, sellable: Bool = true, name: String = "House",
    at place: Coordinates? = nil, time: Timestamp = .now
  ) -> Letter {
    Letter(
      .locationRegistered(
        LocationRegistered(
          locationID: LocationID(trusted: location), name: name, priority: priority, sellable: sellable,
          coordinates: place)), time: time)
  }

  /// `goods.received`.
  public static func receipt(
    _ receipt: String, _ sku: String, _ location: String, _ quantity: Int64, reference: String? = nil, id: String? = nil
  ) -> Letter {
    Letter(
      .goodsReceived(
        GoodsReceived(
          receiptID: ReceiptID(trusted: receipt), sku: SKU(trusted: sku), locationID: LocationID(trusted: location),
          quantity: quantity, reference: reference)), id: id)
  }

  /// `stock.move.requested`.
  public static func move(_ move: String, _ sku: String, _ from: String, _ to: String, _ quantity: Int64) -> Letter {
    Letter(
      .stockMoveRequested(
        StockMoveRequested(
          moveID: MoveID(trusted: move), sku: SKU(trusted: sku), fromLocationID: LocationID(trusted: from),
          toLocationID: LocationID(trusted: to), quantity: quantity)))
  }

  /// `stock.policy.set`.
  public static func policy(
    _ sku: String, at location: String? = nil, everywhere: Bool = false, safety: Int64 = 0, reorder: Int64 = 0,
    recover: Int64 = 1, time: Timestamp = .now
  ) -> Letter {
    Letter(
      .stockPolicySet(
        StockPolicySet(
          sku: SKU(trusted: sku), locationID: location.map(LocationID.init(trusted:)), everyLocation: everywhere,
          safetyStock: safety, reorderPoint: reorder, recoverPoint: recover)), time: time)
  }

  // MARK: What a shop and a carrier say

  /// `order.created`, with lines of a SKU and a quantity.
  public static func order(
    _ order: String, _ lines: [(String, Int64)], customer: String = "cust-1", backorder: BackorderRule = .allow,
    priority: Int32 = 0, needBy: Timestamp? = nil, policy: FulfilmentPolicy = .partial,
    expiresAt: Timestamp? = nil, from locations: LocationPolicyName? = nil, to place: Coordinates? = nil,
    id: String? = nil
  ) -> Letter {
    let lines = lines.enumerated().map { number, line in
      OrderCreated.Line(line: Int32(number + 1), sku: SKU(trusted: line.0), quantity: line.1)
    }
    return Letter(
      .orderCreated(
        OrderCreated(
          orderID: OrderID(trusted: order), customerID: CustomerID(trusted: customer), lines: lines,
          backorder: backorder, priority: priority, needBy: needBy, policy: policy, expiresAt: expiresAt,
          locationPolicy: locations, destination: place)), id: id)
  }

  /// `order.cancelled`.
  public static func cancel(_ order: String, reason: String? = nil) -> Letter {
    Letter(.orderCancelled(OrderCancelled(orderID: OrderID(trusted: order), reason: reason)))
  }

  /// `order.cancelled` of lines: each a number with the units to take off, or nil for all of it.
  public static func cancel(_ order: String, _ lines: [(Int32, Int64?)], as id: String? = nil) -> Letter {
    Letter(
      .orderCancelled(
        OrderCancelled(
          orderID: OrderID(trusted: order), cancellationID: id.map(CancellationID.init(trusted:)),
          lines: lines.map { OrderCancelled.Line(line: $0.0, quantity: $0.1) })))
  }

  /// `order.amended`, with lines of a number, a SKU and a quantity.
  public static func amend(_ order: String, _ revision: Int64, _ lines: [(Int32, String, Int64)]) -> Letter {
    Letter(
      .orderAmended(
        OrderAmended(
          orderID: OrderID(trusted: order), revision: revision,
          lines: lines.map { OrderAmended.Line(line: $0.0, sku: SKU(trusted: $0.1), quantity: $0.2) })))
  }

  /// `order.confirmed`.
  public static func confirm(_ order: String) -> Letter {
    Letter(.orderConfirmed(OrderConfirmed(orderID: OrderID(trusted: order))))
  }

  /// `hold.due`.
  public static func holdDue(_ order: String) -> Letter { Letter(.holdDue(HoldDue(orderID: OrderID(trusted: order)))) }

  /// `shipment.dispatched`, with lines of a number, a location and a quantity.
  public static func shipment(_ shipment: String, _ order: String, _ lines: [(Int32, String, Int64)]) -> Letter {
    Letter(
      .shipmentDispatched(
        ShipmentDispatched(
          shipmentID: ShipmentID(trusted: shipment), orderID: OrderID(trusted: order),
          lines: lines.map {
            ShipmentDispatched.Line(line: $0.0, locationID: LocationID(trusted: $0.1), quantity: $0.2)
          })))
  }

  /// `shipment.status`.
  public static func status(
    _ shipment: String, _ status: CarrierStatus, at time: Timestamp = .now, location: Coordinates? = nil,
    reason: String? = nil
  ) -> Letter {
    Letter(
      .shipmentStatus(
        ShipmentStatus(
          shipmentID: ShipmentID(trusted: shipment), status: status, timestamp: time, location: location,
          reason: reason)))
  }

  /// `return.received`, with lines of an order line's number or a SKU, a location, a quantity and what becomes of it.
  public static func comeBack(
    _ id: String, order: String? = nil, shipment: String? = nil, _ lines: [(Any, String, Int64, Disposal)]
  ) -> Letter {
    comeBack(
      id, order: order, shipment: shipment,
      of: lines.map {
        ReturnReceived.Line(
          line: ($0.0 as? Int).map(Int32.init), sku: ($0.0 as? String).map(SKU.init(trusted:)),
          locationID: LocationID(trusted: $0.1), quantity: $0.2, disposition: $0.3)
      })
  }

  /// `return.received`, with lines as they are.
  public static func comeBack(
    _ id: String, order: String? = nil, shipment: String? = nil, of lines: [ReturnReceived.Line]
  ) -> Letter {
    Letter(
      .returnReceived(
        ReturnReceived(
          returnID: ReturnID(trusted: id), orderID: order.map(OrderID.init(trusted:)),
          shipmentID: shipment.map(ShipmentID.init(trusted:)), lines: lines)))
  }

  /// `shipment.plan.failed`, with lines of a number, a location and a quantity.
  public static func planFailed(
    _ id: String, _ order: String, _ lines: [(Int32, String, Int64)], _ action: PlanAction
  ) -> Letter {
    Letter(
      .shipmentPlanFailed(
        ShipmentPlanFailed(
          planID: PlanID(trusted: id), orderID: OrderID(trusted: order),
          lines: lines.map { .init(line: $0.0, locationID: LocationID(trusted: $0.1), quantity: $0.2) },
          action: action)))
  }

  /// `backorders.due`.
  public static func due(_ sku: String) -> Letter { Letter(.backordersDue(BackordersDue(sku: SKU(trusted: sku)))) }
}
