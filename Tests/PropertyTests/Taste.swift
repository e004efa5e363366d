import Contracts

extension Generator {
  /// What a history is made of.
  struct Taste: Sendable {
    /// How often each kind of message comes.
    var weights: [(Kind, Int)] = [
      (.order, 26), (.receipt, 22), (.dispatch, 14), (.status, 9), (.amendment, 9), (.cancellation, 8), (.move, 7),
      (.transfer, 8), (.arrival, 12),
      (.lineCancellation, 7), (.count, 7), (.adjustment, 9), (.policy, 6), (.hold, 7), (.release, 12), (.back, 11),
      (.failedPlan, 6), (.confirmation, 7), (.change, 3), (.discontinuation, 2), (.listing, 3),
    ]
    /// Whether an order keeps to one SKU.
    var oneSKU = false
    /// Whether lines of an order may be of one SKU.
    var repeatsSKUs = true
    /// Whether some orders must not wait.
    var denies = true
    /// Whether messages may come in any order, products and places after what is said about them.
    var isDisorderly = true
    /// Whether something may be said about an order before it comes.
    var anticipates = true
    /// How orders may be served.
    var policies: [FulfilmentPolicy] = [.partial, .partial, .lineComplete, .shipComplete]
    /// Which orders go before others.
    var ranks = Ranks.some
    /// When lots and holds end.
    var ends = Ends.some

    enum Ranks {
      /// All are equal.
      case none
      /// Some are not.
      case some
      /// No two are equal.
      case distinct
    }

    enum Ends {
      /// There are none.
      case never
      /// Before everything, or after all the messages, but not between: when a message is taken does not matter.
      case outside
      /// At any time.
      case some
    }

    enum Kind: String, CaseIterable {
      case receipt, move, policy, cancellation, dispatch, status, order
      case count, adjustment, hold, release, transfer, arrival
      case back, failedPlan, amendment, lineCancellation, confirmation
      case change, discontinuation, listing
    }

    /// Without some kinds of message.
    func without(_ kinds: Kind...) -> Taste {
      var taste = self
      taste.weights.removeAll { kinds.contains($0.0) }
      return taste
    }
  }
}
