#!/usr/bin/env bash
# Lanes, the rooms around both C libraries and the one that writes text into raw memory, under a sanitizer, against real
# servers.
#
#   run.sh thread|address
#
# Builds a package of these rooms alone, under .build/sanitize: the whole one would take ten times as long. What the C
# libraries do inside themselves is not ours to mend: see thread.supp and leak.supp for what is left out, and why.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/Tests/Sanitizers
kind=${1:?thread or address}
package=$PWD/.build/sanitize

mkdir -p "$package"
for name in Sources Tests topology Package.resolved; do ln -sfn "$PWD/$name" "$package/$name"; done
cat >"$package/Package.swift" <<'SWIFT'
// swift-tools-version: 6.2
import PackageDescription

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let package = Package(
  name: "sanitized",
  dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
  targets: [
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq"),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
    .target(name: "Lanes"),
    .target(name: "Contracts"),
    .target(name: "AMQP", dependencies: ["CRabbitMQ", "Lanes", logging]),
    .target(name: "Postgres", dependencies: ["CPostgres", "Lanes", logging]),
    .target(name: "TestServers", dependencies: ["Lanes"], path: "Tests/TestServers"),
    .testTarget(name: "LanesTests", dependencies: ["Lanes"]),
    .testTarget(
      name: "ContractsTests", dependencies: ["Contracts"], sources: ["TextWriterTests.swift", "TimestampTests.swift"]),
    .testTarget(name: "AMQPTests", dependencies: ["AMQP", "Lanes", "TestServers", logging]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "Lanes", "TestServers", logging]),
  ],
  swiftLanguageModes: [.v6]
)
SWIFT

export TSAN_OPTIONS="suppressions=$here/thread.supp halt_on_error=0 exitcode=66"
export ASAN_OPTIONS="detect_leaks=1"
export LSAN_OPTIONS="suppressions=$here/leak.supp print_suppressions=0"
exec swift test --package-path "$package" --scratch-path "$package/.build-$kind" --sanitize="$kind" --disable-xctest
