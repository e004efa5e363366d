import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where log lines go. A line is written whole: lines of several threads never mix.
public protocol LineOutput: Sendable {
  /// Writes one line; `line` has no line break.
  func write(_ line: String)
}

/// A file descriptor, usually standard output.
///
/// A line is one `write(2)` under a lock of the process. A reader that stalls stalls the writer: logs are not dropped.
public final class FileOutput: LineOutput {
  /// Standard output.
  public static let standard = FileOutput(descriptor: STDOUT_FILENO)

  private let descriptor: Int32
  private let turn = Mutex(())

  /// - Parameter descriptor: Open for writing; stays open.
  public init(descriptor: Int32) { self.descriptor = descriptor }

  /// Whether a person looks at standard output.
  public static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes the line and a line break. If the reader has gone the line is lost: there is nobody left to tell.
  public func write(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    turn.withLock { _ in
      bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
          // `write(2)` takes any readable memory of the given length; the buffer outlives the call.
          #if canImport(Glibc)
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          #else
            let written = Musl.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          #endif
          if written < 0, errno == EINTR { continue }
          guard written > 0 else { return }
          rest = rest.dropFirst(written)
        }
      }
    }
  }
}
