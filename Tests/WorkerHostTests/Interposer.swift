import Foundation
import Synchronization
import TestServers

/// A small C library that kills a worker from outside at a chosen place: see `interposers/crash.c`.
struct Interposer: Sendable {
  private let library: String
  private static let built = Result { try Interposer() }

  /// Compiled when it is first asked for.
  static func shared() throws -> Interposer { try built.get() }

  private init() throws {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "interposers/crash.c").path
    let folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-interposer-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    library = folder + "/crash.so"
    lastWill = try LastWill("rm -rf \"$1\"", [folder])
    try Child.run([
      "/bin/bash", "-ec",
      """
      compiler=$(command -v "${CC:-cc}" || command -v clang)
      # shellcheck disable=SC2046
      "$compiler" -std=gnu11 -Wall -Wextra -Werror -shared -fPIC -o "$2" "$1" $(pkg-config --cflags libpq librabbitmq)
      """, "build", source, library,
    ])
  }

  private let lastWill: LastWill

  /// The variables with which a process dies in front of, or after, a call.
  ///
  /// - Parameter place: As `CRASH_AT` has it.
  func dying(_ place: String) -> [String: String] { ["LD_PRELOAD": library, "CRASH_AT": place] }

  /// The variables with which a process dies of every message that contains a text.
  func dying(ofMarker marker: String) -> [String: String] {
    ["LD_PRELOAD": library, "CRASH_MARKER": marker, "SWIFT_BACKTRACE": "enable=no"]
  }
}
