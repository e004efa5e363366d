import CPostgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Handle {
  /// Connects, with a deadline over everything but the lookup of host names, which libpq does not let us bound.
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
    let started = withCStrings(keywords.map(\.0)) { names in
      withCStrings(keywords.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
    }
    guard let started else { throw PostgresError(sqlState: .cannotConnect, message: "out of memory") }
    notices.attach(to: started)
    let handle = Handle(owning: started, secrets: secrets, notices: notices)
    try handle.completeConnecting(until: Deadline(after: options.connectTimeout))
    try handle.call { PQsetnonblocking($0, 1) == 0 ? 1 : 0 }
    try handle.call { PQenterPipelineMode($0) }
    return handle
  }

  private func completeConnecting(until deadline: Deadline) throws(PostgresError) {
    let connection = try open()
    // "Behave as if PQconnectPoll had last returned PGRES_POLLING_WRITING."
    var state = PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      if state == PGRES_POLLING_FAILED || PQstatus(connection) == CONNECTION_BAD { throw lost(state: .cannotConnect) }
      let wanted: SocketEvents = state == PGRES_POLLING_READING ? .readable : .writable
      if SocketEvents.wait(for: wanted, on: PQsocket(connection), until: deadline).isEmpty {
        throw lost("no connection within \(deadline.limit)", state: .cannotConnect)
      }
      state = PQconnectPoll(connection)
    }
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
