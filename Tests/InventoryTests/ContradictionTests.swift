import Contracts
import Testing

@testable import Inventory

@Suite("What a contradiction shows")
struct ContradictionTests {
  private static func transfer(lastQuantity: Int64) -> TransferDispatched {
    TransferDispatched(
      transferID: TransferID(trusted: "t-1"), fromLocationID: LocationID(trusted: "WH-1"),
      toLocationID: LocationID(trusted: "WH-2"),
      lines: (1...20).map { line in
        .init(
          line: line, sku: SKU(trusted: "ABC-12345"), quantity: line < 20 ? 5 : lastQuantity,
          lot: LotID(trusted: "L-7"))
      })
  }

  @Test("of a transfer's many lines only those that differ, in the value and in the rule")
  func transfer() throws {
    let known = Self.transfer(lastQuantity: 5)
    let reason = try #require(known.contradiction(with: Self.transfer(lastQuantity: 6)))
    #expect(reason.field == "data.lines")
    #expect(reason.value == "6 of ABC-12345 lot L-7 in line 20")
    #expect(
      reason.rule
        == "must stay 5 of ABC-12345 lot L-7 in line 20: transfer t-1 was published with it before")
    #expect(known.contradiction(with: Self.transfer(lastQuantity: 5)) == nil)
  }

  @Test("of an arrival's lines too, what arrived and what is lost each by itself")
  func arrival() throws {
    func arrival(_ lines: [TransferReceived.Line]) -> TransferReceived {
      TransferReceived(
        arrivalID: ArrivalID(trusted: "a-1"), transferID: TransferID(trusted: "t-1"), lines: lines, isFinal: false)
    }
    let known = arrival((1...20).map { .init(line: $0, quantity: 5, lost: 0) })
    let new = arrival((1...20).map { .init(line: $0, quantity: $0 < 20 ? 5 : 4, lost: $0 < 20 ? 0 : 1) })
    let reason = try #require(known.contradiction(with: new))
    #expect(reason.value == "4 of line 20, 1 of line 20 as lost")
    #expect(reason.rule.hasPrefix("must stay 5 of line 20, 0 of line 20 as lost: arrival a-1 "))
    #expect(known.contradiction(with: arrival(known.lines + [.init(line: 21, quantity: 0, lost: 0)])) == nil)
  }

  @Test("texts that differ behind what is shown of them, from a little before there")
  func longTexts() throws {
    let begin = String(repeating: "x", count: 150)
    let known = ProductContent(sku: SKU(trusted: "A"), name: begin + ", black")
    let reason = try #require(known.contradiction(with: ProductContent(sku: SKU(trusted: "A"), name: begin + ", blue")))
    let context = "…" + String(repeating: "x", count: 16) + ", bl"
    #expect(reason.value == context + "ue")
    #expect(reason.rule == "must stay \(context)ack: product A was published with it before")
    let longer = ProductContent(sku: SKU(trusted: "A"), name: begin + ", black, large")
    #expect(known.contradiction(with: longer)?.value.hasSuffix("xx, black, large") == true)
  }

  @Test("attributes, barcodes and units as well; short ones whole")
  func longLists() throws {
    func attributes(_ last: Int) -> RawJSON {
      RawJSON(trusted: Array(("{" + (1...30).map { "\"key-\($0)\":0," }.joined() + "\"last\":\(last)}").utf8))
    }
    let known = ProductContent(
      sku: SKU(trusted: "A"), name: "Thing", attributes: attributes(1),
      units: (10...40).map { ProductUnit(unit: UnitName(trusted: "unit-\($0)"), factor: $0) })
    var new = known
    new.attributes = attributes(2)
    #expect(known.contradiction(with: new)?.value.hasSuffix("\"last\":2}") == true)
    new = known
    new.units[30] = ProductUnit(unit: UnitName(trusted: "unit-40"), factor: 41)
    let reason = try #require(known.contradiction(with: new))
    #expect(reason.value.hasSuffix("unit-40=41\"]"))
    #expect(reason.rule.contains("unit-40=40\"]: product A"))
    new = known
    new.name = "Other thing"
    #expect(known.contradiction(with: new)?.rule == "must stay Thing: product A was published with it before")
  }
}
