import Outbox
import Testing

@Suite("Shards")
struct ShardTests {
  @Test("an aggregate's hash and shard never change: rows already written know them")
  func stable() {
    // FNV-1a, 64 bits, published test vectors.
    #expect(UInt64(bitPattern: Shard.hash("")) == 0xcbf2_9ce4_8422_2325)
    #expect(UInt64(bitPattern: Shard.hash("a")) == 0xaf63_dc4c_8601_ec8c)
    #expect(UInt64(bitPattern: Shard.hash("foobar")) == 0x8594_4171_f739_67e8)
    #expect(Shard.count == 16)
  }

  @Test("aggregates spread over all shards about evenly")
  func spread() {
    var counts = [Int](repeating: 0, count: Int(Shard.count))
    for number in 0..<16_000 { counts[Int(Shard.of(hash: Shard.hash("order/ord-\(number)")))] += 1 }
    #expect(counts.allSatisfy { (800...1200).contains($0) }, "\(counts)")
  }
}
