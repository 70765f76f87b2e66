/// How far an analysis is, in words.
package enum AnalysisProgress {
    /// - Parameters:
    ///   - done: images that were looked at; more than there are where an analysis looks again, and then it says in which
    ///     pass.
    ///   - count: images that there are.
    package static func words(_ done: Int, of count: Int) -> String {
        guard done > count, count > 0 else { return "\(done) of \(count) images" }
        let pass = (done - 1) / count
        return "\(done - pass * count) of \(count) images, pass \(pass + 1)"
    }
}
