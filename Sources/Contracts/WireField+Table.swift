extension WireField {
  /// Finds a key's field by its bytes.
  struct Table: Sendable {
    /// Holds no reference, so that finding one counts none.
    struct Entry: Sendable {
      let field: WireField
      let name: Name
      let bit: UInt128
    }

    /// A name of at most 16 bytes as two numbers: its first and its last eight bytes, which are the same where it has
    /// no more.
    struct Name: Equatable, Sendable {
      static let longest = 16

      let first: UInt64
      let last: UInt64
      let count: Int

      /// Loading checks its bounds, and any eight bytes are a number.
      init(_ bytes: Span<UInt8>) {
        count = bytes.count
        if count >= 8 {
          first = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
          last = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        } else {
          var all: UInt64 = 0
          for index in bytes.indices { all = all << 8 | UInt64(bytes[index]) }
          (first, last) = (all, all)
        }
      }

      /// The highest nine bits of a product that all bytes have a part in.
      var slot: Int { Int(((first ^ last &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93) >> 55) }
    }

    static let shared = Table()

    private var entries: [Entry] = []
    /// Index into `entries` plus one; 0 is free. Collisions step to the next slot.
    private var slots = [UInt8](repeating: 0, count: Table.size)

    private static let size = 512

    init() {
      for field in WireField.allCases where field != .unknown {
        let name = field.rawValue.utf8
        precondition(name.count <= Name.longest, "the name \(field.rawValue) is too long for the table")
        let entry = Entry(field: field, name: Name(name.span), bit: UInt128(1) << UInt128(entries.count))
        entries.append(entry)
        var slot = entry.name.slot
        while slots[slot] != 0 { slot = (slot + 1) % Self.size }
        slots[slot] = UInt8(entries.count)
      }
    }

    func find(_ key: Span<UInt8>) -> Entry? {
      guard key.count <= Name.longest else { return nil }
      let name = Name(key)
      var slot = name.slot
      while slots[slot] != 0 {
        let entry = entries[Int(slots[slot]) - 1]
        if entry.name == name { return entry }
        slot = (slot + 1) % Self.size
      }
      return nil
    }
  }

  /// Requires that the field was there.
  func require(_ isThere: Bool) throws(Malformed) {
    guard isThere else { throw absent }
  }

  /// The field's value, which must have been there.
  func required<Value>(_ value: Value?) throws(Malformed) -> Value {
    guard let value else { throw absent }
    return value
  }

  private var absent: Malformed { Malformed(field: rawValue, value: "absent", rule: "present") }
}
