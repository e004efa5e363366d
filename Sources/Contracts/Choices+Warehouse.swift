/// What happened to units whose number nobody has counted.
public enum AdjustmentKind: String, WireChoice {
  /// Usable units are damaged now: still there, not sold.
  case damage
  /// Damaged units are usable again.
  case repair
  /// Usable units are gone: lost, stolen, used up.
  case writeOff = "write_off"
  /// Damaged units were thrown away.
  case scrap
  /// Usable units are there that the books do not know.
  case found
}

/// What becomes of units that waited for a decision about their quality.
public enum QualityVerdict: String, WireChoice {
  /// They can be sold.
  case stock
  /// They are thrown away.
  case scrap
}

/// How a transfer stands.
public enum TransferState: String, WireChoice {
  /// Everything is on its way.
  case open
  /// Some has arrived or is lost, some is on its way.
  case partiallyReceived = "partially_received"
  /// Everything has arrived.
  case received
  /// Nothing more will arrive, and something was lost.
  case closedShort = "closed_short"
}
