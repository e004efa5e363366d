import Contracts
import Messaging

extension Event {
  /// What lies in transit belongs to transfers: no other document may name that location.
  var transitLocation: Reason? {
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
      default: []
      }
    return named.first { $0.location == .inTransit }.map { field, _ in
      Reason(
        .transitLocation, field: "data.\(field)", value: LocationID.inTransit.value,
        rule: "must be a location of yours: what is in transit belongs to transfers")
    }
  }
}
