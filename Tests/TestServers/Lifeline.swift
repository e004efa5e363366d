import Foundation
import Synchronization

/// A shell that can tell when this process ends, however that happens: its input ends then.
final class Lifeline: Sendable {
  /// This process's end of a socket pair; the other is the shell's input and output. -1 once let go.
  private let end: Mutex<Int32>

  /// Starts the shell.
  ///
  /// - Parameters:
  ///   - commands: What it runs. It writes one line when it has begun, and reads to know when to end.
  ///   - arguments: Its `$1`, `$2`, ….
  init(_ commands: String, _ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    // Private to this process from the start: no other child may inherit it and keep the shell waiting.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw RabbitMQServerError(what: "no socket pair", detail: "errno \(errno)")
    }
    end = Mutex(ends[0])
    defer { close(ends[1]) }
    let arguments = ["/bin/bash", "-c", commands, "lifeline"] + arguments
    Child.reap(try Child.spawn(arguments, input: ends[1], output: ends[1]))
  }

  /// Waits for the shell's line; empty when it ended without one.
  func readLine() -> String {
    let descriptor = end.withLock { $0 }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 100 {
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1, byte != UInt8(ascii: "\n") else { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }

  /// Lets the shell see the end of its input.
  func letGo() {
    end.withLock {
      if $0 >= 0 { close($0) }
      $0 = -1
    }
  }
}

/// Runs blocking code on a new thread, so that no thread of the cooperative pool waits for it.
func onThreadOfItsOwn<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}
