import Testing

@testable import Outbox

@Suite("Where a relay reads on")
struct ShardPositionTests {
  @Test("it reads on behind the last row while there are more")
  func readsOn() {
    var position = ShardPosition()
    #expect(position.floor == 0 && !position.isBehind)
    position.advance(to: 100, isEnd: false, horizon: 900)
    #expect(position.floor == 100 && position.wasFromStart && !position.isBehind)
    position.advance(to: 200, isEnd: false, horizon: 900)
    #expect(position.floor == 200 && !position.wasFromStart)
  }

  @Test("at the end and before it, it never reads on behind what may still come to light")
  func horizon() {
    var position = ShardPosition()
    position.advance(to: 100, isEnd: true, horizon: 0)
    #expect(position.floor == 0 && position.isBehind, "nothing is known yet")
    position.advance(to: 200, isEnd: false, horizon: 150)
    #expect(position.floor == 150 && position.isBehind)
    position.advance(to: 300, isEnd: true, horizon: 250)
    #expect(position.floor == 250 && position.isBehind)
    position.advance(to: 300, isEnd: true, horizon: 700)
    #expect(position.floor == 700 && !position.isBehind, "other shards' rows have drawn what is between")
  }

  @Test("a look back begins with the oldest row and goes on where it was")
  func lookBack() {
    var position = ShardPosition()
    position.advance(to: 500, isEnd: false, horizon: 900)
    position.lookBack()
    #expect(position.floor == 0 && position.isLookingBack)
    position.lookBack()
    position.advance(to: 40, isEnd: false, horizon: 900)
    position.advance(to: 90, isEnd: false, horizon: 900)
    #expect(position.floor == 500 && !position.wasFromStart && !position.isLookingBack)
  }

  @Test("a look back that meets more rows than an answer holds takes a second part, behind that of the one before")
  func lookBackInParts() {
    var position = ShardPosition()
    position.advance(to: 500, isEnd: false, horizon: 900)
    for (begin, last) in [(64, 128), (128, 300)] as [(Int64, Int64)] {
      position.lookBack()
      #expect(position.floor == 0)
      position.advance(to: 64, isEnd: false, horizon: 900)
      #expect(position.floor == begin && position.wasFromStart && position.isLookingBack)
      position.advance(to: last, isEnd: false, horizon: 900)
      #expect(position.floor == 500 && !position.wasFromStart && !position.isLookingBack)
    }
    position.lookBack()
    position.advance(to: 64, isEnd: false, horizon: 900)
    position.advance(to: 700, isEnd: false, horizon: 900)
    #expect(position.floor == 700)
    position.lookBack()
    position.advance(to: 64, isEnd: false, horizon: 900)
    #expect(position.floor == 64, "the last one came to where reading was")
  }

  @Test("what was held back is read again, also when a look back is due or under way")
  func rewind() {
    var position = ShardPosition()
    position.advance(to: 500, isEnd: false, horizon: 900)
    position.rewind(to: 30)
    #expect(position.floor == 30)
    position.advance(to: 500, isEnd: false, horizon: 900)
    position.lookBack()
    position.rewind(to: 60)
    position.advance(to: 20, isEnd: false, horizon: 900)
    position.advance(to: 40, isEnd: false, horizon: 900)
    #expect(position.floor == 60)
  }
}
