import CRabbitMQ

/// Memory for the arguments of one call into librabbitmq: text, header tables.
///
/// librabbitmq only reads arguments while the call lasts, so what was allocated here may be recycled afterwards.
final class Arena {
  // The pool's address must not change while it is in use ("amqp_pool_t" is handled by pointer), hence the heap.
  private let pool: UnsafeMutablePointer<amqp_pool_t>

  init() {
    pool = .allocate(capacity: 1)
    init_amqp_pool(pool, 4096)
  }

  deinit {
    empty_amqp_pool(pool)
    pool.deallocate()
  }

  /// Makes everything allocated so far invalid, for the next call.
  func recycle() { recycle_amqp_pool(pool) }

  /// Uninitialised memory for `count` values, nil for none. It stays valid until ``recycle()``.
  func allocate<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value>? {
    guard count > 0 else { return nil }
    // amqp_pool_alloc rounds up to multiples of 8, malloc'd pages are aligned for anything: fit for every AMQP struct.
    return amqp_pool_alloc(pool, count * MemoryLayout<Value>.stride)?.bindMemory(to: type, capacity: count)
  }

  /// A copy of a text's UTF-8.
  func bytes(_ text: String) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
  }

  /// A copy of raw bytes.
  func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
    guard let target = allocate(UInt8.self, count: source.count) else { return amqp_bytes_t(len: 0, bytes: nil) }
    UnsafeMutableRawBufferPointer(start: target, count: source.count).copyMemory(from: source)
    return amqp_bytes_t(len: source.count, bytes: target)
  }

  /// A header table.
  func table(_ values: [String: HeaderValue]) -> amqp_table_t {
    let entries = allocate(amqp_table_entry_t.self, count: values.count)
    for (index, (name, value)) in values.enumerated() {
      entries?.advanced(by: index).initialize(to: amqp_table_entry_t(key: bytes(name), value: field(value)))
    }
    return amqp_table_t(num_entries: Int32(values.count), entries: entries)
  }

  private func array(_ values: [HeaderValue]) -> amqp_array_t {
    let entries = allocate(amqp_field_value_t.self, count: values.count)
    for (index, value) in values.enumerated() { entries?.advanced(by: index).initialize(to: field(value)) }
    return amqp_array_t(num_entries: Int32(values.count), entries: entries)
  }

  private func field(_ value: HeaderValue) -> amqp_field_value_t {
    var field = amqp_field_value_t()
    func kind(_ kind: amqp_field_value_kind_t) { field.kind = UInt8(kind.rawValue) }
    switch value {
    case .string(let text), .other(let text):
      kind(AMQP_FIELD_KIND_UTF8)
      field.value.bytes = bytes(text)
    case .int(let number):
      kind(AMQP_FIELD_KIND_I64)
      field.value.i64 = number
    case .bool(let flag):
      kind(AMQP_FIELD_KIND_BOOLEAN)
      field.value.boolean = flag ? 1 : 0
    case .double(let number):
      kind(AMQP_FIELD_KIND_F64)
      field.value.f64 = number
    case .timestamp(let seconds):
      kind(AMQP_FIELD_KIND_TIMESTAMP)
      field.value.u64 = seconds
    case .bytes(let raw):
      kind(AMQP_FIELD_KIND_BYTES)
      field.value.bytes = raw.withUnsafeBytes(copy)
    case .array(let values):
      kind(AMQP_FIELD_KIND_ARRAY)
      field.value.array = array(values)
    case .table(let values):
      kind(AMQP_FIELD_KIND_TABLE)
      field.value.table = table(values)
    case .null:
      kind(AMQP_FIELD_KIND_VOID)
    }
    return field
  }
}
