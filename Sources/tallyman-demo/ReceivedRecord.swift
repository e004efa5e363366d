import FoundationEssentials

/// What the receiver of mails and webhooks wrote down.
struct ReceivedRecord {
  /// Mails, repetitions included.
  private(set) var mails = 0
  /// Different mails, by Message-ID.
  private(set) var differentMails = 0
  /// Webhooks with a valid signature, repetitions included.
  private(set) var webhooks = 0
  /// Different webhooks, by id.
  private(set) var differentWebhooks = 0
  /// Webhooks whose signature was wrong or too old.
  private(set) var badSignatures = 0
  /// Lines that could not be read.
  private(set) var unreadable = 0

  private struct Entry: Decodable {
    let kind: String
    let id: String
    let valid: Bool?
  }

  /// Reads the record.
  init(_ path: String) {
    var ids: [String: Set<String>] = [:]
    let decoder = JSONDecoder()
    for line in (TextFile.read(path) ?? "").utf8.split(separator: UInt8(ascii: "\n")) {
      guard let entry = try? decoder.decode(Entry.self, from: Data(line)) else {
        unreadable += 1
        continue
      }
      if entry.kind == "mail" { mails += 1 } else if entry.valid == true { webhooks += 1 } else { badSignatures += 1 }
      if entry.valid != false { ids[entry.kind, default: []].insert(entry.id) }
    }
    differentMails = ids["mail"]?.count ?? 0
    differentWebhooks = ids["webhook"]?.count ?? 0
  }
}
