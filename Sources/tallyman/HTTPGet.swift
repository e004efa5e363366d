import CCurl
import Lanes

/// One GET request, by libcurl. Blocks, with a bound: lane only.
struct HTTPGet {
  let url: String
  let user: String
  let password: String
  let certificates: Certificates

  /// Paths of PEM files for https; without authorities, the system's.
  struct Certificates {
    let authorities: String?
    let ours: String?
    let key: String?
  }

  /// What came back.
  struct Answer {
    let status: Int
    let body: [UInt8]
  }

  /// Definitions of a very large broker are a few megabytes; whatever sends more is not what was asked for.
  private static let largestBody = 64 * 1024 * 1024

  /// Once per process; a lazy global is initialised once, whichever thread comes first.
  private static let library = curl_global_init(Int(CURL_GLOBAL_ALL))

  /// - Throws: ``Ending`` where there is no answer.
  func perform() throws(Ending) -> Answer {
    Lane.requireCurrent()
    guard HTTPGet.library == CURLE_OK, let easy = curl_easy_init() else {
      throw Ending(.unavailable, "libcurl cannot be initialised")
    }
    // libcurl's manual: "This function must be the last function to call for an easy session."
    defer { curl_easy_cleanup(easy) }
    let sink = Sink()
    var code = set(up: easy, sink)
    if code == CURLE_OK { code = withExtendedLifetime(sink) { curl_easy_perform(easy) } }
    guard code == CURLE_OK else {
      throw Ending(.unavailable, "\(url): \(String(cString: curl_easy_strerror(code)))")
    }
    var status = 0
    _ = tallyman_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    return Answer(status: status, body: sink.bytes)
  }

  /// An administrator's password goes to the broker and to no proxy that the environment names. libcurl
  /// copies strings; the sink outlives the transfer.
  private func set(up easy: UnsafeMutableRawPointer, _ sink: Sink) -> CURLcode {
    let strings: [(CURLoption, String?)] = [
      (CURLOPT_URL, url), (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_PROXY, ""), (CURLOPT_USERNAME, user),
      (CURLOPT_PASSWORD, password), (CURLOPT_CAINFO, certificates.authorities),
      (CURLOPT_SSLCERT, certificates.ours), (CURLOPT_SSLKEY, certificates.key),
    ]
    let numbers = [
      (CURLOPT_NOSIGNAL, 1), (CURLOPT_CONNECTTIMEOUT_MS, 10_000), (CURLOPT_TIMEOUT_MS, 60_000),
      (CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)),
    ]
    for case (let option, let value?) in strings {
      let code = tallyman_curl_set_string(easy, option, value)
      if code != CURLE_OK { return code }
    }
    for (option, value) in numbers {
      let code = tallyman_curl_set_long(easy, option, value)
      if code != CURLE_OK { return code }
    }
    let code = tallyman_curl_set_data_function(easy, CURLOPT_WRITEFUNCTION, HTTPGet.onData)
    if code != CURLE_OK { return code }
    return tallyman_curl_set_pointer(easy, CURLOPT_WRITEDATA, Unmanaged.passUnretained(sink).toOpaque())
  }

  /// Collects the body; libcurl writes to it during `curl_easy_perform`, on the same thread.
  private final class Sink {
    var bytes: [UInt8] = []
  }

  /// Returning less than was offered makes libcurl stop.
  private static let onData: tallyman_curl_data = { buffer, size, count, context in
    guard let buffer, let context else { return 0 }
    let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
    guard sink.bytes.count + size * count <= HTTPGet.largestBody else { return 0 }
    sink.bytes.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: size * count))
    return size * count
  }
}
