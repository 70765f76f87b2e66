package import Platform

/// The sum of all ranks' gradients: begun block by block while the way back goes on through earlier blocks, and put in the
/// place of this rank's own at its end.
///
/// What is sent together depends on the network alone, so that the same ranks get the same bits again. A class because what
/// is under way has an identity; unchecked because the one thread that trains has it.
public final class GradientSum: @unchecked Sendable {
    /// Numbers of a message from which on it is sent before the rest is known: 4 MB, so that latency does not count.
    private static let enough = 1 << 20
    /// Numbers of a message at the most.
    private static let most = 1 << 26

    private let layout: ParameterLayout
    private let frozen: Set<String>
    /// The places of each block; none where blocks are not known to be done before the end.
    private let blocks: [Range<Int>]
    private let ranks: Communicator
    /// A copy of what is under way, which is read while the caller computes, and its sums, which are written meanwhile.
    private let numbers: FloatBuffer
    private let sums: FloatBuffer
    private var pending = PendingSums()
    private var begun: [Range<Int>] = []
    /// Blocks that are done and not yet sent.
    private var waiting: Range<Int>?

    /// - Parameters:
    ///   - frozen: names of parameters without gradients.
    ///   - blocks: the places of each block, one behind the other.
    package init(_ layout: ParameterLayout, frozen: Set<String>, blocks: [Range<Int>], ranks: Communicator) {
        self.layout = layout
        self.frozen = frozen
        self.blocks = blocks
        self.ranks = ranks
        numbers = FloatBuffer(count: layout.count)
        sums = FloatBuffer(count: layout.count)
    }

    // Memory that messages are written to is not given to others.
    deinit { ranks.wait(for: &pending) }

    /// Says that nothing more is added to the gradients of block `index`; called from the last block to the first.
    package func finished(block index: Int, of gradients: ParameterBuffer) {
        guard blocks.indices.contains(index) else { return }
        let range = blocks[index].lowerBound..<(waiting?.upperBound ?? blocks[index].upperBound)
        if range.count >= Self.enough || index == 0 {
            begin(range, of: gradients)
            waiting = nil
        } else {
            waiting = range
        }
        ranks.progress(&pending)
    }

    /// Says that nothing more is added to any gradient.
    package func finished(_ gradients: ParameterBuffer) {
        let known = begun
        var rest: Range<Int>?
        for parameter in layout.parameters where !frozen.contains(parameter.name) {
            let range = parameter.offset..<parameter.offset + parameter.count
            if known.contains(where: { $0.overlaps(range) }) { continue }
            // Gaps between parameters are zeros.
            if let open = rest, range.lowerBound - open.upperBound < 16 {
                rest = open.lowerBound..<range.upperBound
                continue
            }
            if let rest { begin(rest, of: gradients) }
            rest = range
        }
        if let rest { begin(rest, of: gradients) }
    }

    /// Waits, and puts the sums in the place of `gradients`.
    package func replace(_ gradients: inout ParameterBuffer) {
        ranks.wait(for: &pending)
        gradients.withUnsafeMutable { (target: Target) in
            for range in begun {
                (target + range.lowerBound).update(from: sums.pointer + range.lowerBound, count: range.count)
            }
        }
        begun = []
        waiting = nil
    }

    private func begin(_ range: Range<Int>, of gradients: ParameterBuffer) {
        begun.append(range)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.most) {
            let count = min(Self.most, range.upperBound - start), own = numbers.pointer + start
            gradients.withUnsafe { (source: Source) in own.update(from: source + start, count: count) }
            ranks.begin(
                UnsafeBufferPointer(start: own, count: count),
                sums: UnsafeMutableBufferPointer(start: sums.pointer + start, count: count), &pending)
        }
    }
}
