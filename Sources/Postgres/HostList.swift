import CPostgres

/// The hosts that a conninfo names, which libpq tries one after the other.
///
/// It goes on to the next when one refuses. From one that says nothing it goes on only in its blocking calls
/// (`connect_timeout`), which nothing could interrupt: here the host is left out and the rest is tried again.
struct HostList {
  private var hosts: [String]
  private var addresses: [String]
  private var ports: [String]

  /// - Parameters:
  ///   - hosts: As libpq has it: names separated by commas, and so the others.
  ///   - addresses: Used in place of the names, if given.
  ///   - ports: One for all, or one for each.
  init(hosts: String?, addresses: String?, ports: String?) {
    func list(_ text: String?) -> [String] {
      guard let text, !text.isEmpty else { return [] }
      return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    self.hosts = list(hosts)
    self.addresses = list(addresses)
    self.ports = list(ports)
    let count = max(self.hosts.count, self.addresses.count)
    if self.ports.count == 1, let port = self.ports.first { self.ports = [String](repeating: port, count: count) }
  }

  /// How many there are; one where nothing is named.
  var count: Int { max(hosts.count, addresses.count, 1) }

  /// The rest without one of them.
  func without(_ place: Int) -> HostList {
    var rest = self
    if rest.hosts.indices.contains(place) { rest.hosts.remove(at: place) }
    if rest.addresses.indices.contains(place) { rest.addresses.remove(at: place) }
    if rest.ports.indices.contains(place) { rest.ports.remove(at: place) }
    return rest
  }

  /// Keywords and values by which libpq tries these.
  var keywords: [(String, String)] {
    [("host", hosts), ("hostaddr", addresses), ("port", ports)].filter { !$0.1.isEmpty }
      .map { ($0.0, $0.1.joined(separator: ",")) }
  }

  /// The place of the host that libpq is trying.
  ///
  /// - Parameters:
  ///   - host: Its name, or its address where it has no name.
  ///   - port: Empty where none was given.
  func place(of host: String, port: String) -> Int? {
    (0..<count).first { place in
      let isPort = !ports.indices.contains(place) || ports[place].isEmpty || ports[place] == port
      return isPort && self.host(place) == host
    }
  }

  /// Its name, or its address where it has no name.
  private func host(_ place: Int) -> String? {
    if hosts.indices.contains(place), !hosts[place].isEmpty { return hosts[place] }
    return addresses.indices.contains(place) ? addresses[place] : nil
  }

  /// For messages.
  func name(of place: Int) -> String {
    let host = host(place) ?? "the server"
    guard ports.indices.contains(place), !ports[place].isEmpty else { return host }
    return "\(host):\(ports[place])"
  }
}

/// How long each host of a list may say nothing: an equal share of the time that is left, the last one all of it.
struct HostWatch {
  private let hosts: HostList
  private let share: Duration
  private var current: Int?
  private var end: ContinuousClock.Instant

  init(_ hosts: HostList, until deadline: Deadline, at now: ContinuousClock.Instant = .now) {
    self.hosts = hosts
    share = .milliseconds(Int64(deadline.remainingMilliseconds)) / hosts.count
    end = now + share
  }

  /// Takes note of the host that libpq is trying.
  mutating func observe(_ place: Int?, at now: ContinuousClock.Instant = .now) {
    guard place != current else { return }
    current = place
    end = now + share
  }

  /// Until when to wait for the host at most; the whole deadline where there is no other.
  func limit(_ deadline: Deadline) -> Deadline {
    guard hosts.count > 1, current != nil else { return deadline }
    return Deadline(after: max(.zero, end - .now))
  }

  /// The host whose time is over while there are others.
  var silent: Int? { hosts.count > 1 && end <= .now ? current : nil }
}
