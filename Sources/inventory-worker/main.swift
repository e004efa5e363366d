import Inventory
import WorkerHost

CommandLineHelp.answer(.inventoryWorker)
let process = WorkerProcess(.inventoryWorker)
let sweeper = process.periodic("sweeper") {
  { database, _ in
    try LotSweeper.sweep(on: database)
    return .seconds(30)
  }
}
await process.run(
  process.lanes(InventoryHandler()) + [sweeper, process.housekeeping(), process.deadLetters(of: .inventory)])
