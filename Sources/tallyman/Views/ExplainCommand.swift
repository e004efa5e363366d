import ArgumentParser
import Contracts
import Views

/// `tallyman explain order`
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Says why something stands as it does.", subcommands: [ExplainOrderCommand.self])
}

/// `tallyman explain order`
struct ExplainOrderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order",
    abstract:
      "Says why each unit of an order was promised where, waits, or was refused; and what would have to arrive.",
    discussion: """
      What a decision saw was written down when it was made: policy and candidates with each promise, the message with \
      each entry of the ledger. What would have to arrive is of this moment. Exit code 1 if there is no such order.
      """)

  @Argument(help: "The order_id.")
  var order: String

  @OptionGroup var options: ViewOptions

  func validate() throws { try Look.require(order, OrderID.self, as: "ID") }

  func run() async throws {
    let id = order
    guard let explanation = try await Look.at({ try $0.explain(id) }) else {
      throw try await OrderText.unknown(id, options)
    }
    let letters = try await Look.at { try $0.openDeadLetters(of: id) }
    try Look.tell(explanation, json: options.json) {
      ExplainText(explanation).page() + [letters.isEmpty ? nil : "\n" + OrderText.mention(letters)]
    }
  }
}
