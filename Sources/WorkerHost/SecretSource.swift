import FoundationEssentials
import Observability

/// A secret as it was given: itself, or the file in which it stands.
public struct SecretSource: Sendable {
  /// What it was when the process began.
  let atStart: Secret
  let path: String?
  let parse: @Sendable (String) -> Secret?

  /// What it is now: who rotates a password writes the file anew while we run. Where the file is being replaced or says
  /// nothing usable it is what it was at the start.
  public var current: Secret {
    guard let path, case .success(let text) = SecretFile.read(path) else { return atStart }
    return parse(text) ?? atStart
  }
}

/// A secret's file, as Docker and Kubernetes mount them.
enum SecretFile {
  struct Fault: Error { let why: String }

  /// The file's text without the line break that editors leave at its end.
  static func read(_ path: String) -> Result<String, Fault> {
    guard let data = FileManager.default.contents(atPath: path) else {
      return .failure(Fault(why: "the file cannot be read"))
    }
    guard data.count <= 65_536 else { return .failure(Fault(why: "the file is larger than a secret can be (64 KiB)")) }
    guard var text = String(validating: data, as: UTF8.self) else {
      return .failure(Fault(why: "the file is not UTF-8 text"))
    }
    while text.last?.isNewline == true { text.removeLast() }
    return text.isEmpty ? .failure(Fault(why: "the file is empty")) : .success(text)
  }
}
