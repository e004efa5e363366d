/// Why a message was not applied, as one of a closed list: the one table of what is tried again and what is not.
///
/// A domain says which of these it met; what becomes of the message is decided here and nowhere else. The table in
/// `topology/OPERATIONS.md` is written from it, and `tallyman dead-letters` filters by these names.
public enum ReasonKind: String, CaseIterable, Sendable {
  /// It cannot be read: a missing field, a value that breaks the contract, no JSON at all.
  case malformed
  /// Its id was used before with another body.
  case idReused = "id_reused"
  /// It is older than what the inbox remembers.
  case tooOld = "too_old"
  /// Its time lies further ahead than clocks may differ.
  case tooFarAhead = "too_far_ahead"
  /// It came to a worker that does not consume its type.
  case foreignType = "foreign_type"
  /// It names a SKU that nobody has registered.
  case unknownSKU = "unknown_sku"
  /// It names a location that nobody has registered.
  case unknownLocation = "unknown_location"
  /// It names a barcode that no product has.
  case unknownBarcode = "unknown_barcode"
  /// It counts in a unit that its product does not have.
  case unknownUnit = "unknown_unit"
  /// It names a lot that no receipt has brought.
  case unknownLot = "unknown_lot"
  /// It names an order that nobody has created.
  case unknownOrder = "unknown_order"
  /// It names a shipment that nobody has dispatched.
  case unknownShipment = "unknown_shipment"
  /// It releases units of a hold that nobody has reported.
  case unknownHold = "unknown_hold"
  /// It says what arrived of a transfer that nobody has dispatched.
  case unknownTransfer = "unknown_transfer"
  /// It says that more has arrived of a transfer than was on its way.
  case moreThanInTransit = "more_than_in_transit"
  /// It names the location of what is in transit.
  case transitLocation = "transit_location"
  /// It takes units that are not there.
  case notThere = "not_there"
  /// A count names no lot where all that is on hand is of lots.
  case lotMissing = "lot_missing"
  /// It releases more units than its hold still holds.
  case moreThanHeld = "more_than_held"
  /// It says something else about a business id than the message before it.
  case contradiction
  /// It gives a product a barcode that another one has, or has still.
  case barcodeTaken = "barcode_taken"
  /// A receipt names a product and the barcode of another one.
  case wrongBarcode = "wrong_barcode"
  /// It would raise a location's stock beyond what can be counted.
  case tooMuchStock = "too_much_stock"
  /// A shipment, a failed plan or a return names a line that its order does not have, or not yet.
  case unknownLine = "unknown_line"
  /// It names another SKU than its line's, another order than its shipment's, or a line that its transfer lacks.
  case wrongLine = "wrong_line"
  /// A shipment takes more than is ordered of its line and has not left.
  case moreThanOpen = "more_than_open"
  /// A shipment takes more than is at that location.
  case notOnHand = "not_on_hand"
  /// More comes back of an order's line than was shipped of it.
  case moreThanShipped = "more_than_shipped"
  /// A failed plan, or a shipment, speaks of more than is reserved at that location.
  case notReserved = "not_reserved"
  /// A cancellation takes more of a line than is open, or names a line that its order does not have.
  case notOpen = "not_open"
  /// An order, or a part of it, is to be cancelled or amended that has left already.
  case alreadyShipped = "already_shipped"
  /// A shipment is reported delivered that has failed, or failed that was delivered.
  case shipmentEnded = "shipment_ended"
  /// A hold is confirmed whose time was over.
  case holdExpired = "hold_expired"
  /// The database refuses what the message would write.
  case databaseRefused = "database_refused"
  /// Its transaction takes longer than a statement may, each time.
  case tooSlow = "too_slow"
  /// The worker itself died of it, again and again.
  case crashed
  /// The broker gave it up after too many deliveries.
  case deliveryLimit = "delivery_limit"
  /// A worker gave it back to the broker because not even its dead letter could be written.
  case recordRefused = "record_refused"

  /// What becomes of a message that was not applied.
  public enum Treatment: String, Sendable {
    /// It may merely be early: through the delay tiers, and a dead letter after the last one.
    case retry
    /// It can never succeed as it is: a dead letter at once.
    case deadLetter = "dead letter"
  }

  /// What becomes of a message for this reason.
  public var treatment: Treatment {
    switch self {
    case .unknownSKU, .unknownLocation, .unknownBarcode, .barcodeTaken, .unknownUnit, .unknownLot, .unknownOrder,
      .unknownShipment, .unknownHold, .unknownTransfer, .unknownLine, .moreThanOpen, .notReserved, .notThere,
      .lotMissing, .notOnHand, .moreThanShipped, .notOpen, .tooSlow:
      .retry
    case .malformed, .idReused, .tooOld, .tooFarAhead, .foreignType, .contradiction, .wrongBarcode, .tooMuchStock,
      .wrongLine, .moreThanHeld, .moreThanInTransit, .transitLocation, .alreadyShipped, .shipmentEnded,
      .holdExpired, .databaseRefused, .crashed, .deliveryLimit, .recordRefused:
      .deadLetter
    }
  }
}
