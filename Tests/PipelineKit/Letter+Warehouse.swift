import Contracts

extension Letter {
  // MARK: What a warehouse says about the stock that it has

  /// `stock.counted`, absolute.
  public static func count(
    _ count: String, _ sku: String, _ location: String, _ counted: Int64, at time: Timestamp = .now, lot: String? = nil,
    person: String? = nil, code: String? = nil, sent: Timestamp = .now
  ) -> Letter {
    Letter(
      .stockCounted(
        StockCounted(
          countID: CountID(trusted: count), sku: SKU(trusted: sku), locationID: LocationID(trusted: location),
          lot: lot.map(LotID.init(trusted:)), counted: counted, countedAt: time, person: person, reasonCode: code)),
      time: sent)
  }

  /// `stock.counted`, by difference.
  public static func difference(
    _ count: String, _ sku: String, _ location: String, _ difference: Int64, at time: Timestamp = .now
  ) -> Letter {
    Letter(
      .stockCounted(
        StockCounted(
          countID: CountID(trusted: count), sku: SKU(trusted: sku), locationID: LocationID(trusted: location),
          difference: difference, countedAt: time)))
  }

  /// `stock.adjustment.requested`.
  public static func adjustment(
    _ adjustment: String, _ kind: AdjustmentKind, _ quantity: Int64, _ sku: String, _ location: String,
    code: String = "CODE", person: String = "m.kowalska", lot: String? = nil
  ) -> Letter {
    Letter(
      .stockAdjustmentRequested(
        StockAdjustmentRequested(
          adjustmentID: AdjustmentID(trusted: adjustment), sku: SKU(trusted: sku),
          locationID: LocationID(trusted: location), lot: lot.map(LotID.init(trusted:)), kind: kind,
          quantity: quantity, reasonCode: code, person: person)))
  }

  /// `quality.held`.
  public static func hold(
    _ hold: String, _ quantity: Int64, _ sku: String, _ location: String, lot: String? = nil
  ) -> Letter {
    Letter(
      .qualityHeld(
        QualityHeld(
          holdID: HoldID(trusted: hold), sku: SKU(trusted: sku), locationID: LocationID(trusted: location),
          lot: lot.map(LotID.init(trusted:)), quantity: quantity)))
  }

  /// `quality.released`.
  public static func release(
    _ release: String, of hold: String?, _ quantity: Int64, _ sku: String, _ location: String,
    to verdict: QualityVerdict = .stock, lot: String? = nil
  ) -> Letter {
    Letter(
      .qualityReleased(
        QualityReleased(
          releaseID: ReleaseID(trusted: release), holdID: hold.map(HoldID.init(trusted:)), sku: SKU(trusted: sku),
          locationID: LocationID(trusted: location), lot: lot.map(LotID.init(trusted:)), quantity: quantity,
          to: verdict)))
  }

  /// `transfer.dispatched`, with lines of a SKU and a quantity.
  public static func transfer(_ transfer: String, _ from: String, _ to: String, _ lines: [(String, Int64)]) -> Letter {
    Letter(
      .transferDispatched(
        TransferDispatched(
          transferID: TransferID(trusted: transfer), fromLocationID: LocationID(trusted: from),
          toLocationID: LocationID(trusted: to),
          lines: lines.enumerated().map { number, line in
            TransferDispatched.Line(line: Int32(number + 1), sku: SKU(trusted: line.0), quantity: line.1)
          })))
  }

  /// `transfer.received`, with lines of a number, what arrived and what is lost.
  public static func arrival(
    _ arrival: String, of transfer: String, _ lines: [(Int32, Int64, Int64)], final: Bool = false
  ) -> Letter {
    Letter(
      .transferReceived(
        TransferReceived(
          arrivalID: ArrivalID(trusted: arrival), transferID: TransferID(trusted: transfer),
          lines: lines.map { TransferReceived.Line(line: $0.0, quantity: $0.1, lost: $0.2) }, isFinal: final)))
  }
}
