import Inventory
import WorkerHost

CommandLineHelp.answer(.inventoryWorker)
let process = WorkerProcess(.inventoryWorker)
await process.run(process.lanes(InventoryHandler()) + [process.housekeeping(), process.deadLetters(of: .inventory)])
