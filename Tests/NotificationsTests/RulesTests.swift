import Contracts
import Delivery
import Testing

@testable import Notifications

@Suite("Who is told what")
struct RulesTests {
  static func endpoint(_ url: String = "https://hooks.example.com/in") throws -> WebhookEndpoint {
    try WebhookEndpoint(url: url, secrets: [try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
  }

  static func text(_ event: Event) throws -> NotificationPlan {
    var routes = NotificationRoutes()
    routes.add(try EmailAddress("ops@example.com"))
    return try #require(NotificationRules.decide(event, routes: routes).first)
  }

  @Test("Everybody who asked for a type is told once, nobody else")
  func recipients() throws {
    var routes = NotificationRoutes()
    routes.add(try EmailAddress("ops@example.com"))
    routes.add(try EmailAddress("Ops again <ops@example.com>"), for: .stockLow)
    routes.add(try EmailAddress("buyer@example.com"), for: .stockLow)
    let endpoint = try Self.endpoint()
    routes.add(endpoint, for: .orderShipped)
    let low = NotificationRules.decide(.stockLow(Sample.low), routes: routes)
    #expect(low.map(\.recipient) == ["ops@example.com", "buyer@example.com"])
    let shipped = NotificationRules.decide(.orderShipped(Sample.shipped()), routes: routes)
    #expect(shipped.map(\.recipient) == ["ops@example.com", endpoint.name])
    #expect(shipped.map(\.channel) == [.email, .webhook])
    #expect(routes.endpoints == [endpoint.name: endpoint])
  }

  @Test("Without routes nothing is sent, and events that are nobody's news are not either")
  func silence() throws {
    for event in Sample.all { #expect(NotificationRules.decide(event, routes: NotificationRoutes()).isEmpty) }
    var routes = NotificationRoutes()
    routes.add(try EmailAddress("ops@example.com"))
    #expect(NotificationRules.decide(.stockRecovered(Sample.low), routes: routes).isEmpty)
    #expect(NotificationRules.decide(.orderBackordered(Sample.reserved()), routes: routes).isEmpty)
  }

  @Test("Every event that can be routed has words of its own")
  func everyType() throws {
    #expect(Set(Sample.all.map(\.type)) == Set(NotificationRoutes.notified))
    let plans = try Sample.all.map(Self.text)
    #expect(Set(plans.map(\.subject)).count == plans.count)
    for plan in plans { #expect(plan.text.hasSuffix("\n") && plan.subject.count < 250 && !plan.subject.contains("\n")) }
  }

  @Test("Stock alerts say which SKU, where and how much")
  func stock() throws {
    let low = try Self.text(.stockLow(Sample.low))
    #expect(low.subject == "Low stock: ABC-1 at WH-01, 7 left")
    #expect(low.text.contains("Reorder point:   10") && low.text.contains("back at 20 or more"))
    let out = try Self.text(.stockOut(Sample.out))
    #expect(out.subject == "Out of stock: ABC-1 over all locations")
    #expect(out.text.contains("New orders for it will wait for stock."))
    let somewhere = try Self.text(.stockOut(Sample.low))
    #expect(somewhere.text.hasPrefix("Nothing is left of ABC-1 at WH-01. Orders for it are served from elsewhere, "))
    #expect(!somewhere.text.contains("will wait"))
  }

  @Test("A broken promise's mail says whose, what took it, and what becomes of it")
  func bumped() throws {
    let plan = try Self.text(.reservationBumped(Sample.bumped))
    #expect(plan.subject == "Promise broken: order ord-1 loses 3 x ABC-1")
    #expect(plan.text.contains("Because:    counted (cnt-1)") && plan.text.contains("Waiting:    2"))
    #expect(plan.text.contains("Cancelled:  1") && plan.text.contains("at WH-01"))
  }

  @Test("An expired lot's mail says which, since when, and where how much of it lies")
  func lot() throws {
    let plan = try Self.text(.lotExpired(Sample.expired))
    #expect(plan.subject == "Expired: lot L-7 of ABC-1, 12 on hand")
    #expect(
      plan.text.contains("2026-11-21T") && plan.text.contains("Reserved:   3,") && plan.text.contains("12 at WH-01"))
  }

  @Test("A shipment's mail names carrier and tracking number, also where there is none")
  func shipment() throws {
    let plan = try Self.text(.orderShipped(Sample.shipped()))
    #expect(plan.subject == "Order ord-1 has shipped with DHL")
    #expect(plan.text.contains("Tracking:   JJD-0099") && plan.text.contains("2 x ABC-1 from WH-01"))
    let bare = try Self.text(.orderShipped(Sample.shipped(carrier: nil, tracking: "")))
    #expect(bare.subject == "Order ord-1 has shipped")
    #expect(bare.text.contains("Carrier:    not stated") && bare.text.contains("Tracking:   none"))
  }

  @Test("A shipment of a part says so, and what of its lines is left")
  func part() throws {
    let plan = try Self.text(.orderPartiallyShipped(Sample.partlyShipped))
    #expect(plan.subject == "A part of order ord-1 has shipped with DHL")
    #expect(plan.text.contains("Tracking:   JJD-0099"))
    #expect(plan.text.contains("2 x ABC-1 from WH-01; of the line are left: 4 reserved, 3 waiting for stock\n"))
    #expect(!plan.text.contains("nothing of it is left"))
    #expect(try !Self.text(.orderShipped(Sample.shipped())).text.contains("are left:"))
  }

  @Test("What becomes of a shipment is told with carrier, time and place, and what comes back with its new plan")
  func shipmentsLife() throws {
    let moving = try Self.text(.shipmentInTransit(Sample.progress))
    #expect(moving.subject == "Shipment shp-1 of order ord-1 is on its way")
    #expect(moving.text.contains("  Time:       2026-11-21T09:30:00Z\n  Place:      52.50, 13.4\n"))
    #expect(try Self.text(.shipmentDelivered(Sample.progress)).subject == "Shipment shp-1 of order ord-1 has arrived")
    let failed = try Self.text(.shipmentFailed(Sample.failed))
    #expect(failed.text.contains("Reason:     nobody at home"))
    #expect(failed.text.contains("3 x ABC-1 to WH-01: 2 reserved again, 1 waiting for stock\n"))
    let overdue = try Self.text(.shipmentOverdue(Sample.overdue))
    #expect(overdue.text.contains("since\n2026-11-21T09:30:00Z.") && overdue.text.contains("Carrier:    not stated"))
  }

  @Test("An order is reserved as a whole, or its rest is: then what is reserved of it is listed, and nothing else")
  func rest() throws {
    let whole = try Self.text(.orderReserved(Sample.reserved(lines: 2)))
    #expect(whole.subject == "Order ord-1 is reserved" && whole.text.hasPrefix("All of order ord-1 is reserved"))
    var answer = Sample.reserved(lines: 3)
    answer.lines[0].reserved = 0
    answer.lines[0].shipped = 2
    answer.lines[0].allocations = []
    let rest = try Self.text(.orderReserved(answer))
    #expect(rest.subject == "The rest of order ord-1 is reserved")
    #expect(rest.text.hasPrefix("The rest of order ord-1 is reserved and can be picked."))
    #expect(rest.text.contains("  2 x ABC-2 (2 at WH-01)\n  2 x ABC-3 (2 at WH-01)\n") && !rest.text.contains("ABC-1"))
  }

  @Test("An order of a thousand lines is listed in part")
  func longOrders() throws {
    let text = try Self.text(.orderReserved(Sample.reserved(lines: 1000))).text
    #expect(text.contains("2 x ABC-50 (2 at WH-01)") && !text.contains("ABC-51"))
    #expect(text.contains("and 950 more"))
  }
}

@Suite("Identity and schedule of a notification")
struct IdentityTests {
  static func id(_ source: String, _ event: String, _ channel: NotificationChannel, _ recipient: String) -> String {
    NotificationID.make(source: source, eventID: event, channel: channel, recipient: recipient)
  }

  @Test("The same event, channel and recipient have the same id; a difference in any of them another")
  func stable() {
    let ids = [
      Self.id("s", "1", .email, "a"), Self.id("s", "2", .email, "a"), Self.id("t", "1", .email, "a"),
      Self.id("s", "1", .webhook, "a"), Self.id("s", "1", .email, "b"), Self.id("s1", "", .email, "a"),
    ]
    #expect(Set(ids).count == ids.count)
    #expect(Self.id("s", "1", .email, "a") == ids[0])
  }

  @Test("An id is a UUID of version 8, the same in every release")
  func form() {
    // sha256("urn:x\0 1\0 email\0 a@example.com" without the blanks), version and variant set.
    #expect(Self.id("urn:x", "1", .email, "a@example.com") == "2022411d-e634-8f26-97b9-707dcfc066f0")
  }

  @Test("Waits grow, stay within a fifth of their bound and end at the maximum")
  func waits() {
    let schedule = RetrySchedule(attempts: 8, initial: .seconds(10), maximum: .seconds(3600))
    for (attempt, seconds) in [(1, 10), (2, 40), (3, 160), (4, 640), (5, 2560), (6, 3600), (1000, 3600)] {
      let wait = schedule.wait(after: Int32(attempt), hint: nil)
      #expect(wait <= .seconds(seconds) && wait >= .seconds(seconds) * 0.8, "attempt \(attempt)")
    }
  }

  @Test("A receiver's wish is a minimum, up to the maximum")
  func hints() {
    let schedule = RetrySchedule(initial: .seconds(10), maximum: .seconds(3600))
    #expect(schedule.wait(after: 1, hint: .seconds(120)) == .seconds(120))
    #expect(schedule.wait(after: 1, hint: .seconds(1)) >= .seconds(8))
    #expect(schedule.wait(after: 1, hint: .seconds(1_000_000)) == .seconds(3600))
  }
}
