#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ConnectionOptions {
  /// A host elsewhere that this connection would be opened to without anybody having said how it is to be protected;
  /// nil where there is none, or where the conninfo cannot be read.
  ///
  /// Without an `sslmode` libpq asks for TLS, checks no certificate, and goes on in plain text where the server, or
  /// whoever sits between, has none. Any `sslmode` says that somebody has thought about it, and so may a service file.
  ///
  /// - Parameter variable: libpq's environment variables, which apply to what the conninfo leaves out.
  public func unprotectedHost(variable: (String) -> String? = Self.environment) -> String? {
    guard let given = try? Conninfo.read(conninfo) else { return nil }
    func said(_ keyword: String, _ name: String) -> String? {
      [given[keyword], variable(name)].compactMap(\.self).first { !$0.isEmpty }
    }
    guard said("sslmode", "PGSSLMODE") == nil, said("service", "PGSERVICE") == nil else { return nil }
    let hosts = said("hostaddr", "PGHOSTADDR") ?? said("host", "PGHOST") ?? ""
    return hosts.split(separator: ",").map(String.init).first { !Self.isLocal($0) }
  }

  /// A variable of the process.
  public static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Whether what is sent there stays on this machine: loopback, or a socket in the file system or beside it.
  private static func isLocal(_ host: String) -> Bool {
    let isLoopback = host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    return isLoopback || host == "::1" || host.lowercased() == "localhost" || host.hasPrefix("/") || host.hasPrefix("@")
  }
}
