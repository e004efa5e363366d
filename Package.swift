// swift-tools-version: 6.2
import PackageDescription

// The rooms of Tallyman, in the order in which a message meets them. Arrows run one way, from the executables at the
// end down to the C libraries at the start, and a file may import exactly what its target declares here:
// `--explicit-target-dependency-import-check error` (see Makefile) and Tests/StyleTests hold that.

/// Every target of this package is compiled with these.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// MARK: Libraries of others

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// MARK: Kinds of rooms

/// Links Swift's runtime into a program, with what FoundationEssentials needs of its own. Nobody looks for symbols in a
/// program: a table of all of them would only take memory.
let staticRuntime = [
  "-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization",
  "-Xlinker", "--no-export-dynamic",
]

/// A library of ours.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], plugins: [Target.PluginUsage] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict, plugins: plugins)
}

/// A program: a few lines that open the door to a room.
///
/// A released one has Swift's runtime in it, whoever builds it: as in the container, it starts without Swift being
/// installed, takes less memory, and its calls into the runtime cost less.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: strict,
    linkerSettings: [.unsafeFlags(staticRuntime, .when(platforms: [.linux], configuration: .release))])
}

/// The tests of one room. What is excluded lies beside them for other programs to run, such as Python's.
func tests(
  of room: String, _ dependencies: [Target.Dependency], exclude: [String] = [], plugins: [Target.PluginUsage] = []
) -> Target {
  .testTarget(
    name: room + "Tests", dependencies: dependencies, exclude: exclude, swiftSettings: strict, plugins: plugins)
}

// MARK: The package

