import CRabbitMQ

/// Texts that are the same in message after message: the last one is handed out again instead of a new copy.
struct RepeatedText {
  private var last = ""

  /// The bytes as text.
  mutating func text(_ bytes: amqp_bytes_t) -> String {
    // librabbitmq: `len` bytes at `bytes`, valid until the buffers are released.
    let wire = UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len)
    if !last.utf8.elementsEqual(wire) { last = String(bytes) }
    return last
  }
}

/// Makes ``Properties`` of what librabbitmq decoded.
struct PropertiesDecoder {
  private var contentType = RepeatedText()
  private var type = RepeatedText()
  private var appID = RepeatedText()

  /// A copy of the properties; nothing in it refers to librabbitmq's memory.
  mutating func decode(_ wire: UnsafePointer<amqp_basic_properties_t>) -> Properties {
    var properties = Properties(persistent: false)
    let flags = Int32(bitPattern: wire.pointee._flags)
    func has(_ flag: Int32) -> Bool { flags & flag != 0 }
    if has(AMQP_BASIC_MESSAGE_ID_FLAG) { properties.messageID = String(wire.pointee.message_id) }
    if has(AMQP_BASIC_CONTENT_TYPE_FLAG) { properties.contentType = contentType.text(wire.pointee.content_type) }
    if has(AMQP_BASIC_CONTENT_ENCODING_FLAG) { properties.contentEncoding = String(wire.pointee.content_encoding) }
    if has(AMQP_BASIC_CORRELATION_ID_FLAG) { properties.correlationID = String(wire.pointee.correlation_id) }
    if has(AMQP_BASIC_REPLY_TO_FLAG) { properties.replyTo = String(wire.pointee.reply_to) }
    if has(AMQP_BASIC_TYPE_FLAG) { properties.type = type.text(wire.pointee.type) }
    if has(AMQP_BASIC_APP_ID_FLAG) { properties.appID = appID.text(wire.pointee.app_id) }
    if has(AMQP_BASIC_TIMESTAMP_FLAG) { properties.timestamp = wire.pointee.timestamp }
    if has(AMQP_BASIC_DELIVERY_MODE_FLAG) { properties.persistent = wire.pointee.delivery_mode == 2 }
    if has(AMQP_BASIC_HEADERS_FLAG) { properties.headers = [String: HeaderValue](wire.pointee.headers, depth: 0) }
    return properties
  }
}

extension String {
  /// A copy of AMQP bytes as text; what is not UTF-8 is replaced by U+FFFD.
  init(_ bytes: amqp_bytes_t) {
    self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
  }
}

extension [String: HeaderValue] {
  /// A copy of a decoded table.
  init(_ table: amqp_table_t, depth: Int) {
    self.init(minimumCapacity: Int(table.num_entries))
    // librabbitmq: `entries` is an array of `num_entries` entries, valid until the buffers are released.
    for entry in UnsafeBufferPointer(start: table.entries, count: Int(table.num_entries)) {
      self[String(entry.key)] = HeaderValue(entry.value, depth: depth)
    }
  }
}

extension HeaderValue {
  /// How deep values may nest before they are only described: nobody means it any deeper.
  private static let maximumDepth = 16

  fileprivate init(_ field: amqp_field_value_t, depth: Int) {
    switch amqp_field_value_kind_t(UInt32(field.kind)) {
    case AMQP_FIELD_KIND_UTF8: self = .string(String(field.value.bytes))
    case AMQP_FIELD_KIND_BYTES:
      self = .bytes([UInt8](UnsafeRawBufferPointer(start: field.value.bytes.bytes, count: field.value.bytes.len)))
    case AMQP_FIELD_KIND_BOOLEAN: self = .bool(field.value.boolean != 0)
    case AMQP_FIELD_KIND_F32: self = .double(Double(field.value.f32))
    case AMQP_FIELD_KIND_F64: self = .double(field.value.f64)
    case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(field.value.u64)
    case AMQP_FIELD_KIND_VOID: self = .null
    case AMQP_FIELD_KIND_DECIMAL:
      self = .other("decimal \(field.value.decimal.value)e-\(field.value.decimal.decimals)")
    case AMQP_FIELD_KIND_TABLE, AMQP_FIELD_KIND_ARRAY: self = HeaderValue(nested: field, depth: depth + 1)
    default: self = HeaderValue(integer: field)
    }
  }

  private init(nested field: amqp_field_value_t, depth: Int) {
    guard depth <= HeaderValue.maximumDepth else {
      self = .other("nested more than \(HeaderValue.maximumDepth) deep")
      return
    }
    if field.kind == UInt8(AMQP_FIELD_KIND_TABLE.rawValue) {
      self = .table([String: HeaderValue](field.value.table, depth: depth))
    } else {
      let array = field.value.array
      // librabbitmq: `entries` is an array of `num_entries` values, valid until the buffers are released.
      let values = UnsafeBufferPointer(start: array.entries, count: Int(array.num_entries))
      self = .array(values.map { HeaderValue($0, depth: depth) })
    }
  }

  private init(integer field: amqp_field_value_t) {
    switch amqp_field_value_kind_t(UInt32(field.kind)) {
    case AMQP_FIELD_KIND_I8: self = .int(Int64(field.value.i8))
    case AMQP_FIELD_KIND_U8: self = .int(Int64(field.value.u8))
    case AMQP_FIELD_KIND_I16: self = .int(Int64(field.value.i16))
    case AMQP_FIELD_KIND_U16: self = .int(Int64(field.value.u16))
    case AMQP_FIELD_KIND_I32: self = .int(Int64(field.value.i32))
    case AMQP_FIELD_KIND_U32: self = .int(Int64(field.value.u32))
    case AMQP_FIELD_KIND_I64: self = .int(field.value.i64)
    case AMQP_FIELD_KIND_U64:
      self = Int64(exactly: field.value.u64).map(HeaderValue.int) ?? .other("\(field.value.u64)")
    default: self = .other("AMQP type \(field.kind)")
    }
  }
}
