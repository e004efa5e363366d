import CPostgres

/// What a conninfo says.
enum Conninfo {
  /// Its keywords that have a value. libpq's complaint is not passed on, since it may quote a password.
  static func read(_ text: String) throws(PostgresError) -> [String: String] {
    var complaint: UnsafeMutablePointer<CChar>?
    guard let list = PQconninfoParse(text, &complaint) else {
      PQfreemem(complaint)
      throw PostgresError(
        sqlState: SQLState("42601"), message: "the conninfo is neither a connection URI nor a key=value string")
    }
    defer { PQconninfoFree(list) }
    return values(list)
  }

  /// The keywords of a list of libpq's that have a value.
  static func values(_ list: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
    var found: [String: String] = [:]
    var entry = list
    // "The array is terminated by an entry having a null keyword pointer."
    while let keyword = entry.pointee.keyword {
      if let value = entry.pointee.val { found[String(cString: keyword)] = String(cString: value) }
      entry += 1
    }
    return found
  }
}