let package = Package(
  name: "tallyman",
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Without its default traits it does not pull in Foundation, whose ICU data would double a worker's memory.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // C libraries: a module map and a shim for what Swift cannot import.
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev", "libssl-dev"])]),
    // The C library's own allocator.
    .systemLibrary(name: "CAllocator"),

    // From the broker to the database.
    room("Lanes"),
    room("AMQP", ["CRabbitMQ", "Lanes"]),
    room("Postgres", ["CPostgres", "Lanes", logging]),
    room("Contracts"),
    room("Outbox", ["Contracts", "Postgres"]),
    room("Schema", ["Postgres"], plugins: ["EmbedPlugin"]),
    room("Audit", ["Postgres"], plugins: ["EmbedPlugin"]),
    room("Views", ["Contracts", "Postgres"]),
    room("Observability", ["Contracts", logging, metrics]),
    room("Messaging", ["Lanes", "Contracts", "Outbox", "Postgres"]),
    room("ContractPages", ["Contracts", "Messaging"]),

    // The domains. Never each other, never AMQP, never a C library of the wire.
    room("Stock", ["Contracts", "Postgres"]),
    room("Inventory", ["Contracts", "Messaging", "Postgres", "Stock"]),
    room("Allocation", ["Contracts", "Messaging", "Postgres", "Stock"]),
    room("Delivery", ["CCurl", "Lanes", "Contracts"]),
    room("Notifications", ["Lanes", "Contracts", "Messaging", "Outbox", "Postgres", "Delivery"]),

    // From the database back to the broker, and what runs it all.
    room("OutboxRelay", ["Lanes", "Contracts", "Outbox", "AMQP", "Postgres"]),
    room(
      "WorkerHost",
      [
        "CAllocator", "Lanes", "AMQP", "Postgres", "Contracts", "Schema", "Observability", "Messaging", "Outbox",
        "OutboxRelay", logging, metrics, serviceLifecycle, hummingbird,
      ]),

    // Programs.
    program("inventory-worker", ["Inventory", "Messaging", "WorkerHost"]),
    program("allocation-worker", ["Allocation", "Messaging", "WorkerHost"]),
    program(
      "notification-worker",
      ["Contracts", "Delivery", "Notifications", "Observability", "WorkerHost", logging, metrics, serviceLifecycle]),
    program("outbox-relay", ["WorkerHost"]),
    program(
      "tallyman",
      [
        "CCurl", "Lanes", "Postgres", "Schema", "Audit", "Views", "Contracts", "ContractPages", "Messaging", "Stock",
        "Inventory", "Allocation", "Delivery", "Notifications", "WorkerHost", argumentParser,
      ]),
    program("tallyman-demo", ["Lanes", "AMQP", "Postgres", "Contracts", argumentParser]),

    // Build time only: .sql files become Swift string literals.
    .plugin(
      name: "EmbedPlugin", capability: .buildTool(), dependencies: ["embed-sql"], path: "Sources/EmbedPlugin"),
    program("embed-sql", []),

    // Tests. Servers are real: TestServers starts private ones on free ports.
    .target(
      name: "TestServers", dependencies: ["Lanes"], path: "Tests/TestServers", swiftSettings: strict),
    .target(
      name: "PipelineKit",
      dependencies: [
        "Allocation", "Contracts", "Inventory", "Lanes", "Messaging", "Postgres", "Schema", "TestServers",
      ], path: "Tests/PipelineKit", swiftSettings: strict),
    // For tools that count what a batch costs; ships nowhere.
    .executableTarget(
      name: "batch-cost",
      dependencies: ["Allocation", "Contracts", "Lanes", "Messaging", "PipelineKit", "Postgres"],
      path: "Tests/BatchCost", swiftSettings: strict),
    tests(of: "Lanes", ["Lanes"]),
    tests(of: "AMQP", ["AMQP", "Lanes", "TestServers"]),
    tests(of: "Postgres", ["Postgres", "Lanes", "TestServers"]),
    tests(of: "Contracts", ["Contracts", "TestServers"], exclude: ["validate.py"]),
    tests(of: "Outbox", ["PipelineKit", "Outbox", "Contracts", "Postgres", "Lanes", "TestServers"]),
    tests(of: "Schema", ["Schema", "Postgres", "Lanes", "TestServers"], plugins: ["EmbedPlugin"]),
    tests(of: "Observability", ["Observability", logging, metrics]),
    tests(of: "Messaging", ["PipelineKit", "Messaging", "Contracts", "Postgres", "Lanes", "TestServers"]),
    tests(of: "Stock", ["PipelineKit", "Stock", "Contracts", "Postgres"]),
    tests(of: "Inventory", ["PipelineKit", "Inventory", "Messaging", "Contracts", "TestServers"]),
    tests(
      of: "Allocation",
      ["PipelineKit", "Allocation", "Inventory", "Stock", "Messaging", "Contracts", "Postgres", "TestServers"]),
    // Random histories of both domains' messages; the decisions run over rows in memory. Optimised,
    // they take half as long.
    .testTarget(
      name: "PropertyTests",
      dependencies: [
        "Allocation", "Contracts", "Inventory", "Messaging", "PipelineKit", "Postgres", "Stock", "TestServers",
      ], swiftSettings: strict + [.unsafeFlags(["-O"])]),
    tests(of: "Delivery", ["Delivery", "Lanes", "TestServers"], exclude: ["servers"]),
    tests(
      of: "Notifications",
      ["Notifications", "Delivery", "Messaging", "Contracts", "Postgres", "Schema", "Lanes", "TestServers"]),
    tests(
      of: "OutboxRelay",
      ["OutboxRelay", "Outbox", "AMQP", "Postgres", "Schema", "Lanes", "TestServers"]),
    tests(
      of: "WorkerHost",
      [
        "WorkerHost", "Audit", "Messaging", "Inventory", "Allocation", "Notifications", "Contracts", "AMQP", "Postgres",
        "Schema", "Observability", "Lanes", "TestServers", logging, serviceLifecycle,
        "inventory-worker", "allocation-worker", "notification-worker", "outbox-relay",
      ], exclude: ["interposers"]),
    .testTarget(
      name: "TallymanTests",
      dependencies: [
        "tallyman", "AMQP", "Allocation", "Audit", "Contracts", "ContractPages", "Lanes", "Messaging", "Observability",
        "PipelineKit", "Postgres", "Schema", "Stock", "TestServers", "Views", "WorkerHost",
        argumentParser,
      ], exclude: ["asyncapi.py"], swiftSettings: strict),
    .testTarget(
      name: "CostTests", dependencies: ["TestServers", "batch-cost", "tallyman"], exclude: ["bounds.json"],
      swiftSettings: strict),
    .testTarget(name: "StyleTests", dependencies: ["TestServers"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
