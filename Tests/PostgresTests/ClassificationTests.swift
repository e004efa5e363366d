import Testing

@testable import Postgres

@Suite struct ClassificationTests {
  @Test(arguments: [
    ("40001", ErrorCategory.retryable), ("40P01", .retryable), ("55P03", .retryable),
    ("23505", .conflict),
    ("22001", .data), ("22P02", .data), ("22021", .data), ("23502", .data), ("23503", .data), ("23514", .data),
    ("23P01", .data), ("54000", .data),
    ("08006", .infrastructure), ("08001", .infrastructure), ("53100", .infrastructure), ("53300", .infrastructure),
    ("57P01", .infrastructure), ("57P03", .infrastructure), ("58030", .infrastructure), ("25006", .infrastructure),
    ("25P03", .infrastructure), ("28P01", .infrastructure), ("3D000", .infrastructure), ("40003", .infrastructure),
    ("57014", .cancelled),
    ("42P01", .bug), ("42601", .bug), ("42501", .bug), ("0A000", .bug), ("26000", .bug), ("25P02", .bug),
    ("P0001", .bug), ("XX000", .bug), ("21000", .bug), ("", .bug),
  ])
  func everyCodeHasItsCategory(code: String, expected: ErrorCategory) {
    #expect(ErrorCategory(SQLState(code)) == expected)
  }

  @Test func aMissingPartitionIsNotTheMessagesFault() {
    let message = #"no partition of relation "inbox" found for row"#
    #expect(ErrorCategory(.checkViolation, message: message) == .infrastructure)
    #expect(ErrorCategory(.checkViolation, message: "keine", routine: "ExecFindPartition") == .infrastructure)
    #expect(ErrorCategory(.checkViolation, message: "violates check constraint") == .data)
  }

  @Test func whatIsLoggedDoesNotQuoteTheRow() {
    let row = "Failing row contains (ord-1, cust-42, ...)."
    let refused = PostgresError(
      sqlState: .checkViolation, message: "violates check constraint", detail: row, constraint: "no_vip")
    #expect("\(refused)" == "23514: violates check constraint [constraint no_vip]" && refused.detail == row)
    let deadlock = PostgresError(sqlState: SQLState("40P01"), message: "deadlock detected", detail: "Process 1 waits")
    #expect("\(deadlock)" == "40P01: deadlock detected (Process 1 waits)")
  }

  @Test func aStalePlanAsksForANewConnection() {
    #expect(ErrorCategory(.featureNotSupported, routine: "RevalidateCachedQuery") == .infrastructure)
  }

  @Test func aLostConnectionIsInfrastructureWhateverTheCodeSays() {
    #expect(PostgresError(sqlState: .queryCanceled, message: "", isConnectionLost: true).category == .infrastructure)
  }
}
