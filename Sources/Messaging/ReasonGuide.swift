/// What an operator should know about a reason. `tallyman dead-letters show` prints it with a record, and the page of
/// all reasons in `topology/OPERATIONS.md` is written from it.
public struct ReasonGuide: Sendable, Hashable {
  /// What has happened.
  public let meaning: String
  /// Where to look.
  public let look: String
  /// What to do.
  public let act: String
}

extension ReasonKind {
  /// What an operator should know about it.
  public var guide: ReasonGuide {
    switch self {
    case .malformed: .malformed
    case .idReused: .idReused
    case .tooOld: .tooOld
    case .tooFarAhead: .tooFarAhead
    case .foreignType: .foreignType
    case .unknownSKU: .unknownSKU
    case .unknownLocation: .unknownLocation
    case .unknownOrder: .unknownOrder
    case .unknownShipment: .unknownShipment
    case .unknownLine: .unknownLine
    case .notReserved: .notReserved
    case .notOnHand: .notOnHand
    case .moreThanShipped: .moreThanShipped
    case .notOpen: .notOpen
    case .unknownBarcode: .unknownBarcode
    case .unknownUnit: .unknownUnit
    case .barcodeTaken: .barcodeTaken
    case .wrongBarcode: .wrongBarcode
    case .contradiction: .contradiction
    case .tooMuchStock: .tooMuchStock
    case .wrongLine: .wrongLine
    case .moreThanOpen: .moreThanOpen
    case .alreadyShipped: .alreadyShipped
    case .shipmentEnded: .shipmentEnded
    case .holdExpired: .holdExpired
    case .unknownHold: .unknownHold
    case .unknownLot: .unknownLot
    case .notThere: .notThere
    case .lotMissing: .lotMissing
    case .moreThanHeld: .moreThanHeld
    case .unknownTransfer: .unknownTransfer
    case .moreThanInTransit: .moreThanInTransit
    case .transitLocation: .transitLocation
    case .databaseRefused: .databaseRefused
    case .tooSlow: .tooSlow
    case .crashed: .crashed
    case .deliveryLimit: .deliveryLimit
    case .recordRefused: .recordRefused
    }
  }
}

/// What is wrong with the message itself.
extension ReasonGuide {
  static let malformed = ReasonGuide(
    meaning:
      "The message could not be read: no JSON, a field that is missing, or a value that breaks the contract.",
    look: "field, value and rule of the record; the schema of the type in topology/contracts.",
    act:
      "Tell the publisher. Correct the record with `replay --edit FIELD=VALUE`, or discard it once the publisher "
      + "has sent a right one.")

  static let idReused = ReasonGuide(
    meaning: "A message with the same id and source, but another body, was settled before. The first one stands.",
    look: "the other records of the message in `show`; the publisher's way of making ids.",
    act: "If both are meant, replay it under an id of its own: `replay --edit id=NEW`. Otherwise discard it.")

  static let tooOld = ReasonGuide(
    meaning: "Its time lies more than 30 days back. Duplicates of it could not be told any more.",
    look: "the publisher's backlog or clock; whether the business id (order, receipt, move, shipment) is known.",
    act: "Replay it: it is filed under the day of the replay, and its business id keeps a repetition harmless.")

  static let tooFarAhead = ReasonGuide(
    meaning: "Its time lies more than 24 hours ahead of the database's clock.",
    look: "the publisher's clock and time zone; the database's clock (`select clock_timestamp()`).",
    act:
      "Mend the clock. Correct each record with `replay --edit FIELD=…`, the time when it really happened: as it is, a "
      + "replay refuses it, for later news would count as older for as long.")

  static let foreignType = ReasonGuide(
    meaning: "The message came to a worker that does not consume its type.",
    look:
      "`tallyman topology --check`: a binding that nobody needs any more, or a publisher that sends to a queue.",
    act: "Take the binding away. Discard the record: whoever consumes the type has a copy of its own.")
}

/// What may merely be early: nothing of it is known, or not enough is there.
extension ReasonGuide {
  static let unknownSKU = ReasonGuide(
    meaning: "No product.registered has come for the SKU, nor in the minutes of the retries.",
    look: "whether the catalogue has published it; dead letters of product.registered (`list --type`).",
    act: "Have the product registered, then replay. Where the SKU is wrong, correct it with --edit.")

