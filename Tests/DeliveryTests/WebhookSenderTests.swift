import FoundationEssentials
import Lanes
import TestServers
import Testing

@testable import Delivery

@Suite("Webhooks reach a real HTTP server")
struct WebhookSenderTests {
  static let secrets = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString(),
  ]
  static let body = Array(#"{"specversion":"1.0","data":{"sku":"Größe-1"}}"#.utf8)
  static let now: Int64 = 1_795_253_400

  static func post(
    _ path: String, to server: PythonServer, options: WebhookOptions = WebhookOptions(), scheme: String = "http",
    body: [UInt8] = Self.body
  ) async throws -> DeliveryResult {
    let url = "\(scheme)://127.0.0.1:\(server.port)\(path)"
    return try await onLane {
      let endpoint = try WebhookEndpoint(url: url, secrets: try secrets.map { try WebhookSecret($0) })
      return try WebhookSender(options).send(WebhookMessage(id: "n-1", body: body), to: endpoint, unixSeconds: now)
    }
  }

  @Test("The receiver finds every secret's signature right, the body untouched and the headers of Standard Webhooks")
  func signed() async throws {
    let server = try PythonServer(
      "http_server.py", Self.secrets.flatMap { ["--secret", $0] } + ["--secret", "whsec_AAAA"])
    #expect(try await Self.post("/ok", to: server) == .delivered)
    let request = try #require(try server.records(ReceivedRequest.self).first)
    // The third secret is not ours: the check can fail.
    #expect(request.valid == [true, true, false])
    #expect(request.bytes == Self.body)
    #expect(request.headers["webhook-id"] == "n-1")
    #expect(request.headers["webhook-timestamp"] == "1795253400")
    #expect(request.headers["content-type"] == "application/cloudevents+json; charset=utf-8")
    #expect(request.headers["webhook-signature"]?.split(separator: " ").count == 2)
  }

  @Test("The signature is the one of the Standard Webhooks example")
  func knownSignature() throws {
    let secret = try WebhookSecret(Self.secrets[0])
    let body = Array(#"{"test": 2432232314}"#.utf8)
    let signature = secret.sign(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", unixSeconds: 1_614_265_330, body: body)
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test(
    "2xx is delivered; what a receiver says about the message is permanent, all else temporary",
    arguments: [
      (200, "d"), (201, "d"), (202, "d"), (301, "t"), (304, "t"), (400, "p"), (401, "t"), (404, "t"), (408, "t"),
      (410, "p"), (413, "p"), (422, "p"), (429, "t"), (500, "t"), (502, "t"), (503, "t"),
    ])
  func classification(status: Int, kind: String) async throws {
    let server = try PythonServer("http_server.py")
    let result = try await Self.post("/status/\(status)", to: server)
    let seen = result == .delivered ? "d" : result.isTemporary ? "t" : "p"
    #expect(seen == kind, "\(result)")
  }

  @Test("A redirect is not followed")
  func redirect() async throws {
    let server = try PythonServer("http_server.py")
    #expect(try await Self.post("/redirect", to: server).isTemporary)
    #expect(try server.records(ReceivedRequest.self).map(\.path) == ["/redirect"])
  }

  @Test("Retry-After is passed on as a hint")
  func retryAfter() async throws {
    let server = try PythonServer("http_server.py")
    guard case .temporary(_, .some(let wait)) = try await Self.post("/status/429/7", to: server) else {
      Issue.record("no hint")
      return
    }
    #expect(wait == .seconds(7))
  }

  @Test("A receiver that never answers, or is not there, is temporary; the wait is bounded", .timeLimit(.minutes(3)))
  func timeouts() async throws {
    let server = try PythonServer("http_server.py")
    #expect(try await Self.post("/stall", to: server, options: WebhookOptions(timeout: .milliseconds(300))).isTemporary)
    let gone = try await onLane {
      let endpoint = try WebhookEndpoint(url: "http://127.0.0.1:1/", secrets: [try WebhookSecret(Self.secrets[0])])
      return try WebhookSender().send(WebhookMessage(id: "n", body: []), to: endpoint, unixSeconds: 0)
    }
    #expect(gone.isTemporary)
  }

  @Test("An answer without end counts by its status, and only the first of it is kept")
  func longAnswers() async throws {
    let server = try PythonServer("http_server.py")
    #expect(try await Self.post("/endless", to: server) == .delivered)
    let big = try await Self.post("/big", to: server)
    #expect(big.isPermanent && big.reason.hasPrefix("webhook 127.0.0.1: HTTP 400: xxx"))
    #expect(big.reason.utf8.count <= 300)
  }

  @Test("A reason is one line and repeats neither the endpoint's URL nor its token")
  func redacted() async throws {
    let server = try PythonServer("http_server.py")
    let result = try await Self.post("/echo?token=s3cret-token", to: server)
    #expect(result.isPermanent && !result.reason.contains("s3cret"), "\(result.reason)")
    let plain = try await Self.post("/status/400", to: server)
    #expect(plain.reason == "webhook 127.0.0.1: HTTP 400: no thanks  x: y")
  }

  @Test(
    "Nor any of the URL's bytes where the answer is made short, or where what is kept of it ends",
    arguments: [150, 170, 190, 220, 250, 980, 1_005])
  func redactedAtTheEnd(padding: Int) async throws {
    let server = try PythonServer("http_server.py")
    let path = "/pad/\(padding)/s3cret-token-of-some-length-s3cret"
    let reason = try await Self.post(path, to: server).reason
    #expect(reason.hasPrefix("webhook 127.0.0.1: HTTP 400: xxx") && reason.utf8.count <= 300)
    #expect(!reason.contains("/pad") && !reason.contains("s3c"), "\(reason)")
  }

  @Test("Certificates are checked: an unknown one is temporary and the receiver sees nothing")
  func certificates() async throws {
    let server = try PythonServer("http_server.py", withCertificate: true)
    #expect(try await Self.post("/ok", to: server, scheme: "https").isTemporary)
    #expect(try server.records(ReceivedRequest.self).isEmpty)
    let trusting = WebhookOptions(caFile: server.certificate)
    #expect(try await Self.post("/ok", to: server, options: trusting, scheme: "https") == .delivered)
  }

  @Test("A body of 2 MB and an empty one arrive whole")
  func sizes() async throws {
    let server = try PythonServer("http_server.py")
    let large = [UInt8](repeating: 0x7A, count: 2_000_000)
    #expect(try await Self.post("/ok", to: server, body: large) == .delivered)
    #expect(try await Self.post("/ok", to: server, body: []) == .delivered)
    #expect(try server.records(ReceivedRequest.self).map(\.bytes.count) == [2_000_000, 0])
  }
}

@Suite("What is taken out of texts")
struct RedactionTests {
  private static let redaction = Redaction(["https://example.com/hook/tok%2Den?key=abc", "/hook/tok%2Den", "key=abc"])

  @Test(
    "Secrets go wherever they lie, also where they overlap or something is put on their last character",
    arguments: [
      ("a /hook/tok%2Den b key=abc", "a *** b ***"), ("https://example.com/hook/tok%2Den?key=abcd", "***d"),
      ("https://example.com/hook/tok%2Den?x", "https://example.com***?x"), ("key=abc\u{301}!", "***\u{301}!"),
      (#"{"at":"\/hook\/tok%2Den"}"#, #"{"at":"***"}"#), ("nothing\tof it\r\n", "nothing of it"),
    ])
  func taken(text: String, clean: String) {
    #expect(Self.redaction.apply(text.utf8) == clean)
  }

  @Test("Of a text that goes on the beginning of a secret goes too; a whole one keeps what only looks like it")
  func ends() {
    let path = Array("/hook/tok%2Den".utf8)
    for count in 1..<path.count {
      let text = Array("no such thing: ".utf8) + path.prefix(count)
      #expect(Self.redaction.apply(text, isCut: true) == "no such thing: ***")
      #expect(Self.redaction.apply(text) == String(decoding: text, as: UTF8.self))
    }
    let long = Redaction([String(repeating: "ö", count: 99)])
    #expect(long.apply("x\(String(repeating: "ö", count: 9))".utf8.dropLast(), isCut: true) == "x***")
  }
}

@Suite("Settings of webhooks")
struct WebhookSettingTests {
  @Test(
    "A secret that is none is refused without being repeated",
    arguments: [
      "", "whsec_", "whsec_!!!!", "secret", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ])
  func badSecrets(text: String) throws {
    let error = #expect(throws: DeliverySettingError.self) { try WebhookSecret(text) }
    #expect(text.count < 7 || error?.description.contains(text) == false)
  }

  @Test(
    "An endpoint that is no http URL is refused without being repeated",
    arguments: [
      "", "example.com/s3cret", "ftp://example.com/s3cret", "https://", "https://exa mple.com/s3cret",
      "file:///etc/s3cret",
      "https://example.com/s3cret\r\nx: y",
    ])
  func badEndpoints(url: String) throws {
    let secret = try WebhookSecret(WebhookSenderTests.secrets[0])
    let error = #expect(throws: DeliverySettingError.self) { try WebhookEndpoint(url: url, secrets: [secret]) }
    #expect(error?.description.contains("s3cret") == false)
  }

  @Test("An endpoint without a secret is refused, and neither it nor its secret can be printed")
  func printing() throws {
    #expect(throws: DeliverySettingError.self) { try WebhookEndpoint(url: "https://example.com", secrets: []) }
    let secret = try WebhookSecret(WebhookSenderTests.secrets[0])
    let endpoint = try WebhookEndpoint(url: "https://u:pw@example.com/token", secrets: [secret])
    #expect("\(endpoint)" == "WebhookEndpoint(\(endpoint.name))" && endpoint.name.hasPrefix("example.com#"))
    let other = try WebhookEndpoint(url: "https://u:pw@example.com/other", secrets: [secret])
    #expect(endpoint.name.utf8.count == 20 && endpoint.name != other.name)
    #expect("\(secret) \(String(reflecting: secret))" == "whsec_*** whsec_***")
  }

  @Test(
    "A mail server that is no smtp URL is refused", arguments: ["mail.example.com", "http://example.com", "smtp://"])
  func badMailServers(url: String) {
    #expect(throws: DeliverySettingError.self) { try EmailSender(MailServer(url: url)) }
  }
}
