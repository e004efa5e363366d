import Contracts
import Testing

@testable import Stock

@Suite("Reservations and backorders")
struct ReservationTests {
  private func reservation(open: Int64, consumed: Int64, released: Int64) -> Reservation {
    Reservation(
      number: 1, location: LocationID(trusted: "WH-1"), lot: "", quantity: open + consumed + released, open: open,
      consumed: consumed, released: released, policy: "p", candidates: "", createdAt: Timestamp(microseconds: 0),
      isNew: false, isChanged: false)
  }

  private func backorder(open: Int64, filled: Int64, cancelled: Int64) -> Backorder {
    Backorder(
      quantity: open + filled + cancelled, open: open, filled: filled, cancelled: cancelled,
      isFillable: true, createdAt: Timestamp(microseconds: 0), isNew: false, isChanged: false)
  }

  @Test("a reservation is active while a unit is open, then what became of its units")
  func reservations() {
    #expect(reservation(open: 1, consumed: 5, released: 5).state == .active)
    #expect(reservation(open: 0, consumed: 5, released: 5).state == .consumed)
    #expect(reservation(open: 0, consumed: 0, released: 5).state == .released)
  }

  @Test("a backorder is open, partially filled, filled or cancelled")
  func backorders() {
    #expect(backorder(open: 2, filled: 0, cancelled: 0).state == .open)
    #expect(backorder(open: 2, filled: 1, cancelled: 0).state == .partiallyFilled)
    #expect(backorder(open: 0, filled: 3, cancelled: 0).state == .filled)
    #expect(backorder(open: 0, filled: 3, cancelled: 1).state == .cancelled)
  }
}
