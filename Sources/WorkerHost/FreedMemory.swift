#if canImport(Glibc)
  import CAllocator
#endif

/// What becomes of memory that a batch has used.
enum FreedMemory {
  /// Kept for the next batch. glibc gives the end of a heap back to the system as soon as some hundred kilobytes of it
  /// are free, which is after every batch: the next one then touches each page for the first time again, and the system
  /// clears each.
  static func keep() {
    #if canImport(Glibc)
      // M_MMAP_THRESHOLD: as large as glibc would let it grow; a mapping of its own is given back when it is freed.
      _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
      _ = mallopt(M_TRIM_THRESHOLD, 64 << 20)
    #endif
  }
}
