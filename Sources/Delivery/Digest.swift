import CCurl

/// SHA-256 and HMAC-SHA256 by libcrypto, which libcurl brings along.
public enum Digest {
  /// The SHA-256 of some bytes; 32 bytes.
  public static func sha256(_ data: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let done = tallyman_sha256(data, data.count, &digest)
    // libcrypto fails here only when SHA-256 itself is missing from it: no input can cause that.
    precondition(done == 1, "libcrypto has no SHA-256")
    return digest
  }

  /// The HMAC-SHA256 of some bytes under a key; 32 bytes.
  public static func hmacSHA256(_ data: [UInt8], key: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let done = tallyman_hmac_sha256(key, key.count, data, data.count, &digest)
    precondition(done == 1, "libcrypto has no HMAC-SHA256")
    return digest
  }

  /// Bytes as lower-case hexadecimal digits.
  public static func hex(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static let digits = Array("0123456789abcdef".utf8)
}
