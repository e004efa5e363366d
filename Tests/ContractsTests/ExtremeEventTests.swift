import Contracts
import Testing

@Suite("Own events at their extremes can be read")
struct ExtremeEventTests {
  private static let sku = SKU(trusted: "A")

  private func read(_ event: Event) throws -> Event { try decode(Samples.outgoing(event).encode()).event }

  @Test("an expired lot of as much as a location may hold")
  func lotExpired() throws {
    let most: Int64 = 1_000_000_000_000_000
    let event = Event.lotExpired(
      LotExpired(
        sku: Self.sku, lot: LotID(trusted: "L"), expiresAt: .now, onHand: most, reserved: 0,
        locations: [.init(locationID: LocationID(trusted: "WH-1"), quantity: most)]))
    #expect(try read(event).type == .lotExpired)
  }

  @Test("a failed shipment of more lots than an event may have lines: the lots of a line at a location are one")
  func shipmentFailed() throws {
    var parts: [ShipmentFailed.Line] = []
    for line in Int32(1)...2 {
      for lot in 1...700 {
        parts.append(
          .init(
            line: line, sku: Self.sku, locationID: LocationID(trusted: "WH-1"), lot: LotID(trusted: "L\(lot)"),
            quantity: 2, reserved: 1, backordered: lot == 1 ? 0 : 1, cancelled: lot == 1 ? 1 : 0))
      }
    }
    #expect(ShipmentFailed.fitting(Array(parts.prefix(1000))) == Array(parts.prefix(1000)))
    let lines = ShipmentFailed.fitting(parts)
    #expect(lines.map(\.lot) == [nil, nil])
    #expect(
      lines.map { [$0.quantity, $0.reserved, $0.backordered, $0.cancelled] } == [
        [1400, 700, 699, 1], [1400, 700, 699, 1],
      ])
    let failed = ShipmentFailed(
      shipmentID: ShipmentID(trusted: "s-1"), orderID: OrderID(trusted: "o-1"), customerID: CustomerID(trusted: "c"),
      timestamp: .now, lines: lines)
    #expect(try read(.shipmentFailed(failed)).type == .shipmentFailed)
  }
}
