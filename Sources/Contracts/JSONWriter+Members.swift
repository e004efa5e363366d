/// One key and its value; what is `nil` is left out.
extension JSONWriter {
  /// A string.
  public mutating func member(_ field: WireField, _ value: String?) {
    guard let value else { return }
    key(field)
    string(value)
  }

  /// An identifier.
  public mutating func member(_ field: WireField, _ value: (some Identifier)?) {
    member(field, value?.value)
  }

  /// A word out of a closed list.
  public mutating func member(_ field: WireField, _ value: some WireChoice) {
    member(field, value.rawValue)
  }

  /// An integer.
  public mutating func member(_ field: WireField, _ value: (some FixedWidthInteger & SignedInteger)?) {
    guard let value else { return }
    key(field)
    integer(Int64(value))
  }

  /// A truth value.
  public mutating func member(_ field: WireField, _ value: Bool) {
    key(field)
    bool(value)
  }

  /// A time.
  public mutating func member(_ field: WireField, _ value: Timestamp?) {
    guard let value else { return }
    key(field)
    plainString { value.write(to: &$0) }
  }

  /// A number as it was written.
  public mutating func member(_ field: WireField, _ value: ExactNumber?) {
    guard let value else { return }
    key(field)
    raw(value.text.utf8)
  }

  /// An object as it came.
  public mutating func member(_ field: WireField, _ value: RawJSON?) {
    guard let value else { return }
    key(field)
    raw(value.bytes)
  }

  /// An object.
  public mutating func member(_ field: WireField, _ value: (some Payload)?) {
    guard let value else { return }
    key(field)
    value.encode(to: &self)
  }

  /// An array of objects.
  public mutating func member(_ field: WireField, _ values: [some Payload]) {
    key(field)
    beginArray()
    for value in values { value.encode(to: &self) }
    endArray()
  }
}
