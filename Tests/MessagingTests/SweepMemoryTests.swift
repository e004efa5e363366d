import Testing

@testable import Messaging

@Suite("What a sweeper has said lately")
struct SweepMemoryTests {
  @Test("the same is said again later and later, what is found anew at once, and what is gone is forgotten")
  func repeats() {
    let memory = SweepMemory()
    let start = ContinuousClock.now
    func due(_ found: [String], _ seconds: Int) -> [Bool] { memory.areDue(found, at: start + .seconds(seconds)) }
    #expect(due(["a", "b"], 0) == [true, true])
    #expect(due(["a", "b", "c"], 29) == [false, false, true])
    #expect(due(["a", "b", "c"], 30) == [true, true, false])
    #expect(due(["b"], 60) == [false], "a minute after the second time")
    #expect(due(["a", "b"], 90) == [true, true], "one was not found meanwhile")
    var said = 0
    for second in stride(from: 95, through: 3600, by: 5) where due(["b"], second) == [true] { said += 1 }
    #expect((5...9).contains(said), "\(said) times in an hour: at most every ten minutes in the end")
  }
}
