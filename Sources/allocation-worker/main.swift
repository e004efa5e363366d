import Allocation
import WorkerHost

CommandLineHelp.answer(.allocationWorker)
let process = WorkerProcess(.allocationWorker)
let sweeper = process.periodic("sweeper") {
  { database, _ in
    try BackorderSweeper.sweep(on: database)
    return .seconds(5)
  }
}
await process.run(
  process.lanes(AllocationHandler()) + [sweeper, process.housekeeping(), process.deadLetters(of: .allocation)])