  static let unknownLocation = ReasonGuide(
    meaning: "No location.registered has come for the location, nor in the minutes of the retries.",
    look: "whether the warehouse has published it; dead letters of location.registered.",
    act: "Have the location registered, then replay. Where the location is wrong, correct it with --edit.")

  static let unknownOrder = ReasonGuide(
    meaning: "No order.created has come for the order, nor in the minutes of the retries.",
    look: "dead letters of order.created with this order_id; the shop's outgoing messages.",
    act: "Replay the order first, then this one.")

  static let unknownShipment = ReasonGuide(
    meaning: "No shipment.dispatched has come for the shipment, nor in the minutes of the retries.",
    look: "dead letters of shipment.dispatched with this shipment_id; the warehouse's outgoing messages.",
    act: "Replay the shipment first, then this one. Where the carrier's id is another one, correct it with --edit.")

  static let unknownLine = ReasonGuide(
    meaning:
      "A shipment, a failed plan or a return names a line that its order does not have, nor got in the minutes of "
      + "the retries.",
    look: "`replay --dry-run` for the order's lines; order.amended of the order among the dead letters.",
    act: "Have the amendment published that adds the line, then replay; or correct the line with --edit.")

  static let notOnHand = ReasonGuide(
    meaning: "A shipment says that more has left a location than was there, damaged and held goods aside.",
    look: "`tallyman stock` of the product; receipts and moves that are missing, also among the dead letters.",
    act: "Book the receipt, the move or the count that is missing, then replay; or correct location or quantity.")

  static let moreThanShipped = ReasonGuide(
    meaning:
      "More came back of an order's line, or of it with the shipment that is named, than left and has not come back "
      + "before, by a return or by a FAILED.",
    look: "the order's shipments and their states; other returns of it (tables returns and return_lines).",
    act:
      "Book the shipment that is missing, then replay; or correct line, shipment or quantity with --edit. Discard it "
      + "where the shipment has failed: its units are in quality control already.")

  static let notOpen = ReasonGuide(
    meaning: "A cancellation names more units of a line than are open, or a line that the order does not have.",
    look: "`replay --dry-run` for the order's lines: what was shipped, cancelled or amended meanwhile.",
    act: "Correct the line or the quantity with --edit, then replay; or discard it where all of it has left.")

  static let notReserved = ReasonGuide(
    meaning: "A failed plan speaks of more than is reserved for its line at a location.",
    look: "`replay --dry-run`: it shows the order's reservations as they are now.",
    act: "If the units have moved on meanwhile, discard it; or correct the location or the quantity.")
}

/// What can be wrong with barcodes and units.
extension ReasonGuide {
  static let unknownBarcode = ReasonGuide(
    meaning: "A receipt names its product by a barcode that no product has, nor got in the minutes of the retries.",
    look: "whether the catalogue has published it: `barcodes` of product.registered and product.changed.",
    act: "Have the product published with it, then replay; or name the product: `replay --edit data.sku=SKU`.")

  static let unknownUnit = ReasonGuide(
    meaning: "A receipt counts in a unit that its product does not have, nor got in the minutes of the retries.",
    look: "`units` of the product's last product.registered or product.changed.",
    act: "Have the product published with the unit and its factor, then replay. Never guess a factor.")

  static let barcodeTaken = ReasonGuide(
    meaning: "A barcode is given to a product that belongs to another one, also after the minutes of the retries.",
    look: "rule: it names the product that has the barcode.",
    act: "Have the other product published without it, then replay this one; or correct the barcode with --edit.")

  static let wrongBarcode = ReasonGuide(
    meaning: "A receipt names a product, and a barcode that belongs to another one.",
    look: "rule: it names the product that has the barcode; the label of the goods.",
    act: "Correct the product or the barcode with --edit, then replay.")
}

/// What breaks a rule.
extension ReasonGuide {
  static let contradiction = ReasonGuide(
    meaning:
      "The same order, receipt, count, shipment, product, policy, location or lot (or another document's id) was "
      + "published before with other content.",
    look: "field, value and rule: what was said first is in the rule.",
    act:
      "The first one stands; discard this one. If it is right all the same, have it published as what can still "
      + "be said: a document (such as an order, receipt, move or transfer) under a new business id, a count also "
      + "with a later counted_at; a product by product.changed and a policy by stock.policy.set with a later time; "
      + "an amendment with the next revision; goods that expire at another time as another lot. A location stays "
      + "as it was registered: another one needs another location_id. A shipment keeps its first carrier and "
      + "tracking number: nothing that is booked follows from them.")

