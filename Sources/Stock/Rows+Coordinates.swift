import Contracts
import Postgres

extension Rows {
  /// A place on Earth out of two columns of text; nil where they are null.
  public func coordinates(_ row: Int, _ lat: Int, _ lng: Int) -> Coordinates? {
    guard let lat = optionalText(row, lat), let lng = optionalText(row, lng) else { return nil }
    return Coordinates(lat: ExactNumber(trusted: lat), lng: ExactNumber(trusted: lng))
  }
}
