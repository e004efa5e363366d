import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One thread of its own for blocking C libraries.
///
/// A lane owns one pthread. librabbitmq, libpq and libcurl block; on Swift's cooperative pool a blocked thread makes
/// every other task late by seconds. Code that drives them therefore runs here, in one synchronous call chain, and the
/// pool never waits for a socket. A lane is both a `SerialExecutor` (an actor may live on it) and a `TaskExecutor`.
///
/// The lane's thread holds the lane itself: call ``stop()`` to end it.
public final class Lane: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // `@unchecked Sendable`: `pending`, `stopping` and `ended` are touched only between lock and unlock of
  // `mutex`; `name` is immutable.

  /// What the thread is called in `top -H`, logs and stack traces. Linux shows the first 15 bytes.
  public let name: String

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
  private var pending: [UnownedJob] = []
  private var stopping = false
  /// Nothing takes jobs any more.
  private var ended = false

  /// Starts the lane's thread.
  ///
  /// - Parameter name: The thread's name.
  public init(name: String) {
    self.name = name
    mutex = .allocate(capacity: 1)
    wakeUp = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wakeUp, nil)
    startThread()
  }

  deinit {
    pthread_cond_destroy(wakeUp)
    pthread_mutex_destroy(mutex)
    wakeUp.deallocate()
    mutex.deallocate()
  }

  // MARK: Which lane am I on?

  /// The lane whose thread is running this code, or nil on any other thread.
  public static var current: Lane? {
    guard let raw = pthread_getspecific(laneKey) else { return nil }
    return Unmanaged<Lane>.fromOpaque(raw).takeUnretainedValue()
  }

  /// Stops the program when it is not on a lane's thread.
  ///
  /// Every blocking operation calls this first, so that a blocking call on the cooperative pool is a bug that shows
  /// itself at once in any test, and not a latency that shows itself in production.
  ///
  /// - Parameter operation: What was attempted, for the message.
  public static func requireCurrent(_ operation: StaticString = #function) {
    precondition(
      pthread_getspecific(laneKey) != nil, "\(operation) blocks and may only be called on a Lane's thread")
  }

  // MARK: Running code

  /// Runs blocking code on this lane's thread and waits for it without blocking the caller's thread.
  ///
  /// - Parameter body: Runs after everything that was handed to the lane before it.
  /// - Returns: What `body` returned.
  /// - Throws: What `body` threw.
  public func run<Success: Sendable>(_ body: @escaping @Sendable () throws -> Success) async throws -> Success {
    try await LaneBound(lane: self).perform(body)
  }

  /// Lets the queued work finish and ends the thread. Work handed over afterwards is a programming error.
  public func stop() {
    pthread_mutex_lock(mutex)
    stopping = true
    pthread_cond_signal(wakeUp)
    pthread_mutex_unlock(mutex)
  }

  /// Blocks the lane's thread for a moment, for back-off between attempts.
  public static func pause(for duration: Duration) {
    requireCurrent()
    let (seconds, attoseconds) = duration.components
    var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    while nanosleep(&left, &rest) == -1 && errno == EINTR { left = rest }
  }

  // MARK: Executor

  /// Hands a job over to the thread. Called by the Swift runtime.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(mutex)
    // Whoever waits for a job that nobody runs would wait for ever, without a word.
    precondition(!ended, "work for lane \(name), which was stopped")
    pending.append(job)
    pthread_cond_signal(wakeUp)
    pthread_mutex_unlock(mutex)
  }

  /// This lane as an actor's executor.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// This lane as a task's preferred executor.
  public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// Called by the runtime when it cannot tell by itself whether the current thread is this executor's.
  public func checkIsolated() {
    precondition(Lane.current === self, "expected to be on lane \(name)")
  }

  // MARK: The thread

  private func startThread() {
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self).toOpaque()
    let failure = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let lane = Unmanaged<Lane>.fromOpaque(raw).takeRetainedValue()
        pthread_setspecific(laneKey, Unmanaged.passUnretained(lane).toOpaque())
        lane.nameThread()
        lane.loop()
        return nil
      }, retained)
    // Only resource exhaustion at start makes this fail; a worker without its lane cannot do anything useful.
    precondition(failure == 0, "cannot start the thread of lane \(name): error \(failure)")
    pthread_detach(thread)
  }

  /// `pthread_setname_np` is a GNU extension that Swift does not import; the kernel takes the name here as well.
  private func nameThread() {
    let file = open("/proc/thread-self/comm", O_WRONLY)
    guard file >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
    close(file)
  }

  private func loop() {
    while let jobs = takeJobs() {
      for job in jobs {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
    }
  }

  /// Waits for work; nil means that the lane has been stopped and nothing is left.
  private func takeJobs() -> [UnownedJob]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while pending.isEmpty {
      if stopping {
        ended = true
        return nil
      }
      pthread_cond_wait(wakeUp, mutex)
    }
    defer { pending.removeAll(keepingCapacity: true) }
    return pending
  }
}

/// Thread-specific slot that holds the running lane. Created once, never deleted.
private let laneKey: pthread_key_t = {
  var key = pthread_key_t()
  pthread_key_create(&key, nil)
  return key
}()

/// An actor that lives on a lane: the safe way to get a closure run there by the Swift runtime.
private actor LaneBound {
  let lane: Lane
  nonisolated var unownedExecutor: UnownedSerialExecutor { lane.asUnownedSerialExecutor() }

  init(lane: Lane) { self.lane = lane }

  func perform<Success: Sendable>(_ body: @Sendable () throws -> Success) throws -> Success { try body() }
}
