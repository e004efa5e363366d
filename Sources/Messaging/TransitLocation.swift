import Contracts

extension Event {
  /// Why a document is refused that names the location of what is in transit: that belongs to transfers alone.
  public var transitLocation: Reason? {
    let named: [(field: String, location: LocationID?)] =
      switch self {
      case .locationRegistered(let location): [("location_id", location.locationID)]
      case .stockPolicySet(let policy): [("location_id", policy.locationID)]
      case .goodsReceived(let receipt): [("location_id", receipt.locationID)]
      case .stockMoveRequested(let move):
        [("from_location_id", move.fromLocationID), ("to_location_id", move.toLocationID)]
      case .stockCounted(let count): [("location_id", count.locationID)]
      case .stockAdjustmentRequested(let request): [("location_id", request.locationID)]
      case .qualityHeld(let hold): [("location_id", hold.locationID)]
      case .qualityReleased(let release): [("location_id", release.locationID)]
      case .transferDispatched(let transfer):
        [("from_location_id", transfer.fromLocationID), ("to_location_id", transfer.toLocationID)]
      case .shipmentDispatched(let shipment): shipment.lines.map(\.locationID).indexed
      case .returnReceived(let request): request.lines.map(\.locationID).indexed
      default: []
      }
    return named.first { $0.location == .inTransit }.map { field, _ in
      Reason(
        .transitLocation, field: "data.\(field)", value: LocationID.inTransit.value,
        rule: "must be a location of yours: what is in transit belongs to transfers")
    }
  }
}

extension [LocationID] {
  /// Each with the name of its field, as those of a document's lines.
  fileprivate var indexed: [(field: String, location: LocationID?)] {
    enumerated().map { (field: "lines[\($0.offset)].location_id", location: $0.element) }
  }
}
