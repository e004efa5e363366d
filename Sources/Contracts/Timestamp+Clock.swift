import FoundationEssentials

extension Timestamp {
  /// The moment by this machine's clock.
  public static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}
