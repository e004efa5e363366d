/// Text that names a thing: compared by its bytes, so that it sorts as PostgreSQL's `COLLATE "C"` does.
public protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The text.
  var value: String { get }
  /// A value that was validated before, such as one from our own database.
  init(trusted value: String)
  /// What the text may be.
  static var syntax: IdentifierSyntax { get }
}

extension Identifier {
  /// Validates `value`; the refusal's field is `identifier`.
  public init(_ value: String) throws(Malformed) {
    guard Self.syntax.accepts(value.utf8.span) else {
      throw Malformed(field: "identifier", value: value, rule: Self.syntax.rule)
    }
    self.init(trusted: value)
  }

  /// The text.
  public var description: String { value }

  /// Order of the bytes: all identifiers are ASCII, for which Swift orders strings by bytes.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.value < rhs.value }
}

/// Names a product: 1 to 64 letters, digits and `._/-`, the first a letter or digit.
public struct SKU: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Letters, digits and `._/-`.
  public static var syntax: IdentifierSyntax { .code }
}

/// Names a place that holds stock: 1 to 64 letters, digits and `._/-`, the first a letter or digit.
public struct LocationID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Letters, digits and `._/-`.
  public static var syntax: IdentifierSyntax { .code }
}

/// Names an order: 1 to 128 printable ASCII characters without space.
public struct OrderID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a customer: 1 to 128 printable ASCII characters without space.
public struct CustomerID: Identifier {
  /// In the place of a customer whose data was erased.
  public static let erased = CustomerID(trusted: "erased")
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a receipt of goods: 1 to 128 printable ASCII characters without space.
public struct ReceiptID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a move of stock between locations: 1 to 128 printable ASCII characters without space.
public struct MoveID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a shipment: 1 to 128 printable ASCII characters without space.
public struct ShipmentID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names what a product is also counted in: 1 to 64 letters, digits and `._/-`, the first a letter or digit.
public struct UnitName: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Letters, digits and `._/-`.
  public static var syntax: IdentifierSyntax { .code }
}

/// Names a lot of a product: 1 to 128 printable ASCII characters without space.
public struct LotID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a return of goods: 1 to 128 printable ASCII characters without space.
public struct ReturnID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a shipment plan that was refused: 1 to 128 printable ASCII characters without space.
public struct PlanID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a cancellation of some of an order's units: 1 to 128 printable ASCII characters without space.
public struct CancellationID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

extension LocationID {
  /// Of what goes from one place to another: where it goes is not where it comes from.
  func requireOther(than from: LocationID) throws(Malformed) {
    guard self != from else {
      throw Malformed(
        field: WireField.toLocationID.rawValue, value: value, rule: "another location than from_location_id")
    }
  }
}
