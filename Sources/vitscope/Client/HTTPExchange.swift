import Foundation
import FoundationNetworking
import Synchronization

/// One request whose answer comes in pieces. A class because URLSession calls back on its own queue.
final class HTTPExchange: NSObject, URLSessionDataDelegate, Sendable {
    /// What comes back, in this order: one head, then pieces of the body.
    enum Part: Sendable {
        case head(HTTPHead)
        case body(Data)
    }

    let parts: AsyncThrowingStream<Part, any Error>
    private let continuation: AsyncThrowingStream<Part, any Error>.Continuation

    override init() {
        (parts, continuation) = AsyncThrowingStream.makeStream(of: Part.self)
        super.init()
    }

    /// Sends `request`; a reader that goes away ends it.
    func send(_ request: URLRequest) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.timeoutIntervalForRequest = request.timeoutInterval
        configuration.timeoutIntervalForResource = 7 * 86_400
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        let task = session.dataTask(with: request)
        continuation.onTermination = { _ in
            task.cancel()
            session.finishTasksAndInvalidate()
        }
        task.resume()
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        if let response = response as? HTTPURLResponse { continuation.yield(.head(HTTPHead(response))) }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        continuation.yield(.body(data))
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        continuation.finish(throwing: error)
    }

    /// A redirection could carry the token to another server, so none is followed.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

/// Status and headers of an answer.
struct HTTPHead: Sendable {
    let status: Int
    private let headers: [String: String]

    init(_ response: HTTPURLResponse) {
        status = response.statusCode
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        self.headers = headers
    }

    /// The value of a header, without regard to case.
    subscript(name: String) -> String? { headers[name.lowercased()] }
}
