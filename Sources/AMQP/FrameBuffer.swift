import CRabbitMQ

/// Messages as frames, encoded by librabbitmq, that are written together.
///
/// `amqp_basic_publish` writes each message in three pieces, a system call for each: a third of what publishing costs.
final class FrameBuffer {
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  /// The largest content of a frame.
  private let largestContent: Int
  /// How many bytes wait to be written.
  private(set) var count = 0

  /// With so many bytes it is worth being written.
  private static let enough = 64 << 10
  /// A frame's type, channel and size come before its content.
  private static let head = 7
  /// What comes before and behind it.
  private static let overhead = 8
  /// More than the frame with exchange and routing key ever takes.
  private static let methodFrame = 600

  /// - Parameter frameSize: The largest frame that was agreed on.
  init(frameSize: Int) {
    largestContent = frameSize - FrameBuffer.overhead
    capacity = FrameBuffer.enough + FrameBuffer.methodFrame + frameSize
    memory = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { memory.deallocate() }

  /// Whether it has to be written before a message is added.
  var isFull: Bool { count >= FrameBuffer.enough }

  /// What waits to be written.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  func clear() { count = 0 }

  /// Adds the two frames that come before a message's body. It must not be full.
  ///
  /// - Throws: ``AMQPError/invalidMessage(detail:)`` when one does not fit; nothing is added then.
  func add(
    _ method: inout amqp_basic_publish_t, _ properties: inout amqp_basic_properties_t, bodySize: Int,
    on channel: amqp_channel_t
  ) throws(AMQPError) {
    let start = count
    let isComplete =
      add(AMQP_FRAME_METHOD, channel, upTo: FrameBuffer.methodFrame - FrameBuffer.overhead) { content, room in
        content.storeBytes(of: AMQP_BASIC_PUBLISH_METHOD.bigEndian, as: UInt32.self)
        let size = amqp_encode_method(
          AMQP_BASIC_PUBLISH_METHOD, &method, amqp_bytes_t(len: room - 4, bytes: content + 4))
        return size < 0 ? nil : 4 + Int(size)
      }
      && add(AMQP_FRAME_HEADER, channel, upTo: largestContent) { content, room in
        let basic = UInt16(AMQP_BASIC_CLASS)
        content.storeBytes(of: (UInt32(basic) << 16).bigEndian, as: UInt32.self)
        content.storeBytes(of: UInt64(bodySize).bigEndian, toByteOffset: 4, as: UInt64.self)
        let size = amqp_encode_properties(basic, &properties, amqp_bytes_t(len: room - 12, bytes: content + 12))
        return size < 0 ? nil : 12 + Int(size)
      }
    guard isComplete else {
      count = start
      throw .invalidMessage(detail: "its properties do not fit into a frame of \(largestContent) bytes")
    }
  }

  /// Adds the next piece of a message's body.
  ///
  /// - Returns: How much of it; 0 when what is there has to be written first.
  func add(body: UnsafeRawBufferPointer, on channel: amqp_channel_t) -> Int {
    let size = min(body.count, largestContent)
    guard size > 0, count + size + FrameBuffer.overhead <= capacity else { return 0 }
    add(AMQP_FRAME_BODY, channel, upTo: size) { content, room in
      UnsafeMutableRawBufferPointer(start: content, count: room).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: body.prefix(room)))
      return size
    }
    return size
  }

  /// Adds a frame.
  ///
  /// - Parameter write: Writes the content into so many bytes, and returns its size, or nil when it has no room.
  /// - Returns: Whether it had room.
  @discardableResult
  private func add(
    _ type: Int32, _ channel: amqp_channel_t, upTo room: Int, _ write: (UnsafeMutableRawPointer, Int) -> Int?
  ) -> Bool {
    let frame = memory + count
    guard let size = write(frame + FrameBuffer.head, room) else { return false }
    frame.storeBytes(of: UInt8(type), as: UInt8.self)
    frame.storeBytes(of: channel.bigEndian, toByteOffset: 1, as: UInt16.self)
    frame.storeBytes(of: UInt32(size).bigEndian, toByteOffset: 3, as: UInt32.self)
    frame.storeBytes(of: UInt8(AMQP_FRAME_END), toByteOffset: FrameBuffer.head + size, as: UInt8.self)
    count += size + FrameBuffer.overhead
    return true
  }
}
