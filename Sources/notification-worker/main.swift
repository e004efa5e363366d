import Notifications
import WorkerHost

CommandLineHelp.answer(.notificationWorker)
let process = WorkerProcess(.notificationWorker)
let routes = NotificationWiring.routes(process)
let sender = NotificationWiring.sender(process, routes)
await process.run(
  process.lanes(NotificationHandler(routes: routes)) + [
    sender, process.housekeeping(), process.deadLetters(of: .notification),
  ])
