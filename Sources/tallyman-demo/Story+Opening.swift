import Contracts

// Before the shop opens: catalogue, warehouses, policies and stock.

extension Story {
  func fillCatalogue() throws {
    stage.screen.step("\(plan.locations.count) locations and \(plan.products.count) products are registered")
    for location in plan.locations { try stage.post.send(.locationRegistered(location)) }
    for product in plan.products { try stage.post.send(.productRegistered(product)) }
    try stage.post.finish()
    let total = plan.products.count
    try stage.wait(
      for: "\(total) products", progress: { "\(stage.subscriber.count(.productCreated))/\(total) products" }
    ) {
      stage.subscriber.count(.productCreated) == total
    }
    try stage.waitForRecords("\(plan.locations.count) locations", progress: { "waiting for the locations" }) {
      try stage.records.number(Records.locations) == plan.locations.count
    }
    stage.screen.say("\(total) product.created came back")
  }

  func receiveGoods() throws {
    let units = plan.receipts.reduce(0) { $0 + $1.quantity }
    let ordered = plan.demand.values.reduce(0, +)
    stage.screen.step("\(plan.receipts.count) receipts bring \(Text.number(units)) units")
    for policy in plan.policies { try stage.post.send(.stockPolicySet(policy)) }
    for receipt in plan.receipts { try stage.post.send(.goodsReceived(receipt)) }
    try stage.post.finish()
    let total = plan.receipts.count
    try stage.wait(
      for: "\(total) receipts", progress: { "\(stage.subscriber.count(.stockReceived))/\(total) receipts" }
    ) {
      stage.subscriber.count(.stockReceived) == total
    }
    try stage.waitForRecords("\(plan.policies.count) policies", progress: { "waiting for the policies" }) {
      try stage.records.number(Records.policies) == plan.policies.count
    }
    stage.screen.say("and \(Text.number(ordered)) units are going to be ordered: not all can be served")
  }

  func cancelBeforeOrdering() throws {
    let total = plan.cancelledEarly.count
    stage.screen.step("\(total) orders are cancelled before anybody has heard of them")
    for order in plan.cancelledEarly.sorted() {
      try stage.post.send(.orderCancelled(OrderCancelled(orderID: order, reason: "changed my mind at once")))
    }
    try stage.post.finish()
    try stage.waitForRecords("\(total) tombstones", progress: { "waiting for the tombstones" }) {
      try stage.records.number(Records.tombstones) == total
    }
    cancelled = plan.cancelledEarly
    stage.screen.say("\(total) tombstones wait for their orders")
  }
}
