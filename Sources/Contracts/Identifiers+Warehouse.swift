/// Names a count of stock: 1 to 128 printable ASCII characters without space.
public struct CountID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names an adjustment of stock: 1 to 128 printable ASCII characters without space.
public struct AdjustmentID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a hold for quality control: 1 to 128 printable ASCII characters without space.
public struct HoldID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a decision about held stock: 1 to 128 printable ASCII characters without space.
public struct ReleaseID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names a transfer between two locations: 1 to 128 printable ASCII characters without space.
public struct TransferID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

/// Names an arrival of a transfer: 1 to 128 printable ASCII characters without space.
public struct ArrivalID: Identifier {
  /// The text.
  public let value: String
  /// A value that was validated before.
  public init(trusted value: String) { self.value = value }
  /// Printable ASCII.
  public static var syntax: IdentifierSyntax { .token }
}

extension LocationID {
  /// Where stock is that has left one location and not arrived at another; only transfers change what lies there, and
  /// nobody is promised any of it.
  public static let inTransit = LocationID(trusted: "in-transit")
}
