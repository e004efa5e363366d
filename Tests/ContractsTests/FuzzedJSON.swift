import Foundation
import TestServers

/// JSON that nobody wrote: our field names with values that have nothing to do with them.
enum FuzzedJSON {
  private static let names = [
    "specversion", "id", "source", "type", "time", "data", "datacontenttype", "dataschema", "subject", "order_id",
    "customer_id", "lines", "line", "sku", "quantity", "location_id", "lot", "sequence", "é", "",
  ]

  private static let scalars = [
    "null", "true", "0", "-1", "1", "1.0", "-0", "1e400", "9007199254740993", "9223372036854775807", "\"\"",
    "\"1.0\"", "\"order.created\"", "\"2026-11-21T09:30:00Z\"", "\"SKU-1\"", "\"\\u0000\"", "\"\\ud800\"", "\"é\"",
  ]

  /// A document, often with the envelope that makes a decoder look inside.
  static func document(_ random: inout SeededGenerator) -> [UInt8] {
    let data = value(4, &random)
    guard Bool.random(using: &random) else { return Array(data.utf8) }
    let types = ["order.created", "goods.received", "shipment.dispatched", "product.registered", "backorders.due"]
    return Array(
      (#"{"specversion":"1.0","id":"a","source":"urn:x","type":""#
        + types[Int.random(in: 0..<types.count, using: &random)]
        + #"","time":"2026-11-21T09:30:00Z","data":"# + data + "}").utf8)
  }

  private static func value(_ depth: Int, _ random: inout SeededGenerator) -> String {
    let count = Int.random(in: 0...4, using: &random)
    switch depth == 0 ? 2 : Int.random(in: 0..<3, using: &random) {
    case 0:
      let members = (0..<count).map { _ in
        "\"\(names[Int.random(in: 0..<names.count, using: &random)])\":" + value(depth - 1, &random)
      }
      return "{" + members.joined(separator: ",") + "}"
    case 1: return "[" + (0..<count).map { _ in value(depth - 1, &random) }.joined(separator: ",") + "]"
    default: return scalars[Int.random(in: 0..<scalars.count, using: &random)]
    }
  }
}

/// Processor time of this thread: what others do on the machine does not count.
enum ThreadTime {
  static var microseconds: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
  }
}
