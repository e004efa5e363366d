import Outbox
import Testing

@Suite("Transactions that stay open")
struct TransactionWatchTests {
  @Test("a transaction counts from when it was first seen, and another one of the same session anew")
  func transactionWatch() {
    let start = ContinuousClock.now
    var watch = TransactionWatch()
    func seen(_ transaction: String) -> OldestTransaction {
      OldestTransaction(pid: 7, user: "somebody", application: "psql", transaction: transaction)
    }
    #expect(watch.observe(seen("1"), at: start) == .zero)
    #expect(watch.observe(seen("1"), at: start + .seconds(20)) == .seconds(20))
    #expect(watch.observe(seen("2"), at: start + .seconds(30)) == .zero)
    #expect(watch.observe(nil, at: start + .seconds(40)) == .zero)
    #expect(watch.observe(seen("2"), at: start + .seconds(50)) == .zero)
  }
}
