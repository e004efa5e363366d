import CCurl

/// The parts of a URL that are safe to show: its scheme and host. Read by libcurl's own parser, so that what is checked
/// is what will be connected to.
struct ServerURL {
  let scheme: String
  let host: String
  /// Its other parts, which may be secret: to be taken out of every text.
  let hidden: [String]

  /// - Throws: ``DeliverySettingError`` without the URL itself: it may carry a password or a token.
  init(_ text: String, setting: String, schemes: [String]) throws(DeliverySettingError) {
    let rule = "must be a URL that starts with " + schemes.map { $0 + "://" }.joined(separator: " or ")
    guard let url = curl_url() else { throw DeliverySettingError(setting: setting, rule: "no memory to read it") }
    defer { curl_url_cleanup(url) }
    guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }),
      curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
      let scheme = ServerURL.part(CURLUPART_SCHEME, of: url), schemes.contains(scheme),
      let host = ServerURL.part(CURLUPART_HOST, of: url), !host.isEmpty
    else { throw DeliverySettingError(setting: setting, rule: rule) }
    self.scheme = scheme
    self.host = host
    // A short path is no secret, and taking "/" or "/in" out of a sentence would only spoil it.
    let parts = [CURLUPART_PATH, CURLUPART_QUERY].compactMap { ServerURL.part($0, of: url) }.filter {
      $0.utf8.count > 7
    }
    hidden = [text] + parts + [CURLUPART_PASSWORD].compactMap { ServerURL.part($0, of: url) }
  }

  private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
    var value: UnsafeMutablePointer<CChar>?
    guard curl_url_get(url, part, &value, 0) == CURLUE_OK, let value else { return nil }
    defer { curl_free(value) }
    return String(cString: value)
  }
}
