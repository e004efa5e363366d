import Stock

/// Diagrams as Mermaid writes them; GitHub and most editors draw it.
enum Mermaid {
  /// A life cycle as a state diagram.
  static func text(_ cycle: LifeCycle) -> String {
    let lines = cycle.steps.map { step in
      let arrow = "  \(step.from ?? "[*]") --> \(step.to ?? "[*]")"
      return step.causes.isEmpty ? arrow : arrow + ": " + step.causes.joined(separator: "<br>")
    }
    return (["stateDiagram-v2"] + lines).joined(separator: "\n")
  }

  /// Tables as an entity-relationship diagram.
  static func text(_ schema: SchemaDiagram) -> String {
    var lines = ["erDiagram"]
    for table in schema.tables {
      lines.append("  \(table.name) {")
      for column in table.columns {
        lines.append("    \(column.type) \(column.name)" + (table.key.contains(column.name) ? " PK" : ""))
      }
      lines.append("  }")
    }
    for relation in schema.relations {
      lines.append("  \(relation.one) ||--o{ \(relation.many) : \"\(relation.columns.joined(separator: ", "))\"")
    }
    return lines.joined(separator: "\n")
  }
}
