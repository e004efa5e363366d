import CPostgres

/// The fields of an error or notice (libpq's `PG_DIAG_*`, whose character macros Swift does not import).
enum Diagnostic {
  static let severity: Character = "V"
  static let sqlState: Character = "C"
  static let message: Character = "M"
  static let detail: Character = "D"
  static let table: Character = "t"
  static let column: Character = "c"
  static let constraint: Character = "n"
  static let routine: Character = "R"

  /// One field of a result, or nil if the server did not send it.
  static func read(_ field: Character, of result: OpaquePointer) -> String? {
    guard let ascii = field.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
    return String(cString: text)
  }
}

/// Receives what the server says beside its answers (libpq would write it to standard error).
final class NoticeSink {
  /// Called with severity and message.
  var report: (_ severity: String, _ message: String) -> Void = { _, _ in }
  /// Set when a commit stopped waiting for its synchronous standby: it is durable here and unknown there.
  var sawUncertainCommit = false

  /// Makes the sink the connection's. The sink must outlive the connection.
  func attach(to connection: OpaquePointer) {
    PQsetNoticeReceiver(
      connection,
      { sink, notice in
        guard let sink, let notice else { return }
        Unmanaged<NoticeSink>.fromOpaque(sink).takeUnretainedValue().receive(notice)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func receive(_ notice: OpaquePointer) {
    if Diagnostic.read(Diagnostic.routine, of: notice) == "SyncRepWaitForLSN" { sawUncertainCommit = true }
    report(
      Diagnostic.read(Diagnostic.severity, of: notice) ?? "", Diagnostic.read(Diagnostic.message, of: notice) ?? "")
  }
}
