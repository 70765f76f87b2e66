import Jobs

/// Says that the worker lives, and in the end how it ended. An actor because both write the same file.
actor Heartbeat {
    private let folder: JobFolder
    private var state: JobFolder.WorkerState

    init(_ folder: JobFolder, _ state: JobFolder.WorkerState) {
        self.folder = folder
        self.state = state
    }

    func write() throws { try folder.write(state) }

    func run(every interval: Duration) async {
        while !Task.isCancelled, state.outcome == nil {
            try? await Task.sleep(for: interval)
            guard state.outcome == nil else { return }
            state.beat += 1
            // A full disk keeps it from saying so; the server takes the silence for what it is.
            try? write()
        }
    }

    func end(_ outcome: WorkerLook.Outcome) throws {
        state.outcome = outcome
        try write()
    }
}
