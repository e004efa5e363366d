/// Where a row version lies (`ctid`): valid only while the transaction that selected it holds the row's lock.
public struct TID: Hashable, Sendable, CustomStringConvertible {
  /// The block within the table.
  public let block: UInt32
  /// The item within the block.
  public let offset: UInt16

  /// A row version's place.
  public init(block: UInt32, offset: UInt16) {
    self.block = block
    self.offset = offset
  }

  /// As PostgreSQL writes it.
  public var description: String { "(\(block),\(offset))" }
}
