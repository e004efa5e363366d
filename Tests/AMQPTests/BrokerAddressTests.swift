import Testing

@testable import AMQP

@Suite struct BrokerAddressTests {
  @Test func optionsNeverShowThePassword() {
    let options = BrokerOptions(
      uri: "amqp://shop:s3cret@broker.example.com/", password: "0ther", connectionName: "a-worker")
    var dumped = ""
    dump(options, to: &dumped)
    for text in ["\(options)", String(reflecting: options), dumped] {
      #expect(text.contains("a-worker") && !text.contains("s3cret") && !text.contains("0ther"))
    }
  }

  @Test func readsEveryPartOfAURI() throws {
    let address = try BrokerAddress(uri: "amqps://us%40er:p%3Aw%2F@broker.example.com:5999/sup%2Fply")
    #expect(address.usesTLS)
    #expect(address.host == "broker.example.com")
    #expect(address.port == 5999)
    #expect(address.user == "us@er")
    #expect(address.password == "p:w/")
    #expect(address.vhost == "sup/ply")
  }

  @Test(arguments: [
    ("amqp://localhost", "/", 5672), ("amqp://localhost/", "/", 5672), ("amqps://localhost/a", "a", 5671),
    ("amqp://[::1]:99/a", "a", 99), ("amqp://u@h/%2F", "/", 5672),
  ])
  func fillsInWhatIsMissing(uri: String, vhost: String, port: Int) throws {
    let address = try BrokerAddress(uri: uri)
    #expect(address.vhost == vhost)
    #expect(address.port == port)
  }

  @Test(arguments: [
    "http://guest:SECRET@h/", "amqp://guest:SECRET@h:0/", "amqp://guest:SECRET@h:70000/", "amqp://guest:SECRET@/v",
    "amqp://guest:SECRET@h/a/b", "amqp://guest:SECRET%2@h/", "amqp://guest:SECRET%FF@h/", "amqp://guest:SECRET@h/?x=1",
  ])
  func refusesWhatItCannotReadWithoutRepeatingIt(uri: String) {
    let error = failure { _ = try BrokerAddress(uri: uri) }
    guard case .invalidURI = error else {
      Issue.record("expected invalidURI, got \(String(describing: error))")
      return
    }
    #expect(!"\(error, default: "")".contains("SECRET"))
  }
}
