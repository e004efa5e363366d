import Lanes
import TestServers
import Testing

@testable import Delivery

@Suite("Mail reaches a real SMTP server")
struct EmailSenderTests {
  static func mail(to recipient: String = "ops@example.com", subject: String = "Low", text: String = "Text\n") throws
    -> EmailMessage
  {
    EmailMessage(
      id: "4f1c", from: try EmailAddress("Lager Köln <stock@example.com>"), to: try EmailAddress(recipient),
      subject: subject, text: text, unixSeconds: 1_795_253_400)
  }

  static func options(_ server: PythonServer, tls: MailServer.Encryption = .none) -> MailServer {
    MailServer(url: "smtp://127.0.0.1:\(server.port)", encryption: tls, timeout: .seconds(30))
  }

  static func send(_ message: EmailMessage, by options: MailServer) async throws -> DeliveryResult {
    try await onLane { try EmailSender(options).send(message) }
  }

  @Test("What arrives is what was meant: subject, text, sender, date and a stable Message-ID")
  func arrives() async throws {
    let server = try PythonServer("smtp_server.py")
    let text = "Größe ≤ 3\n.a line with a dot\n..two dots\n" + String(repeating: "lang ", count: 60) + "= 1 \nEnd\n"
    let mail = try Self.mail(
      subject: "Wenig Bestand: Größe „L“ 🚚 in Köln und noch viel mehr Text, der umbricht", text: text)
    #expect(try await Self.send(mail, by: Self.options(server)) == .delivered)
    let received = try #require(try server.records(ReceivedMail.self).first)
    #expect(received.subject == mail.subject)
    #expect(received.text == text)
    #expect(received.fromHeader == "Lager Köln <stock@example.com>")
    #expect(received.toHeader == "ops@example.com")
    #expect([received.from, received.to] == ["stock@example.com", "ops@example.com"])
    #expect(received.messageID == "<4f1c@example.com>")
    #expect(received.date == mail.unixSeconds)
    #expect(received.defects.isEmpty)
    #expect(received.bytes.allSatisfy { $0 < 0x80 })
  }

  @Test("A subject with line breaks adds no header and no text")
  func injection() async throws {
    let server = try PythonServer("smtp_server.py")
    let subject = "Low\r\nBcc: thief@example.com\r\n\r\nHello\u{2028}X: y\u{0}"
    #expect(try await Self.send(try Self.mail(subject: subject), by: Self.options(server)) == .delivered)
    let received = try #require(try server.records(ReceivedMail.self).first)
    #expect(!received.names.contains("Bcc"))
    #expect(received.names.count == 9)
    #expect(received.text == "Text\n")
    #expect(received.subject.contains("Low  Bcc: thief@example.com    Hello X: y"))
  }

  @Test(
    "A server's 4xx is temporary and its 5xx permanent, at RCPT and after the message; what it says of us is temporary",
    arguments: [
      ("refuse550@example.com", true), ("data554@example.com", true), ("busy451@example.com", false),
      ("data452@example.com", false), ("drop@example.com", false), ("relay554@example.com", false),
    ])
  func classification(recipient: String, isPermanent: Bool) async throws {
    let server = try PythonServer("smtp_server.py")
    let result = try await Self.send(try Self.mail(to: recipient), by: Self.options(server))
    #expect(isPermanent ? result.isPermanent : result.isTemporary, "\(result)")
    #expect(result.reason.hasPrefix("mail server 127.0.0.1"))
  }

  @Test("The reason repeats what the server said")
  func reason() async throws {
    let server = try PythonServer("smtp_server.py")
    let result = try await Self.send(try Self.mail(to: "refuse550@example.com"), by: Self.options(server))
    #expect(result == .permanent(reason: "mail server 127.0.0.1: 550 5.1.1 no such mailbox"))
  }

  @Test("After a refused recipient the same sender delivers the next mail, and keeps its connection between mails")
  func reuse() async throws {
    let server = try PythonServer("smtp_server.py")
    let options = Self.options(server)
    let results = try await onLane {
      let sender = try EmailSender(options)
      return try ["a@example.com", "b@example.com", "refuse550@example.com", "c@example.com"].map {
        sender.send(try Self.mail(to: $0))
      }
    }
    #expect(results.map { $0 == .delivered } == [true, true, false, true])
    let received = try server.records(ReceivedMail.self)
    #expect(received.map(\.to) == ["a@example.com", "b@example.com", "c@example.com"])
    #expect(received[0].connection == received[1].connection)
  }

