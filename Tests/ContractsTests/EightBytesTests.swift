import Testing

@testable import Contracts

@Suite("Eight bytes at once")
struct EightBytesTests {
  @Test("What JSON escapes is found wherever it stands", arguments: [UInt8]([0x00, 0x1F, 0x22, 0x5C]))
  func special(_ byte: UInt8) {
    for count in 1...40 {
      for place in 0..<count {
        var text = [UInt8](repeating: UInt8(ascii: "a"), count: count)
        text[place] = byte
        if place + 1 < count { text[place + 1] = 0x20 }
        if place + 2 < count { text[place + 2] = byte }
        #expect(EightBytes.firstSpecial(in: text.span, from: 0) == place, "byte \(byte) at \(place) of \(count)")
      }
    }
  }

  @Test("Every other byte is stepped over, alone and beside its neighbours")
  func plain() {
    let plain = (UInt8.min...UInt8.max).filter { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
    for byte in plain {
      #expect(EightBytes.firstSpecial(in: [UInt8](repeating: byte, count: 17).span, from: 1) == 17)
    }
    #expect(EightBytes.firstSpecial(in: plain.span, from: 0) == plain.count)
  }

  @Test("A string is written with its escapes, however long it is before and after them")
  func written() {
    for before in 0...17 {
      for after in 0...9 {
        let (start, end) = (String(repeating: "é", count: before), String(repeating: "b", count: after))
        var json = JSONWriter()
        json.string("\(start)\"\\\n\(end)")
        #expect(String(decoding: json.bytes, as: UTF8.self) == "\"\(start)\\\"\\\\\\n\(end)\"")
      }
    }
  }
}

@Suite("The table of keys")
struct FieldTableTests {
  @Test("Each key finds its field, and nothing that only resembles it does", arguments: WireField.allCases)
  func find(_ field: WireField) {
    let name = field.rawValue
    guard field != .unknown else { return #expect(WireField.Table.shared.find(name.utf8.span)?.field == nil) }
    #expect(WireField.Table.shared.find(name.utf8.span)?.field == field)
    let others = [name + "s", "x" + name, String(name.dropLast()), "\u{0}" + name, name + "\u{0}", name.uppercased()]
    for other in others {
      #expect(WireField.Table.shared.find(other.utf8.span)?.field == WireField(rawValue: other), "\(other)")
    }
  }
}
