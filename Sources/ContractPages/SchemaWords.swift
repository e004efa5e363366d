import Contracts

/// A field's schema in words.
struct SchemaWords {
  let schema: JSON

  /// `string`, `integer`, `array of objects`, …, without the null that counts as absent.
  var type: String {
    if schema["const"] != nil || (schema["enum"] != nil && schema["type"] == nil) { return "string" }
    let types = names.filter { $0 != "null" }
    guard types == ["array"] else { return types.isEmpty ? "any" : types.joined(separator: " or ") }
    return "array of " + (schema["items"].map { "\(SchemaWords(schema: $0).type)s" } ?? "anything")
  }

  private var names: [String] {
    switch schema["type"] {
    case .string(let name): [name]
    case .array(let names): names.compactMap(\.text)
    default: []
    }
  }

  /// What a value must be, beyond its type; empty where nothing more is asked.
  var rule: String {
    var rules: [String] = []
    if let value = schema["const"]?.text { rules.append("`\(value)`") }
    if let words = schema["enum"]?.elements?.compactMap(\.text) {
      rules.append(words.map { "`\($0)`" }.joined(separator: ", "))
    }
    rules += [
      range("minimum", "maximum", ""), range("minLength", "maxLength", " characters"),
      range("minItems", "maxItems", " elements"),
    ].compactMap(\.self)
    if let pattern = schema["pattern"]?.text { rules.append(SchemaWords.pattern(pattern)) }
    switch schema["default"] {
    case .string(let text): rules.append("default `\(text)`")
    case .int(let number): rules.append("default \(number)")
    case .bool(let flag): rules.append("default \(flag)")
    default: break
    }
    return rules.filter { !$0.isEmpty }.joined(separator: "; ")
  }

  private func range(_ low: String, _ high: String, _ unit: String) -> String? {
    switch (schema[low]?.integer, schema[high]?.integer) {
    case (let low?, let high?): "\(SchemaWords.grouped(low)) to \(SchemaWords.grouped(high))\(unit)"
    case (let low?, nil): "at least \(SchemaWords.grouped(low))\(unit)"
    case (nil, let high?): "at most \(SchemaWords.grouped(high))\(unit)"
    case (nil, nil): nil
    }
  }

  /// 1,000,000,000; the largest number that fits is said to be that.
  static func grouped(_ number: Int64) -> String {
    guard number != .max else { return "2⁶³ − 1" }
    var digits = Array(String(number.magnitude))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// The patterns of the contracts in words; another one as it is.
  private static func pattern(_ pattern: String) -> String {
    switch pattern {
    case "^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$": IdentifierSyntax.code.rule
    case "^[!-~]{1,128}$": IdentifierSyntax.token.rule
    case "^[!-~]{1,256}$": IdentifierSyntax.compound.rule
    case "^[^\\u0000-\\u001f\\u007f]*$": "no control characters"
    case "^[^\\u0000]*$": "no U+0000"
    case let time where time.hasPrefix("^[0-9]{4}-(0[1-9]"): "RFC 3339 with a zone"
    default: "matches `\(pattern.replacing("|", with: "\\|"))`"
    }
  }
}