  static let tooMuchStock = ReasonGuide(
    meaning: "The quantity would raise the location's stock beyond what is ever plausible.",
    look: "the quantity, and the unit that the publisher counts in.",
    act: "Correct the quantity with --edit, or discard the record.")

  static let wrongLine = ReasonGuide(
    meaning:
      "A shipment, return or arrival names another SKU than its line's, another order than its shipment's, or a "
      + "line that its transfer does not have.",
    look: "`replay --dry-run` for the order's lines, `transfer_lines`; the warehouse's picking list.",
    act: "Correct the line or the SKU with --edit, then replay.")

  static let moreThanOpen = ReasonGuide(
    meaning:
      "A shipment takes more units of a line than are ordered of it and have not left, also after the retries: "
      + "shipped twice, or the order was amended to less meanwhile, or to more and that has not come.",
    look: "other shipments of the order; its amendments; what has really left the warehouse.",
    act:
      "If it left twice, book a return with the warehouse; correct the quantity with --edit, or discard it. If an "
      + "amendment crossed it, publish one with what has left (`order.amended`, the next revision), then replay.")

  static let shipmentEnded = ReasonGuide(
    meaning:
      "A carrier says that a shipment has failed that was delivered before, or that one arrived that had failed: "
      + "its units were in quality control by then and its order was planned anew. Or that one failed of which "
      + "units came back by return.received before.",
    look:
      "the shipment's rows in shipment_statuses; the carrier's own tracking; whether the new plan has left "
      + "meanwhile, in `tallyman order`.",
    act:
      "Failed after its delivery: if the goods came back, have return.received published. Arrived after it failed, "
      + "and the new plan has not left: have quality.released (to stock) published for its units, then "
      + "shipment.dispatched of them from there under another shipment_id, which takes the place of the new plan, "
      + "and its DELIVERED. Both left: have quality.released (to scrap) published, since the customer has the "
      + "goods twice. Failed after a return of it: the return stands; have return.received published for what it did "
      + "not name. Then discard it.")

  static let holdExpired = ReasonGuide(
    meaning: "order.confirmed came when the order's hold had ended and its stock was given back.",
    look: "expires_at of the order, and what the shop told its customer.",
    act: "Have the order placed anew under another id; discard this one.")

  static let alreadyShipped = ReasonGuide(
    meaning: "An order, or units of it, are to be cancelled or amended away that have left already.",
    look: "the order's shipments.",
    act: "Discard it: what was shipped can only come back.")
}

/// What Tallyman or the broker could not do.
extension ReasonGuide {
  static let databaseRefused = ReasonGuide(
    meaning: "The database refused what this one message would have written; its neighbours were applied.",
    look: "rule: it holds the database's message, field its constraint. The worker's log says the rest.",
    act: "This is a fault in Tallyman: report it with the record. After an upgrade, replay.")

  static let tooSlow = ReasonGuide(
    meaning:
      "This message alone ran into TALLYMAN_STATEMENT_TIMEOUT_MS five times, while its record could be written.",
    look: "the worker's log for the statement; the database's load, and what else works on the message's SKUs.",
    act: "Replay when the database is idle, or with a worker that has a longer time-out; report it if that fails.")

  static let crashed = ReasonGuide(
    meaning: "A worker died each time it handled this message alone; what had shared its prefetch was applied.",
    look: "the worker's last log lines, its exit code and core file; the message's size and form.",
    act:
      "This is a fault in Tallyman: report it with the record. Do not replay it before an upgrade, and dry-run it "
      + "first.")

  static let deliveryLimit = ReasonGuide(
    meaning: "The broker delivered it 1,000 times and no worker ever settled it: workers were killed or cut off.",
    look: "tallyman_lane_reconnects_total, restarts of the workers, their memory limits.",
    act: "End the cause, then replay: nothing is wrong with the message as such.")

  static let recordRefused = ReasonGuide(
    meaning: "A worker gave it back to the broker: not even the record of its dead letter could be written.",
    look: "the worker's log at that time (\"its record could not be written\").",
    act: "Report it with the log line. `replay --dry-run` tells whether it would work now.")
}
