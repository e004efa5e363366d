import Contracts
import Testing

@testable import Stock

@Suite("An order's state")
struct OrderStateTests {
  private func line(_ reserved: Int64, _ backordered: Int64, _ shipped: Int64, _ cancelled: Int64) -> OrderLine {
    OrderLine(
      number: 1, sku: SKU(trusted: "A"), ordered: reserved + backordered + shipped + cancelled, reserved: reserved,
      backordered: backordered, shipped: shipped, cancelled: cancelled, isNew: false)
  }

  @Test(
    "follows from its lines",
    arguments: [
      ([[2, 0, 0, 0]], OrderState.reserved), ([[2, 0, 0, 0], [1, 1, 0, 0]], .partiallyReserved),
      ([[2, 0, 0, 0], [0, 1, 0, 0]], .partiallyReserved), ([[2, 0, 0, 1]], .partiallyReserved),
      ([[0, 2, 0, 0]], .backordered), ([[0, 2, 0, 1]], .backordered), ([[0, 0, 0, 2]], .cancelled),
      ([[1, 0, 1, 0]], .partiallyShipped), ([[0, 1, 1, 0]], .partiallyShipped), ([[0, 0, 2, 0]], .shipped),
      ([[0, 0, 2, 0], [0, 0, 0, 3]], .shipped), ([[0, 0, 2, 0], [1, 0, 0, 0]], .partiallyShipped),
    ])
  func table(lines: [[Int64]], state: OrderState) {
    #expect(Order.state(of: lines.map { line($0[0], $0[1], $0[2], $0[3]) }) == state)
  }

  @Test("does not depend on how the units are spread over lines")
  func spread() {
    for code in 0..<256 {
      let units = (0..<4).map { Int64((code >> (2 * $0)) & 3) }
      guard units.contains(where: { $0 > 0 }) else { continue }
      let whole = [line(units[0], units[1], units[2], units[3])]
      let apart = (0..<4).filter { units[$0] > 0 }.map { place in
        line(place == 0 ? units[0] : 0, place == 1 ? units[1] : 0, place == 2 ? units[2] : 0, place == 3 ? units[3] : 0)
      }
      #expect(Order.state(of: whole) == Order.state(of: apart))
      #expect(Order.state(of: apart.reversed()) == Order.state(of: apart))
    }
  }
}
