import Lanes
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct LaneTests {
  @Test func bodyRunsOnTheLanesOwnThread() async throws {
    let lane = Lane(name: "test-lane")
    defer { lane.stop() }
    let inside = try await lane.run { Lane.current === lane }
    #expect(inside)
    #expect(Lane.current == nil)
  }

  @Test func errorsReachTheCaller() async throws {
    struct Expected: Error {}
    let lane = Lane(name: "test-error")
    defer { lane.stop() }
    await #expect(throws: Expected.self) { try await lane.run { throw Expected() } }
  }

  @Test func workRunsInTheOrderInWhichOneCallerHandsItOver() async throws {
    let lane = Lane(name: "test-order")
    defer { lane.stop() }
    let seen = Counter()
    for index in 0..<100 {
      let before = try await lane.run { seen.increment() }
      #expect(before == index)
    }
  }

  /// More blocked lanes than the machine has cores: if blocking code ran on the cooperative pool, no pool thread would
  /// be left and the probe below could not run before the lanes are released.
  @Test func blockedLanesLeaveTheCooperativePoolFree() async throws {
    let lanes = (0..<16).map { Lane(name: "blocked-\($0)") }
    defer { for lane in lanes { lane.stop() } }
    let gate = Gate()
    let blocked = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in lanes {
        group.addTask {
          try await lane.run {
            blocked.increment()
            gate.wait()
          }
        }
      }
      while blocked.value < lanes.count { await Task.yield() }
      // All lanes block now. This runs on the pool and is what opens the gate: it can only happen if the pool is free.
      group.addTask { gate.open() }
      try await group.waitForAll()
    }
    #expect(blocked.value == 16)
  }

  @Test func aBlockingCallOffALaneStopsTheProgram() async {
    await #expect(processExitsWith: .failure) { Lane.requireCurrent() }
  }

  @Test func stopLetsQueuedWorkFinish() async throws {
    let lane = Lane(name: "test-stop")
    let done = Counter()
    async let work: Void = lane.run { done.increment() }
    try await work
    lane.stop()
    #expect(done.value == 1)
  }

  @Test func workForALaneThatHasEndedIsAnErrorAndNotAWaitForEver() async {
    await #expect(processExitsWith: .failure) {
      let lane = Lane(name: "test-ended")
      lane.stop()
      // The thread ends within a moment; until then it still works.
      while true { try await lane.run {} }
    }
  }
}

@Suite struct BackoffTests {
  @Test func waitsGrowToTheMaximumAndStartAgainAfterReset() {
    var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
    for bound: Duration in [
      .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1), .seconds(1),
    ] {
      let wait = backoff.next()
      #expect(wait <= bound && wait >= bound * 0.099)
    }
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(100))
  }
}

/// A semaphore that blocks a thread until it is opened.
private final class Gate: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  init() { sem_init(semaphore, 0, 0) }
  deinit { semaphore.deallocate() }
  func wait() {
    sem_wait(semaphore)
    sem_post(semaphore)
  }
  func open() { sem_post(semaphore) }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
  @discardableResult func increment() -> Int { count.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue }
}
