/// What can be wrong with counts, adjustments, decisions about quality and transfers.
extension ReasonGuide {
  static let unknownHold = ReasonGuide(
    meaning:
      "Held units are released, but no quality.held has come for the hold, nor in the minutes of the retries.",
    look: "dead letters of quality.held with this hold_id; whether the hold_id is right.",
    act: "Replay the hold first, then this one; or correct the hold_id with --edit.")

  static let unknownLot = ReasonGuide(
    meaning: "What came back is said to be of a lot that no goods.received has brought, nor in the retries' time.",
    look: "`select * from tallyman.lots where sku = …`; the label of the goods; receipts among the dead letters.",
    act: "Correct the lot with --edit, then replay; or have its receipt published first.")

  static let notThere = ReasonGuide(
    meaning:
      "A document takes more units than are there (usable, damaged or held, of a lot or without one, as the "
      + "rule says), also after the "
      + "retries.",
    look: "rule: how many there are; the balance's last ledger entries; a receipt or move that has not come yet.",
    act: "Have the place counted: the count is believed. Then replay, or discard it if the count covers it.")

  static let lotMissing = ReasonGuide(
    meaning:
      "An absolute count names no lot, and all that is on hand there is of lots: it would have been added to them.",
    look: "rule: what is there of which lot; the count's own sheet.",
    act:
      "Have one count per lot published, each with its own count_id, and discard this one; or name the lot: "
      + "`replay --edit data.lot=LOT`.")

  static let unknownTransfer = ReasonGuide(
    meaning:
      "Something arrived of a transfer, but no transfer.dispatched has come, nor in the minutes of the retries.",
    look: "dead letters of transfer.dispatched with this transfer_id; whether the transfer_id is right.",
    act: "Replay the transfer first, then this one; or correct the transfer_id with --edit.")

  static let moreThanInTransit = ReasonGuide(
    meaning: "More arrived, or was lost, than is still on its way of the transfer's line: told twice, or too many.",
    look: "`select * from tallyman.transfer_lines where transfer_id = …`; its other arrivals.",
    act:
      "Correct the quantity with --edit to what was on its way, then replay; what came beyond it is found "
      + "(`stock.adjustment.requested`).")

  static let transitLocation = ReasonGuide(
    meaning: "A document other than an arrival names the location `in-transit`, which belongs to transfers.",
    look:
      "the transfers that are open: "
      + "`select * from tallyman.transfers where state in ('open', 'partially_received')`.",
    act: "Report arrivals and losses by transfer.received. Discard this one.")

  static let moreThanHeld = ReasonGuide(
    meaning:
      "A decision about quality releases more units than its hold still holds: decided twice, mistyped, or a count "
      + "found that they are gone.",
    look:
      "the other decisions about the hold: `select * from tallyman.quality_releases where hold_id = …`; "
      + "`given_up` in `tallyman.quality_holds`: what counts took from it.",
    act: "Correct the quantity with --edit, then replay; discard it if it was decided already or the count covers it.")
}
