import Inventory
import Messaging
import WorkerHost

CommandLineHelp.answer(.inventoryWorker)
let process = WorkerProcess(.inventoryWorker)
let sweeper = process.periodic("sweeper") {
  let sweeps = LotSweeps()
  return { database, _ in try sweeps.turn(on: database) }
}
await process.run(
  process.lanes(InventoryHandler()) + [sweeper, process.housekeeping(), process.deadLetters(of: .inventory)])
