#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// When a wait ends at the latest.
struct Deadline {
  let limit: Duration
  private let end: ContinuousClock.Instant

  init(after limit: Duration) {
    self.limit = limit
    end = ContinuousClock.now + limit
  }

  /// Milliseconds left, rounded up, never negative.
  var remainingMilliseconds: Int32 { Int32(clamping: max(.zero, end - ContinuousClock.now).wholeMilliseconds) }
}

/// What a socket is waited for.
struct SocketEvents: OptionSet {
  let rawValue: Int16
  static let readable = SocketEvents(rawValue: Int16(POLLIN))
  static let writable = SocketEvents(rawValue: Int16(POLLOUT))
  /// Broken sockets count as readable: reading tells what is wrong.
  private static let trouble = SocketEvents(rawValue: Int16(POLLERR) | Int16(POLLHUP) | Int16(POLLNVAL))

  /// Blocks until one of the events or the deadline; empty means that the deadline has passed.
  static func wait(for events: SocketEvents, on socket: Int32, until deadline: Deadline) -> SocketEvents {
    var entry = pollfd(fd: socket, events: events.rawValue, revents: 0)
    while true {
      let timeout = deadline.remainingMilliseconds
      let number = poll(&entry, 1, timeout)
      if number < 0 && errno == EINTR { continue }
      if number == 0 && timeout > 0 { continue }
      if number == 0 { return [] }
      var seen = SocketEvents(rawValue: entry.revents)
      if number < 0 || !seen.isDisjoint(with: trouble) { seen.insert(.readable) }
      return seen
    }
  }
}
