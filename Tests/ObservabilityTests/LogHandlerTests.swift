import Foundation
import Logging
import Synchronization
import Testing

@testable import Observability

@Suite("Log lines")
struct LogHandlerTests {
  let lines = CollectedLines()

  /// 2026-11-21T09:30:00.123456Z
  private static let now: Int64 = 1_795_253_400_123_456

  private func logger(_ level: Logger.Level = .info) -> Logger {
    Logger(label: "worker") { JSONLogHandler(label: $0, level: level, output: lines, now: { Self.now }) }
  }

  private func parsed() throws -> [String: Any] {
    let line = try #require(lines.all.last)
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test("a line is one JSON object with time, level, label, message and metadata")
  func shape() {
    logger().warning("batch halved", metadata: [LogKey.messageID: "m-1", LogKey.attempt: .stringConvertible(2)])
    #expect(
      lines.all == [
        #"{"time":"2026-11-21T09:30:00.123456Z","level":"warning","label":"worker","message":"batch halved","#
          + #""attempt":2,"message_id":"m-1"}"#
      ])
  }

  @Test("any text survives and stays on one line")
  func escaping() throws {
    let text = "a\"b\\c\nd\r\t\u{0}\u{1b}[31m\u{9b}31m\u{202e}\u{2028}\u{e0001}é😀"
    logger().info("\(text)", metadata: ["k\n": "\(text)"])
    #expect(lines.all.first?.contains { $0.isNewline } == false)
    for scalar in ["\u{1b}", "\u{9b}", "\u{202e}", "\u{e0001}"] { #expect(lines.all.first?.contains(scalar) == false) }
    let object = try parsed()
    #expect(object["message"] as? String == text)
    #expect(object["k\n"] as? String == text)
  }

  @Test("metadata keeps numbers, booleans, lists and objects")
  func values() throws {
    logger().info(
      "x", metadata: ["n": .stringConvertible(Int64.max), "b": .stringConvertible(true), "l": ["a", ["k": "v"]]])
    let object = try parsed()
    #expect((object["n"] as? NSNumber)?.int64Value == .max)
    #expect(lines.all.last?.contains(#""b":true"#) == true)
    #expect((object["l"] as? [Any])?.first as? String == "a")
    #expect(((object["l"] as? [Any])?.last as? [String: String]) == ["k": "v"])
  }

  @Test("metadata cannot replace a line's own fields")
  func reserved() throws {
    logger().info("true message", metadata: ["message": "forged", "level": "trace"])
    let object = try parsed()
    #expect(object["message"] as? String == "true message")
    #expect(object["level"] as? String == "info")
    #expect(object["message_"] as? String == "forged")
  }

  @Test("a line's metadata goes over the provider's, and that over the logger's")
  func merging() throws {
    var handler = JSONLogHandler(label: "worker", level: .info, output: lines, now: { Self.now })
    handler.metadata = ["a": "logger", "b": "logger", "c": "logger"]
    handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
    let logger = Logger(label: "worker") { [handler] _ in handler }
    logger.info("x", metadata: ["c": "line"])
    let object = try parsed()
    #expect(object["a"] as? String == "logger")
    #expect(object["b"] as? String == "provider")
    #expect(object["c"] as? String == "line")
  }

  @Test("lines below the level are not written")
  func level() {
    logger(.warning).info("x")
    #expect(lines.all.isEmpty)
  }

  @Test("a terminal gets one readable line without control characters")
  func text() {
    let logger = Logger(label: "worker") { TextLogHandler(label: $0, level: .info, output: lines, now: { Self.now }) }
    logger.info("settled\u{1b}[2J\u{202e}", metadata: [LogKey.outcome: "applied", LogKey.lane: "l\n1"])
    #expect(lines.all == ["09:30:00.123 info worker: settled\u{FFFD}[2J\u{FFFD}  lane=l\u{FFFD}1 outcome=applied"])
  }

  @Test("lines of many threads never mix")
  func atomicLines() async throws {
    // A file and not a pipe: a server that another test starts at this moment might inherit the pipe's end.
    let path = FileManager.default.temporaryDirectory.appending(path: "tallyman-lines-\(UUID().uuidString)").path
    let descriptor = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer {
      close(descriptor)
      unlink(path)
    }
    let output = FileOutput(descriptor: descriptor)
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask { for _ in 0..<100 { output.write(String(repeating: "\(writer)", count: 60)) } }
      }
    }
    let content = try #require(FileManager.default.contents(atPath: path))
    let written = String(decoding: content, as: UTF8.self).split(separator: "\n")
    #expect(written.count == 800)
    #expect(written.allSatisfy { $0.count == 60 && Set($0).count == 1 })
  }

  @Test(
    "times are RFC 3339 in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (4_107_542_399_000_001, "2100-02-28T23:59:59.000001Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"), (1_798_761_599_500_000, "2026-12-31T23:59:59.500000Z"),
    ] as [(Int64, String)])
  func times(_ microseconds: Int64, _ text: String) { #expect(WallClock.rfc3339(microseconds) == text) }
}

@Suite("Secrets")
struct SecretTests {
  struct Holder { let password: Secret }

  @Test("a secret is shown by nothing but reveal()")
  func hidden() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    dump(Holder(password: secret), to: &dumped)
    let seen = [
      "\(secret)", "\(Holder(password: secret))", "\([secret])", "\(Optional(secret) as Any)",
      String(reflecting: secret),
      String(describing: secret), String(reflecting: Holder(password: secret)), dumped,
      "\(Mirror(reflecting: secret).children.map { $0 })",
    ]
    for text in seen { #expect(!text.contains("hunter2")) }
    #expect("\(secret)" == "•••")
    #expect(secret.reveal() == "hunter2")
  }
}

/// Keeps lines instead of writing them.
final class CollectedLines: LineOutput {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func write(_ line: String) { lines.withLock { $0.append(line) } }
}
