import AMQP
import Lanes
import Outbox

/// Which messages made the broker close the channel, or may have: what a relay hands on to the next, when it connects
/// again.
///
/// The broker answers some messages by closing the channel (an exchange that is gone, a permission that is missing, a
/// header or a size that it does not take), without saying which one it means. The next relay would read the same row
/// first, and the same would follow for ever. So all that were under way then are published alone once: the one that is
/// alone when it happens again is the one, and is held, longer each time, while all others leave. Where an exchange is
/// missing, all that go there wait together, and one of them tries for all. One object for all relays of a process that
/// follow one another, on one lane.
public final class Suspicion {
  /// What is known about the one that it was, or about an exchange.
  struct Verdict {
    let why: String
    var until: ContinuousClock.Instant
    fileprivate var backoff: Backoff
  }

  private var suspects: Set<MessageKey> = []
  private var guilty: [MessageKey: Verdict] = [:]
  private var missing: [String: Verdict] = [:]
  /// Where the broker answered for nothing on the last connection.
  var silent: Set<Silence.Address> = []
  private let backoff: Backoff
  private let exchangeBackoff: Backoff

  /// More are forgotten, all at once: they are found out again.
  private static let most = 10_000

  /// Trying it again costs the connection.
  ///
  /// - Parameters:
  ///   - backoff: How long the one that it was is held.
  ///   - exchangeBackoff: How long everything is held that goes to a missing exchange.
  public init(
    backoff: Backoff = Backoff(initial: .seconds(10), maximum: .seconds(600)),
    exchangeBackoff: Backoff = Backoff(initial: .seconds(5), maximum: .seconds(60))
  ) {
    self.backoff = backoff
    self.exchangeBackoff = exchangeBackoff
  }

  /// Whether nothing is suspected, so that nobody has to be asked about.
  var isEmpty: Bool { suspects.isEmpty && guilty.isEmpty && missing.isEmpty }

  /// Takes note that the broker closed the channel or the connection.
  ///
  /// - Parameters:
  ///   - error: What it said.
  ///   - underWay: What it had not answered for.
  func note(_ error: AMQPError, underWay: [WaitingMessage], at now: ContinuousClock.Instant = .now) {
    guard error.blamesMessage else { return }
    if suspects.count + guilty.count > Suspicion.most { (suspects, guilty) = ([], [:]) }
    guard underWay.count == 1 else { return suspects.formUnion(underWay.map(MessageKey.init)) }
    let key = MessageKey(underWay[0])
    suspects.remove(key)
    if error.missesExchange {
      missing[underWay[0].exchange] = verdict(error, missing[underWay[0].exchange]?.backoff ?? exchangeBackoff, now)
    } else {
      guilty[key] = verdict(error, guilty[key]?.backoff ?? backoff, now)
    }
  }

  private func verdict(_ error: AMQPError, _ backoff: Backoff, _ now: ContinuousClock.Instant) -> Verdict {
    var backoff = backoff
    let until = now + backoff.next()
    return Verdict(why: "\(error)", until: until, backoff: backoff)
  }

  /// Whether a message is to be published while nothing else is under way.
  func isSuspect(_ message: WaitingMessage) -> Bool {
    let key = MessageKey(message)
    return suspects.contains(key) || guilty[key] != nil || missing[message.exchange] != nil
  }

  /// Why a message must not be published yet, nil if it may be.
  func verdict(on message: WaitingMessage, at now: ContinuousClock.Instant = .now) -> Verdict? {
    [guilty[MessageKey(message)], missing[message.exchange]].compactMap { $0 }.first { $0.until > now }
  }

  /// The broker has answered for a message.
  func clear(_ message: WaitingMessage) {
    let key = MessageKey(message)
    suspects.remove(key)
    guilty[key] = nil
    missing[message.exchange] = nil
  }
}

extension AMQPError {
  /// Whether the broker ended the channel, or the connection, because of what was published.
  var blamesMessage: Bool {
    switch self {
    case .channelClosed: true
    // It could not read a frame, or its channel's process died of one.
    case .connectionClosed(let code, _): [501, 502, 541].contains(code)
    default: false
    }
  }

  /// Whether it is the exchange that is missing: the only thing that publishing may not find.
  var missesExchange: Bool {
    if case .channelClosed(code: 404, _) = self { true } else { false }
  }
}
