import Delivery
import Testing

@Suite("Blocking calls stay on lanes")
struct LaneGuardTests {
  @Test("Sending mail off a lane stops the program")
  func mail() async {
    await #expect(processExitsWith: .failure) {
      let address = try EmailAddress("a@example.com")
      let mail = EmailMessage(id: "1", from: address, to: address, subject: "", text: "", unixSeconds: 0)
      _ = try EmailSender(MailServer(url: "smtp://127.0.0.1:1", encryption: .none)).send(mail)
    }
  }

  @Test("Posting a webhook off a lane stops the program")
  func webhook() async {
    await #expect(processExitsWith: .failure) {
      let secret = try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
      let endpoint = try WebhookEndpoint(url: "http://127.0.0.1:1", secrets: [secret])
      _ = try WebhookSender().send(WebhookMessage(id: "n", body: []), to: endpoint, unixSeconds: 0)
    }
  }
}
