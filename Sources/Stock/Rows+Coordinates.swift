import Contracts
import Postgres

extension Coordinates {
  /// Both numbers as columns of double precision take them. The database refuses one that is too small for them, such
  /// as 1e-400, which is 0 here.
  public var columns: (lat: String, lng: String) {
    (Coordinates.double(lat.text), Coordinates.double(lng.text))
  }

  /// Both numbers as columns of type numeric take them: as they were written, unless they have more places than such a
  /// column keeps.
  public var exactColumns: (lat: String, lng: String) {
    func exact(_ text: String) -> String {
      text.utf8.count <= 40 && !text.contains { "eE".contains($0) } ? text : Coordinates.double(text)
    }
    return (exact(lat.text), exact(lng.text))
  }

  private static func double(_ text: String) -> String { Double(text).map { "\($0)" } ?? text }
}

extension Rows {
  /// A place on Earth out of two columns of text; nil where they are null.
  public func coordinates(_ row: Int, _ lat: Int, _ lng: Int) -> Coordinates? {
    guard let lat = optionalText(row, lat), let lng = optionalText(row, lng) else { return nil }
    return Coordinates(lat: ExactNumber(trusted: lat), lng: ExactNumber(trusted: lng))
  }
}