  @Test(
    "Nobody listening, a server that refuses everybody and one that never answers are temporary",
    .timeLimit(.minutes(3)))
  func unreachable() async throws {
    let closed = MailServer(url: "smtp://127.0.0.1:1", encryption: .none)
    #expect(try await Self.send(try Self.mail(), by: closed).isTemporary)
    let grumpy = try PythonServer("smtp_server.py", ["--greeting", "554 no service here"])
    #expect(try await Self.send(try Self.mail(), by: Self.options(grumpy)).isTemporary)
    let silent = try PythonServer("smtp_server.py")
    var options = Self.options(silent)
    options.timeout = .milliseconds(300)
    #expect(try await Self.send(try Self.mail(to: "stall@example.com"), by: options).isTemporary)
  }

  @Test("Giving up a sender whose server hangs does not wait for the server's goodbye", .timeLimit(.minutes(3)))
  func teardown() async throws {
    let server = try PythonServer("smtp_server.py")
    let options = Self.options(server)
    let took = try await onLane {
      var sender: EmailSender? = try EmailSender(options)
      #expect(sender?.send(try Self.mail()) == .delivered)
      server.freeze()
      return ContinuousClock().measure { sender = nil }
    }
    #expect(took < .seconds(60))
  }

  @Test(
    "A refused login is temporary, and no text carries the password", arguments: ["pässword-s3cret", "s3cret x/y+z"])
  func loginRefused(password: String) async throws {
    let server = try PythonServer("smtp_server.py", ["--require-login", "tallyman", "other"])
    var options = Self.options(server)
    (options.user, options.password) = ("tallyman", password)
    let result = try await Self.send(try Self.mail(), by: options)
    #expect(result.isTemporary)
    #expect(result.reason.contains("535") && result.reason.contains("***"))
    #expect(!result.reason.contains("s3cret") && !"\(options)".contains("s3cret"))
  }

  @Test("A server that wants a login first can be mended, and what waits for it is not given up")
  func loginMissing() async throws {
    let server = try PythonServer("smtp_server.py", ["--require-login", "tallyman", "other"])
    let result = try await Self.send(try Self.mail(), by: Self.options(server))
    #expect(result.isTemporary && result.reason.contains("530"), "\(result)")
  }

  @Test("A server that repeats the login in a refusal does not get it into the reason")
  func loginEchoed() async throws {
    let server = try PythonServer("smtp_server.py", ["--require-login", "tallyman", "s3cret"])
    var options = Self.options(server)
    (options.user, options.password) = ("tallyman", "s3cret")
    let result = try await Self.send(try Self.mail(to: "echo@example.com"), by: options)
    #expect(result.reason == "mail server 127.0.0.1: 550 you said tallyman *** ***")
    #expect(try await Self.send(try Self.mail(), by: options) == .delivered)
    #expect(try server.records(ReceivedMail.self).first?.login == ["tallyman", "s3cret"])
  }
}

@Suite("Mail is encrypted where that is asked for")
struct EmailEncryptionTests {
  @Test("STARTTLS with a trusted certificate delivers; with an unknown one it is temporary and sends nothing")
  func startTLS() async throws {
    let server = try PythonServer("smtp_server.py", withCertificate: true)
    var options = EmailSenderTests.options(server, tls: .startTLS)
    #expect(try await EmailSenderTests.send(try EmailSenderTests.mail(), by: options).isTemporary)
    #expect(try server.records(ReceivedMail.self).isEmpty)
    options.caFile = server.certificate
    #expect(try await EmailSenderTests.send(try EmailSenderTests.mail(), by: options) == .delivered)
    #expect(try server.records(ReceivedMail.self).first?.tls == true)
  }

  @Test("A server without STARTTLS gets neither login nor mail when STARTTLS is asked for")
  func noDowngrade() async throws {
    let server = try PythonServer("smtp_server.py")
    let options = EmailSenderTests.options(server, tls: .startTLS)
    #expect(try await EmailSenderTests.send(try EmailSenderTests.mail(), by: options).isTemporary)
    #expect(try server.records(ReceivedMail.self).isEmpty)
  }

  @Test("smtps:// is encrypted from the first byte")
  func implicitTLS() async throws {
    let server = try PythonServer("smtp_server.py", ["--tls"], withCertificate: true)
    let options = MailServer(url: "smtps://127.0.0.1:\(server.port)", caFile: server.certificate)
    #expect(try await EmailSenderTests.send(try EmailSenderTests.mail(), by: options) == .delivered)
    #expect(try server.records(ReceivedMail.self).first?.tls == true)
  }
}
