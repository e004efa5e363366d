import Contracts
import Foundation
import TestServers
import Testing

@Suite("Broken messages never trap")
struct FuzzTests {
  private static let pieces: [[UInt8]] =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\u0000", "\\ud83d", "\\udc2d", "null", "true", "false", "-",
      "0",
      "1e9", "1.5", "99999999999999999999", " ", "\"\"", "{}", "[]", "\"sku\":", "\"line\":1,", "\"data\":", "\u{0}",
      "é",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x9F], [0x80]]

  private static func mutate(_ body: inout [UInt8], _ random: inout SeededGenerator) {
    let at = Int.random(in: 0...body.count, using: &random)
    let to = min(body.count, at + Int.random(in: 0...8, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: if at < body.count { body[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
    case 1: if at < body.count { body[at] = UInt8.random(in: 0...255, using: &random) }
    case 2: body.removeSubrange(at..<to)
    case 3: body.insert(contentsOf: body[at..<to], at: Int.random(in: 0...body.count, using: &random))
    case 4: body.replaceSubrange(at..<to, with: pieces.randomElement(using: &random) ?? [])
    default: body.removeSubrange(at...)
    }
  }

  /// How many inputs all seeds together try, and the first seed: `make fuzz` sets them.
  private static let inputs = ProcessInfo.processInfo.environment["FUZZ_INPUTS"].flatMap { Int($0) }
  private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1
  private static let seeds = (0..<4).map { seed &+ $0 }

  /// An input made from a valid example by damaging it, by splicing another one into it, or from nothing.
  private static func input(_ round: Int, _ random: inout SeededGenerator) -> [UInt8] {
    let examples = ContractFiles.examples
    var body = examples[round % examples.count].body
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return FuzzedJSON.document(&random)
    case 1:
      let other = examples[Int.random(in: 0..<examples.count, using: &random)].body
      let at = Int.random(in: 0...body.count, using: &random)
      return Array(body[..<at] + other[Int.random(in: 0...other.count, using: &random)...])
    default:
      for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&body, &random) }
      return body
    }
  }

  private static func timed(_ body: [UInt8]) -> (result: Result<IncomingMessage, Malformed>, time: Int64) {
    let start = ThreadTime.microseconds
    let result = Result { () throws(Malformed) in try decode(body) }
    return (result, ThreadTime.microseconds - start)
  }

  @Test(
    "100,000 damaged, spliced and invented messages: each can be encoded again, or names field and rule",
    arguments: seeds)
  @LongComputation func mutations(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var refusedFields: Set<String> = []
    var accepted = 0
    var longest: Int64 = 0
    let rounds = (Self.inputs ?? 100_000) / Self.seeds.count
    for round in 0..<rounds {
      let body = Self.input(round, &random)
      var (result, time) = Self.timed(body)
      // A machine that shares its processors stalls now and then: what is really slow is slow again.
      for _ in 0..<3 where time > 5_000 { time = min(time, Self.timed(body).time) }
      longest = max(longest, time)
      do throws(Malformed) {
        let message = try result.get()
        accepted += 1
        #expect(try decode(Samples.outgoing(message.event).encode()).event == message.event)
      } catch {
        refusedFields.insert(error.field)
        let shown =
          !error.field.isEmpty && !error.rule.isEmpty && error.value.unicodeScalars.count <= 80
          && error.value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        if !shown { Issue.record("seed \(seed): \(error) for \(String(decoding: body, as: UTF8.self))") }
      }
    }
    #expect(accepted > 100)
    #expect(refusedFields.count > 20)
    guard Self.inputs != nil else { return }
    print("fuzz: seed \(seed): \(rounds) inputs, \(accepted) accepted, the longest took \(longest) microseconds")
    #expect(longest < 10_000, "microseconds of processor time for one input")
  }

  @Test("random bytes")
  func noise() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5_000 {
      let body = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(whyRefused(body) != nil)
    }
  }

  @Test("every prefix of an example is refused", arguments: ContractFiles.examples.filter { $0.isFull })
  func prefixes(_ example: ContractFiles.Example) {
    let whole = example.text.utf8.count - 1
    for end in 0..<whole where whyRefused(Array(example.body[..<end])) == nil { Issue.record("accepted \(end) bytes") }
    #expect(whyRefused(Array(example.body[..<whole])) == nil)
  }
}
