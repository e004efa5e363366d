/// What the wire format bounds, each with its unit.
public enum Limits {
  /// Bytes of a message's body.
  public static let bodyBytes = 1_048_576
  /// Levels of nested objects and arrays.
  public static let depth = 64
  /// Lines of an order or of a shipment.
  public static let lines = 1000
  /// Units in one message.
  public static let quantity: ClosedRange<Int64> = 1...1_000_000_000
  /// Units that may also be none.
  public static let partialQuantity: ClosedRange<Int64> = 0...1_000_000_000
  /// Base units in a larger unit.
  public static let factor: ClosedRange<Int64> = 1...1_000_000
  /// Barcodes of a product, and units that it is counted in.
  public static let aliases = 50
  /// Sums of units.
  public static let total: ClosedRange<Int64> = 0...Int64.max
  /// Units that a count found more or less than the books said.
  public static let difference: ClosedRange<Int64> = -1_000_000_000...1_000_000_000
  /// Units on hand more or less than before, sums included.
  public static let change: ClosedRange<Int64> = -1_000_000_000_000_000...1_000_000_000_000_000
  /// Numbers of order lines.
  public static let lineNumber: ClosedRange<Int32> = 1...1_000_000
  /// Numbers of an order's amendments.
  public static let revision: ClosedRange<Int64> = 1...1_000_000_000
  /// Priority of a location; higher is chosen first.
  public static let locationPriority: ClosedRange<Int32> = 0...1000
  /// Priority of an order; higher is served first.
  public static let orderPriority: ClosedRange<Int32> = -1000...1000
  /// Degrees of latitude.
  public static let latitude: ClosedRange<Double> = -90...90
  /// Degrees of longitude.
  public static let longitude: ClosedRange<Double> = -180...180
  /// Attempts to deliver a notification.
  public static let attempts: ClosedRange<Int32> = 1...1000
  /// Bytes of an attribute of the envelope.
  public static let attributeBytes = 255
  /// Bytes of a number that is kept as written.
  public static let numberBytes = 64
}
