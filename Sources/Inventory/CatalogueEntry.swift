import Contracts

/// A product as our catalogue has it, and what decides which news about it is newer.
public struct CatalogueEntry: Sendable {
  /// What the newest news says.
  public internal(set) var content: ProductContent
  /// What it was registered as, where a change has come since.
  private(set) var original: ProductContent?
  /// When `content` was said, by the publisher's clock.
  private(set) var asOf: Timestamp
  /// When it was last registered, by the publisher's clock.
  private(set) var listedAt: Timestamp
  /// When it was last discontinued, by the publisher's clock.
  private(set) var discontinuedAt: Timestamp?
  /// What the database has; nil for a new product.
  let stored: ProductContent?
  private(set) var isChanged = false

  /// A product that was not known before.
  init(new content: ProductContent, at time: Timestamp) {
    self.content = content
    asOf = time
    listedAt = time
    stored = nil
  }

  /// A product from the database.
  init(
    stored content: ProductContent, original: ProductContent?, asOf: Timestamp, listedAt: Timestamp,
    discontinuedAt: Timestamp?
  ) {
    self.content = content
    self.original = original
    self.asOf = asOf
    self.listedAt = listedAt
    self.discontinuedAt = discontinuedAt
    stored = content
  }

  /// What it was registered as: a registration that comes again is compared with this.
  var registered: ProductContent { original ?? content }

  /// Whether nothing of it is promised any more. Registration and discontinuation: the later one counts.
  var isDiscontinued: Bool { discontinuedAt.map { $0 >= listedAt } ?? false }

  /// Whether news of this time is newer than what is known. A change may bear the time of its registration.
  func isBehind(_ time: Timestamp) -> Bool { time > asOf || (time == asOf && original == nil) }

  /// A change takes the content's place.
  mutating func change(to new: ProductContent, at time: Timestamp) {
    original = registered
    content = new
    asOf = time
    isChanged = true
  }

  /// It is not to be sold any more.
  mutating func discontinue(at time: Timestamp) {
    discontinuedAt = max(time, discontinuedAt ?? time)
    isChanged = true
  }

  /// It was registered once more, as it is known: an end before that is none.
  mutating func listAgain(at time: Timestamp) {
    listedAt = time
    isChanged = true
  }

  /// It is sold again, as this.
  mutating func relist(as new: ProductContent, at time: Timestamp) {
    listedAt = time
    isChanged = true
    if time > asOf {
      content = new
      original = nil
      asOf = time
    } else {
      original = new
    }
  }
}
