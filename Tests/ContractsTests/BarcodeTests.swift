import Contracts
import Testing

@Suite("Barcodes")
struct BarcodeTests {
  @Test(
    "a GTIN of any length with its check digit is one",
    arguments: ["96385074", "012345678905", "4006381333931", "04006381333931", "00000000", "10614141000415"])
  func good(_ text: String) throws {
    #expect(try Barcode(text).text == text)
    #expect(try Barcode(text).gtin.utf8.count == 14)
  }

  @Test("leading zeros do not make another number")
  func zeros() throws {
    #expect(try Barcode("012345678905").gtin == Barcode("0012345678905").gtin)
    #expect(try Barcode("96385074").gtin == "00000096385074")
  }

  @Test("each wrong last digit is refused, naming the right one")
  func checkDigit() {
    for digit in 0...9 where digit != 1 {
      #expect {
        try Barcode("400638133393\(digit)")
      } throws: { error in
        (error as? Malformed)?.rule == "a GTIN of 8, 12, 13 or 14 digits with its check digit, which is 1 for it"
      }
    }
  }

  @Test("any two digits exchanged next to each other that differ by other than 5 are noticed")
  func exchanged() throws {
    let digits = Array("4006381333931")
    for place in 0..<12 where abs(digits[place].wholeNumberValue! - digits[place + 1].wholeNumberValue!) % 5 != 0 {
      var wrong = digits
      wrong.swapAt(place, place + 1)
      #expect(throws: Malformed.self, "\(String(wrong))") { try Barcode(String(wrong)) }
    }
  }

  @Test(
    "other lengths and other characters are refused",
    arguments: ["", "1", "1234567", "123456789", "４００６３８１３３３９３１", "400638133393X"])
  func other(_ text: String) {
    #expect {
      try Barcode(text)
    } throws: { error in
      (error as? Malformed)?.rule == "a GTIN of 8, 12, 13 or 14 digits"
    }
  }

  @Test("a message names the barcode that is wrong, its value and the rule")
  func inMessage() {
    let body = #"""
      {"specversion":"1.0","id":"1","source":"s","type":"product.changed","time":"2026-11-21T09:30:00Z",
       "data":{"sku":"A","name":"x","barcodes":["96385074","4006381333930"]}}
      """#
    let refusal = whyRefused(Array(body.utf8))
    #expect(refusal?.field == "data.barcodes[1]")
    #expect(refusal?.value == "4006381333930")
    #expect(refusal?.rule.hasSuffix("which is 1 for it") == true)
  }

  @Test("a unit twice in one product, a factor that is no whole number, a receipt of nothing")
  func units() {
    func refused(_ type: String, _ data: String) -> Malformed? {
      let envelope = #""specversion":"1.0","id":"1","source":"s","type":"\#(type)","time":"2026-11-21T09:30:00Z""#
      return whyRefused(Array(#"{\#(envelope),"data":\#(data)}"#.utf8))
    }
    #expect(
      refused(
        "product.registered",
        #"{"sku":"A","name":"x","units":[{"unit":"carton","factor":24},{"unit":"carton","factor":12}]}"#)
        == Malformed(field: "data.units[1].unit", value: "carton", rule: "unique in its product"))
    #expect(
      refused("product.registered", #"{"sku":"A","name":"x","units":[{"unit":"pair","factor":0.5}]}"#)
        == Malformed(field: "data.units[0].factor", value: "0.5", rule: "an integer from 1 to 1000000"))
    #expect(
      refused("goods.received", #"{"receipt_id":"r","sku":"A","location_id":"W","quantity":2.5,"unit":"carton"}"#)
        == Malformed(field: "data.quantity", value: "2.5", rule: "an integer from 1 to 1000000000"))
    #expect(
      refused("goods.received", #"{"receipt_id":"r","location_id":"W","quantity":2}"#)
        == Malformed(field: "data.sku", value: "absent", rule: "present"))
  }
}
