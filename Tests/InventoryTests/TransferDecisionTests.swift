import Contracts
import Testing

@testable import Inventory

@Suite("What arrivals do to a transfer")
struct TransferDecisionTests {
  /// What an arrival says of the one line.
  struct Arrival: Hashable {
    let quantity: Int64
    let lost: Int64
    let isFinal: Bool
  }

  /// Every set of three arrivals that speak of no more than was sent.
  private static func arrivals(of quantity: Int64) -> [[Arrival]] {
    let each = (0...quantity).flatMap { arrived in
      (0...quantity - arrived).flatMap { lost in
        [false, true].map { Arrival(quantity: arrived, lost: lost, isFinal: $0) }
      }
    }
    var sets: [[Arrival]] = []
    for one in each {
      for two in each {
        for three in each {
          let set = [one, two, three]
          if set.reduce(0, { $0 + $1.quantity + $1.lost }) <= quantity { sets.append(set) }
        }
      }
    }
    return sets
  }

  private static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

  @Test("arrivals in any order end the same, and no unit is won or lost on the way", arguments: Int64(1)...4)
  func anyOrder(_ quantity: Int64) {
    for arrivals in Self.arrivals(of: quantity) {
      let named = arrivals.reduce(0) { $0 + $1.lost }
      let arrived = arrivals.reduce(0) { $0 + $1.quantity }
      let lost = arrivals.contains { $0.isFinal } ? quantity - arrived : named
      for order in Self.orders {
        var line = Transfer.Line(paper: .init(line: 1, sku: SKU(trusted: "A"), quantity: quantity))
        var inTransit = quantity
        for arrival in order.map({ arrivals[$0] }) {
          #expect(arrival.quantity + arrival.lost <= line.unaccounted, "\(arrivals) in \(order) is refused")
          let part = line.settle(arrival.quantity, lost: arrival.lost, isFinal: arrival.isFinal)
          inTransit -= part.quantity + part.writtenOff
          #expect(inTransit == line.open && line.open >= 0 && line.givenUp >= 0, "\(arrivals) in \(order)")
        }
        #expect([line.received, line.lost, line.givenUp] == [arrived, lost, lost - named], "\(arrivals) in \(order)")
      }
    }
  }

  @Test("a transfer's state follows from all of its lines")
  func state() {
    let lines = [1, 2].map { TransferDispatched.Line(line: $0, sku: SKU(trusted: "A\($0)"), quantity: 2) }
    var transfer = Transfer(
      paper: TransferDispatched(
        transferID: TransferID(trusted: "t"), fromLocationID: LocationID(trusted: "a"),
        toLocationID: LocationID(trusted: "b"), lines: lines), lines: lines.map { .init(paper: $0) })
    func arrive(_ parts: [(Int32, Int64, Int64)], final: Bool = false) -> [Int64] {
      transfer.settle(
        TransferReceived(
          arrivalID: ArrivalID(trusted: "r"), transferID: TransferID(trusted: "t"),
          lines: parts.map { .init(line: $0.0, quantity: $0.1, lost: $0.2) }, isFinal: final)
      ).map(\.writtenOff)
    }
    #expect(transfer.state == .open)
    #expect(arrive([]).isEmpty && transfer.state == .open)
    #expect(arrive([(1, 1, 0), (1, 1, 0)]) == [0] && transfer.state == .partiallyReceived)
    #expect(arrive([(2, 0, 1)]) == [1] && transfer.state == .partiallyReceived)
    #expect(arrive([], final: true) == [1] && transfer.state == .closedShort)
    #expect(arrive([(2, 1, 0)]) == [-1] && transfer.state == .closedShort)
    #expect(transfer.lines.map(\.unaccounted) == [0, 0])
  }
}
