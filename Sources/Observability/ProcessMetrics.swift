import Metrics
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension PrometheusRegistry {
  /// Shows the process' memory and processor time from now on, and what runs.
  ///
  /// - Parameters:
  ///   - executable: Name of the executable.
  ///   - version: Its version.
  public func observeProcess(executable: String, version: String) {
    MetricName.build.gauge(executable, version, in: self).set(1)
    let memory = MetricName.residentMemory.gauge(in: self)
    let processor = makeFloatingPointCounter(label: MetricName.processorSeconds.definition.name, dimensions: [])
    let shown = Mutex(0.0)
    collect {
      if let bytes = ProcessReadings.residentBytes() { memory.set(bytes) }
      let used = ProcessReadings.processorSeconds()
      let more = shown.withLock { last in
        defer { last = max(last, used) }
        return max(0, used - last)
      }
      processor.increment(by: more)
    }
  }
}

/// What Linux says about this process.
enum ProcessReadings {
  /// Resident memory in bytes: the second field of `/proc/self/statm`, in pages.
  static func residentBytes() -> Int? {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let length = read(file, &buffer, buffer.count)
    guard length > 0 else { return nil }
    let fields = String(decoding: buffer[..<length], as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// User and system time since the start of the process.
  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
