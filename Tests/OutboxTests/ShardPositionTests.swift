import Testing

@testable import Outbox

@Suite("Where a relay reads on")
struct ShardPositionTests {
  @Test("it reads on behind the last row while there are more")
  func readsOn() {
    var position = ShardPosition()
    #expect(position.floor == 0 && !position.isBehind)
    position.advance(to: 100, isEnd: false)
    #expect(position.floor == 100 && position.wasFromStart && !position.isBehind)
    position.advance(to: 200, isEnd: false)
    #expect(position.floor == 200 && !position.wasFromStart)
  }

  @Test("at the end it goes back to where it was some time ago, for what commits late")
  func horizon() {
    var position = ShardPosition()
    position.advance(to: 100, isEnd: true)
    #expect(position.floor == 0, "nothing is remembered yet")
    position.remember()
    position.advance(to: 200, isEnd: true)
    #expect(position.floor == 0, "what was read since the last time may have been overtaken")
    position.remember()
    position.advance(to: 300, isEnd: true)
    #expect(position.floor == 100 && position.isBehind)
    position.remember()
    position.advance(to: 300, isEnd: true)
    #expect(position.floor == 200)
  }

  @Test("a look back begins with the oldest row and goes on where it was")
  func lookBack() {
    var position = ShardPosition()
    position.advance(to: 500, isEnd: false)
    position.lookBack()
    #expect(position.floor == 0 && position.isLookingBack)
    position.lookBack()
    position.advance(to: 40, isEnd: false)
    #expect(position.floor == 500 && position.wasFromStart && !position.isLookingBack)
  }

  @Test("what was held back is read again, also when a look back is due or under way")
  func rewind() {
    var position = ShardPosition()
    position.advance(to: 500, isEnd: false)
    position.rewind(to: 30)
    #expect(position.floor == 30)
    position.advance(to: 500, isEnd: false)
    position.lookBack()
    position.rewind(to: 60)
    position.advance(to: 20, isEnd: false)
    #expect(position.floor == 60)
  }
}
