import CCurl

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One libcurl easy handle: a transfer at a time, connections kept between transfers.
///
/// Not Sendable: it belongs to the lane of the sender that owns it. libcurl's manual: "You must never share the same
/// handle in multiple threads."
final class CurlHandle {
  private let easy: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private var setup: CURLcode = CURLE_OK
  private var upload: [UInt8] = []
  private var uploaded = 0

  /// The first bytes of what was received, at most ``keptBytes``.
  private(set) var received: [UInt8] = []
  /// The first line of an SMTP server's replies, the greeting where a connection was opened.
  private(set) var firstLine = ""
  /// The latest line in which an SMTP server refused something (4xx or 5xx); it still says goodbye after that.
  private(set) var refusal: String?

  /// How much of a response is kept; a receiver that sends more is cut off.
  static let keptBytes = 1024

  init() throws(DeliverySettingError) {
    guard CurlHandle.library == CURLE_OK, let easy = curl_easy_init() else {
      throw DeliverySettingError(setting: "libcurl", rule: "cannot be initialised")
    }
    self.easy = easy
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    // Cleaning up says QUIT on a kept SMTP connection and waits two minutes for the answer, a bound that cannot be set.
    // After this there is nothing to wait for.
    var socket: curl_socket_t = -1
    if tallyman_curl_get_socket(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK, socket >= 0 {
      shutdown(socket, Int32(SHUT_RDWR))
    }
    curl_easy_cleanup(easy)
    freeLists()
    errorText.deallocate()
  }

  /// Once per process; a lazy global is initialised once, whichever thread comes first.
  private static let library = curl_global_init(Int(CURL_GLOBAL_ALL))

  // MARK: Setting up a transfer

  /// Forgets the last transfer, keeps its connection, and sets what holds for every transfer.
  func reset(url: String, protocols: String, connectTimeout: Duration, timeout: Duration) {
    curl_easy_reset(easy)
    freeLists()
    setup = CURLE_OK
    (upload, uploaded, received, firstLine, refusal) = ([], 0, [], "", nil)
    errorText[0] = 0
    set(CURLOPT_ERRORBUFFER, pointer: errorText)
    set(CURLOPT_URL, url)
    set(CURLOPT_PROTOCOLS_STR, protocols)
    // Signals would reach whichever thread runs; time-outs work without them.
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, connectTimeout.wholeMilliseconds)
    set(CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds)
    // The goodbye after a time-out has a bound of its own, two minutes unless it is set; in seconds.
    set(CURLOPT_SERVER_RESPONSE_TIMEOUT, (timeout.wholeMilliseconds + 999) / 1000)
    set(CURLOPT_MAXAGE_CONN, 30)
    // Only what the settings say: neither a proxy nor a netrc file of the environment.
    set(CURLOPT_PROXY, "")
    set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    let context = Unmanaged.passUnretained(self).toOpaque()
    setFunction(CURLOPT_WRITEFUNCTION, CurlHandle.onData)
    set(CURLOPT_WRITEDATA, pointer: context)
    setFunction(CURLOPT_HEADERFUNCTION, CurlHandle.onLine)
    set(CURLOPT_HEADERDATA, pointer: context)
  }

  func set(_ option: CURLoption, _ value: Int) { note(tallyman_curl_set_long(easy, option, value)) }
  func set(_ option: CURLoption, _ value: String) { note(tallyman_curl_set_string(easy, option, value)) }
  private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) {
    note(tallyman_curl_set_pointer(easy, option, pointer))
  }
  private func setFunction(_ option: CURLoption, _ function: tallyman_curl_data) {
    note(tallyman_curl_set_data_function(easy, option, function))
  }

  /// The list lives until the next reset: libcurl does not copy it.
  func set(_ option: CURLoption, lines: [String]) {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        return note(CURLE_OUT_OF_MEMORY)
      }
      list = longer
    }
    guard let list else { return }
    lists.append(list)
    note(tallyman_curl_set_list(easy, option, list))
  }

  /// An HTTP body to post; libcurl copies it.
  func setPost(_ body: [UInt8]) {
    note(tallyman_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
    body.withUnsafeBytes { bytes in
      let start = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:))
      note(tallyman_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start))
    }
    set(CURLOPT_POST, 1)
  }

  /// A message to upload, as SMTP does.
  func setUpload(_ message: [UInt8]) {
    upload = message
    set(CURLOPT_UPLOAD, 1)
    note(tallyman_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.count)))
    setFunction(CURLOPT_READFUNCTION, CurlHandle.onUpload)
    set(CURLOPT_READDATA, pointer: Unmanaged.passUnretained(self).toOpaque())
  }

  /// The first option that could not be set decides: a transfer with half of its options must not start.
  private func note(_ code: CURLcode) { if setup == CURLE_OK { setup = code } }

  private func freeLists() {
    for list in lists { curl_slist_free_all(list) }
    lists = []
  }

  // MARK: The transfer

  /// Runs the transfer; bounded by its time-outs.
  func perform() -> CURLcode {
    guard setup == CURLE_OK else { return setup }
    return withExtendedLifetime(self) { curl_easy_perform(easy) }
  }

  /// The HTTP status or SMTP reply code that came last; 0 for none.
  var responseCode: Int { long(CURLINFO_RESPONSE_CODE) }
  /// Whether the transfer opened a connection of its own.
  var connectedAnew: Bool { long(CURLINFO_NUM_CONNECTS) > 0 }
  /// Seconds that an HTTP receiver asks us to wait; nil where it did not.
  var retryAfterSeconds: Int? {
    var value: curl_off_t = 0
    guard tallyman_curl_get_offset(easy, CURLINFO_RETRY_AFTER, &value) == CURLE_OK, value > 0 else { return nil }
    return Int(value)
  }

  /// What went wrong, in libcurl's words.
  func describe(_ code: CURLcode) -> String {
    let detail = String(cString: errorText)
    return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
  }

  private func long(_ info: CURLINFO) -> Int {
    var value = 0
    return tallyman_curl_get_long(easy, info, &value) == CURLE_OK ? value : 0
  }

  // MARK: Called by libcurl during perform, on the same thread

  private static let onUpload: tallyman_curl_data = { buffer, size, count, context in
    guard let buffer, let context else { return 0 }
    let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
    let chunk = handle.upload[handle.uploaded...].prefix(size * count)
    for (offset, byte) in chunk.enumerated() { buffer[offset] = CChar(bitPattern: byte) }
    handle.uploaded += chunk.count
    return chunk.count
  }

  /// Keeps the first bytes. Returning less than was offered makes libcurl stop: the status has arrived by then.
  private static let onData: tallyman_curl_data = { buffer, size, count, context in
    guard let buffer, let context else { return 0 }
    let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
    let room = CurlHandle.keptBytes - handle.received.count
    let taken = min(room, size * count)
    for offset in 0..<taken { handle.received.append(UInt8(bitPattern: buffer[offset])) }
    return taken
  }

  private static let onLine: tallyman_curl_data = { buffer, size, count, context in
    guard let buffer, let context else { return 0 }
    let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
    let bytes = (0..<min(size * count, CurlHandle.keptBytes)).map { UInt8(bitPattern: buffer[$0]) }
    let line = String(decoding: bytes, as: UTF8.self)
    if handle.firstLine.isEmpty { handle.firstLine = line }
    if line.hasPrefix("4") || line.hasPrefix("5") { handle.refusal = line }
    return size * count
  }
}

extension Duration {
  /// At least 1, because libcurl takes 0 for "its default" or "for ever".
  fileprivate var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    let bounded = min(max(seconds, 0), 86_400)
    return max(1, Int(bounded) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}
