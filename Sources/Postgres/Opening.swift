import CPostgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Handle {
  /// Connects, with a deadline over everything but the lookup of host names, which libpq does not let us bound. A host
  /// that says nothing is left out when its share of the time is over, and the others are tried.
  ///
  /// - Throws: 08001 if the server cannot be reached or refuses; 42601 if the conninfo cannot be read.
  static func connect(_ options: ConnectionOptions, notices: NoticeSink) throws(PostgresError) -> Handle {
    let given = try Conninfo.read(options.conninfo)
    let secrets = [options.password, given["password"], given["sslpassword"]].compactMap(\.self)
    // Later keywords override earlier ones, and `dbname` may hold a whole conninfo (PQconnectStartParams,
    // expand_dbname).
    var keywords = [
      ("dbname", options.conninfo),
      ("application_name", options.applicationName),
      ("client_encoding", "UTF8"),
      ("tcp_user_timeout", "\(options.tcpUserTimeout.wholeMilliseconds)"),
      ("options", [given["options"], options.startupOptions].compactMap(\.self).joined(separator: " ")),
    ]
    if let password = options.password { keywords.append(("password", password)) }
    let deadline = Deadline(after: options.connectTimeout)
    var hosts: HostList?
    var silent: [String] = []
    while true {
      let handle = try start(keywords + (hosts?.keywords ?? []), secrets: secrets, notices: notices)
      let tried = if let hosts { hosts } else { try handle.hosts() }
      guard let place = try handle.completeConnecting(to: tried, until: deadline, after: silent) else { return handle }
      handle.close()
      silent.append(tried.name(of: place))
      hosts = tried.without(place)
    }
  }

  private static func start(
    _ keywords: [(String, String)], secrets: [String], notices: NoticeSink
  ) throws(PostgresError) -> Handle {
    let started = withCStrings(keywords.map(\.0)) { names in
      withCStrings(keywords.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
    }
    guard let started else { throw PostgresError(sqlState: .cannotConnect, message: "out of memory") }
    notices.attach(to: started)
    return Handle(owning: started, secrets: secrets, notices: notices)
  }

  /// - Parameter silent: Hosts that said nothing, for the message.
  /// - Returns: The place of a host that says nothing while there are others; nil when the connection is made.
  private func completeConnecting(
    to hosts: HostList, until deadline: Deadline, after silent: [String]
  ) throws(PostgresError) -> Int? {
    do throws(PostgresError) {
      if let place = try waitForConnection(to: hosts, until: deadline) { return place }
    } catch {
      guard !silent.isEmpty else { throw error }
      throw PostgresError(
        sqlState: error.sqlState,
        message: "no answer from \(silent.joined(separator: ", ")) in its share of the time, then: \(error.message)",
        isConnectionLost: true)
    }
    try call { PQsetnonblocking($0, 1) == 0 ? 1 : 0 }
    try call { PQenterPipelineMode($0) }
    return nil
  }

  private func waitForConnection(to hosts: HostList, until deadline: Deadline) throws(PostgresError) -> Int? {
    let connection = try open()
    var watch = HostWatch(hosts, until: deadline)
    // "Behave as if PQconnectPoll had last returned PGRES_POLLING_WRITING."
    var state = PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      if state == PGRES_POLLING_FAILED || PQstatus(connection) == CONNECTION_BAD { throw lost(state: .cannotConnect) }
      let wanted: SocketEvents = state == PGRES_POLLING_READING ? .readable : .writable
      watch.observe(hosts.place(of: String(cString: PQhost(connection)), port: String(cString: PQport(connection))))
      if SocketEvents.wait(for: wanted, on: PQsocket(connection), until: watch.limit(deadline)).isEmpty {
        if let silent = watch.silent { return silent }
        throw lost("no connection within \(deadline.limit)", state: .cannotConnect)
      }
      state = PQconnectPoll(connection)
    }
    return nil
  }

  /// What libpq was told by the conninfo, its environment and its service file.
  private func hosts() throws(PostgresError) -> HostList {
    guard let list = PQconninfo(try open()) else {
      throw PostgresError(sqlState: .cannotConnect, message: "out of memory")
    }
    defer { PQconninfoFree(list) }
    let found = Conninfo.values(list)
    return HostList(hosts: found["host"], addresses: found["hostaddr"], ports: found["port"])
  }
}

/// Keeps passwords out of texts.
enum Secrets {
  /// The text on one line, with every secret replaced.
  static func redact(_ text: String, _ secrets: [String]) -> String {
    var lines = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    for secret in secrets where !secret.isEmpty {
      lines = lines.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    return lines
  }
}

/// Hands over a null-terminated array of C strings that lives as long as the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
  return pointers.withUnsafeBufferPointer { buffer in
    // An array of at least one element has a base address.
    body(buffer.baseAddress.unsafelyUnwrapped)
  }
}
