import Contracts
import Stock

/// A transfer, and how much of each of its lines has ended.
struct Transfer {
  /// A line of it.
  struct Line {
    let paper: TransferDispatched.Line
    var received: Int64 = 0
    /// Units that will not arrive.
    var lost: Int64 = 0
    /// Those of them that nobody has named: a final arrival did not bring them. An arrival that is told later may.
    var givenUp: Int64 = 0

    /// Units that are still on their way.
    var open: Int64 { paper.quantity - received - lost }
    /// What an arrival may speak of.
    var unaccounted: Int64 { open + givenUp }

    /// What an arrival does to the line: the same in the end, whichever of several arrivals is told first.
    mutating func settle(_ quantity: Int64, lost named: Int64, isFinal: Bool) -> ArrivalRecord.Line {
      let before = lost
      let foundAgain = max(0, quantity + named - open)
      received += quantity
      lost += named - foundAgain
      givenUp -= foundAgain
      if isFinal {
        givenUp += open
        lost += open
      }
      return ArrivalRecord.Line(line: paper.line, quantity: quantity, lost: named, writtenOff: lost - before)
    }
  }

  let paper: TransferDispatched
  var message = MessageName(source: "", id: "")
  var lines: [Line]

  init(paper: TransferDispatched, message: MessageName) {
    self.paper = paper
    self.message = message
    lines = paper.lines.map { Line(paper: $0) }
  }

  init(paper: TransferDispatched, lines: [Line]) {
    self.paper = paper
    self.lines = lines
  }

  func line(_ number: Int32) -> Line? { lines.first { $0.paper.line == number } }

  /// Follows from its lines.
  var state: TransferState {
    let open = lines.reduce(0) { $0 + $1.open }
    let lost = lines.reduce(0) { $0 + $1.lost }
    if open == 0 { return lost > 0 ? .closedShort : .received }
    return open == paper.lines.reduce(0) { $0 + $1.quantity } ? .open : .partiallyReceived
  }

  /// What an arrival does to each line that it says something of; a final one gives up the rest of every line.
  mutating func settle(_ arrival: TransferReceived) -> [ArrivalRecord.Line] {
    let sums = arrival.sums
    return lines.indices.compactMap { index in
      let (quantity, lost) = sums[lines[index].paper.line] ?? (0, 0)
      let part = lines[index].settle(quantity, lost: lost, isFinal: arrival.isFinal)
      return part.quantity > 0 || part.lost > 0 || part.writtenOff != 0 ? part : nil
    }
  }
}

/// An arrival as it is remembered.
struct ArrivalRecord {
  /// What became of units of a line.
  struct Line {
    let line: Int32
    let quantity: Int64
    /// Units that the arrival names as lost.
    let lost: Int64
    /// By how much the line's loss grew: what a final arrival gives up is among it; negative where units are there
    /// after all.
    let writtenOff: Int64
  }

  let paper: TransferReceived
  let message: MessageName
  var lines: [Line]
}

/// Transfers and arrivals, as far as a batch speaks of them.
struct TransferFile {
  /// Transfers that the batch speaks of.
  var wanted: Set<TransferID> = []
  /// Transfers that are on their way or have arrived, here or in this batch.
  var known: [TransferID: Transfer] = [:]
  var new: [TransferID] = []
  /// Transfers of which something arrived here.
  var changed: Set<TransferID> = []
  var wantedArrivals: Set<ArrivalID> = []
  var knownArrivals: [ArrivalID: TransferReceived] = [:]
  var newArrivals: [ArrivalRecord] = []
  /// Transfers whose lines only the database knows.
  var arriving: Set<TransferID> = []
}
