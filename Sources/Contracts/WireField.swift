/// Every key that a contract reads or writes, so that decoding looks a key up once and then compares small numbers.
public enum WireField: String, CaseIterable, Hashable, Sendable {
  case id
  case source
  case specversion
  case type
  case subject
  case time
  case datacontenttype
  case dataschema
  case data
  case correlationID = "correlationid"
  case causationID = "causationid"
  case traceparent
  case aggregate
  case sequence
  case sku
  case name
  case category
  case unitPrice = "unit_price"
  case attributes
  case barcodes
  case barcode
  case units
  case unit
  case factor
  case lot
  case locationPolicy = "location_policy"
  case destination
  case coordinates
  case expiresAt = "expires_at"
  case locations
  case locationID = "location_id"
  case priority
  case sellable
  case safetyStock = "safety_stock"
  case reorderPoint = "reorder_point"
  case recoverPoint = "recover_point"
  case everyLocation = "every_location"
  case receiptID = "receipt_id"
  case quantity
  case reference
  case moveID = "move_id"
  case fromLocationID = "from_location_id"
  case toLocationID = "to_location_id"
  case orderID = "order_id"
  case customerID = "customer_id"
  case lines
  case backorder
  case needBy = "need_by"
  case policy
  case cancellationID = "cancellation_id"
  case revision
  case line
  case reason
  case shipmentID = "shipment_id"
  case carrier
  case trackingNumber = "tracking_number"
  case onHand = "on_hand"
  case available
  case detail
  case ordered
  case reserved
  case backordered
  case shipped
  case cancelled
  case allocations
  case backorderID = "backorder_id"
  case remaining
  case episodeID = "episode_id"
  case notificationID = "notification_id"
  case channel
  case recipient
  case eventID = "event_id"
  case eventType = "event_type"
  case attempts
  case status
  case timestamp
  case location
  case lat
  case lng
  case silentSince = "silent_since"
  case delivered
  case returnID = "return_id"
  case disposition
  case planID = "plan_id"
  case action
  case countID = "count_id"
  case counted
  case difference
  case countedAt = "counted_at"
  case person
  case reasonCode = "reason_code"
  case note
  case adjustmentID = "adjustment_id"
  case kind
  case holdID = "hold_id"
  case releaseID = "release_id"
  case to
  case bumped
  case damaged
  case qualityControl = "quality_control"
  case arrivalID = "arrival_id"
  case transferID = "transfer_id"
  case isFinal = "final"
  case lost
  case inTransit = "in_transit"
  case state
  /// A key that no contract knows; its value is skipped.
  case unknown = ""
}
