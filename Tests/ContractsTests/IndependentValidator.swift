import Contracts
import Foundation
import TestServers

/// Python's jsonschema, run once for many messages.
enum IndependentValidator {
  struct Message {
    let name: String
    let type: EventType
    let body: [UInt8]
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The error that it found in each message by name, `nil` for a valid one.
  static func errors(_ messages: [Message]) throws -> [String: String?] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "contracts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appending(path: "messages"), output = folder.appending(path: "verdicts")
    let complaints = folder.appending(path: "complaints")
    let lines = try messages.map { message in
      try ContractFiles.bytes([
        "name": message.name, "schema": message.type.schemaID, "body": String(decoding: message.body, as: UTF8.self),
      ])
    }
    try Data(lines.joined(separator: [0x0A])).write(to: input)
    let status = try run(input: input, output: output, complaints: complaints)
    guard status == 0 else {
      let text = try String(contentsOf: complaints, encoding: .utf8)
      throw Failure(description: "the independent validator did not run (exit code \(status)): \(text)")
    }
    var errors: [String: String?] = [:]
    for line in try Data(contentsOf: output).split(separator: 0x0A) {
      let verdict = try ContractFiles.object(Array(line))
      guard let name = verdict["name"] as? String else { continue }
      errors.updateValue(verdict["error"] as? String, forKey: name)
    }
    guard errors.count == messages.count else {
      throw Failure(description: "\(messages.count) messages went in, \(errors.count) verdicts came out")
    }
    return errors
  }

  private static func run(input: URL, output: URL, complaints: URL) throws -> Int32 {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "validate.py")
    let status = try Child.run([
      "/bin/sh", "-c", #"python3 "$1" "$2" "$3" >"$4" 2>"$5"; echo $?"#, "validate", script.path,
      ContractFiles.folder.path, input.path, output.path, complaints.path,
    ])
    return Int32(status.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
  }
}
