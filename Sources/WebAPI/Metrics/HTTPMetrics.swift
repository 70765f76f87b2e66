import HTTPTypes
import Synchronization

/// Counts and times requests. A class because all requests share it.
package final class HTTPMetrics: Sendable {
    /// Upper bounds of the histogram's buckets, seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    private struct Series: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Histogram {
        var buckets = [Int](repeating: 0, count: HTTPMetrics.bounds.count)
        var count = 0
        var seconds = 0.0
    }

    private struct State {
        var inFlight = 0
        var requests: [Series: Int] = [:]
        var durations: [String: Histogram] = [:]
    }
    private let state = Mutex(State())

    package init() {
        state.withLock { state in
            for route in ["unmatched", "refused"] { state.durations[route] = Histogram() }
            state.requests[Series(method: "GET", route: "unmatched", status: 404)] = 0
            state.requests[Series(method: "GET", route: "refused", status: 400)] = 0
        }
    }

    /// Shows every series of these from the start, at zero.
    func expect(_ operations: [Operation]) {
        state.withLock { state in
            for operation in operations {
                state.durations[operation.path] = Histogram()
                for status in operation.statuses {
                    let series = Series(method: operation.method.rawValue, route: operation.path, status: status)
                    state.requests[series] = 0
                }
            }
        }
    }

    func begin() { state.withLock { $0.inFlight += 1 } }

    func end(method: String, route: String, status: Int, seconds: Double) {
        // Methods are the client's words; those that no route takes must not make series of their own.
        let known = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"].contains(method) ? method : "other"
        state.withLock { state in
            state.inFlight -= 1
            state.requests[Series(method: known, route: route, status: status), default: 0] += 1
            var histogram = state.durations[route] ?? Histogram()
            histogram.count += 1
            histogram.seconds += seconds
            if let bucket = HTTPMetrics.bounds.firstIndex(where: { seconds <= $0 }) { histogram.buckets[bucket] += 1 }
            state.durations[route] = histogram
        }
    }

    func write(to text: inout MetricsText) {
        let state = state.withLock { $0 }
        text.single(
            "vitscope_http_requests_in_flight", .gauge, "Requests that are being answered.", Double(state.inFlight))
        text.family("vitscope_http_requests_total", .counter, "Answered requests.")
        let series = state.requests.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        for (key, count) in series {
            text.sample(
                "vitscope_http_requests_total",
                [("method", key.method), ("route", key.route), ("status", String(key.status))], Double(count))
        }
        let name = "vitscope_http_request_duration_seconds"
        text.family(name, .histogram, "Time until an answer is ready to be sent.")
        for (route, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            var total = 0
            for (bound, count) in zip(HTTPMetrics.bounds, histogram.buckets) {
                total += count
                text.sample(name + "_bucket", [("route", route), ("le", MetricsText.number(bound))], Double(total))
            }
            text.sample(name + "_bucket", [("route", route), ("le", "+Inf")], Double(histogram.count))
            text.sample(name + "_sum", [("route", route)], histogram.seconds)
            text.sample(name + "_count", [("route", route)], Double(histogram.count))
        }
    }
}
