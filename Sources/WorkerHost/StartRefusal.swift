import AMQP

/// The broker contradicts what the worker was built for: starting makes no sense before somebody mends it.
public struct StartRefusal: Error, CustomStringConvertible {
  /// What is wrong and what to do.
  public let description: String

  init?(_ error: any Error, queue: String) {
    guard case AMQPError.channelClosed(let code, let text)? = error as? AMQPError else { return nil }
    switch code {
    case 404:
      description = """
        the broker has no queue \(queue) (\(text)): import the topology that this build needs, \
        `tallyman topology > definitions.json` and `rabbitmqctl import_definitions definitions.json`
        """
    case 403:
      description = """
        the broker's user may not consume from \(queue) (\(text)): compare with `tallyman topology --check`
        """
    case 406:
      description = "queue \(queue) was declared differently (\(text)): compare with `tallyman topology --check`"
    default: return nil
    }
  }
}
