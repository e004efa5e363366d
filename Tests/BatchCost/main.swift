import Dispatch
import Lanes
import PipelineKit
import Postgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// A fixed number of batches through the allocation-worker's pipeline, for tools that count instead of timing: system
// calls, allocations, instructions, bytes of write-ahead log. Tests/Benchmarks/guard.py runs it.
//
//   batch-cost DATABASE_URL pipeline RUN BATCHES ORDERS   whole batches, from the delivery's bytes to COMMIT
//   batch-cost DATABASE_URL decide RUN BATCHES ORDERS     decoding and deciding only; what was locked is given back
//
// ORDERS make a batch.

let arguments = CommandLine.arguments
guard arguments.count == 6, let batches = Int(arguments[4]), let perBatch = Int(arguments[5]) else {
  print("usage: batch-cost DATABASE_URL pipeline|decide RUN BATCHES ORDERS")
  exit(2)
}
let orders = FixedOrders(run: arguments[3], perBatch: perBatch)
let address = arguments[1]
let onlyDeciding = arguments[2] == "decide"

@Sendable func run() async throws -> Int {
  let lane = Lane(name: "batch-cost")
  defer { lane.stop() }
  return try await lane.run {
    let connection = try Connection(House.options(address, name: "batch-cost"))
    defer { connection.close() }
    let counting = Counting()
    return try (0..<batches).reduce(0) { applied, batch in
      let deliveries = orders.batch(batch)
      return try applied
        + (onlyDeciding ? Deciding(connection).decide(deliveries) : counting.process(deliveries, on: connection))
    }
  }
}

// Not an asynchronous main: valgrind does not survive a main thread that ends before the program does.
Task.detached {
  do {
    let applied = try await run()
    if applied == batches * perBatch { exit(0) }
    print("\(applied) of \(batches * perBatch) orders were applied")
  } catch {
    print(error)
  }
  exit(1)
}
DispatchSemaphore(value: 0).wait()
