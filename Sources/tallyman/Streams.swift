// The C library's streams are variables; nobody here changes them.
#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// What was asked for.
enum StandardOutput {
  /// Writes what is still in memory.
  ///
  /// - Returns: Why not all of what was printed has been written; nil where it has.
  static func finish() -> String? {
    errno = 0
    let flushed = fflush(stdout)
    let reason = errno
    guard flushed != 0 || ferror(stdout) != 0 else { return nil }
    return reason == 0 ? "an earlier write failed" : String(cString: strerror(reason))
  }
}

/// Words for people that are no part of what was asked for.
enum StandardError {
  /// Writes a line that says who speaks.
  static func say(_ text: String) { writeLine("tallyman: \(text)") }

  /// Writes a line. If that does not work either, there is nobody to tell.
  static func writeLine(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}
