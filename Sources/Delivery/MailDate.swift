import Contracts

/// The Date header's format (RFC 5322), in UTC: `Sat, 21 Nov 2026 09:30:00 +0000`.
enum MailDate {
  /// - Parameter unixSeconds: Seconds since 1970-01-01T00:00:00Z.
  static func format(unixSeconds: Int64) -> String {
    let (days, second) = unixSeconds.quotientAndRemainderRoundingDown(dividingBy: 86_400)
    let (year, month, day) = CivilDate.from(daysSinceEpoch: days)
    let weekday = weekdays[Int((days + 4).quotientAndRemainderRoundingDown(dividingBy: 7).remainder)]
    let time = [second / 3600, second / 60 % 60, second % 60].map(twoDigits).joined(separator: ":")
    return "\(weekday), \(twoDigits(day)) \(months[Int(month) - 1]) \(year) \(time) +0000"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension Int64 {
  fileprivate func quotientAndRemainderRoundingDown(dividingBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
