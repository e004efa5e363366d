import Contracts
import Messaging

@testable import Inventory
@testable import Stock

/// Looks at what a single message did, where the state at the end of a history does not show it any more.
struct Witness {
  private let stock: WorkingSet
  private let now: Timestamp
  private var seen: Set<ObjectIdentifier> = []
  private let owed: Owed
  private var before: Before

  /// - Parameter orders: All that there are when the batch begins.
  init(_ stock: WorkingSet, of orders: [OrderID: Order], at now: Timestamp) {
    self.stock = stock
    self.now = now
    owed = Owed(orders, at: now)
    before = Before(stock)
    for reservation in reservations { seen.insert(ObjectIdentifier(reservation.0)) }
  }

  private var reservations: [(Reservation, OrderLine)] {
    stock.orders.values.flatMap { $0.lines.flatMap { line in line.reservations.map { ($0, line) } } }
  }

  /// After a message took effect; the books know of it, but not of the ledger of its transaction.
  mutating func look(
    after message: Message, _ follow: ArraySlice<OutgoingEvent>, _ books: Books
  ) throws(Broken) {
    switch message.event {
    case .goodsReceived(let receipt): try check(receipt, books)
    case .stockCounted(let count): try check(count, message, books)
    case .orderAmended(let amendment): try check(amendment, books)
    default: break
    }
    let new = newPromises()
    try check(new, message.event)
    if case .shipmentPlanFailed(let failure) = message.event { try before.check(failure, new, Array(follow), stock) }
    try before.checkEnds(stock, after: message.event, books)
    before = Before(stock)
  }

  /// In base units, of a product that has the barcode and the unit.
  private func check(_ receipt: GoodsReceived, _ books: Books) throws(Broken) {
    guard let entry = stock.ledger.last(where: { $0.cause.reference == receipt.receiptID.value }) else {
      throw Broken("a receipt is in the ledger", "\(receipt)")
    }
    let balances = stock.items.values.flatMap(\.balances)
    guard let balance = balances.first(where: { $0.id == entry.balanceID }) else { return }
    try require(
      balance.location == receipt.locationID && balance.lot == receipt.lot?.value ?? ""
        && receipt.sku.map { $0 == balance.sku } ?? true, "goods go where their receipt says", "\(receipt)")
    let isOwner = receipt.barcode.map { books.barcodes[balance.sku, default: []].contains($0.gtin) } ?? true
    try require(isOwner, "a barcode names its product", "\(receipt) for \(balance.sku)")
    let factors = receipt.unit.map { unit in
      books.units[balance.sku, default: []].filter { $0.unit == unit }.map(\.factor)
    }
    let isExact = (factors ?? [1]).contains { $0 * receipt.quantity == entry.delta }
    try require(isExact, "a receipt counts in base units", "\(receipt) booked as \(entry.delta)")
  }

  /// What was seen, and what moved since.
  private func check(_ count: StockCounted, _ message: Message, _ books: Books) throws(Broken) {
    guard let balance = stock.balance(at: count.place) else { return }
    let entries = stock.ledger.filter { $0.balanceID == balance.id && $0.bucket == .onHand }
    let isOwn = { (entry: LedgerEntry) in entry.cause.messageID == message.envelope.id }
    let booked = entries.filter(isOwn).reduce(0) { $0 + $1.delta }
    let isOld = books.counts.contains {
      $0.key != count.countID && $0.value.place == count.place && $0.value.time >= count.countedAt
    }
    if isOld { return try require(booked == 0, "an old count changes nothing", "\(count): \(booked)") }
    if let difference = count.difference {
      return try require(booked == difference, "a difference is booked as it is", "\(count): \(booked)")
    }
    var since = books.movement(at: balance.id, since: count.countedAt)
    for entry in entries where !isOwn(entry) && entry.cause.occurredAt > count.countedAt { since += entry.delta }
    try require(
      balance.onHand == (count.counted ?? 0) + since, "what was counted is there, with what moved since",
      "\(count): \(balance.onHand) there, \(since) moved since")
  }

  /// What may wait is wanted wholly: what has left and what was called off is not wanted again.
  private func check(_ amendment: OrderAmended, _ books: Books) throws(Broken) {
    guard let order = stock.order(amendment.orderID) else { return }
    let isSold = order.lines.allSatisfy { stock.item($0.sku)?.isDiscontinued == false }
    for line in order.lines {
      let place = "\(order.id)/\(line.number)"
      let ordered = amendment.lines.first { $0.line == line.number }?.quantity ?? 0
      try require(line.ordered == ordered, "an amended order is as it says", "\(place): \(line.ordered) of \(ordered)")
      let said = books.orders[order.id]
      let isOpen = !order.isClosed && said?.closed.contains(line.number) != true
      let wanted = isOpen ? max(0, ordered - line.shipped - (said?.calledOff[line.number] ?? 0)) : 0
      let isRight = order.allowsBackorder && isSold ? line.open == wanted : line.open <= wanted
      try require(isRight, "what an amendment wants is promised or waits", "\(place): \(line.open) of \(wanted)")
    }
  }

  private mutating func newPromises() -> [(Reservation, OrderLine)] {
    var new: [(Reservation, OrderLine)] = []
    for promise in reservations where seen.insert(ObjectIdentifier(promise.0)).inserted { new.append(promise) }
    return new
  }

  /// Nothing of a lot is promised after its end, and what ends first goes first; nobody is filled before their turn.
  private func check(_ new: [(Reservation, OrderLine)], _ event: Event) throws(Broken) {
    if event.fill != nil {
      for order in stock.orders.values where order.terms.policy != .partial {
        let filled = order.lines.filter { line in new.contains { $0.1 === line } }
        for (sku, lines) in Dictionary(grouping: filled, by: \.sku) {
          if let item = stock.item(sku) { try owed.check(lines, of: order, item) }
        }
      }
    }
    for (reservation, line) in new {
      guard reservation.policy != "dispatch", let item = stock.item(line.sku) else { continue }
      let end = item.lots[reservation.lot]?.expiresAt
      try require(
        end.map { $0 > now } ?? true, "nothing of an expired lot is promised", "\(reservation.lot) of \(line.sku)")
      // What frees stock while it promises may free what ends earlier, and too late.
      if case .shipmentPlanFailed = event { continue }
      for balance in item.balances where balance.location == reservation.location && balance.available > 0 {
        guard let other = item.lots[balance.lot]?.expiresAt, other > now else { continue }
        try require(
          other >= end ?? Timestamp(microseconds: .max), "what expires first goes out first",
          "\(reservation.lot) of \(line.sku) was promised before \(balance.lot)")
      }
    }
  }
}
