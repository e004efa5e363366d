import AMQP
import Contracts
import Foundation

/// What another system publishes.
struct Parcel: Sendable {
  var key: String
  var body: [UInt8]
  var properties: Properties

  /// Any bytes.
  init(_ key: String, id: String?, body: [UInt8], contentType: String? = OutgoingEvent.contentType) {
    self.key = key
    self.body = body
    properties = Properties()
    properties.messageID = id
    properties.contentType = contentType
    properties.persistent = true
  }

  /// An event, with its payload as JSON text.
  init(_ key: String, _ data: String, id: String = UUID().uuidString, time: String? = nil) {
    self.init(key, id: id, body: Array(Parcel.event(key, data, id: id, time: time).utf8))
  }

  /// The text of an event.
  static func event(_ type: String, _ data: String, id: String, time: String? = nil) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"urn:test:shop","type":"\#(type)","#
      + #""time":"\#(time ?? Timestamp.now.rfc3339)","data":\#(data)}"#
  }

  /// `product.registered`.
  static func product(_ sku: String) -> Parcel { Parcel("product.registered", #"{"sku":"\#(sku)","name":"Thing"}"#) }

  /// `location.registered`.
  static func location(_ id: String) -> Parcel {
    Parcel("location.registered", #"{"location_id":"\#(id)","name":"House"}"#)
  }

  /// `goods.received`, at WH-1.
  static func receipt(_ id: String, _ sku: String, _ quantity: Int) -> Parcel {
    Parcel(
      "goods.received",
      #"{"receipt_id":"\#(id)","sku":"\#(sku)","location_id":"WH-1","quantity":\#(quantity)}"#)
  }

  /// `order.created` of one line.
  static func order(_ id: String, _ sku: String, _ quantity: Int, message: String = UUID().uuidString) -> Parcel {
    Parcel(
      "order.created",
      #"{"order_id":"\#(id)","customer_id":"cust-1","lines":[{"sku":"\#(sku)","quantity":\#(quantity)}]}"#,
      id: message)
  }

  /// Two houses' worth of stock: one location, `skus` products, so much of each.
  static func stock(skus: Int, each quantity: Int) -> [Parcel] {
    [.location("WH-1")] + (1...skus).map { .product("SKU-\($0)") }
      + (1...skus).map { .receipt("rcv-\($0)", "SKU-\($0)", quantity) }
  }
}
