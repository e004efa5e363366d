import Allocation
import WorkerHost

CommandLineHelp.answer(.allocationWorker)
let process = WorkerProcess(.allocationWorker)
let sweeper = process.periodic("sweeper") {
  { database, _ in
    try BackorderSweeper.sweep(on: database)
    // More holds than one sweep takes are there to be found at once.
    return try HoldSweeper.sweep(on: database) < HoldSweeper.limit ? .seconds(5) : .seconds(1)
  }
}
let overdueAfter = process.settings.allocation.overdueAfter
let shipmentSweeper = process.periodic("shipment-sweeper") {
  { database, _ in
    // A full turn has probably not found all of them.
    try ShipmentSweeper.sweep(after: overdueAfter, on: database) < ShipmentSweeper.limit ? .seconds(60) : .seconds(5)
  }
}
await process.run(
  process.lanes(AllocationHandler(locationPolicy: process.settings.allocation.locationPolicy))
    + [sweeper, shipmentSweeper, process.housekeeping(), process.deadLetters(of: .allocation)])
