import Contracts
import PipelineKit
import Postgres
import Testing

@testable import Messaging

@Suite("The table of reasons")
struct ReasonTests {
  @Test("what may merely be early is tried again, everything else is a dead letter at once")
  func treatments() {
    let retried = Set(ReasonKind.allCases.filter { $0.treatment == .retry })
    #expect(
      retried == [
        .unknownSKU, .unknownLocation, .unknownBarcode, .unknownUnit, .unknownOrder, .unknownShipment, .notReserved,
        .notOnHand, .moreThanShipped, .unknownHold, .unknownTransfer,
        .notThere, .notOpen, .tooSlow, .unknownLot, .lotMissing, .unknownLine, .moreThanOpen, .barcodeTaken,
      ])
  }

  @Test("every reason says what it means, where to look and what to do", arguments: ReasonKind.allCases)
  func guide(kind: ReasonKind) {
    for text in [kind.guide.meaning, kind.guide.look, kind.guide.act] {
      #expect(text.hasSuffix(".") && !text.contains("|"), "\(kind.rawValue): \(text)")
    }
    let others = ReasonKind.allCases.filter { $0 != kind }.map(\.guide)
    #expect(!others.contains(kind.guide), "a guide of its own")
  }

  @Test(
    "every reason's treatment is what the pipeline does, and the record has its name", arguments: ReasonKind.allCases)
  func treated(kind: ReasonKind) async throws {
    try await withHouse { house in
      let worker = try await house.worker(Refuser(kind: kind), role: "tallyman_inventory")
      let taken = try await worker.take(.receipt("r-1", "A", "W", 1))
      switch kind.treatment {
      case .retry:
        #expect(taken.outcome == .retried)
        #expect(try await house.outbox().map(\.routingKey) == ["inventory.retry.1"])
      case .deadLetter:
        #expect(taken.outcome == .deadLettered)
        #expect(try await house.value("select reason from dead_letters") == kind.rawValue)
        #expect(taken.entries.first?.deadLetterKind == "refused")
      }
    }
  }
}

/// Applies nothing, for one reason.
private struct Refuser: Handler {
  let kind: ReasonKind
  var manifest: WorkerManifest {
    WorkerManifest(consumer: "inventory", queue: "inventory", consumes: [], publishes: [])
  }

  func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws {}
  func sendLocks(_ state: Void, on database: Connection) throws {}
  func receiveLocks(_ state: Void, on database: Connection) throws {}
  func locked(_ state: Void, at now: Timestamp, on database: Connection) throws {}
  func decide(_ message: Message, in state: Void, at now: Timestamp) -> Disposition {
    .notApplied(Reason(kind, field: "f", value: "v", rule: "r"))
  }
  func conclude(_ state: Void, at now: Timestamp) -> [OutgoingEvent] { [] }
  func write(_ state: Void, to writes: inout WriteSet) throws {}
}

extension ReasonTests {
  @Test(
    "the table of failures says what the pipeline does with each of the database's codes", arguments: Failure.allCases)
  func failures(failure: Failure) {
    for code in failure.codes {
      let constraint = failure == .race ? "orders_pkey" : nil
      let error = PostgresError(sqlState: SQLState(code), message: "", constraint: constraint)
      #expect(Remedy(for: error) == failure.remedy, "\(code)")
    }
    #expect(failure.codes.isEmpty == (failure.remedy == nil))
  }
}
