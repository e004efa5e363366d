import Contracts
import Testing

@testable import Allocation

@Suite("A shipment's states")
struct ShipmentStateTests {
  private let before = Timestamp(microseconds: 1), at = Timestamp(microseconds: 2), after = Timestamp(microseconds: 3)

  @Test("every status in every state goes on, is written down, or is refused", arguments: ShipmentState.allCases)
  func table(state: ShipmentState) {
    for status in CarrierStatus.allCases {
      for time in [before, at, after] {
        let effect = state.effect(of: status, at: time, after: state == .dispatched ? nil : at)
        let expected: StatusEffect =
          switch (state, status) {
          case (.dispatched, .inTransit): .enters(.inTransit)
          case (.dispatched, .delivered), (.inTransit, .delivered): .enters(.delivered)
          case (.dispatched, .failed), (.inTransit, .failed): .enters(.failed)
          case (.delivered, .failed): time == after ? .refused : .noted
          case (.failed, .delivered): .refused
          default: .noted
          }
        #expect(effect == expected, "\(state) \(status)")
      }
    }
  }

  @Test("a state that nothing follows is left by no status")
  func final() {
    #expect(ShipmentState.allCases.filter(\.isFinal) == [.delivered, .failed])
  }
}
