import Postgres

/// The tables of a live database and what connects them: a table belongs to another one whose whole key it has. There
/// are no foreign keys to ask: they would double the cost of an insert.
struct SchemaDiagram: Sendable {
  struct Column: Sendable {
    let name: String
    let type: String
  }

  struct Table: Sendable {
    let name: String
    var columns: [Column] = []
    var key: [String] = []
  }

  struct Relation: Sendable {
    let one: String
    let many: String
    let columns: [String]
  }

  /// In the order in which they were made.
  private(set) var tables: [Table] = []

  /// Reads the catalogue; partitions are not tables of their own here.
  init(_ connection: Connection) throws(PostgresError) {
    let rows = try connection.query(.once(SchemaDiagram.sql))
    for row in 0..<rows.count {
      let name = rows.text(row, 0)
      if tables.last?.name != name { tables.append(Table(name: name)) }
      let column = Column(name: rows.text(row, 1), type: rows.text(row, 2))
      tables[tables.count - 1].columns.append(column)
      if rows.bool(row, 3) { tables[tables.count - 1].key.append(column.name) }
    }
  }

  /// The nearest only: what belongs to a line of an order belongs to the order by that. Of two tables with the same key
  /// the later one belongs to the earlier.
  var relations: [Relation] {
    tables.enumerated().flatMap { place, many -> [Relation] in
      let names = Set(many.columns.map(\.name))
      let owners = tables.enumerated().filter { other, one in
        other != place && !one.key.isEmpty && names.isSuperset(of: one.key)
          && !(Set(one.key) == Set(many.key) && other > place)
      }.map(\.element)
      return owners.filter { one in
        !owners.contains { $0.name != one.name && Set($0.key).isStrictSuperset(of: one.key) }
      }.map { Relation(one: $0.name, many: many.name, columns: $0.key) }
    }
  }

  private static let sql = """
    select c.relname::text, a.attname::text,
           coalesce(nullif(regexp_replace(regexp_replace(format_type(a.atttypid, a.atttypmod), '^tallyman\\.', ''),
                                          '[^A-Za-z0-9_]+', '_', 'g'), ''), 'unknown'),
           coalesce(a.attnum = any (k.conkey), false)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'tallyman'
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
    where c.relkind in ('r', 'p') and not c.relispartition
    order by c.oid, a.attnum
    """
}
