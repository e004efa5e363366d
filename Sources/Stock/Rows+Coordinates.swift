import Contracts
import Postgres

extension Coordinates {
  /// Both numbers as columns of double precision take them. The database refuses one that is too small for them, such
  /// as 1e-400, which is 0 here.
  public var columns: (lat: String, lng: String) {
    (Double(lat.text).map { "\($0)" } ?? lat.text, Double(lng.text).map { "\($0)" } ?? lng.text)
  }
}

extension Rows {
  /// A place on Earth out of two columns of text; nil where they are null.
  public func coordinates(_ row: Int, _ lat: Int, _ lng: Int) -> Coordinates? {
    guard let lat = optionalText(row, lat), let lng = optionalText(row, lng) else { return nil }
    return Coordinates(lat: ExactNumber(trusted: lat), lng: ExactNumber(trusted: lng))
  }
}
