package import Jobs
import JSON

extension JobRequest {
    /// The request for `body`: name, method, labels and priority follow from the work.
    ///
    /// - Parameters:
    ///   - name: of a snapshot's job, which says none itself.
    ///   - parentID: the job that is looked at.
    /// - Throws: as `JobBody.text`.
    package init(_ body: JobBody, name: String? = nil, parentID: JobID? = nil) throws {
        let text = try body.text()
        switch body.work {
        case .training(let order):
            let labels = (order.config["labels"]?.object ?? []).compactMap { label in
                label.value.string.map { (label.name, $0) }
            }
            self.init(
                kind: .training, executor: order.executor, name: order.config["name"]?.string,
                method: order.config["method"]?.string ?? "",
                body: text, labels: Dictionary(labels) { first, _ in first }, parentID: parentID)
        case .question(let request):
            self.init(
                kind: .analysis, name: request.kind, method: "analysis", body: text,
                labels: [AnalysisRequest.label: request.id], parentID: parentID)
        case .shard(let request):
            self.init(kind: .analysis, name: request.name, method: "analysis", body: text, parentID: parentID)
        case .snapshot:
            self.init(
                kind: .analysis, name: name, method: "analysis", body: text, priority: JobRequest.snapshotPriority,
                parentID: parentID)
        }
    }
}
