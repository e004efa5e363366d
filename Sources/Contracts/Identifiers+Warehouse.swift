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
