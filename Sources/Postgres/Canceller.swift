import CPostgres
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Asks the server to cancel what a connection is running, from any thread, past the lane that is blocked by it.
///
/// The request travels on a connection of its own and may arrive late: it cancels whatever runs then. The cancelled
/// statement fails with 57014.
public final class Canceller: @unchecked Sendable {
  // `@unchecked Sendable`: `key` is immutable, and PQcancel may be called from any thread, since "the PGcancel object
  // is read-only as far as PQcancel is concerned".
  private let key: OpaquePointer?
  private let isRunning = Atomic<Bool>(false)

  init(key: OpaquePointer?) { self.key = key }

  // Everything that uses the key holds a reference to this object.
  deinit { PQfreeCancel(key) }

  /// Sends the request and returns at once.
  ///
  /// PQcancel waits for the server without a bound, so it gets a short-lived thread of its own; further requests are
  /// dropped while one is under way.
  public func cancel() {
    guard key != nil, !isRunning.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self)
    let failure = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Canceller>.fromOpaque(raw).takeRetainedValue().request()
        return nil
      }, retained.toOpaque())
    guard failure == 0 else {
      retained.release()
      isRunning.store(false, ordering: .releasing)
      return
    }
    pthread_detach(thread)
  }

  private func request() {
    // The size that libpq's manual recommends for the error text, which tells the caller nothing that it can act upon.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      _ = PQcancel(key, text.baseAddress, Int32(text.count))
    }
    isRunning.store(false, ordering: .releasing)
  }
}

extension Connection {
  /// A way to cancel this connection's statements from another thread. Without effect once the connection is closed.
  public func canceller() -> Canceller {
    Canceller(key: (try? handle.open()).flatMap { PQgetCancel($0) })
  }
}
