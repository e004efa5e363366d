import Allocation
import Messaging
import WorkerHost

CommandLineHelp.answer(.allocationWorker)
let process = WorkerProcess(.allocationWorker)
let sweeper = process.periodic("sweeper") {
  let (holds, backorders) = (SweepMemory(), SweepMemory())
  return { database, _ in
    // Holds first: the other looks at all that waits, and when that takes too long holds must end nevertheless.
    let found = try HoldSweeper.sweep(remembering: holds, on: database)
    try BackorderSweeper.sweep(remembering: backorders, on: database)
    // More holds than one sweep takes are there to be found at once.
    return found < HoldSweeper.limit ? .seconds(5) : .seconds(1)
  }
}
let overdueAfter = process.settings.allocation.overdueAfter
let shipmentSweeper = process.periodic("shipment-sweeper") {
  let memory = SweepMemory()
  return { database, _ in
    let found = try ShipmentSweeper.sweep(after: overdueAfter, remembering: memory, on: database)
    // A full turn has probably not found all of them.
    return found < ShipmentSweeper.limit ? .seconds(60) : .seconds(5)
  }
}
await process.run(
  process.lanes(AllocationHandler(locationPolicy: process.settings.allocation.locationPolicy))
    + [sweeper, shipmentSweeper, process.housekeeping(), process.deadLetters(of: .allocation)])
