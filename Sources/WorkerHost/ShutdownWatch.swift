import Logging
import Observability
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What SIGTERM sets off: no more work is taken, the work in hand is finished, and the deadline is kept.
struct ShutdownWatch: Service {
  let stop: StopSignal
  let readiness: Readiness
  let deadline: Duration
  let logger: Logger

  func run() async throws {
    try? await gracefulShutdown()
    readiness.beginStopping()
    stop.raise()
    logger.info("stopping: finishing the work in hand")
    // A second signal ends the process where it stands, which is as safe as any crash: what is not committed is not
    // acknowledged either.
    EndingSignals.endAtOnce()
    let seconds = UInt32(clamping: deadline.components.seconds)
    signal(SIGALRM) { _ in _exit(1) }
    alarm(max(1, seconds))
  }
}

/// SIGTERM and SIGINT where nothing is to be finished: before the services run, and after the first one.
enum EndingSignals {
  /// Makes them end the process, with the status that a shell shows for it. The system's own way of doing so does
  /// nothing to the first process of a container.
  static func endAtOnce() {
    for number in [SIGTERM, SIGINT] { signal(number) { _exit(128 + $0) } }
  }
}
