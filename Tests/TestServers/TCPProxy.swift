import Foundation
import Synchronization

/// A TCP proxy on loopback with which a test disturbs connections: holds their bytes back, cuts them, sends them
/// elsewhere. One thread for each direction of a connection; all ends with the object.
public final class TCPProxy: Sendable {
  /// What it does with connections, with those that there are as well.
  public enum Mode: Sendable {
    /// Passes everything on.
    case pass
    /// Holds everything back, as a network that has lost its way; afterwards all of it arrives.
    case stall
    /// Takes everything and passes nothing on. Connections of this time stay dead for ever, as behind a firewall that
    /// has forgotten them.
    case swallow
    /// Ends connections as soon as they are made.
    case refuse
  }

  /// Where it listens, on 127.0.0.1.
  public let port: Int
  private let listener: Int32
  private let plan: ProxyPlan

  /// - Parameter target: The port on 127.0.0.1 that it stands in front of.
  public init(to target: Int) throws {
    let (listener, port) = try Loopback.listen()
    let plan = ProxyPlan(target: target)
    (self.listener, self.port, self.plan) = (listener, port, plan)
    Thread.detachNewThread {
      while true {
        let client = Loopback.accept(listener)
        if client >= 0 { plan.connect(client) } else if errno != EINTR && errno != ECONNABORTED { break }
      }
      close(listener)
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    plan.setMode(.refuse)
    plan.cut()
  }

  /// Changes what it does.
  public func set(_ mode: Mode) { plan.setMode(mode) }

  /// Sends new connections to another port.
  public func redirect(to target: Int) { plan.state.withLock { $0.target = target } }

  /// Ends all connections at once.
  public func cut() { plan.cut() }

  /// Cuts every new connection when so many bytes have passed, in both directions together, wherever in a frame that
  /// is; nil ends this.
  public func cutAfter(_ bytes: Int?) { plan.state.withLock { $0.cutAfter = bytes } }

  /// How many bytes passed through the connection that was made last.
  public var bytesOfLast: Int { plan.state.withLock { $0.bytesOfLast } }
}

/// What the threads of a proxy share.
private final class ProxyPlan: Sendable {
  struct State {
    var mode = TCPProxy.Mode.pass
    var target: Int
    var cutAfter: Int?
    var bytesOfLast = 0
    var pairs: [ObjectIdentifier: ProxyPair] = [:]
  }

  let state: Mutex<State>

  init(target: Int) { state = Mutex(State(target: target)) }

  func setMode(_ mode: TCPProxy.Mode) {
    state.withLock {
      if case .swallow = mode { for pair in $0.pairs.values { pair.isLost.store(true, ordering: .releasing) } }
      $0.mode = mode
    }
  }

  func cut() {
    for pair in state.withLock({ Array($0.pairs.values) }) { pair.cut() }
  }

  func connect(_ client: Int32) {
    let (mode, target, limit) = state.withLock { ($0.mode, $0.target, $0.cutAfter) }
    if case .refuse = mode {
      close(client)
      return
    }
    guard let server = Loopback.connect(to: target) else {
      close(client)
      return
    }
    let pair = ProxyPair(client, server, limit: limit)
    if case .swallow = mode { pair.isLost.store(true, ordering: .releasing) }
    state.withLock {
      $0.pairs[ObjectIdentifier(pair)] = pair
      $0.bytesOfLast = 0
    }
    for (from, to) in [(client, server), (server, client)] {
      Thread.detachNewThread { [self] in pass(pair, from, to) }
    }
  }

  private func pass(_ pair: ProxyPair, _ from: Int32, _ to: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(from, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      while isStalled(pair) { usleep(5_000) }
      if pair.isLost.load(ordering: .acquiring) { continue }
      let (allowed, total) = pair.take(count)
      state.withLock { $0.bytesOfLast = total }
      guard Loopback.write(buffer[..<allowed], to: to), allowed == count else { break }
    }
    pair.cut()
    if pair.leave() { state.withLock { $0.pairs[ObjectIdentifier(pair)] = nil } }
  }

  private func isStalled(_ pair: ProxyPair) -> Bool {
    if case .stall = state.withLock({ $0.mode }) { return !pair.isOver.load(ordering: .acquiring) }
    return false
  }
}

/// The two sockets of a connection through a proxy. Closed when both directions have ended.
private final class ProxyPair: Sendable {
  let isLost = Atomic<Bool>(false)
  let isOver = Atomic<Bool>(false)
  private let ends: [Int32]
  private let limit: Int?
  private let bytes = Mutex(0)
  private let directions = Mutex(2)

  init(_ client: Int32, _ server: Int32, limit: Int?) {
    ends = [client, server]
    self.limit = limit
  }

  /// How many of so many bytes may pass, and how many have by then.
  func take(_ count: Int) -> (allowed: Int, total: Int) {
    bytes.withLock {
      let allowed = min(count, max(0, (limit ?? Int.max) - $0))
      $0 += allowed
      return (allowed, $0)
    }
  }

  func cut() {
    isOver.store(true, ordering: .releasing)
    directions.withLock { if $0 > 0 { for end in ends { shutdown(end, Int32(SHUT_RDWR)) } } }
  }

  /// Ends one direction; the second to end closes the sockets.
  func leave() -> Bool {
    directions.withLock {
      $0 -= 1
      if $0 == 0 { for end in ends { close(end) } }
      return $0 == 0
    }
  }
}

/// Sockets on 127.0.0.1, private to this process.
private enum Loopback {
  private static var stream: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) }

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  static func listen() throws -> (socket: Int32, port: Int) {
    let own = socket(AF_INET, stream, 0)
    var address = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(own, $0, length) == 0 && Foundation.listen(own, 64) == 0 && getsockname(own, $0, &length) == 0
      }
    }
    guard isListening else { throw Child.Failure(description: "the proxy cannot listen: error \(errno)") }
    return (own, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Waits for a connection. No child that is being started inherits it.
  static func accept(_ listener: Int32) -> Int32 {
    var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, -1) > 0 else { return -1 }
    return Child.spawning.withLock { _ in
      let client = Foundation.accept(listener, nil, nil)
      if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
      return client
    }
  }

  static func connect(to port: Int) -> Int32? {
    let own = socket(AF_INET, stream, 0)
    var address = address(port)
    let isConnected = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isConnected { return own }
    close(own)
    return nil
  }

  static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
