extension WireField {
  /// Finds a key's field by its bytes: the hash looks at four of them and the length, then all are compared.
  struct Table: Sendable {
    /// Holds no reference, so that finding one counts none.
    struct Entry: Sendable {
      let field: WireField
      /// Where the name lies in `names`.
      let start: Int
      let count: Int
      let bit: UInt128
    }

    static let shared = Table()

    private var entries: [Entry] = []
    private var names: [UInt8] = []
    /// Index into `entries` plus one; 0 is free. Collisions step to the next slot.
    private var slots = [UInt8](repeating: 0, count: Table.size)

    private static let size = 512

    init() {
      for field in WireField.allCases where field != .unknown {
        let name = Array(field.rawValue.utf8)
        let bit = UInt128(1) << UInt128(entries.count)
        entries.append(Entry(field: field, start: names.count, count: name.count, bit: bit))
        names += name
        var slot = Self.hash(name.span)
        while slots[slot] != 0 { slot = (slot + 1) % Self.size }
        slots[slot] = UInt8(entries.count)
      }
    }

    func find(_ key: Span<UInt8>) -> Entry? {
      guard key.count > 0 else { return nil }
      var slot = Self.hash(key)
      while slots[slot] != 0 {
        let entry = entries[Int(slots[slot]) - 1]
        if isName(of: entry, key) { return entry }
        slot = (slot + 1) % Self.size
      }
      return nil
    }

    private func isName(of entry: Entry, _ key: Span<UInt8>) -> Bool {
      guard entry.count == key.count else { return false }
      for index in key.indices where names[entry.start + index] != key[index] { return false }
      return true
    }

    private static func hash(_ key: Span<UInt8>) -> Int {
      let count = key.count
      let middle = Int(key[count / 2]) &* 13
      return (Int(key[0]) &* 31 &+ Int(key[count - 1]) &* 7 &+ middle &+ Int(key[count / 4]) &* 5 &+ count) % size
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
