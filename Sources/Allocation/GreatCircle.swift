import Contracts

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Coordinates {
  /// The great-circle distance to another place, on a sphere with the Earth's mean radius of 6,371,008.8 m.
  ///
  /// - Returns: Whole metres; right to about 0.5 % of what a surveyor would find, since the Earth is no sphere. Nil
  ///   when a number is none.
  public func metres(to other: Coordinates) -> Int64? {
    guard let here = radians, let there = other.radians else { return nil }
    let latitudes = sin((there.latitude - here.latitude) / 2)
    let longitudes = sin((there.longitude - here.longitude) / 2)
    let chord = latitudes * latitudes + cos(here.latitude) * cos(there.latitude) * longitudes * longitudes
    // Rounding may carry it beyond 1 where two places are on opposite sides.
    return Int64((2 * 6_371_008.8 * asin(min(1, chord.squareRoot()))).rounded())
  }

  private var radians: (latitude: Double, longitude: Double)? {
    guard let latitude = Double(lat.text), let longitude = Double(lng.text), latitude.isFinite, longitude.isFinite
    else { return nil }
    return (latitude * .pi / 180, longitude * .pi / 180)
  }
}
