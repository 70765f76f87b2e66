import HTTPTypes
import Hummingbird

/// Signing in and out, for the page: programs send the token itself.
struct SessionRoutes {
    let gate: AccessGate

    var routes: [Route] { [signIn, signOut] }

    private var signIn: Route {
        Route(
            Operation(
                method: .post, path: "/v1/session", id: "signIn", tag: "service",
                summary: "Sign a browser in with the server's token",
                body: RequestContent(
                    types: ["application/json"], schema: .ref("SignIn"), detail: "The token."),
                answers: [
                    Answer(
                        status: .noContent, detail: "It is signed in. A server without a token sets no cookie.",
                        fields: [("Set-Cookie", "`vitscope_session`, for this browser alone.")])
                ],
                problems: [.invalid, .unauthorized, .tooManyFailures], isOpen: true)
        ) { call in
            var body = try await Body(call, known: ["token"])
            let token = body.requiredText("token")
            try body.check()
            var headers: HTTPFields = [.cacheControl: "no-store"]
            if let session = try gate.signIn(token, call.context) {
                let isSecure = call.request.headers[.forwardedProto]?.lowercased() == "https"
                headers[.setCookie] = SessionCookie.setting(session, isSecure: isSecure)
            }
            return Response(status: .noContent, headers: headers)
        }
    }

    private var signOut: Route {
        Route(
            Operation(
                method: .delete, path: "/v1/session", id: "signOut", tag: "service", summary: "Sign a browser out",
                answers: [
                    Answer(
                        status: .noContent, detail: "It is signed out.",
                        fields: [("Set-Cookie", "Takes `vitscope_session` away.")])
                ],
                problems: [.invalid], isOpen: true)
        ) { call in
            for session in SessionCookie.values(in: call.request.headers) { gate.sessions.close(session) }
            return Response(
                status: .noContent, headers: [.setCookie: SessionCookie.clearing, .cacheControl: "no-store"])
        }
    }
}

extension HTTPField.Name {
    fileprivate static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!
}
