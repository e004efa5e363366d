import Allocation
import ArgumentParser
import Inventory
import Stock
import WorkerHost

/// `tallyman diagram`
struct DiagramCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagram", abstract: "Prints a life cycle, or the tables of the database, as a Mermaid diagram.",
    discussion: """
      Life cycles are found by asking the code that decides: states that follow from quantities are tried out in every \
      small case, a shipment's steps are the table that its status is looked up in. Asks nobody.

      The tables are read from the database at TALLYMAN_DATABASE_URL. topology/DIAGRAMS.md shows them all.
      """)

  /// What can be drawn.
  enum Subject: String, CaseIterable, ExpressibleByArgument {
    case order, line, shipment, backorder, transfer, schema

    /// Nil for the tables, which only a database knows.
    var lifeCycle: LifeCycle? {
      switch self {
      case .order: .order
      case .line: .line
      case .shipment: .shipment
      case .backorder: .backorder
      case .transfer: .transfer
      case .schema: nil
      }
    }
  }

  @Argument(help: "order, line, shipment, backorder, transfer or schema.")
  var subject: Subject

  func run() async throws {
    if let cycle = subject.lifeCycle {
      print(Mermaid.text(cycle))
    } else {
      let schema = try await Database.withSchema(OperatorSettings(), as: "diagram") { try SchemaDiagram($0) }
      print(Mermaid.text(schema))
    }
  }
}
