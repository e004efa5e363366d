import AMQP
import Contracts

extension HeaderValue {
  /// As JSON text, for people and scripts: what is nested, such as `x-death`, is kept for them alone.
  var json: String {
    switch self {
    case .int(let number): "\(number)"
    case .bool(let flag): flag ? "true" : "false"
    // JSON has no name for what is no number.
    case .double(let number): number.isFinite ? "\(number)" : HeaderValue.quoted("\(number)")
    case .timestamp(let seconds): "\(seconds)"
    case .string(let text), .other(let text): HeaderValue.quoted(text)
    case .bytes(let bytes): HeaderValue.quoted(String(decoding: bytes, as: UTF8.self))
    case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
    case .table(let values):
      "{" + values.sorted { $0.key < $1.key }.map { HeaderValue.quoted($0) + ":" + $1.json }.joined(separator: ",")
        + "}"
    case .null: "null"
    }
  }

  private static func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(HeaderText.storable(text))
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
