#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The workers' whole command line: everything else comes from the environment.
public enum CommandLineHelp {
  /// Answers `--help` and `--version` and ends the process; refuses any other argument; does nothing without one.
  public static func answer(_ executable: Executable) {
    guard let argument = CommandLine.arguments.dropFirst().first else { return }
    switch argument {
    case "--version":
      print("\(executable.rawValue) \(Product.version)")
      exit(0)
    case "--help", "-h":
      print(help(executable))
      exit(0)
    default:
      Exit.refuse("\(executable.rawValue): \(argument): takes no arguments but --help and --version")
    }
  }

  private static func help(_ executable: Executable) -> String {
    let settings = SettingsTable.all.filter { $0.isUsed(by: executable) }.map(\.helpLine)
    return """
      \(executable.rawValue) \(Product.version)

      Takes its settings from the environment; secrets also from files named by <NAME>_FILE.
      GET /health/live, /health/ready and /metrics answer on the HTTP port. SIGTERM finishes the work in hand.

      \(settings.joined(separator: "\n"))
      """
  }
}
