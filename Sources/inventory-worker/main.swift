import Inventory
import Messaging
import WorkerHost

CommandLineHelp.answer(.inventoryWorker)
let process = WorkerProcess(.inventoryWorker)
let sweeper = process.periodic("sweeper") {
  let memory = SweepMemory()
  var turns = 0
  return { database, _ in
    // Once in 20 minutes all of them: goods of a lot that was sold out before its end may come back later.
    try LotSweeper.sweep(
      since: turns % 40 == 0 ? LotSweeper.ever : LotSweeper.usual, remembering: memory, on: database)
    turns += 1
    return .seconds(30)
  }
}
await process.run(
  process.lanes(InventoryHandler()) + [sweeper, process.housekeeping(), process.deadLetters(of: .inventory)])
