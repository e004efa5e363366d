/// Which relay publishes an aggregate's events.
///
/// All rows of one aggregate fall into one shard, one relay at a time owns a shard, and it publishes its rows in id
/// order: so each aggregate's events leave in the order in which they happened, however many relays share the work.
public enum Shard {
  /// How many shards there are. Fixed: the table's CHECK and the rows already written know it.
  public static let count: Int16 = 16

  /// A 64-bit FNV-1a hash of the aggregate's name, stable over processes, machines and versions.
  ///
  /// - Parameter aggregate: For example `order/ord-1001`.
  /// - Returns: The hash; two aggregates that share one merely wait for each other.
  public static func hash(_ aggregate: String) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in aggregate.utf8 {
      hash ^= UInt64(byte)
      hash &*= 0x0000_0100_0000_01b3
    }
    return Int64(bitPattern: hash)
  }

  /// The shard of an aggregate's hash, 0 ..< ``count``.
  public static func of(hash: Int64) -> Int16 { Int16(UInt64(bitPattern: hash) % UInt64(count)) }
}
