import CRabbitMQ

/// The one owner of a librabbitmq connection and of the frame it reads into.
final class Handle {
  /// librabbitmq: "amqp_connection_state_t … must be destroyed with amqp_destroy_connection": once, in ``release()``.
  let state: amqp_connection_state_t
  /// Where frames are read into. What its pointers refer to lives in the connection's pools until
  /// `amqp_maybe_release_buffers` is called.
  let frame: UnsafeMutablePointer<amqp_frame_t>
  /// Whether what is written has to pass through TLS, so that only librabbitmq can write.
  var isEncrypted = false
  private var released = false

  /// Nil when there is no memory.
  init?() {
    guard let state = amqp_new_connection() else { return nil }
    self.state = state
    frame = .allocate(capacity: 1)
    frame.initialize(to: amqp_frame_t())
  }

  /// Closes the socket and frees everything librabbitmq holds. The state may not be used afterwards.
  func release() {
    guard !released else { return }
    released = true
    amqp_destroy_connection(state)
  }

  deinit {
    release()
    frame.deallocate()
  }
}

/// The text of a librabbitmq status.
func statusText(_ status: Int32) -> String {
  guard let text = amqp_error_string2(status) else { return "status \(status)" }
  return String(cString: text)
}

extension timeval {
  /// A wait of librabbitmq; a negative duration counts as none.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }
}
