import Contracts
import Stock

extension LifeCycle {
  /// A transfer, as its state follows from its arrivals: every small one is tried.
  public static var transfer: LifeCycle {
    let received = EventType.transferReceived.rawValue
    var steps = [
      Step(from: nil, to: TransferState.open.rawValue, causes: [EventType.transferDispatched.rawValue])
    ]
    for quantity in Int64(1)...3 {
      var left = [Transfer.small(quantity)]
      var seen: Set<[Int64]> = []
      while let now = left.popLast() {
        guard seen.insert(now.lines.flatMap { [$0.received, $0.lost, $0.givenUp] }).inserted else { continue }
        for arrival in now.smallArrivals {
          var next = now
          _ = next.settle(arrival)
          left.append(next)
          guard next.state != now.state else { continue }
          let cause = arrival.isFinal ? "\(received), final" : received
          steps.append(Step(from: now.state.rawValue, to: next.state.rawValue, causes: [cause]))
        }
      }
    }
    return LifeCycle(
      name: "transfer", steps: steps, states: TransferState.allCases.map(\.rawValue),
      ends: [TransferState.received, .closedShort].map(\.rawValue))
  }
}

extension Transfer {
  /// A transfer of so many units in one line.
  static func small(_ quantity: Int64) -> Transfer {
    Transfer(
      paper: TransferDispatched(
        transferID: TransferID(trusted: "t"), fromLocationID: LocationID(trusted: "a"),
        toLocationID: LocationID(trusted: "b"), lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: quantity)]),
      lines: [Line(paper: .init(line: 1, sku: SKU(trusted: "A"), quantity: quantity))])
  }

  /// Every arrival that such a transfer may have next.
  var smallArrivals: [TransferReceived] {
    let most = lines.reduce(0) { $0 + $1.unaccounted }
    return (0...most).flatMap { quantity in
      (0...most - quantity).flatMap { lost in
        [false, true].map { isFinal in
          TransferReceived(
            arrivalID: ArrivalID(trusted: "r"), transferID: paper.transferID,
            lines: [.init(line: 1, quantity: quantity, lost: lost)], isFinal: isFinal)
        }
      }
    }
  }
}
