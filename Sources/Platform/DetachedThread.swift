import Glibc

/// A thread that nobody joins. A class because the system hands its closure on by an address.
final class DetachedThread {
    private let main: () -> Void

    private init(_ main: @escaping () -> Void) { self.main = main }

    /// Runs `main` on a new thread; what it holds goes when it returns.
    ///
    /// - Parameter stackBytes: of the thread's stack.
    static func start(stackBytes: Int, _ main: @escaping () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<DetachedThread>.fromOpaque(argument).takeRetainedValue().main()
                return nil
            }, Unmanaged.passRetained(DetachedThread(main)).toOpaque())
        precondition(code == 0, "the system refused a thread")
        pthread_attr_destroy(&attributes)
    }
}
