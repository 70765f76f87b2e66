import CMPI

/// Sums over all ranks that go on while something else is computed. A struct that holds addresses: what they are of must
/// stay where it is until `wait` has returned.
package struct PendingSums {
    private var requests: [cmpi_request?] = []

    package init() {}

    package var isEmpty: Bool { requests.isEmpty }
}

extension Communicator {
    /// Begins to write the sums of `numbers` over all ranks to `sums`.
    package func begin(
        _ numbers: UnsafeBufferPointer<Float>, sums: UnsafeMutableBufferPointer<Float>, _ pending: inout PendingSums
    ) {
        precondition(numbers.count <= Self.mostBytes / 4, "\(numbers.count) numbers are no message")
        precondition(numbers.count == sums.count, "there is room for as many sums")
        pending.begin(self, numbers, sums)
    }

    /// Moves on what is under way.
    package func progress(_ pending: inout PendingSums) { pending.call(self, cmpi_progress) }

    /// Waits for all that is under way.
    package func wait(for pending: inout PendingSums) {
        pending.call(self, cmpi_wait)
        pending = PendingSums()
    }
}

extension PendingSums {
    fileprivate mutating func begin(
        _ ranks: Communicator, _ numbers: UnsafeBufferPointer<Float>, _ sums: UnsafeMutableBufferPointer<Float>
    ) {
        guard let start = numbers.baseAddress, let target = sums.baseAddress else { return }
        var request: cmpi_request?
        ranks.exchange("sum numbers") { cmpi_begin_sum(target, start, Int32(clamping: numbers.count), &request) }
        if request != nil { requests.append(request) }
    }

    fileprivate mutating func call(
        _ ranks: Communicator, _ body: (UnsafeMutablePointer<cmpi_request?>?, Int32) -> Int32
    ) {
        guard !requests.isEmpty else { return }
        requests.withUnsafeMutableBufferPointer { all in
            ranks.exchange("sum numbers") { body(all.baseAddress, Int32(clamping: all.count)) }
        }
    }
}
