import WorkerHost

CommandLineHelp.answer(.outboxRelay)
let process = WorkerProcess(.outboxRelay)
await process.run([process.relay(), process.outboxGauges()])
